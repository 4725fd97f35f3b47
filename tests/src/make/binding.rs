use std::collections::BTreeMap;

use sessera::{Elevation, ManualClock, MemoryStore, Sessions};

use super::rings::Ring;
use super::steps::{case, verify};
use super::token::Claims;
use super::{AUDIENCE, ISSUER, NOW, NOW_MS, Result};
use crate::format::{Case, Client, Policy, Session};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const NEWER_FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:152.0) Gecko/20100101 Firefox/152.0";
const SAFARI: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1";
const DEVICE: &str = "ZGV2aWNlIHNlY3JldCBvZiB0aGUgdGVzdCB2ZWN0b3I";
const KEY: &str = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";

/// The client that logged in, with all facts that a keyed tag holds.
fn home() -> Client {
    Client {
        ip: Some("203.0.113.7".to_owned()),
        user_agent: Some(FIREFOX.to_owned()),
        device: Some(DEVICE.to_owned()),
        key: None,
        ..Client::default()
    }
}

/// Verdicts in the order device, user agent, address.
fn session(verdicts: [&str; 3]) -> Session {
    let names = ["device", "user_agent", "ip"];
    let mut session = Claims::fresh().rotated(NOW_MS).session(NOW_MS);
    session
        .binding
        .extend(names.into_iter().zip(verdicts).map(|(fact, verdict)| (fact.to_owned(), verdict.to_owned())));
    session
}

fn modes(modes: &[(&str, &str)]) -> Policy {
    let binding: BTreeMap<_, _> =
        modes.iter().map(|(fact, mode)| ((*fact).to_owned(), (*mode).to_owned())).collect();
    Policy { binding, ..Policy::default() }
}

pub(super) fn cases(ring: &Ring) -> Result<Vec<Case>> {
    let token = bound(ring, &home())?;
    let mut cases = verdicts(&token);
    cases.extend(outcomes(&token));
    cases.extend(networks(ring)?);
    cases.extend(proofs(ring)?);
    Ok(cases)
}

fn verdicts(token: &str) -> Vec<Case> {
    let seen = |client: Client, verdicts| verify(NOW_MS, token).by(&client).session(session(verdicts));
    let elsewhere = Client { ip: Some("198.51.100.7".to_owned()), ..home() };
    vec![
        case("the_same_client_matches", [seen(home(), ["matched"; 3])]),
        case(
            "a_neighbour_in_the_network_and_an_update_of_the_browser_match",
            [
                seen(Client { ip: Some("203.0.113.254".to_owned()), ..home() }, ["matched"; 3]),
                seen(Client { ip: Some("::ffff:203.0.113.7".to_owned()), ..home() }, ["matched"; 3]),
                seen(Client { user_agent: Some(NEWER_FIREFOX.to_owned()), ..home() }, ["matched"; 3]),
            ],
        ),
        case(
            "an_address_with_a_port_is_the_address",
            [
                seen(Client { ip: Some("203.0.113.7:50123".to_owned()), ..home() }, ["matched"; 3]),
                seen(
                    Client { ip: Some("198.51.100.7:443".to_owned()), ..home() },
                    ["matched", "matched", "differed"],
                ),
                seen(Client { ip: Some("[::ffff:203.0.113.7]:443".to_owned()), ..home() }, ["matched"; 3]),
            ],
        ),
        case(
            "another_address_or_browser_is_reported",
            [
                seen(elsewhere, ["matched", "matched", "differed"]),
                seen(
                    Client { user_agent: Some(SAFARI.to_owned()), ..home() },
                    ["matched", "differed", "matched"],
                ),
            ],
        ),
        case(
            "a_fact_that_is_not_shown_is_absent",
            [seen(Client { ip: None, user_agent: None, ..home() }, ["matched", "absent", "absent"])],
        ),
    ]
}

fn outcomes(token: &str) -> Vec<Case> {
    let nobody = verify(NOW_MS, token);
    let stranger = verify(NOW_MS, token).by(&Client { device: Some("x".repeat(43)), ..home() });
    let moved = verify(NOW_MS, token).by(&Client { ip: Some("2001:db8::1".to_owned()), ..home() });
    let unbound = Claims::fresh().rotated(NOW_MS).session(NOW_MS);
    vec![
        case(
            "another_device_is_refused",
            [stranger.clone().code("binding_mismatch"), nobody.clone().code("binding_mismatch")],
        ),
        case(
            "another_device_may_be_reported_only",
            [stranger.clone().session(session(["differed", "matched", "matched"]))],
        )
        .policy(modes(&[("device", "report")])),
        case(
            "a_change_may_ask_for_a_new_authentication",
            [
                moved.clone().code("reauthentication_required"),
                verify(NOW_MS, token).by(&home()).session(session(["matched"; 3])),
            ],
        )
        .policy(modes(&[("ip", "step_up")])),
        case("a_change_may_be_enforced", [moved.code("binding_mismatch")])
            .policy(modes(&[("ip", "enforce")])),
        case("a_refusal_goes_before_a_new_authentication", [nobody.clone().code("binding_mismatch")])
            .policy(modes(&[("ip", "step_up")])),
        case("what_is_off_is_not_looked_at", [nobody.session(unbound)]).policy(modes(&[
            ("device", "off"),
            ("user_agent", "off"),
            ("ip", "off"),
        ])),
    ]
}

fn networks(ring: &Ring) -> Result<Vec<Case>> {
    let only = |ip: &str| Client { ip: Some(ip.to_owned()), ..Client::default() };
    let token = bound(ring, &only("2001:db8:1:2::7"))?;
    let seen = |ip: &str, verdict: &str| {
        verify(NOW_MS, &token).by(&only(ip)).session(session(["unbound", "unbound", verdict]))
    };
    Ok(vec![case(
        "an_ipv6_network_is_64_bits",
        [
            seen("2001:db8:1:2::7", "matched"),
            seen("2001:0DB8:1:2:ffff:ffff:ffff:ffff", "matched"),
            seen("2001:db8:1:3::7", "differed"),
            seen("203.0.113.7", "differed"),
        ],
    )])
}

fn proofs(ring: &Ring) -> Result<Vec<Case>> {
    let claims = Claims::fresh();
    let token = ring.sign(&claims.payload().with("cnf", &format!(r#"{{"jkt":"{KEY}"}}"#)))?;
    let mut session = claims.session(NOW_MS);
    session.binding.insert("key".to_owned(), "matched".to_owned());
    let showing = |key: &str| Client { key: Some(key.to_owned()), ..Client::default() };
    Ok(vec![case(
        "a_bound_key_must_be_shown",
        [
            verify(NOW_MS, &token).by(&showing(KEY)).session(session),
            verify(NOW_MS, &token).by(&showing(&KEY.replace('k', "l"))).code("binding_mismatch"),
            verify(NOW_MS, &token).code("binding_mismatch"),
        ],
    )])
}

/// A token of generation 1 that is bound to this client.
///
/// An elevation binds anew, and that is the one way to a bound token whose id is not random. So the tags are
/// the library's own: what a change of them breaks is that these files are current.
fn bound(ring: &Ring, client: &Client) -> Result<String> {
    let sessions = Sessions::builder(ISSUER, AUDIENCE)
        .keyring(ring.keyring().clone())
        .store(MemoryStore::new())
        .clock(ManualClock::at_unix(NOW))
        .build()?;
    let token = ring.sign(&Claims::fresh().payload())?;
    let client = crate::run::client(client);
    Ok(sessions.elevate(&token, &client, Elevation::new())?.token)
}
