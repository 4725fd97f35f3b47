//! A public key taken for a MAC secret (CVE-2015-9235 and its many successors).

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sessera::{BindingPolicy, KeyringOptions, ManualClock, Policy, Sessions};

use crate::forge::{
    AUDIENCE, EDDSA, ES256, Forge, HS256, ISSUER, NOW, encode, hmac_sha256, refused, verdict,
};
use crate::payload::Payload;

/// All that an attacker may take for the secret: whatever is public about the key, in every spelling.
fn public_material(forge: Forge) -> Vec<Vec<u8>> {
    let keyring = forge.keyring();
    let pem = keyring.public_pem(forge.kid()).unwrap();
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let jwks = keyring.jwks();
    let jwk = jwks[jwks.find('[').unwrap() + 1..jwks.rfind(']').unwrap()].to_owned();
    let raw = forge.public_key();
    let mut material = vec![
        pem.clone().into_bytes(),
        pem.replace('\n', "\r\n").into_bytes(),
        pem.trim_end().as_bytes().to_vec(),
        pem.replace('\n', "").into_bytes(),
        body.clone().into_bytes(),
        BASE64_STANDARD.decode(&body).unwrap(),
        jwks.into_bytes(),
        jwk.into_bytes(),
        encode(&raw).into_bytes(),
        raw.clone(),
        forge.kid().as_bytes().to_vec(),
        forge.header().into_bytes(),
        Vec::new(),
        vec![0; 32],
    ];
    if forge == ES256 {
        material.push(raw[1..].to_vec());
        material.push(raw[1..33].to_vec());
    }
    material
}

#[test]
fn a_public_key_in_any_form_is_no_mac_secret() {
    for forge in [EDDSA, ES256] {
        for secret in public_material(forge) {
            for (alg, code) in
                [("HS256", "unsupported_algorithm"), (forge.algorithm().name(), "bad_signature")]
            {
                let header = format!(r#"{{"alg":"{alg}","kid":"{}","typ":"session+jwt"}}"#, forge.kid());
                let message = format!("{}.{}", encode(header), encode(Payload::good().text()));
                let mac = hmac_sha256(&secret, message.as_bytes());
                refused(forge, &format!("{message}.{}", encode(mac)), code);
            }
        }
    }
}

#[test]
fn a_mac_key_verifies_no_public_key_signature() {
    for signer in [EDDSA, ES256] {
        for kid in [HS256.kid(), signer.kid()] {
            let header =
                format!(r#"{{"alg":"{}","kid":"{kid}","typ":"session+jwt"}}"#, signer.algorithm().name());
            let code = if kid == HS256.kid() { "unsupported_algorithm" } else { "unknown_key" };
            refused(HS256, &signer.token(header, Payload::good().text()), code);
        }
    }
}

#[test]
fn a_public_key_beside_a_mac_key_is_a_load_error() {
    let mixed = HS256.keyring().joined(&EDDSA.keyring());
    assert_eq!(mixed.unwrap_err().code(), "invalid_key");
}

#[test]
fn an_rsa_public_key_in_any_form_is_no_mac_secret() {
    const PEM: &str = include_str!("../keys/rsa2048.public.pem");
    const PKCS1: &str = include_str!("../keys/rsa2048.public.pkcs1.pem");
    let keyring = KeyringOptions::new().allow_rs256().from_pem("rsa", PEM).unwrap();
    let sessions = Sessions::builder(ISSUER, AUDIENCE)
        .keyring(keyring.clone())
        .policy(Policy { binding: BindingPolicy::off(), ..Policy::default() })
        .clock(ManualClock::at_unix(NOW))
        .build()
        .unwrap();
    let body: String = PEM.lines().filter(|line| !line.starts_with('-')).collect();
    let secrets = [
        PEM.as_bytes().to_vec(),
        PEM.trim_end().as_bytes().to_vec(),
        PEM.replace('\n', "\r\n").into_bytes(),
        PKCS1.as_bytes().to_vec(),
        BASE64_STANDARD.decode(&body).unwrap(),
        body.into_bytes(),
        keyring.jwks().into_bytes(),
    ];
    for secret in secrets {
        for (alg, code) in [
            ("HS256", "unsupported_algorithm"),
            ("PS256", "unsupported_algorithm"),
            ("RS256", "bad_signature"),
        ] {
            let header = format!(r#"{{"alg":"{alg}","kid":"rsa","typ":"session+jwt"}}"#);
            let message = format!("{}.{}", encode(header), encode(Payload::good().text()));
            let mac = hmac_sha256(&secret, message.as_bytes());
            assert_eq!(verdict(&sessions, &format!("{message}.{}", encode(mac))), code);
        }
    }
}
