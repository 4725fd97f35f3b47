//! Any text as a sealed token, and any text within one.
//!
//! The input is what is within, a line break, and what is taken for a sealed token.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use sessera::jose::jwe;
use sessera::{Client, Keyring, Sessions};
use sessera_fuzz::{FILES, SIGNED, halves, keyring, sessions};

static RING: LazyLock<Keyring> = LazyLock::new(|| keyring(&FILES[0]));
static SEALED: LazyLock<Sessions> = LazyLock::new(|| sessions(RING.clone(), true));

fuzz_target!(|data: &[u8]| {
    let (within, token) = halves(data);
    if let Ok(token) = std::str::from_utf8(token) {
        let _ = SEALED.verify(token, &Client::new());
        if let Ok(opened) = jwe::open(token, "JWT", &RING) {
            check(&opened);
        }
    }
    if let Ok(sealed) = jwe::seal(within, "JWT", &RING) {
        assert_eq!(jwe::open(&sealed, "JWT", &RING).expect("what was sealed opens"), within);
        if SEALED.verify(&sealed, &Client::new()).is_ok() {
            check(within);
        }
    }
});

/// Only the vectors' tokens were ever sealed or signed.
fn check(opened: &[u8]) {
    let token = std::str::from_utf8(opened).unwrap_or_default();
    if let Some((message, _)) = token.rsplit_once('.')
        && sessera_fuzz::SESSIONS[0].verify(token, &Client::new()).is_ok()
    {
        assert!(SIGNED.contains(message), "nobody has signed this");
    }
}
