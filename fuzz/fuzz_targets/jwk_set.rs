//! Any text as a key set: what is read comes back when it is written and read again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sessera::{Keyring, KeyringOptions};
use time::OffsetDateTime;

fuzz_target!(|text: &str| {
    if let Ok(public) = Keyring::from_public_jwks(text) {
        let same = Keyring::from_jwks(text).expect("a public set is read by the wider reader too");
        assert_eq!((same.jwks(), same.skipped()), (public.jwks(), public.skipped()));
        assert!(public.keys(OffsetDateTime::UNIX_EPOCH).iter().all(|key| !key.private));
    }
    let Ok(keyring) = KeyringOptions::new().allow_rs256().from_jwks(text) else { return };
    let written = keyring.private_jwks();
    let again = KeyringOptions::new().allow_rs256().from_jwks(&written).expect("what is written is read");
    assert_eq!(*again.private_jwks(), *written);
    let public = keyring.jwks();
    assert_eq!(again.jwks(), public);
    // Nothing is skipped in a set with secrets, so that nothing is lost when it is written.
    assert!(keyring.skipped().is_empty() || !written.contains(r#""root":"#));
    for secret in [r#""d":"#, r#""k":"#, r#""root":"#] {
        assert!(!public.contains(secret));
    }
});
