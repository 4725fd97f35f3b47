//! Cases and steps, written briefly.

use crate::format::{Arguments, Case, Client, Expect, Policy, Session, Step, Verb};

pub(super) fn case(name: &str, steps: impl IntoIterator<Item = Step>) -> Case {
    Case {
        name: name.to_owned(),
        policy: Policy::default(),
        store: true,
        sealed: false,
        steps: steps.into_iter().collect(),
    }
}

impl Case {
    pub(super) fn policy(self, policy: Policy) -> Self {
        Self { policy, ..self }
    }

    pub(super) fn without_store(self) -> Self {
        Self { store: false, ..self }
    }

    pub(super) fn sealed(self) -> Self {
        Self { sealed: true, ..self }
    }
}

/// A call at that time, about that token.
pub(super) fn step(verb: Verb, now: u64, token: &str) -> Step {
    Step { now: Some(now), token: Some(token.to_owned()), ..bare(verb) }
}

pub(super) fn verify(now: u64, token: &str) -> Step {
    step(Verb::Verify, now, token)
}

/// A call at that time that is about no token.
pub(super) fn at(verb: Verb, now: u64) -> Step {
    Step { now: Some(now), ..bare(verb) }
}

/// A call that has no time.
pub(super) fn bare(verb: Verb) -> Step {
    Step {
        verb,
        now: None,
        token: None,
        client: Client::default(),
        with: Arguments::default(),
        expect: Expect::default(),
    }
}

impl Step {
    pub(super) fn by(self, client: &Client) -> Self {
        Self { client: client.clone(), ..self }
    }

    pub(super) fn with(self, with: Arguments) -> Self {
        Self { with, ..self }
    }

    /// Must fail with this code.
    pub(super) fn code(mut self, code: &str) -> Self {
        self.expect.code = Some(code.to_owned());
        self
    }

    /// Must find, or issue, this session.
    pub(super) fn session(mut self, session: Session) -> Self {
        self.expect.session = Some(session);
        self
    }

    /// Must issue this token.
    pub(super) fn token(mut self, token: &str) -> Self {
        self.expect.token = Some(token.to_owned());
        self
    }

    /// Must read or write this text.
    pub(super) fn text(mut self, text: &str) -> Self {
        self.expect.text = Some(text.to_owned());
        self
    }
}
