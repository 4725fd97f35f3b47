//! Any text in the other headers that are looked at: User-Agent, X-Forwarded-For, Origin, the CSRF token.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use sessera::binding::{UserAgent, client_address};
use sessera::csrf::{FetchMetadata, check_fetch};
use sessera::{Client, NewSession, Origin, Session};
use sessera_fuzz::SESSIONS;

static SESSION: LazyLock<Session> = LazyLock::new(|| {
    let client = Client::new();
    SESSIONS[0].issue(NewSession::new("user-42"), &client).expect("a login").session
});
static OWN: LazyLock<[Origin; 1]> = LazyLock::new(|| [Origin::parse("https://app.example").expect("one")]);

fuzz_target!(|text: &str| {
    assert_eq!(UserAgent::of(text), UserAgent::of(text));
    let peer = [192, 0, 2, 1].into();
    for hops in 0..4 {
        if let Some(address) = client_address(peer, &[text], hops) {
            assert_eq!(address, address.to_canonical());
        }
    }
    if let Ok(origin) = Origin::parse(text) {
        assert_eq!(Origin::parse(origin.as_str()).expect("a normal form is one"), origin);
    }
    let request =
        FetchMetadata { method: "POST", origin: Some(text), own_origins: &*OWN, ..FetchMetadata::default() };
    if check_fetch(&request).is_ok() {
        assert_eq!(Origin::parse(text).expect("what is ours is an origin"), OWN[0]);
    }
    let request = FetchMetadata { method: "POST", ..FetchMetadata::default() };
    assert!(SESSIONS[0].check_csrf(&SESSION, &request, Some(text)).is_err());
});
