use serde_json::json;

use super::rings::Ring;
use super::steps::{case, step, verify};
use super::token::Claims;
use super::{MINUTE_MS, NOW_MS, Result};
use crate::format::{Arguments, Case, Client, Policy, Verb};

/// The default grace.
const GRACE_MS: u64 = 10_000;
/// When the first rotation is.
const THEN: u64 = NOW_MS + MINUTE_MS;

/// A session's first tokens, each the successor of the one before, made at [`THEN`].
struct Line {
    claims: [Claims; 3],
    tokens: [String; 3],
}

impl Line {
    fn new(ring: &Ring) -> Result<Self> {
        let first = Claims::fresh().claim("roles", json!(["editor"]));
        let second = first.clone().rotated(THEN);
        let third = second.clone().rotated(THEN);
        let sign = |claims: &Claims| ring.sign(&claims.payload());
        let tokens = [sign(&first)?, sign(&second)?, sign(&third)?];
        Ok(Self { claims: [first, second, third], tokens })
    }
}

pub(super) fn cases(ring: &Ring) -> Result<Vec<Case>> {
    let line = Line::new(ring)?;
    let mut cases = grace(ring, &line)?;
    cases.extend(reuse(&line));
    cases.extend(elevation(ring, &line)?);
    cases.push(
        case(
            "without_a_store_nothing_is_rotated",
            [
                step(Verb::Rotate, THEN, &line.tokens[0]).code("invalid_config"),
                step(Verb::Elevate, THEN, &line.tokens[0]).code("invalid_config"),
                verify(THEN, &line.tokens[0])
                    .session(crate::format::Session { rotation_due: false, ..line.claims[0].session(THEN) }),
            ],
        )
        .without_store(),
    );
    Ok(cases)
}

fn grace(
    ring: &Ring,
    Line { claims: [first, second, _], tokens: [parent, child, _] }: &Line,
) -> Result<Vec<Case>> {
    let renewed_parent = ring.sign(&first.clone().renewed(NOW_MS + 4 * MINUTE_MS).payload())?;
    let rotate = || step(Verb::Rotate, THEN, parent).token(child).session(second.session(THEN));
    let mut in_grace = first.session(THEN + GRACE_MS - 1);
    (in_grace.superseded, in_grace.renew_due, in_grace.rotation_due) = (true, true, true);
    let late = THEN + GRACE_MS - 1;
    let renewed = second.clone().renewed(late);
    let hours = THEN + 20 * MINUTE_MS;
    let mut lost = first.session(hours);
    (lost.superseded, lost.renew_due, lost.rotation_due) = (true, true, true);
    Ok(vec![
        case(
            "a_rotated_token_works_to_the_last_millisecond_of_the_grace",
            [
                rotate(),
                verify(late, parent).session(in_grace),
                verify(late, child).session(second.session(late)),
            ],
        ),
        case(
            "all_who_rotate_within_the_grace_get_the_same_successor",
            [
                rotate(),
                step(Verb::Rotate, THEN + 1, parent).token(child).session(second.session(THEN + 1)),
                step(Verb::Rotate, late, parent).token(child).session(second.session(late)),
            ],
        ),
        case(
            "a_renewal_in_the_grace_joins_the_current_generation",
            [rotate(), step(Verb::Renew, late, parent).session(renewed.session(late))],
        ),
        case(
            "a_rotated_token_is_a_reuse_exactly_after_the_grace",
            [
                rotate(),
                verify(late, child),
                verify(late, parent),
                verify(THEN + GRACE_MS, parent).code("reused"),
            ],
        ),
        case(
            "until_its_successor_is_shown_a_rotated_token_gets_the_same_one",
            [
                rotate(),
                verify(hours, parent).session(lost),
                step(Verb::Rotate, hours, parent).token(child).session(second.session(hours)),
                verify(hours, child).session(second.session(hours)),
                verify(hours, parent).code("reused"),
                verify(hours, child).code("revoked"),
            ],
        ),
        case(
            "a_request_is_judged_by_its_arrival",
            [
                rotate(),
                verify(late, child),
                verify(late + 60_000, parent).by(&Client { waited: Some(60_000), ..Client::default() }),
                step(Verb::Rotate, late + 60_000, parent)
                    .by(&Client { waited: Some(60_000), ..Client::default() })
                    .code("superseded"),
                verify(late + 60_001, parent)
                    .by(&Client { waited: Some(60_000), ..Client::default() })
                    .code("reused"),
            ],
        ),
        case(
            "a_renewal_does_not_put_a_rotation_off",
            [
                step(Verb::Renew, NOW_MS + 4 * MINUTE_MS, parent)
                    .session(first.clone().renewed(NOW_MS + 4 * MINUTE_MS).session(NOW_MS + 4 * MINUTE_MS)),
                verify(NOW_MS + 5 * MINUTE_MS, &renewed_parent)
                    .session(first.clone().renewed(NOW_MS + 4 * MINUTE_MS).session(NOW_MS + 5 * MINUTE_MS)),
            ],
        ),
        case(
            "without_grace_a_rotated_token_is_a_reuse_at_once",
            [
                rotate(),
                verify(THEN, child).session(second.session(THEN)),
                verify(THEN, parent).code("reused"),
            ],
        )
        .policy(Policy { grace: Some(0), ..Policy::default() }),
    ])
}

fn reuse(Line { claims: [_, second, third], tokens: [parent, child, grandchild] }: &Line) -> Vec<Case> {
    let rotate = || step(Verb::Rotate, THEN, parent).token(child);
    let after = THEN + GRACE_MS;
    vec![
        case(
            "a_reuse_ends_the_session",
            [
                rotate(),
                verify(THEN, child),
                verify(after, parent).code("reused"),
                verify(after, child).code("revoked"),
                step(Verb::Rotate, after, child).code("revoked"),
                verify(after, parent).code("revoked"),
            ],
        ),
        case(
            "a_rotation_of_a_rotated_token_is_a_reuse",
            [
                rotate(),
                verify(THEN, child),
                step(Verb::Rotate, after, parent).code("reused"),
                verify(after, child).code("revoked"),
            ],
        ),
        case(
            "a_renewal_of_a_rotated_token_is_a_reuse",
            [
                rotate(),
                verify(THEN, child),
                step(Verb::Renew, after, parent).code("reused"),
                verify(after, child).code("revoked"),
            ],
        ),
        case(
            "two_generations_back_is_a_reuse_even_inside_the_grace",
            [
                rotate(),
                step(Verb::Rotate, THEN, child).token(grandchild).session(third.session(THEN)),
                verify(THEN, child),
                verify(THEN, parent).code("reused"),
                verify(THEN, grandchild).code("revoked"),
            ],
        ),
        case(
            "a_reuse_may_be_refused_only",
            [
                rotate(),
                verify(THEN, child),
                verify(after, parent).code("reused"),
                verify(after, parent).code("reused"),
                verify(after, child).session(second.session(after)),
            ],
        )
        .policy(Policy { on_reuse: Some("refuse".to_owned()), ..Policy::default() }),
    ]
}

fn elevation(ring: &Ring, line: &Line) -> Result<Vec<Case>> {
    let Line { claims: [first, second, _], tokens: [parent, child, _] } = line;
    let mut admin = second.clone().claim("role", "admin");
    admin.authenticated_at = THEN / 1000;
    admin.acr = Some("aal2".to_owned());
    admin.amr = vec!["pwd".to_owned(), "otp".to_owned()];
    // What is kept stands before what is new.
    let mut members = admin.clone();
    members.application = first.application.clone();
    let payload = members.payload().and("\"role\"", "\"admin\"");
    let elevated = ring.sign(&payload)?;
    let with = Arguments {
        claims: Some([("role".to_owned(), json!("admin"))].into()),
        acr: admin.acr.clone(),
        amr: admin.amr.clone(),
        ..Arguments::default()
    };
    let elevate = || step(Verb::Elevate, THEN, parent).with(with.clone());
    let done = || elevate().token(&elevated).session(admin.session(THEN));
    let after = THEN + GRACE_MS;
    Ok(vec![
        case(
            "an_elevation_is_a_new_authentication_with_new_claims",
            [done(), verify(THEN, &elevated).session(admin.session(THEN))],
        ),
        case(
            "an_elevated_token_is_superseded_at_once_and_no_sign_of_theft",
            [
                done(),
                verify(THEN, parent).code("superseded"),
                step(Verb::Rotate, THEN, parent).code("superseded"),
                verify(after - 1, parent).code("superseded"),
                verify(after - 1, &elevated).session(admin.session(after - 1)),
            ],
        ),
        case(
            "once_the_elevated_token_is_shown_an_older_one_is_a_reuse_after_the_grace",
            [
                done(),
                verify(after, parent).code("superseded"),
                verify(after, &elevated).session(admin.session(after)),
                verify(after, parent).code("reused"),
                verify(after, &elevated).code("revoked"),
            ],
        ),
        case(
            "an_elevation_of_a_token_that_was_just_rotated_is_superseded",
            [
                step(Verb::Rotate, THEN, parent).token(child),
                elevate().code("superseded"),
                verify(THEN, child).session(second.session(THEN)),
            ],
        ),
        case(
            "an_elevation_may_not_name_a_claim_of_the_token",
            [
                step(Verb::Elevate, THEN, parent)
                    .with(Arguments {
                        claims: Some([("sub".to_owned(), json!("root"))].into()),
                        ..Arguments::default()
                    })
                    .code("invalid_claim"),
                verify(THEN, parent).session(first.session(THEN)),
            ],
        ),
    ])
}
