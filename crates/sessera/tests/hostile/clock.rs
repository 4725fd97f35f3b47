//! The clock at both ends of its range, and at the edges of the leeway, to the millisecond.

use crate::forge::{ALL, HS256, NOW, verdict};
use crate::payload::Payload;

const LEEWAY_MS: u64 = 30_000;

fn at(unix_millis: u64, payload: &Payload) -> &'static str {
    let [ours, reversed] = payload.orders().map(|text| {
        let sessions = HS256.sessions_at(unix_millis);
        verdict(&sessions, &HS256.carrying(text))
    });
    assert_eq!(ours, reversed);
    ours
}

#[test]
fn at_time_zero_every_token_of_today_is_from_the_future() {
    for forge in ALL {
        assert_eq!(verdict(&forge.sessions_at(0), &forge.good()), "not_yet_valid");
    }
}

#[test]
fn at_the_end_of_time_every_token_has_ended() {
    for forge in ALL {
        for unix_millis in [u64::MAX, u64::MAX - 1, u64::MAX / 2, 1 << 63] {
            assert_eq!(verdict(&forge.sessions_at(unix_millis), &forge.good()), "ended");
        }
    }
    let last = "9007199254740991";
    let longest = Payload::good().with("exp", last).with("sxp", last);
    assert_eq!(at(u64::MAX, &longest), "ended");
    assert_eq!(at((1 << 53) * 1000 - 1000 + LEEWAY_MS - 1, &longest), "ok");
    assert_eq!(at((1 << 53) * 1000 - 1000 + LEEWAY_MS, &longest), "ended");
}

#[test]
fn a_token_expires_at_its_exp_and_the_leeway_exactly() {
    let expires = (NOW + 1800) * 1000 + LEEWAY_MS;
    assert_eq!(at(expires - 1, &Payload::good()), "ok");
    assert_eq!(at(expires, &Payload::good()), "expired");
}

#[test]
fn a_session_ends_at_its_sxp_and_the_leeway_exactly() {
    let payload = Payload::good().with("exp", (NOW + 60).to_string()).with("sxp", (NOW + 60).to_string());
    let ends = (NOW + 60) * 1000 + LEEWAY_MS;
    assert_eq!(at(ends - 1, &payload), "ok");
    assert_eq!(at(ends, &payload), "ended");
}

#[test]
fn a_token_is_from_the_future_up_to_the_leeway_exactly() {
    for claim in ["nbf", "iat"] {
        let payload = Payload::good().with(claim, (NOW + 100).to_string());
        let begins = (NOW + 100) * 1000 - LEEWAY_MS;
        assert_eq!(at(begins - 1, &payload), "not_yet_valid");
        assert_eq!(at(begins, &payload), "ok");
    }
}

#[test]
fn the_verbs_do_not_overflow_at_either_end() {
    for unix_millis in [0, 1, (1 << 53) - 1, 1 << 53, 1 << 63, u64::MAX] {
        let sessions = HS256.sessions_at(unix_millis);
        let client = sessera::Client::new();
        match sessions.issue(sessera::NewSession::new("user-42"), &client) {
            Ok(issued) => {
                assert_eq!(verdict(&sessions, &issued.token), "ok", "{unix_millis}");
                sessions.renew(&issued.token, &client).unwrap();
            }
            Err(error) => assert_eq!(error.code(), "invalid_claim", "{unix_millis}"),
        }
    }
}
