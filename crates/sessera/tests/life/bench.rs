//! Sessions on a clock that is moved by hand.

use std::time::Duration;

use sessera::{
    Algorithm, Client, ErrorKind, Issued, Keyring, ManualClock, MemoryStore, NewSession, Policy, Sessions,
};

pub(crate) const MINUTE: Duration = Duration::from_secs(60);
pub(crate) const SIGNING: [Algorithm; 3] = [Algorithm::Hs256, Algorithm::EdDsa, Algorithm::Es256];

pub(crate) struct Bench {
    pub(crate) sessions: Sessions,
    pub(crate) clock: ManualClock,
    pub(crate) client: Client,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(Algorithm::Hs256, Policy::default())
    }

    pub(crate) fn with(algorithm: Algorithm, policy: Policy) -> Self {
        let clock = ManualClock::at_unix(1_700_000_000);
        let sessions = Sessions::builder("https://app.example", "web")
            .keyring(Keyring::generate(algorithm).unwrap())
            .policy(policy)
            .store(MemoryStore::new())
            .clock(clock.clone())
            .build()
            .unwrap();
        Self { sessions, clock, client: Client::new() }
    }

    pub(crate) fn login(&self) -> Issued {
        self.sessions.issue(NewSession::new("user-42").claim("roles", ["editor"]), &self.client).unwrap()
    }

    pub(crate) fn refusal(&self, token: &str) -> ErrorKind {
        self.sessions.verify(token, &self.client).unwrap_err().kind()
    }

    pub(crate) fn holds(&self, token: &str) -> bool {
        self.sessions.verify(token, &self.client).is_ok()
    }
}
