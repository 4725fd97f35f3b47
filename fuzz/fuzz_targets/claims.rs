//! Any header and any payload under a signature that holds: the readers agree with each other and with
//! another JSON reader.
//!
//! The input is a header, a line break, and a payload.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};
use sessera::{Client, Session};
use sessera_fuzz::{HEADER, SESSIONS, forge, halves};

const RESERVED: [&str; 16] = [
    "iss",
    "aud",
    "sub",
    "iat",
    "nbf",
    "exp",
    "jti",
    "sid",
    "auth_time",
    "gen",
    "sat",
    "sxp",
    "fpr",
    "acr",
    "amr",
    "cnf",
];

fuzz_target!(|data: &[u8]| {
    let (header, payload) = halves(data);
    let verify = |token: &str| SESSIONS[0].verify(token, &Client::new());
    let _ = verify(&forge(header, payload));

    let verified = verify(&forge(HEADER.as_bytes(), payload));
    // White space in front is no layout of ours, so the strict reader alone reads this one.
    let spaced = forge(HEADER.as_bytes(), &[b" ", payload].concat());
    if spaced.len() <= 4096 {
        assert_eq!(verified.as_ref().ok(), verify(&spaced).as_ref().ok(), "the readers disagree");
    }
    if let Ok(session) = verified {
        same_as_serde_json(&session, payload);
    }
});

fn same_as_serde_json(session: &Session, payload: &[u8]) {
    let mut members: Map<String, Value> = serde_json::from_slice(payload).expect("what is accepted is JSON");
    let seconds = |name: &str| members[name].as_u64().expect("an integer");
    assert_eq!(members["sub"], session.subject.as_str());
    assert_eq!(members["sid"], session.id.as_str());
    assert_eq!(seconds("gen"), session.generation);
    assert_eq!(members["jti"], format!("{}.{}", session.id, session.generation));
    assert!(seconds("exp") <= seconds("sxp"));
    assert_eq!(members["iss"], sessera_fuzz::ISSUER);
    for name in RESERVED {
        members.remove(name);
    }
    let claims: Map<String, Value> = session.claims.to_map().into_iter().collect();
    assert_eq!(members, claims);
    let again: Map<String, Value> = serde_json::from_str(&session.claims.to_json()).expect("JSON");
    assert_eq!(again, claims);
    for name in session.claims.names() {
        assert!(session.claims.raw(&name).is_some());
    }
}
