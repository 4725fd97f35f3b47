//! What an action asks of a session's authentication.

use pyo3::prelude::*;
use sessera::StepUp;

use crate::span::Span;

/// One text, or several.
#[derive(FromPyObject)]
pub(super) enum OneOrMore {
    One(String),
    More(Vec<String>),
}

pub(super) fn step_up(max_age: Option<Span>, acr: Option<OneOrMore>, amr: Vec<String>) -> StepUp {
    let mut step_up = StepUp::new().amr(amr);
    if let Some(max_age) = max_age {
        step_up = step_up.max_age(max_age.0);
    }
    match acr {
        Some(OneOrMore::One(acr)) => step_up.acr([acr]),
        Some(OneOrMore::More(acr)) => step_up.acr(acr),
        None => step_up,
    }
}
