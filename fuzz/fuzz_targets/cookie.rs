//! Any bytes as a Cookie header: what is read is there once, and could have been set.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use sessera::cookie::{Cookie, CookieSettings};

static COOKIE: LazyLock<Cookie> =
    LazyLock::new(|| Cookie::new(&CookieSettings::default()).expect("the defaults work"));

fuzz_target!(|header: &[u8]| {
    if let Ok(Some(value)) = COOKIE.read(header) {
        let pair = format!("__Host-session={value}");
        // One space belongs to the separator, so none to the first pair.
        let pairs = header.split(|byte| *byte == b';').enumerate();
        let pairs = pairs.map(|(nth, pair)| match pair.strip_prefix(b" ") {
            Some(pair) if nth > 0 => pair,
            _ => pair,
        });
        assert_eq!(pairs.filter(|other| *other == pair.as_bytes()).count(), 1);
        if pair.len() <= 4097 {
            assert!(COOKIE.set_cookie(value).expect("it came from a browser").starts_with(&pair));
        }
    }
    // The headers of HTTP/2 may come in parts.
    let parts = header.split(|byte| *byte == b'\n');
    if let Ok(Some(value)) = COOKIE.read_all(parts) {
        assert!(!value.is_empty());
    }
});
