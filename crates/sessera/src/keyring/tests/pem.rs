//! PEM in and out. The files in `tests/keys` were made with OpenSSL.

use super::*;

macro_rules! key {
    ($name:literal) => {
        include_str!(concat!("../../../tests/keys/", $name, ".pem"))
    };
}

macro_rules! ssh {
    ($name:literal) => {
        include_str!(concat!("../../../tests/keys/", $name, ".pub"))
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

/// The ways in which PEM comes out of editors, shells, secrets and variables of the environment.
#[test]
fn white_space_line_length_and_text_around_do_not_matter() {
    for good in [key!("ed25519"), key!("p256"), key!("p256.public"), key!("p256.sec1")] {
        let lines: Vec<&str> = good.lines().collect();
        let [first, body @ .., last] = lines.as_slice() else { panic!("a block has three lines") };
        let body = body.concat();
        let wrapped = |width: usize, end: &str| {
            let body: Vec<_> =
                body.as_bytes().chunks(width).map(|line| std::str::from_utf8(line).unwrap()).collect();
            [first, body.join(end).as_str(), last].join(end)
        };
        for text in [
            good.trim_end().to_owned(),
            format!("{good}\n\n  \t\n"),
            format!(" \n\n{good}"),
            format!("\u{feff}{good}"),
            good.replace('\n', "\r\n"),
            good.replace('\n', "\r"),
            good.replace('\n', "\n\n"),
            good.replace('\n', "  \n  "),
            wrapped(76, "\n"),
            wrapped(1000, "\n"),
            wrapped(1, "\n"),
            // A variable whose line ends became spaces, or were written as escapes, also within quotes.
            wrapped(64, " "),
            wrapped(64, r"\n"),
            wrapped(64, r"\r\n"),
            format!("\"{}\"", wrapped(64, r"\n")),
            format!("'{good}'"),
            // As `openssl pkey -text` and `openssl pkcs12` write it.
            format!(
                "Bag Attributes\n    localKeyID: 01\nKey Attributes: <No Attributes>\n{good}ED25519 Private-Key:\n"
            ),
        ] {
            let keyring = Keyring::from_pem("a", &text).unwrap_or_else(|error| panic!("{text:?}: {error}"));
            assert_eq!(keyring.jwks(), Keyring::from_pem("a", good).unwrap().jwks(), "{text:?}");
        }
    }
}

#[test]
fn an_ec_key_of_openssl_is_read_in_its_older_form_too() {
    let pkcs8 = Keyring::from_pem(None, key!("p256")).unwrap();
    for older in [key!("p256.sec1"), key!("p256.genkey")] {
        let keyring = Keyring::from_pem(None, older).unwrap();
        assert!(agree(&keyring, &pkcs8) && agree(&pkcs8, &keyring));
        assert_eq!(tag(&keyring), tag(&pkcs8));
    }
    let (parameters, _) =
        key!("p256.genkey").split_at(key!("p256.genkey").find("-----BEGIN EC PRIVATE").unwrap());
    let message =
        r#"key "a": the text holds the parameters of a curve and no key: add the EC PRIVATE KEY block"#;
    assert_eq!(refused(Keyring::from_pem("a", parameters)), message);
}

#[test]
fn rsa_is_read_only_as_a_public_key_and_only_where_allowed() {
    let message = r#"key "a": RS256 is off: set allow_rs256 to verify with it"#;
    let allowed = KeyringOptions::new().allow_rs256();
    for public in [key!("rsa2048.public"), key!("rsa2048.public.pkcs1")] {
        assert_eq!(refused(Keyring::from_pem("a", public)), message);
        let keyring = allowed.from_pem("a", public).unwrap();
        assert_eq!(keyring.0.keys[0].algorithm(), Algorithm::Rs256);
        assert_eq!(keyring.public_pem("a").unwrap(), key!("rsa2048.public"));
    }
    let message = r#"key "a": an RSA modulus has 2048 to 8192 bits"#;
    assert_eq!(refused(allowed.from_pem("a", key!("rsa1024.public"))), message);
    for private in [key!("rsa2048"), key!("rsa2048.pkcs1")] {
        let message = r#"key "a": RSA private key: RS256 only verifies here; extract the public key: openssl pkey -in key.pem -pubout -out public.pem"#;
        assert_eq!(refused(allowed.from_pem("a", private)), message);
    }
}

/// What each message says after the name of the key. `tests/e2e/test_key_tools.py` runs the commands.
#[test]
fn other_text_is_refused_with_the_command_that_helps() {
    let generate = "generate a key: openssl genpkey -algorithm ed25519 -out key.pem";
    let encrypted = "it is encrypted with a passphrase; decrypt it: openssl pkey -in key.pem -out plain.pem";
    let certificate = "it is a certificate; extract its public key: openssl x509 -in certificate.pem -noout -pubkey > public.pem";
    let unnamed = "its curve is given by parameters instead of by name; name it: openssl ec";
    let ed25519_ssh = format!("it is an OpenSSH public key, which can't be read here; {generate}");
    for (text, message) in [
        (key!("ed25519.encrypted").to_owned(), encrypted),
        (key!("p256.encrypted").to_owned(), encrypted),
        (key!("ed25519.certificate").to_owned(), certificate),
        (key!("ed25519.certificate").repeat(2), certificate),
        (
            key!("ed25519.request").to_owned(),
            "it is a certificate request; extract its public key: openssl req -in request.pem -noout -pubkey > public.pem",
        ),
        (
            key!("p256.without-public").to_owned(),
            "its public part is missing; add it: openssl ec -in key.pem -out whole.pem",
        ),
        (
            key!("p256.compressed").to_owned(),
            "its public part is compressed; write it in full: openssl ec -in key.pem -conv_form uncompressed -out whole.pem",
        ),
        (
            key!("p256.compressed.public").to_owned(),
            "its point is compressed; write it in full: openssl pkey -pubin -in key.pem -ec_conv_form uncompressed -pubout -out public.pem",
        ),
        (
            key!("p256.explicit").to_owned(),
            &format!("{unnamed} -in key.pem -param_enc named_curve -out named.pem"),
        ),
        (
            key!("p256.explicit.public").to_owned(),
            &format!("{unnamed} -pubin -in key.pem -pubout -param_enc named_curve -out named.pem"),
        ),
        (
            key!("p256.openssh").to_owned(),
            "it is in OpenSSH's own form; convert a copy of it in place: ssh-keygen -p -N \"\" -m PKCS8 -f key.pem",
        ),
        (
            key!("ed25519.openssh").to_owned(),
            &format!("it is in OpenSSH's own form, which can't be read here; {generate}"),
        ),
        (
            ssh!("p256.openssh").to_owned(),
            "it is an OpenSSH public key; convert it: ssh-keygen -e -m PKCS8 -f key.pub > public.pem",
        ),
        (ssh!("ed25519.openssh").to_owned(), &ed25519_ssh),
        ("ssh-rsa AAAAB3NzaC1yc2E= me@host".to_owned(), &ed25519_ssh),
        ("sk-ssh-ed25519@openssh.com AAAA".to_owned(), &ed25519_ssh),
        (
            ssh!("p256.rfc4716").to_owned(),
            "it is a public key in the form of RFC 4716; convert it: ssh-keygen -i -f key.pub > openssh.pub; ssh-keygen -e -m PKCS8 -f openssh.pub > public.pem",
        ),
        (
            key!("p256").repeat(2),
            "the text holds the same PEM block 2 times, and one is expected; keep the first key: openssl pkey -in key.pem -out one.pem",
        ),
        (
            format!("{}{}", key!("ed25519"), key!("ed25519.certificate")),
            "the text holds 2 PEM blocks, and the block of one key is expected; keep the first key: openssl pkey -in key.pem -out one.pem",
        ),
        (
            format!("{}{}", key!("p256.public"), key!("ed25519.public")),
            "the text holds 2 PEM blocks, and the block of one key is expected; keep the first key: openssl pkey -pubin -in key.pem -pubout -out one.pem",
        ),
        (
            "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDMEZ\n=njUN\n-----END PGP PUBLIC KEY BLOCK-----"
                .to_owned(),
            &format!("it is an OpenPGP key, which can't be read here; {generate}"),
        ),
        (
            "-----BEGIN X509 CRL-----\nAA==\n-----END X509 CRL-----".to_owned(),
            "unsupported PEM label: expected PRIVATE KEY, EC PRIVATE KEY or PUBLIC KEY",
        ),
        (r#"{"kty":"OKP"}"#.to_owned(), "it is JSON and not PEM: read it with from_jwks"),
        (
            "LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0t".to_owned(),
            "it is PEM encoded in base64 once more; decode it: base64 -d encoded.txt > key.pem",
        ),
        (" \n".to_owned(), "the text is empty: expected a key in PEM"),
        (
            "keys/key.pem".to_owned(),
            "no PEM block found: expected the text of the file (not its path), from -----BEGIN to the end of the -----END line",
        ),
        (
            key!("p256").trim_end().trim_end_matches('-').to_owned(),
            "the PEM block is incomplete: its -----END line is missing",
        ),
        (
            "-----BEGIN PRIVATE KEY\nAAAA".to_owned(),
            "the PEM block is incomplete: its first line does not end in -----",
        ),
        (key!("p256").replace("MIGHA", "MIG*A"), "the PEM block is damaged: its body is not base64"),
        (key!("p256").replace("MIGHA", "MIGGA"), "the PEM block is damaged: its content is not PKCS#8"),
    ] {
        assert_eq!(refused(Keyring::from_pem("a", &text)), format!(r#"key "a": {message}"#), "{text}");
        assert_eq!(refused(Keyring::from_pem(None, &text)), message, "{text}");
    }
}

#[test]
fn keys_of_other_algorithms_are_refused() {
    let message = r#"key "a": unsupported curve: expected P-256 (for ES256); generate a key: openssl genpkey -algorithm ec -pkeyopt ec_paramgen_curve:P-256 -out key.pem"#;
    for p384 in [key!("p384"), key!("p384.sec1"), key!("p384.public")] {
        assert_eq!(refused(Keyring::from_pem("a", p384)), message);
    }
    let message = "unsupported key: expected Ed25519 or EC on P-256 (for ES256); generate one: openssl genpkey -algorithm ed25519 -out key.pem";
    assert_eq!(refused(Keyring::from_pem(None, key!("x25519.public"))), message);
}

#[test]
fn a_private_key_is_refused_where_only_public_ones_are_expected() {
    let options = KeyringOptions::new().public_only();
    let message = r#"key "a": private key: only public keys are accepted here; extract the public key: openssl pkey -in key.pem -pubout -out public.pem"#;
    for private in
        [key!("ed25519"), key!("p256"), key!("p256.sec1"), key!("ed25519.encrypted"), key!("rsa2048.pkcs1")]
    {
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
