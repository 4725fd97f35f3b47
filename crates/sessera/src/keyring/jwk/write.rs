//! Keys to JSON. Every value is written from an alphabet that needs no escapes.

use std::fmt::Write as _;

use zeroize::Zeroizing;

use crate::codec::base64url;
use crate::keyring::key::Key;
use crate::keyring::material::Material;

/// The public keys of a ring: no MAC key, no private part, no root.
pub(in crate::keyring) fn public(keys: &[Key]) -> String {
    let mut text = String::new();
    let shown = keys.iter().filter(|key| !key.algorithm().is_symmetric());
    write(shown, false, None, &mut text);
    text
}

/// The whole ring, secrets included.
pub(in crate::keyring) fn private(keys: &[Key], root: Option<&[u8]>) -> Zeroizing<String> {
    // Room for everything at once: a text that grows leaves copies of its secrets behind.
    let longest = |secret: Option<&[u8]>| secret.map_or(0, <[u8]>::len) * 2 + 2048;
    let capacity = keys.iter().map(|key| longest(key.material().secret())).sum::<usize>() + longest(root);
    let mut text = Zeroizing::new(String::with_capacity(capacity));
    write(keys.iter(), true, root, &mut text);
    debug_assert!(text.len() <= capacity, "the text has grown");
    text
}

fn write<'a>(keys: impl Iterator<Item = &'a Key>, secrets: bool, root: Option<&[u8]>, text: &mut String) {
    text.push_str(r#"{"keys":["#);
    for (position, key) in keys.enumerate() {
        text.push_str(if position == 0 { "\n" } else { ",\n" });
        write_key(key, secrets, text);
    }
    text.push_str("\n]");
    if let Some(root) = root {
        write_bytes("root", root, text);
    }
    text.push_str("}\n");
}

fn write_key(key: &Key, secrets: bool, text: &mut String) {
    let secret = key.material().secret().filter(|_| secrets);
    match key.material() {
        Material::Ed25519 { public, .. } => {
            text.push_str(r#"{"kty":"OKP","crv":"Ed25519""#);
            write_bytes("x", public, text);
            secret.inspect(|secret| write_bytes("d", secret, text));
        }
        Material::P256 { public, .. } => {
            text.push_str(r#"{"kty":"EC","crv":"P-256""#);
            write_bytes("x", &public[1..33], text);
            write_bytes("y", &public[33..], text);
            secret.inspect(|secret| write_bytes("d", secret, text));
        }
        Material::Hmac { .. } => {
            text.push_str(r#"{"kty":"oct""#);
            secret.inspect(|secret| write_bytes("k", secret, text));
        }
        Material::Rsa(public) => {
            text.push_str(r#"{"kty":"RSA""#);
            write_bytes("n", &public.n, text);
            write_bytes("e", &public.e, text);
        }
    }
    let life = key.life();
    // Writing to a string cannot fail.
    let _ = write!(text, r#","use":"sig","alg":"{}","kid":"{}""#, key.algorithm(), key.kid());
    let from = Some(life.signs_from).filter(|from| *from > 0);
    for (name, time) in [("iat", life.made), ("nbf", from), ("exp", life.verifies_until)] {
        if let Some(time) = time {
            let _ = write!(text, r#","{name}":{time}"#);
        }
    }
    text.push('}');
}

fn write_bytes(name: &str, bytes: &[u8], text: &mut String) {
    let _ = write!(text, r#","{name}":""#);
    base64url::encode_into(bytes, text);
    text.push('"');
}
