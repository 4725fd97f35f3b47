use super::rings::Ring;
use super::steps::{at, case, step, verify};
use super::token::{Claims, ID};
use super::{MINUTE_MS, NOW_MS, Result};
use crate::format::{Arguments, Case, Verb};

const OTHER_ID: &str = "AQECAwQFBgcICQoLDA0ODw";

pub(super) fn cases(ring: &Ring) -> Result<Vec<Case>> {
    let mut cases = single(ring)?;
    cases.extend(cuts(ring)?);
    Ok(cases)
}

fn by_id(id: &str) -> Arguments {
    Arguments { id: Some(id.to_owned()), ..Arguments::default() }
}

fn of_subject(subject: &str) -> Arguments {
    Arguments { subject: Some(subject.to_owned()), ..Arguments::default() }
}

fn single(ring: &Ring) -> Result<Vec<Case>> {
    let ours = Claims::fresh();
    let others = Claims { id: OTHER_ID.to_owned(), ..ours.clone() };
    let (token, other) = (ring.sign(&ours.payload())?, ring.sign(&others.payload())?);
    let successor = ring.sign(&ours.clone().rotated(NOW_MS).payload())?;
    let revoke = || at(Verb::RevokeSession, NOW_MS).with(by_id(ID));
    Ok(vec![
        case(
            "a_revoked_session_is_dead_and_no_other",
            [
                verify(NOW_MS, &token).session(ours.session(NOW_MS)),
                revoke(),
                verify(NOW_MS, &token).code("revoked"),
                verify(NOW_MS, &other).session(others.session(NOW_MS)),
            ],
        ),
        case(
            "no_verb_brings_a_revoked_session_back",
            [
                revoke(),
                step(Verb::Renew, NOW_MS, &token).code("revoked"),
                step(Verb::Rotate, NOW_MS, &token).code("revoked"),
                step(Verb::Elevate, NOW_MS, &token).code("revoked"),
                verify(NOW_MS, &successor).code("revoked"),
                verify(NOW_MS + 20 * MINUTE_MS, &token).code("revoked"),
            ],
        ),
        case("a_revocation_twice_is_one", [revoke(), revoke(), verify(NOW_MS, &token).code("revoked")]),
        case(
            "a_session_may_be_revoked_before_it_is_seen",
            [at(Verb::RevokeSession, 0).with(by_id(ID)), verify(NOW_MS, &token).code("revoked")],
        ),
        case(
            "an_expired_token_of_a_revoked_session_is_revoked",
            [revoke(), verify(NOW_MS + 31 * MINUTE_MS, &token).code("revoked")],
        ),
        case(
            "what_is_no_session_id_is_refused",
            [
                at(Verb::RevokeSession, NOW_MS).with(by_id("")).code("invalid_claim"),
                at(Verb::RevokeSession, NOW_MS).with(by_id("user-42")).code("invalid_claim"),
                at(Verb::RevokeSession, NOW_MS).with(by_id(&format!("{ID}=="))).code("invalid_claim"),
            ],
        ),
        case(
            "a_revoked_key_kills_what_it_signed",
            [
                at(Verb::RevokeKey, NOW_MS).with(by_id("another")),
                verify(NOW_MS, &token).session(ours.session(NOW_MS)),
                at(Verb::RevokeKey, NOW_MS).with(by_id("vectors")),
                verify(NOW_MS, &token).code("revoked"),
            ],
        ),
        case(
            "without_a_store_nothing_is_revoked",
            [
                revoke().code("invalid_config"),
                at(Verb::RevokeSubject, NOW_MS).with(of_subject("user-42")).code("invalid_config"),
                at(Verb::RevokeAll, NOW_MS).code("invalid_config"),
                verify(NOW_MS, &token).session(ours.session(NOW_MS)),
            ],
        )
        .without_store(),
    ])
}

fn cuts(ring: &Ring) -> Result<Vec<Case>> {
    let ours = Claims::fresh();
    let later = Claims { started_at_ms: NOW_MS + 1, id: OTHER_ID.to_owned(), ..ours.clone() };
    let theirs =
        Claims { subject: "user-43".to_owned(), id: "BBECAwQFBgcICQoLDA0ODw".to_owned(), ..ours.clone() };
    let [token, newer, stranger] = [&ours, &later, &theirs].map(|claims| ring.sign(&claims.payload()));
    let (token, newer, stranger) = (token?, newer?, stranger?);
    let mut login = later.session(NOW_MS);
    login.id = None;
    let cut = || at(Verb::RevokeSubject, NOW_MS).with(of_subject("user-42"));
    Ok(vec![
        case(
            "a_subjects_sessions_die_up_to_the_millisecond_of_the_cut",
            [
                cut(),
                verify(NOW_MS, &token).code("revoked"),
                verify(NOW_MS, &newer).session(later.session(NOW_MS)),
                verify(NOW_MS, &stranger).session(theirs.session(NOW_MS)),
            ],
        ),
        case(
            "a_login_in_the_millisecond_of_the_cut_lives",
            [cut(), at(Verb::Issue, NOW_MS).with(of_subject("user-42")).session(login.clone())],
        ),
        case(
            "a_second_cut_of_the_same_millisecond_ends_that_login_too",
            [cut(), cut(), verify(NOW_MS, &newer).code("revoked")],
        ),
        case(
            "all_sessions_die_up_to_the_millisecond_of_the_cut",
            [
                at(Verb::RevokeAll, NOW_MS),
                verify(NOW_MS, &token).code("revoked"),
                verify(NOW_MS, &stranger).code("revoked"),
                verify(NOW_MS, &newer).session(later.session(NOW_MS)),
                at(Verb::Issue, NOW_MS).with(of_subject("user-42")).session(login.clone()),
            ],
        ),
        case(
            "all_others_end_and_this_one_goes_on_under_a_new_id",
            [
                step(Verb::RevokeOthers, NOW_MS, &token).session(login.clone()),
                verify(NOW_MS, &token).code("revoked"),
                verify(NOW_MS, &stranger).session(theirs.session(NOW_MS)),
                step(Verb::RevokeOthers, NOW_MS, &token).code("revoked"),
            ],
        ),
        case(
            "a_subject_is_compared_as_bytes",
            [
                at(Verb::RevokeSubject, NOW_MS).with(of_subject("User-42")),
                at(Verb::RevokeSubject, NOW_MS).with(of_subject("user-42 ")),
                verify(NOW_MS, &token).session(ours.session(NOW_MS)),
                at(Verb::RevokeSubject, NOW_MS).with(of_subject("")).code("invalid_claim"),
            ],
        ),
    ])
}
