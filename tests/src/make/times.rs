use super::rings::Ring;
use super::steps::{at, case, step, verify};
use super::token::Claims;
use super::{LEEWAY_MS, MINUTE_MS, NOW, NOW_MS, Result};
use crate::format::{Arguments, Case, Policy, Verb};

/// The last time that a claim can hold, in seconds.
const LAST: u64 = (1 << 53) - 1;

pub(super) fn cases(ring: &Ring) -> Result<Vec<Case>> {
    let mut cases = limits(ring)?;
    cases.extend(renewal(ring)?);
    cases.extend(starts(ring)?);
    cases.extend(settings(ring)?);
    Ok(cases)
}

fn limits(ring: &Ring) -> Result<Vec<Case>> {
    let claims = Claims::fresh();
    let token = ring.sign(&claims.payload())?;
    let expires = claims.expires_at * 1000 + LEEWAY_MS;
    let late = Claims { expires_at: claims.ends_at, ..claims.clone() };
    let at_the_end = ring.sign(&late.payload())?;
    let ends = claims.ends_at * 1000 + LEEWAY_MS;
    let forever = Claims { expires_at: LAST, ends_at: LAST, ..claims.clone() };
    let older_than_any = ring.sign(&forever.payload())?;
    let forever = ring.sign(&Claims { started_at_ms: LAST, ..forever }.payload())?;
    let beyond = Claims { expires_at: claims.ends_at + 1, ..claims.clone() };
    let beyond = ring.sign(&beyond.payload())?;
    Ok(vec![
        case(
            "a_token_holds_to_the_last_millisecond_of_its_leeway",
            [
                verify(claims.expires_at * 1000, &token).session(claims.session(claims.expires_at * 1000)),
                verify(expires - 1, &token).session(claims.session(expires - 1)),
            ],
        ),
        case("a_token_expires_exactly_at_exp_and_leeway", [verify(expires, &token).code("expired")]),
        case("a_token_that_expired_long_ago_is_expired", [verify(ends - 1, &token).code("expired")]),
        case(
            "a_session_holds_to_the_last_millisecond_of_its_leeway",
            [verify(ends - 1, &at_the_end).session(late.session(ends - 1))],
        ),
        case("a_session_ends_exactly_at_sxp_and_leeway", [verify(ends, &at_the_end).code("ended")]),
        case("an_expired_token_of_an_ended_session_has_ended", [verify(ends, &token).code("ended")]),
        case("a_token_may_not_outlive_its_session", [verify(NOW_MS, &beyond).code("invalid_claim")]),
        case("the_last_time_of_all_is_a_time", [verify(LAST, &forever)]),
        case(
            "a_session_that_is_older_than_any_may_become_has_ended",
            [verify(LAST, &older_than_any).code("ended")],
        ),
        case("a_clock_at_the_last_time_of_all_overflows_nothing", [verify(LAST, &token).code("ended")]),
    ])
}

fn renewal(ring: &Ring) -> Result<Vec<Case>> {
    let claims = Claims::fresh();
    let token = ring.sign(&claims.payload())?;
    let due = NOW_MS + 5 * MINUTE_MS;
    let end = claims.ends_at * 1000;
    let near_end = claims.clone().renewed(end - 10 * MINUTE_MS);
    let near_end_token = ring.sign(&near_end.payload())?;
    let last = near_end.clone().renewed(end - MINUTE_MS);
    let last_token = ring.sign(&last.payload())?;
    Ok(vec![
        case(
            "a_renewal_is_due_exactly_after_a_sixth_of_the_idle_time",
            [
                verify(due - 1, &token).session(claims.session(due - 1)),
                verify(due, &token).session(claims.session(due)),
            ],
        ),
        case(
            "no_renewal_goes_past_the_end_of_the_session",
            [
                step(Verb::Renew, end - MINUTE_MS, &near_end_token)
                    .token(&last_token)
                    .session(last.session(end - MINUTE_MS)),
                verify(end + LEEWAY_MS, &last_token).code("ended"),
            ],
        ),
        case(
            "no_rotation_goes_past_the_end_of_the_session",
            [step(Verb::Rotate, end - MINUTE_MS, &near_end_token)
                .token(&ring.sign(&near_end.clone().rotated(end - MINUTE_MS).payload())?)
                .session(near_end.rotated(end - MINUTE_MS).session(end - MINUTE_MS))],
        ),
        case(
            "an_expired_token_can_be_neither_renewed_nor_rotated",
            [
                step(Verb::Renew, claims.expires_at * 1000 + LEEWAY_MS, &token).code("expired"),
                step(Verb::Rotate, claims.expires_at * 1000 + LEEWAY_MS, &token).code("expired"),
            ],
        ),
    ])
}

fn starts(ring: &Ring) -> Result<Vec<Case>> {
    let claims = Claims::fresh();
    let token = ring.sign(&claims.payload())?;
    let begins = NOW_MS - LEEWAY_MS;
    let later = |claim: &str| ring.sign(&claims.payload().with(claim, &(NOW + 60).to_string()));
    let (not_before, issued_at) = (later("nbf")?, later("iat")?);
    let begins_later = (NOW + 60) * 1000 - LEEWAY_MS;
    Ok(vec![
        case(
            "a_token_is_not_yet_valid_before_its_leeway",
            [verify(begins - 1, &token).code("not_yet_valid")],
        ),
        case(
            "a_token_is_valid_exactly_from_its_leeway_on",
            [verify(begins, &token).session(claims.session(begins))],
        ),
        case(
            "nbf_alone_holds_a_token_back",
            [
                verify(begins_later - 1, &not_before).code("not_yet_valid"),
                verify(begins_later, &not_before)
                    .session(Claims { rotated_at: NOW + 60, ..claims.clone() }.session(begins_later)),
            ],
        ),
        case(
            "iat_alone_holds_a_token_back",
            [
                verify(begins_later - 1, &issued_at).code("not_yet_valid"),
                verify(begins_later, &issued_at)
                    .session(Claims { issued_at: NOW + 60, ..claims.clone() }.session(begins_later)),
            ],
        ),
        case("at_time_zero_every_token_is_from_the_future", [verify(0, &token).code("not_yet_valid")]),
    ])
}

fn settings(ring: &Ring) -> Result<Vec<Case>> {
    let claims = Claims::fresh();
    let token = ring.sign(&claims.payload())?;
    let exact = Policy { leeway: Some(0), ..Policy::default() };
    let exp = claims.expires_at * 1000;
    let short = Policy {
        idle_timeout: Some(60),
        absolute_timeout: Some(90),
        renew_after: Some(30),
        ..Policy::default()
    };
    let mut login = Claims { expires_at: NOW + 60, ends_at: NOW + 90, ..claims.clone() }.session(NOW_MS);
    login.id = None;
    let subject = Arguments { subject: Some(claims.subject.clone()), ..Arguments::default() };
    Ok(vec![
        case(
            "without_leeway_times_are_exact",
            [
                verify(NOW_MS - 1, &token).code("not_yet_valid"),
                verify(NOW_MS, &token).session(claims.session(NOW_MS)),
                verify(exp - 1, &token).session(claims.session(exp - 1)),
                verify(exp, &token).code("expired"),
            ],
        )
        .policy(exact),
        case("the_policy_sets_the_limits_of_a_login", [at(Verb::Issue, NOW_MS).with(subject).session(login)])
            .policy(short),
    ])
}
