//! Proofs that someone made to be believed.

use proptest::prelude::*;

use super::*;

#[test]
fn another_type_is_refused() {
    for typ in ["session+jwt", "JWT", "DPOP+JWT", "application/dpop+jwt", ""] {
        assert_eq!(refusal(&changed("typ", json!(typ))), ErrorKind::WrongType, "{typ:?}");
    }
    assert_eq!(refusal(&changed("typ", Value::Null)), ErrorKind::WrongType);
    assert_eq!(refusal(&changed("typ", json!(1))), ErrorKind::WrongType);
}

#[test]
fn another_algorithm_is_refused() {
    for alg in [
        "none", "None", "HS256", "RS256", "PS256", "ES384", "EdDSA ", "eddsa", "ed25519", "Ed448", "ESP256",
        "",
    ] {
        assert_eq!(refusal(&changed("alg", json!(alg))), ErrorKind::UnsupportedAlgorithm, "{alg:?}");
    }
    assert_eq!(refusal(&changed("alg", Value::Null)), ErrorKind::UnsupportedAlgorithm);
    assert_eq!(refusal(&changed("alg", json!("ES256"))), ErrorKind::Malformed, "the key is Ed25519");
}

/// Keys of such proofs have members of their own, which must not hide what is wrong with the proof.
#[test]
fn a_proof_of_an_rsa_or_larger_curve_key_is_unsupported() {
    let rsa = |bytes: usize| json!({ "kty": "RSA", "n": base64url::encode(vec![0xff; bytes]), "e": "AQAB" });
    let coordinate = base64url::encode([1; 48]);
    let p384 = json!({ "kty": "EC", "crv": "P-384", "x": coordinate, "y": coordinate });
    for (alg, jwk) in
        [("RS256", rsa(256)), ("PS256", rsa(256)), ("RS256", rsa(512)), ("RS256", rsa(1024)), ("ES384", p384)]
    {
        let key = key(Algorithm::EdDsa);
        for header in [
            format!(r#"{{"typ":"dpop+jwt","alg":"{alg}","jwk":{jwk}}}"#),
            format!(r#"{{"jwk":{jwk},"typ":"dpop+jwt","alg":"{alg}"}}"#),
        ] {
            let proof = sign(&header, &claims().to_string(), &key);
            assert_eq!(refusal(&proof), ErrorKind::UnsupportedAlgorithm, "{alg}");
        }
    }
}

fn with_header(member: &str, value: Value) -> String {
    let key = key(Algorithm::EdDsa);
    let mut header = header(&key);
    header[member] = value;
    sign(&header.to_string(), &claims().to_string(), &key)
}

#[test]
fn crit_b64_and_second_keys_in_the_header_are_refused() {
    for member in ["crit", "b64", "zip", "jku", "x5u", "x5c"] {
        for value in [json!([]), json!(["exp"]), json!("x"), json!(true), Value::Null] {
            let proof = with_header(member, value.clone());
            assert_eq!(refusal(&proof), ErrorKind::Malformed, "{member} {value}");
        }
    }
}

#[test]
fn other_header_members_are_ignored() {
    for member in ["kid", "x5t", "x5t#S256", "cty", "nonce", "iat", "more", ""] {
        for value in [json!("x"), json!(1), json!({ "a": [1] }), Value::Null] {
            let proof = with_header(member, value.clone());
            verifier()
                .verify(&request(&proof), at(NOW))
                .unwrap_or_else(|error| panic!("{member} {value}: {error}"));
        }
    }
}

/// RFC 9864, on either side.
#[test]
fn either_name_of_ed25519_is_read() {
    for (alg, named) in [("Ed25519", None), ("Ed25519", Some("EdDSA")), ("EdDSA", Some("Ed25519"))] {
        let key = key(Algorithm::EdDsa);
        let mut header = header(&key);
        header["alg"] = json!(alg);
        if let Some(named) = named {
            header["jwk"]["alg"] = json!(named);
        }
        let proof = sign(&header.to_string(), &claims().to_string(), &key);
        verifier().verify(&request(&proof), at(NOW)).unwrap();
    }
    let key = key(Algorithm::Es256);
    let mut header = header(&key);
    header["alg"] = json!("Ed25519");
    let proof = sign(&header.to_string(), &claims().to_string(), &key);
    assert_eq!(refusal(&proof), ErrorKind::Malformed, "the key is P-256");
}

#[test]
fn a_private_key_in_the_header_is_refused() {
    for key in [key(Algorithm::EdDsa), key(Algorithm::Es256)] {
        for member in ["d", "k", "p", "q", "dp", "dq", "qi", "oth", "priv"] {
            for value in [json!("AAAA"), json!(""), Value::Null] {
                let proof = with_jwk(&key, |jwk| jwk[member] = value.clone());
                assert_eq!(refusal(&proof), ErrorKind::Malformed, "{member} {value}");
            }
        }
    }
}

#[test]
fn a_key_that_is_ill_formed_or_of_another_kind_is_refused() {
    let ed25519 = key(Algorithm::EdDsa);
    for (member, value) in [
        ("kty", json!("EC")),
        ("kty", json!("oct")),
        ("kty", json!("okp")),
        ("crv", json!("X25519")),
        ("crv", json!("Ed448")),
        ("crv", json!("P-256")),
        ("x", json!("AAAA")),
        ("x", json!(1)),
        ("x", json!(format!("{}=", base64url::encode([9; 32])))),
        ("y", json!(base64url::encode([9; 32]))),
        ("alg", json!("ES256")),
        ("alg", json!("none")),
        ("alg", json!(1)),
    ] {
        let proof = with_jwk(&ed25519, |jwk| jwk[member] = value.clone());
        assert_eq!(refusal(&proof), ErrorKind::Malformed, "{member} {value}");
    }
    for member in ["kty", "crv", "x"] {
        let proof = with_jwk(&ed25519, |jwk| drop(jwk.as_object_mut().unwrap().remove(member)));
        assert_eq!(refusal(&proof), ErrorKind::Malformed, "without {member}");
    }
    for value in [json!("x"), json!([]), json!(1), json!({})] {
        assert_eq!(refusal(&changed("jwk", value.clone())), ErrorKind::Malformed, "{value}");
    }
    assert_eq!(refusal(&changed("jwk", Value::Null)), ErrorKind::Malformed);
}

#[test]
fn what_clients_keep_beside_a_public_key_is_ignored() {
    let certificate = "A".repeat(800);
    for (member, value) in [
        ("alg", json!("ES256")),
        ("use", json!("sig")),
        ("kid", json!("x")),
        ("ext", json!(true)),
        ("key_ops", json!(["verify"])),
        // Nimbus writes these.
        ("iat", json!(NOW)),
        ("exp", json!(NOW - 1)),
        ("x5t#S256", json!(base64url::encode([7; 32]))),
        ("x5c", json!([certificate])),
        ("n", json!("AQAB")),
        ("more", json!({ "a": [1] })),
    ] {
        let key = key(Algorithm::Es256);
        let proof = with_jwk(&key, |jwk| jwk[member] = value.clone());
        let held =
            verifier().verify(&request(&proof), at(NOW)).unwrap_or_else(|error| panic!("{member}: {error}"));
        assert_eq!(held.thumbprint, crate::keyring::thumbprint(&key).unwrap(), "{member}");
    }
}

#[test]
fn a_small_order_or_non_canonical_ed25519_key_is_refused() {
    let mut two = [0; 32];
    two[0] = 2;
    let mut non_canonical = [0xFF; 32];
    (non_canonical[0], non_canonical[31]) = (0xEE, 0x7F);
    let mut identity = [0; 32];
    identity[0] = 1;
    let order_8: [u8; 32] = [
        0xC7, 0x17, 0x6A, 0x70, 0x3D, 0x4D, 0xD8, 0x4F, 0xBA, 0x3C, 0x0B, 0x76, 0x0D, 0x10, 0x67, 0x0F, 0x2A,
        0x20, 0x53, 0xFA, 0x2C, 0x39, 0xCC, 0xC6, 0x4E, 0xC7, 0xFD, 0x77, 0x92, 0xAC, 0x03, 0x7A,
    ];
    for point in [identity, [0; 32], order_8, non_canonical, two] {
        let mut header = header(&key(Algorithm::EdDsa));
        header["jwk"]["x"] = json!(base64url::encode(point));
        let message =
            [base64url::encode(header.to_string()), base64url::encode(claims().to_string())].join(".");
        // R is the identity and S is zero: it holds for any message under the identity as key.
        let mut signature = [0; 64];
        signature[0] = 1;
        assert_eq!(
            refusal(&[message, base64url::encode(signature)].join(".")),
            ErrorKind::Malformed,
            "{point:?}"
        );
    }
}

#[test]
fn a_p256_key_off_the_curve_is_refused() {
    let key = key(Algorithm::Es256);
    for y in [[0; 32], [1; 32], [0xFF; 32]] {
        let proof = with_jwk(&key, |jwk| jwk["y"] = json!(base64url::encode(y)));
        assert_eq!(refusal(&proof), ErrorKind::BadSignature);
    }
    let proof = with_jwk(&key, |jwk| {
        (jwk["x"], jwk["y"]) = (json!(base64url::encode([0; 32])), json!(base64url::encode([0; 32])));
    });
    assert_eq!(refusal(&proof), ErrorKind::BadSignature);
}

#[test]
fn the_key_in_the_header_must_be_the_one_that_signed() {
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256] {
        let (mine, theirs) = (key(algorithm), key(algorithm));
        let proof = sign(&header(&theirs).to_string(), &claims().to_string(), &mine);
        assert_eq!(refusal(&proof), ErrorKind::BadSignature);
    }
}

#[test]
fn every_changed_or_cut_proof_is_refused() {
    let key = DpopKey::generate(Algorithm::EdDsa).unwrap();
    let proof = key.proof("POST", URL, Some(TOKEN), None, at(NOW)).unwrap();
    let verifier = verifier();
    for at_byte in 0..proof.len() {
        let mut bytes = proof.clone().into_bytes();
        bytes[at_byte] = if bytes[at_byte] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        verifier.verify(&request(&changed), at(NOW)).unwrap_err();
        verifier.verify(&request(&proof[..at_byte]), at(NOW)).unwrap_err();
    }
    verifier.verify(&request(&proof), at(NOW)).unwrap();
}

#[test]
fn duplicate_members_and_other_text_than_one_object_are_refused() {
    let key = key(Algorithm::EdDsa);
    let (header, claims) = (header(&key).to_string(), claims().to_string());
    for (header, claims) in [
        (header.replacen('{', r#"{"alg":"EdDSA","#, 1), claims.clone()),
        (header.replacen(r#""kty""#, r#""kty":"OKP","kty""#, 1), claims.clone()),
        (header.clone(), claims.replacen('{', r#"{"htm":"POST","#, 1)),
        (header.clone(), claims.replacen('{', r#"{"\u0068tm":"POST","#, 1)),
        (header.clone(), format!("[{claims}]")),
        (header.clone(), format!("{claims} x")),
        (header.clone(), String::new()),
        (format!("\u{feff}{header}"), claims.clone()),
        (format!("[{header}]"), claims.clone()),
    ] {
        assert_eq!(refusal(&sign(&header, &claims, &key)), ErrorKind::Malformed, "{header} {claims}");
    }
}

#[test]
fn two_proofs_in_one_value_and_other_parts_than_three_are_refused() {
    let proof = changed("jti", json!("x"));
    for text in [
        format!("{proof},{proof}"),
        format!("{proof}, {proof}"),
        format!("{proof}."),
        format!(".{proof}"),
        format!(" {proof}"),
        format!("{proof}="),
        format!("{proof}\n"),
        proof.replacen('.', "..", 1),
        String::new(),
        "..".into(),
        ".".repeat(4096),
    ] {
        assert_eq!(refusal(&text), ErrorKind::Malformed, "{text:?}");
    }
}

#[test]
fn a_proof_over_its_limits_is_refused_before_it_is_decoded() {
    assert_eq!(refusal(&"*".repeat(4097)), ErrorKind::TooLarge);
    assert_eq!(refusal(&format!("{}..", "*".repeat(2049))), ErrorKind::TooLarge);
    let proof = changed("extra", json!("x".repeat(2000)));
    assert_eq!(refusal(&proof), ErrorKind::TooLarge);
    verifier().verify(&request(&changed("extra", json!({ "a": [1] }))), at(NOW)).unwrap();
}

proptest! {
    #[test]
    fn no_text_makes_verifying_panic(header in ".{0,80}", claims in ".{0,80}", signature in ".{0,80}") {
        let parts = [header.as_str(), &claims, &signature];
        prop_assert!(verifier().verify(&request(&parts.join(".")), at(NOW)).is_err());
        let encoded = parts.map(base64url::encode).join(".");
        prop_assert!(verifier().verify(&request(&encoded), at(NOW)).is_err());
    }
}
