use super::rings::Ring;
use super::steps::{at, case, step, verify};
use super::token::Claims;
use super::{LEEWAY_MS, MINUTE_MS, NOW_MS, Result};
use crate::format::{Arguments, Case, Verb};

/// Logout: which tokens end their session.
pub(super) fn cases(ring: &Ring) -> Result<Vec<Case>> {
    let (old, at_idle) = (Claims::fresh(), NOW_MS + 31 * MINUTE_MS);
    let token = ring.sign(&old.payload())?;
    let kept = ring.sign(&old.clone().renewed(NOW_MS + 20 * MINUTE_MS).payload())?;
    let rotated = NOW_MS + 5 * MINUTE_MS;
    let next = ring.sign(&old.clone().rotated(rotated).payload())?;
    let elsewhere = ring.sign(&old.payload().with("aud", "\"other\""))?;
    let ended = old.ends_at * 1000 + LEEWAY_MS;
    let end = |now, token: &str| step(Verb::End, now, token);
    Ok(vec![
        case(
            "an_idle_token_still_ends_its_session",
            [
                verify(at_idle, &token).code("expired"),
                end(at_idle, &token).text("stored"),
                verify(at_idle, &kept).code("revoked"),
                end(at_idle, &token),
            ],
        ),
        case(
            "a_rotated_token_still_ends_its_session",
            [
                step(Verb::Rotate, rotated, &token).token(&next),
                verify(rotated, &next),
                end(rotated + MINUTE_MS, &token).text("stored"),
                verify(rotated + MINUTE_MS, &next).code("revoked"),
            ],
        ),
        case(
            "after_the_absolute_end_nothing_is_left_to_end",
            [end(ended - 1, &token).text("stored"), end(ended, &token)],
        ),
        case(
            "a_token_of_another_audience_ends_nothing",
            [end(NOW_MS, &elsewhere).code("wrong_audience"), verify(NOW_MS, &token)],
        ),
    ])
}

/// Visitors: tokens that are no sessions.
pub(super) fn visitors(ring: &Ring) -> Result<Vec<Case>> {
    let claims = Claims { subject: "~anonymous".to_owned(), ..Claims::fresh() };
    let payload = claims.payload().with("aud", "\"web#visitor\"");
    let token = ring.sign_text(&payload.text(), "visitor+jwt")?;
    let posing = ring.sign(&claims.payload())?;
    let misdirected = ring.sign_text(&claims.payload().text(), "visitor+jwt")?;
    let user =
        ring.sign_text(&Claims::fresh().payload().with("aud", "\"web#visitor\"").text(), "visitor+jwt")?;
    let seen = |now_ms| crate::format::Session { rotation_due: false, ..claims.session(now_ms) };
    let check = |now, token: &str| step(Verb::VerifyVisitor, now, token);
    let late = NOW_MS + 20 * MINUTE_MS;
    let renewed = claims.clone().renewed(late);
    Ok(vec![
        case(
            "a_visitors_token_is_no_session",
            [
                check(NOW_MS, &token).session(seen(NOW_MS)),
                verify(NOW_MS, &token).code("wrong_type"),
                step(Verb::Renew, NOW_MS, &token).code("wrong_type"),
                step(Verb::Rotate, NOW_MS, &token).code("wrong_type"),
                step(Verb::End, NOW_MS, &token).code("wrong_type"),
            ],
        ),
        case(
            "a_session_of_the_visitors_subject_is_refused",
            [
                verify(NOW_MS, &posing).code("invalid_claim"),
                check(NOW_MS, &misdirected).code("wrong_audience"),
                check(NOW_MS, &user).code("invalid_claim"),
                at(Verb::Issue, NOW_MS)
                    .with(Arguments { subject: Some("~anonymous".to_owned()), ..Arguments::default() })
                    .code("invalid_claim"),
            ],
        ),
        case(
            "a_visitor_is_renewed_under_the_same_id",
            [
                step(Verb::RenewVisitor, late, &token)
                    .session(crate::format::Session { rotation_due: false, ..renewed.session(late) }),
                check(NOW_MS + 30 * MINUTE_MS + LEEWAY_MS, &token).code("expired"),
            ],
        ),
        case(
            "a_cutoff_of_everything_ends_visitors_and_one_of_their_subject_does_not",
            [
                at(Verb::RevokeSubject, NOW_MS)
                    .with(Arguments { subject: Some("~anonymous".to_owned()), ..Arguments::default() }),
                check(NOW_MS, &token).session(seen(NOW_MS)),
                at(Verb::RevokeAll, NOW_MS),
                check(NOW_MS, &token).code("revoked"),
            ],
        ),
        case(
            "a_new_visitor_has_an_id_and_no_rights",
            [at(Verb::IssueVisitor, NOW_MS).session(crate::format::Session { id: None, ..seen(NOW_MS) })],
        ),
    ])
}
