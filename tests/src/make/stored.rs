//! What is random in the vectors, and stays as it is for as long as it holds.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::Result;
use crate::format::{File, Step};

/// All tokens, sealed tokens and CSRF tokens of the files as they are, and those made since.
pub(super) struct Stored(RefCell<BTreeSet<String>>);

impl Stored {
    pub(super) fn new(files: &[File]) -> Self {
        let steps = files.iter().flat_map(|file| &file.cases).flat_map(|case| &case.steps);
        let texts = |step: &Step| [step.token.clone(), step.with.csrf.clone()];
        Self(RefCell::new(steps.flat_map(texts).flatten().collect()))
    }

    /// The one that holds, or else a new one.
    pub(super) fn keep_or(
        &self,
        holds: impl Fn(&str) -> bool,
        make: impl FnOnce() -> Result<String>,
    ) -> Result<String> {
        if let Some(kept) = self.0.borrow().iter().find(|text| holds(text)) {
            return Ok(kept.clone());
        }
        let new = make()?;
        self.0.borrow_mut().insert(new.clone());
        Ok(new)
    }
}
