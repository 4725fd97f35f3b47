use super::rings::Ring;
use super::steps::{case, step, verify};
use super::token::Claims;
use super::{NOW_MS, Result};
use crate::format::{Arguments, Case, Verb};

pub(super) fn cases(ring: &Ring) -> Result<Vec<Case>> {
    let mut claims = Claims::fresh();
    claims.acr = Some("aal2".to_owned());
    claims.amr = vec!["pwd".to_owned(), "otp".to_owned()];
    let strong = ring.sign(&claims.payload())?;
    let plain = ring.sign(&Claims::fresh().payload())?;
    let recent = Arguments { max_age: Some(300), ..Arguments::default() };
    let level = |acrs: &[&str]| Arguments { acrs: owned(acrs), ..Arguments::default() };
    let methods = |amr: &[&str]| Arguments { amr: owned(amr), ..Arguments::default() };
    let ask = |token: &str, now: u64, with: &Arguments| step(Verb::Require, now, token).with(with.clone());
    let refused = "reauthentication_required";
    let limit = NOW_MS + 300_000;
    Ok(vec![
        case(
            "an_authentication_is_recent_to_its_last_millisecond",
            [
                ask(&plain, limit, &recent),
                ask(&plain, limit + 1, &recent).code(refused),
                verify(limit + 1, &plain).session(Claims::fresh().session(limit + 1)),
            ],
        ),
        case(
            "an_authentication_is_strong_enough_if_any_level_fits",
            [
                ask(&strong, NOW_MS, &level(&["aal2"])),
                ask(&strong, NOW_MS, &level(&["aal3", "aal2"])),
                ask(&strong, NOW_MS, &level(&["aal3"])).code(refused),
                ask(&strong, NOW_MS, &level(&["AAL2"])).code(refused),
                ask(&plain, NOW_MS, &level(&["aal2"])).code(refused),
            ],
        ),
        case(
            "every_method_that_is_asked_for_must_be_there",
            [
                ask(&strong, NOW_MS, &methods(&["otp"])),
                ask(&strong, NOW_MS, &methods(&["otp", "pwd"])),
                ask(&strong, NOW_MS, &methods(&["otp", "hwk"])).code(refused),
                ask(&plain, NOW_MS, &methods(&["pwd"])).code(refused),
            ],
        ),
        case("asking_for_nothing_is_always_met", [ask(&plain, NOW_MS, &Arguments::default())]),
    ])
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}
