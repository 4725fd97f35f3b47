//! Which code a token gets that is wrong in several ways: that of the first check, so that nobody learns
//! from a later one.

use sessera::{Client, MemoryStore, Sessions};

use crate::forge::{AUDIENCE, HS256, ISSUER, NOW, encode, verdict};
use crate::payload::Payload;

/// The id of the session that is revoked.
const REVOKED: &str = "BBBBBBBBBBBBBBBBBBBBBA";

/// A token, wrong from the given check on.
struct Wrong {
    code: &'static str,
    token: String,
}

/// Each is wrong in its own way and in all the ways behind it.
fn from_the_first_check_to_the_last() -> Vec<Wrong> {
    let header =
        |alg: &str, kid: &str, typ: &str| format!(r#"{{"alg":"{alg}","kid":"{kid}","typ":"{typ}"}}"#);
    let expired = Payload::good().with("exp", "1");
    let early = expired.clone().with("nbf", (NOW + 100).to_string());
    let revoked = early.clone().with("sid", format!("\"{REVOKED}\"")).with("jti", format!("\"{REVOKED}.0\""));
    let ended = revoked.clone().with("sxp", "1");
    let audience = ended.clone().with("aud", "\"other\"");
    let issuer = audience.clone().with("iss", "\"other\"");
    let claim = issuer.clone().with("gen", "-1");
    let payload = claim.text();
    let unsigned = |header: &str| format!("{}.{}.{}", encode(header), encode(&payload), encode([7; 32]));
    let mut all: Vec<Wrong> = [
        ("too_large", ".=".repeat(3000)),
        ("malformed", unsigned(&header("none", "", "JWT").replace('}', r#","crit":[]}"#))),
        ("unsupported_algorithm", unsigned(&header("none", "", "JWT"))),
        ("unknown_key", unsigned(&header("HS256", "", "JWT"))),
        ("bad_signature", unsigned(&header("HS256", "mac", "JWT"))),
        ("wrong_type", HS256.token(header("HS256", "mac", "JWT"), &payload)),
    ]
    .into_iter()
    .map(|(code, token)| Wrong { code, token })
    .collect();
    for (code, payload) in [
        ("malformed", issuer.clone().and("\"gen\"", "0")),
        ("too_large", issuer.clone().with("app", "[".repeat(9))),
        ("invalid_claim", claim),
        ("wrong_issuer", issuer),
        ("wrong_audience", audience),
        ("ended", ended),
        ("revoked", revoked),
        ("not_yet_valid", early),
        ("expired", expired),
    ] {
        all.push(Wrong { code, token: HS256.carrying(payload.text()) });
        all.push(Wrong { code, token: HS256.carrying(payload.reversed().text()) });
    }
    all
}

#[test]
fn the_first_check_that_fails_gives_the_code() {
    let sessions = Sessions::builder(ISSUER, AUDIENCE)
        .keyring(HS256.keyring())
        .store(MemoryStore::new())
        .clock(sessera::ManualClock::at_unix(NOW))
        .build()
        .unwrap();
    assert_eq!(verdict(&sessions, &HS256.good()), "ok");
    sessions.revoke_session(REVOKED).unwrap();
    for Wrong { code, token } in from_the_first_check_to_the_last() {
        assert_eq!(verdict(&sessions, &token), code);
    }
}

#[test]
fn revocation_is_told_before_binding() {
    let sessions = Sessions::builder(ISSUER, AUDIENCE)
        .keyring(HS256.keyring())
        .store(MemoryStore::new())
        .clock(sessera::ManualClock::at_unix(NOW))
        .build()
        .unwrap();
    let device = Client::new().device("secret of the device");
    let issued = sessions.issue(sessera::NewSession::new("user-42"), &device).unwrap();
    let refusal = || sessions.verify(&issued.token, &Client::new()).unwrap_err().code();
    assert_eq!(refusal(), "binding_mismatch");
    sessions.revoke_session(&issued.session.id).unwrap();
    assert_eq!(refusal(), "revoked");
}
