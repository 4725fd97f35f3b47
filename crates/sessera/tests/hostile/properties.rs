//! What holds for all tokens, of all algorithms.

use std::collections::BTreeMap;

use proptest::prelude::*;
use sessera::{Client, NewSession};

use crate::forge::{ALL, Forge, HS256, verdict};
use crate::payload::Payload;

/// JSON values within the limits of a token.
fn any_value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        any::<f64>().prop_filter("JSON has no other", |number| number.is_finite()).prop_map(Into::into),
        any_text(40).prop_map(Into::into),
    ];
    leaf.prop_recursive(5, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::btree_map(any_text(8), inner, 0..4)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Any characters, control characters and those outside the basic plane among them.
fn any_text(longest: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(any::<char>(), 0..longest).prop_map(String::from_iter)
}

fn any_claims() -> impl Strategy<Value = BTreeMap<String, serde_json::Value>> {
    // A capital first, so that no name is one of the token's own.
    let name = any_text(10).prop_map(|rest| format!("X{rest}"));
    prop::collection::btree_map(name, any_value(), 0..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_claims_in_are_the_same_claims_out(
        claims in any_claims(),
        subject in any_text(40),
        forge in prop::sample::select(&ALL[..]),
    ) {
        let sessions = forge.sessions();
        let client = Client::new();
        let subject = format!("s{subject}");
        let login = claims
            .iter()
            .fold(NewSession::new(subject.clone()), |login, (name, value)| login.claim(name, value));
        match sessions.issue(login, &client) {
            Ok(issued) => {
                let session = sessions.verify(&issued.token, &client).unwrap();
                prop_assert_eq!(&session.subject, &subject);
                prop_assert_eq!(session.claims.to_map(), claims.clone());
                prop_assert_eq!(&session, &issued.session);
                let renewed = sessions.renew(&issued.token, &client).unwrap();
                let session = sessions.verify(&renewed.token, &client).unwrap();
                prop_assert_eq!(session.claims.to_map(), claims);
            }
            Err(error) => prop_assert_eq!(error.code(), "too_large"),
        }
    }

    #[test]
    fn claims_of_any_order_and_spelling_are_read_the_same(claims in any_claims()) {
        let mut payload = Payload::good();
        for (name, value) in &claims {
            payload = payload.and(&serde_json::to_string(name).unwrap(), value.to_string());
        }
        for text in payload.orders() {
            let verified = HS256.sessions().verify(&HS256.carrying(text), &Client::new());
            match verified {
                Ok(session) => prop_assert_eq!(session.claims.to_map(), claims.clone()),
                Err(error) => prop_assert_eq!(error.code(), "too_large"),
            }
        }
    }

    #[test]
    fn no_text_makes_a_verify_panic_or_is_accepted(token in "\\PC{0,200}") {
        for forge in ALL {
            prop_assert_ne!(forge.verdict(&token), "ok");
        }
    }

    #[test]
    fn no_parts_make_a_verify_panic_or_are_accepted(token in "[A-Za-z0-9_.=-]{0,300}") {
        for forge in ALL {
            prop_assert_ne!(forge.verdict(&token), "ok");
        }
    }

    #[test]
    fn no_signed_bytes_make_a_verify_panic_or_are_accepted(
        header in prop::collection::vec(any::<u8>(), 0..100),
        payload in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        prop_assert_ne!(HS256.verdict(&HS256.token(&header, &payload)), "ok");
        prop_assert_ne!(HS256.verdict(&HS256.carrying(&payload)), "ok");
    }

    #[test]
    fn no_change_of_a_good_payload_makes_a_verify_panic(
        at in any::<prop::sample::Index>(),
        bytes in prop::collection::vec(any::<u8>(), 0..4),
        cut in 0_usize..4,
    ) {
        let mut payload = Payload::good().with("app", r#"{"a":[1,"b\u00e9",null]}"#).text().into_bytes();
        let at = at.index(payload.len());
        let end = (at + cut).min(payload.len());
        payload.splice(at..end, bytes);
        let _ = HS256.verdict(&HS256.carrying(&payload));
    }
}

#[test]
fn no_change_of_a_single_byte_of_a_token_verifies() {
    for forge in ALL {
        let sessions = forge.sessions();
        let token = forge.good();
        // So that it is remembered, where tokens are.
        assert_eq!(verdict(&sessions, &token), "ok");
        for at in 0..token.len() {
            for replacement in 0..=0x7F_u8 {
                // Public-key algorithms are slow: of the alphabet, some of each bit are enough there.
                let slow = forge != HS256 && replacement.is_ascii_alphanumeric();
                if slow && !b"AQgw09".contains(&replacement) && replacement != token.as_bytes()[at] ^ 1 {
                    continue;
                }
                let mut changed = token.clone().into_bytes();
                changed[at] = replacement;
                let changed = String::from_utf8(changed).unwrap();
                let same = changed == token;
                assert!(same || verdict(&sessions, &changed) != "ok", "{}: byte {at}", forge.kid());
            }
        }
    }
}

#[test]
fn no_missing_doubled_or_swapped_byte_of_a_token_verifies() {
    for forge in ALL {
        let sessions = forge.sessions();
        let token = forge.good();
        // So that it is remembered, where tokens are.
        assert_eq!(verdict(&sessions, &token), "ok");
        for at in 0..token.len() {
            let (front, back) = token.split_at(at);
            let missing = format!("{front}{}", &back[1..]);
            let doubled = format!("{front}{}{back}", &back[..1]);
            let mut swapped = token.clone().into_bytes();
            swapped.swap(at, at.saturating_sub(1));
            for changed in [missing, doubled, String::from_utf8(swapped).unwrap()] {
                assert!(changed == token || verdict(&sessions, &changed) != "ok", "{}: {at}", forge.kid());
            }
        }
    }
}

#[test]
fn every_prefix_and_every_suffix_of_a_token_is_refused() {
    for forge in ALL {
        let sessions = forge.sessions();
        let token = forge.good();
        // So that it is remembered, where tokens are.
        assert_eq!(verdict(&sessions, &token), "ok");
        for at in 0..token.len() {
            let prefix = verdict(&sessions, &token[..at]);
            assert!(matches!(prefix, "malformed" | "bad_signature"), "{}: {at}: {prefix}", forge.kid());
            let suffix = verdict(&sessions, &token[at + 1..]);
            assert_ne!(suffix, "ok", "{}: {at}", forge.kid());
        }
    }
}

#[test]
fn the_parts_of_two_tokens_make_no_third() {
    let other = |forge: Forge| forge.carrying(Payload::good().with("sub", "\"root\"").text());
    for forge in ALL {
        let (ours, theirs) = (forge.good(), other(forge));
        let [a, b] = [&ours, &theirs].map(|token| token.split('.').collect::<Vec<_>>());
        for mixed in [[a[0], b[1], a[2]], [a[0], a[1], b[2]], [b[0], a[1], b[2]]] {
            assert_eq!(forge.verdict(&mixed.join(".")), "bad_signature");
        }
    }
}
