//! Any text as a PEM key: what is read comes back as a key set.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sessera::{Keyring, KeyringOptions};

fuzz_target!(|text: &str| {
    if let Ok(keyring) = KeyringOptions::new().allow_rs256().from_pem("name", text) {
        let written = keyring.private_jwks();
        let again = KeyringOptions::new().allow_rs256().from_jwks(&written).expect("what is written is read");
        assert_eq!(again.jwks(), keyring.jwks());
        if let Ok(pem) = keyring.private_pem("name") {
            let again = Keyring::from_pem("name", &pem).expect("what is written is read");
            assert_eq!(again.jwks(), keyring.jwks());
        }
    }
});
