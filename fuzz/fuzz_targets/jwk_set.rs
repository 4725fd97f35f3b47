//! Any text as a key set: what is read comes back when it is written and read again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sessera::{Keyring, KeyringOptions};

fuzz_target!(|text: &str| {
    let _ = Keyring::from_public_jwks(text);
    let Ok(keyring) = KeyringOptions::new().allow_rs256().from_jwks(text) else { return };
    let written = keyring.private_jwks();
    let again = KeyringOptions::new().allow_rs256().from_jwks(&written).expect("what is written is read");
    assert_eq!(*again.private_jwks(), *written);
    let public = keyring.jwks();
    assert_eq!(again.jwks(), public);
    for secret in [r#""d":"#, r#""k":"#, r#""root":"#] {
        assert!(!public.contains(secret));
    }
});
