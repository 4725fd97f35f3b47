//! Any text as a PEM key: what is read comes back as a key set.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sessera::{Keyring, KeyringOptions};

fuzz_target!(|text: &str| {
    if let Ok(keyring) = KeyringOptions::new().allow_rs256().from_pem("name", text) {
        // White space and escaped line ends make no difference.
        for spelled in [text.replace('\n', " \r\n\n"), text.replace('\n', "\\n")] {
            let again = KeyringOptions::new().allow_rs256().from_pem("name", &spelled);
            assert!(again.is_ok_and(|again| again.jwks() == keyring.jwks()) || spelled.len() > 64 * 1024);
        }
        let public = KeyringOptions::new().allow_rs256().public_only().from_pem("name", text);
        assert_ne!(public.is_ok(), keyring.private_pem("name").is_ok());
        let written = keyring.private_jwks();
        let again = KeyringOptions::new().allow_rs256().from_jwks(&written).expect("what is written is read");
        assert_eq!(again.jwks(), keyring.jwks());
        if let Ok(pem) = keyring.private_pem("name") {
            let again = Keyring::from_pem("name", &pem).expect("what is written is read");
            assert_eq!(again.jwks(), keyring.jwks());
        }
    }
});
