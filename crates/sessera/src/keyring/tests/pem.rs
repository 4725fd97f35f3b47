//! PEM in and out. The files in `tests/keys` were made with OpenSSL.

use super::*;

macro_rules! key {
    ($name:literal) => {
        include_str!(concat!("../../../tests/keys/", $name, ".pem"))
    };
}

#[test]
fn private_and_public_keys_of_openssl_fit_together() {
    for (private, public, algorithm) in [
        (key!("ed25519"), key!("ed25519.public"), Algorithm::EdDsa),
        (key!("p256"), key!("p256.public"), Algorithm::Es256),
    ] {
        let signer = Keyring::from_pem(None, private).unwrap();
        let verifier = Keyring::from_pem(None, public).unwrap();
        assert_eq!(signer.0.keys[0].algorithm(), algorithm);
        assert!(agree(&signer, &verifier), "both have the thumbprint as their name");
        assert!(signer.purposes().is_some() && verifier.purposes().is_none());
        let named = Keyring::from_pem("named", private).unwrap();
        assert_eq!(named.signing_key(0).unwrap().kid(), "named");
    }
}

#[test]
fn pem_is_written_as_openssl_writes_it() {
    for text in [key!("ed25519"), key!("p256")] {
        let keyring = Keyring::from_pem("a", text).unwrap();
        assert_eq!(*keyring.private_pem("a").unwrap(), text);
    }
    for text in [key!("ed25519.public"), key!("p256.public"), key!("rsa2048.public")] {
        let keyring = KeyringOptions::new().allow_rs256().from_pem("a", text).unwrap();
        assert_eq!(keyring.public_pem("a").unwrap(), text);
        assert!(keyring.private_pem("a").is_err());
    }
}

#[test]
fn every_generated_key_survives_pem() {
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256] {
        let keyring = Keyring::generate(algorithm).unwrap();
        let kid = keyring.0.keys[0].kid();
        let private = Keyring::from_pem(kid, &keyring.private_pem(kid).unwrap()).unwrap();
        let public = Keyring::from_pem(kid, &keyring.public_pem(kid).unwrap()).unwrap();
        assert!(agree(&keyring, &private) && agree(&private, &public));
        assert_eq!(keyring.public_pem("other").unwrap_err().kind(), ErrorKind::UnknownKey);
        assert_eq!(keyring.private_pem("other").unwrap_err().kind(), ErrorKind::UnknownKey);
    }
    let secret = Keyring::generate(Algorithm::Hs256).unwrap();
    let kid = secret.0.keys[0].kid();
    assert_eq!(secret.public_pem(kid).unwrap_err().kind(), ErrorKind::InvalidKey);
    assert_eq!(secret.private_pem(kid).unwrap_err().kind(), ErrorKind::InvalidKey);
}

#[test]
fn line_ends_of_windows_do_not_matter() {
    let text = key!("ed25519").replace('\n', "\r\n");
    assert!(Keyring::from_pem("a", &text).is_ok());
}

#[test]
fn rsa_is_read_only_as_a_public_key_and_only_where_allowed() {
    let message = r#"key "a": RS256 keys are taken only where KeyringOptions::allow_rs256 says so"#;
    assert_eq!(refused(Keyring::from_pem("a", key!("rsa2048.public"))), message);
    let allowed = KeyringOptions::new().allow_rs256();
    let keyring = allowed.from_pem("a", key!("rsa2048.public")).unwrap();
    assert_eq!(keyring.0.keys[0].algorithm(), Algorithm::Rs256);
    let message = r#"key "a": an RSA modulus has 2048 to 8192 bits"#;
    assert_eq!(refused(allowed.from_pem("a", key!("rsa1024.public"))), message);
    for private in [key!("rsa2048"), key!("rsa2048.pkcs1")] {
        assert!(refused(allowed.from_pem("a", private)).contains("openssl rsa -in key.pem -pubout"));
    }
}

#[test]
fn other_forms_are_refused_with_the_command_that_converts_them() {
    for (text, command) in [
        (key!("p256.sec1"), "openssl pkcs8 -topk8"),
        (key!("p256.without-public"), "openssl ec -in key.pem | openssl pkcs8 -topk8"),
        (key!("rsa2048.public.pkcs1"), "openssl rsa -RSAPublicKey_in"),
        (key!("ed25519.certificate"), "openssl x509 -in certificate.pem -noout -pubkey"),
        (key!("ed25519.encrypted"), "openssl pkey -in key.pem -out plain.pem"),
    ] {
        assert!(refused(Keyring::from_pem("a", text)).contains(command), "{command}");
    }
}

#[test]
fn keys_of_other_algorithms_are_refused() {
    let message = r#"key "a": its curve is not P-256"#;
    assert_eq!(refused(Keyring::from_pem("a", key!("p384"))), message);
    assert_eq!(refused(Keyring::from_pem("a", key!("p384.public"))), message);
    let message = "its algorithm is none of Ed25519, EC on P-256 and RSA";
    assert_eq!(refused(Keyring::from_pem(None, key!("x25519.public"))), message);
}

#[test]
fn a_private_key_is_refused_where_only_public_ones_are_expected() {
    let options = KeyringOptions::new().public_only();
    let message = r#"key "a": it is private, and only public keys are expected here"#;
    for private in [key!("ed25519"), key!("p256"), key!("rsa2048")] {
        assert_eq!(refused(options.from_pem("a", private)), message);
    }
    assert!(options.from_pem("a", key!("p256.public")).is_ok());
}

#[test]
fn a_small_order_key_is_refused_in_pem_too() {
    // SPKI of Ed25519 ends with the point.
    let good = key!("ed25519.public");
    let (label, document) = pkcs8::Document::from_pem(good).unwrap();
    let mut der = document.into_vec();
    der[12..].fill(0);
    let spoiled = pkcs8::Document::try_from(der).unwrap().to_pem(label, pkcs8::LineEnding::LF).unwrap();
    assert_eq!(refused(Keyring::from_pem("a", &spoiled)), r#"key "a": its point is of small order"#);
}

#[test]
fn a_public_part_within_an_ed25519_private_key_must_belong_to_it() {
    // ring writes both parts, OpenSSL only the private one; the public one is at the end.
    let document = ring::signature::Ed25519KeyPair::generate_pkcs8(&ring::rand::SystemRandom::new()).unwrap();
    let pem = |der: &[u8]| {
        let document = pkcs8::SecretDocument::try_from(der).unwrap();
        document.to_pem("PRIVATE KEY", pkcs8::LineEnding::LF).unwrap()
    };
    let good = Keyring::from_pem("a", &pem(document.as_ref())).unwrap();
    assert!(good.signing_key(0).is_ok());
    let mut spoiled = document.as_ref().to_vec();
    *spoiled.last_mut().unwrap() ^= 1;
    let message = r#"key "a": its private part does not belong to its public part"#;
    assert_eq!(refused(Keyring::from_pem("a", &pem(&spoiled))), message);
}

#[test]
fn spoiled_pem_is_refused() {
    let good = key!("p256");
    assert!(refused(Keyring::from_pem("a b", good)).starts_with("the kid is not"));
    for text in ["", "x", &good[..good.len() / 2], &format!("{good}{good}"), &" ".repeat(70_000)] {
        refused(Keyring::from_pem("a", text));
    }
    let body = good.find('\n').unwrap() + 1;
    for at in body..good.rfind("-----END").unwrap() {
        let mut spoiled = good.to_owned();
        let other = if &good[at..=at] == "A" { "B" } else { "A" };
        spoiled.replace_range(at..=at, other);
        assert!(Keyring::from_pem("a", &spoiled).is_err(), "at {at}");
    }
}
