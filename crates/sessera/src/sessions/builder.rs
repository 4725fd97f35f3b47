//! Putting a [`Sessions`] together.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use arc_swap::ArcSwap;

use super::registry::Registry;
use super::seen::SeenTokens;
use super::status::Told;
use super::{Keys, Sessions};
use crate::clock::{Clock, SystemClock, millis};
use crate::error::{ErrorKind, Result, SessionError};
use crate::event::Observer;
use crate::keyring::Keyring;
use crate::policy::Policy;
use crate::store::Store;
use crate::token::Realm;

/// Settings of a [`Sessions`] to be. Only the keyring has no default.
#[must_use]
pub struct SessionsBuilder {
    issuer: String,
    audience: String,
    keyring: Option<Keyring>,
    policy: Policy,
    sealed: bool,
    store: Option<Box<dyn Store>>,
    clock: Arc<dyn Clock>,
    observer: Option<Box<dyn Observer>>,
    remembered: usize,
    listed: Option<bool>,
    networks: bool,
    max_sessions: Option<usize>,
    clock_skew: Option<Duration>,
    longest_session: Duration,
    max_data: usize,
    max_visitor_data: usize,
}

impl SessionsBuilder {
    pub(super) fn new(issuer: String, audience: String) -> Self {
        Self {
            issuer,
            audience,
            keyring: None,
            policy: Policy::default(),
            sealed: false,
            store: None,
            clock: Arc::new(SystemClock),
            observer: None,
            remembered: 2048,
            listed: None,
            networks: false,
            max_sessions: None,
            clock_skew: None,
            longest_session: Duration::ZERO,
            max_data: 1024 * 1024,
            max_visitor_data: 64 * 1024,
        }
    }

    /// The keys that sign and verify.
    pub fn keyring(mut self, keyring: Keyring) -> Self {
        self.keyring = Some(keyring);
        self
    }

    /// The rules. Default [`Policy::default`].
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Whether tokens are sealed (a JWE around the signed token), so that only servers with the keyring's root
    /// can read them. Default: signed only, readable by the client and by any gateway.
    pub fn sealed(mut self, sealed: bool) -> Self {
        self.sealed = sealed;
        self
    }

    /// Where revocations live. Without a store there is no rotation and no revocation; an `Arc` of a store
    /// is a store too, for several `Sessions` that share one.
    pub fn store(mut self, store: impl Store) -> Self {
        self.store = Some(Box::new(store));
        self
    }

    /// Where time comes from. Default [`SystemClock`].
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Who is told of what happens. Default: nobody.
    pub fn observer(mut self, observer: impl Observer) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }

    /// How many verified tokens are remembered, so that their signatures are not checked again at every
    /// request. Default 2048, which takes a few megabytes when it is full; 0 turns it off. Times,
    /// revocations and the client are checked all the same.
    pub fn remembered_tokens(mut self, tokens: usize) -> Self {
        self.remembered = tokens;
        self
    }

    /// Whether the store keeps a list of each subject's sessions, which [`Sessions::sessions_of`] shows: id,
    /// start, last renewal, and the family and platform of the client. Each login and renewal then writes to
    /// the store. Default: yes where networks are listed or sessions are limited, else no; `false` together with
    /// one of those is an error.
    pub fn list_sessions(mut self, list: bool) -> Self {
        self.listed = Some(list);
        self
    }

    /// Whether the list also says which network a session was last seen in: personal data, so the default is
    /// no. Turns the list on.
    pub fn list_networks(mut self, networks: bool) -> Self {
        self.networks = networks;
        self
    }

    /// How many sessions a subject may have. A login beyond that ends the oldest of them. Default: any number.
    /// Turns the list on. (ASVS 7.1.2)
    pub fn max_sessions(mut self, sessions: usize) -> Self {
        self.max_sessions = Some(sessions);
        self
    }

    /// How far the clock of each machine that writes to the store may be off. "Log out everywhere" ends what
    /// has started until twice this from now, so that it ends what a machine with a fast clock has issued; a
    /// login after it starts past that. A rotated token that is used within twice this after its grace is refused,
    /// and is no reuse. At most the leeway. Default: the leeway for a store that
    /// [machines share](crate::Store::spans_machines), 0 for a store of one host.
    pub fn clock_skew(mut self, skew: Duration) -> Self {
        self.clock_skew = Some(skew);
        self
    }

    /// The most bytes of data that the store keeps of one session. Default 1 MiB.
    pub fn max_data(mut self, bytes: usize) -> Self {
        self.max_data = bytes;
        self
    }

    /// The most bytes of data that the store keeps of one visitor. Default 64 KiB.
    pub fn max_visitor_data(mut self, bytes: usize) -> Self {
        self.max_visitor_data = bytes;
        self
    }

    /// How long a session may last that any `Sessions` on this store issues, or has issued: what is known of
    /// revocations is kept for so long, and a session that is older is refused with `ended`, whatever its
    /// token says. Default, and least: this policy's absolute timeout. Set it, to the same everywhere, where
    /// several policies share a store, such as one for users who ask to be remembered.
    pub fn longest_session(mut self, longest: Duration) -> Self {
        self.longest_session = longest;
        self
    }

    /// Checks the settings and puts them to use.
    ///
    /// # Errors
    /// `invalid_config`, which names what can't work.
    pub fn build(self) -> Result<Sessions> {
        let wrong = |message| SessionError::new(ErrorKind::InvalidConfig, message);
        for (name, empty, long) in [
            (&self.issuer, "the issuer is empty", "the issuer is over 512 bytes"),
            (&self.audience, "the audience is empty", "the audience is over 512 bytes"),
        ] {
            match name.len() {
                0 => return Err(wrong(empty)),
                1..=512 => {}
                _ => return Err(wrong(long)),
            }
        }
        let keyring = self.keyring.ok_or_else(|| wrong("a keyring is missing"))?;
        self.policy.validate()?;
        check_keyring(&keyring, &self.policy, self.sealed)?;
        let shared = self.store.as_ref().is_some_and(|store| store.spans_machines());
        let by_default = if shared { self.policy.leeway } else { Duration::ZERO };
        let clock_skew = self.clock_skew.unwrap_or(by_default);
        if clock_skew > self.policy.leeway {
            return Err(wrong("clock_skew is over the leeway"));
        }
        if self.longest_session > Policy::LONGEST_SESSION {
            return Err(wrong("longest_session is over 400 days"));
        }
        let needs_list = self.networks || self.max_sessions.is_some();
        if self.listed == Some(false) && needs_list {
            return Err(wrong("list_sessions is off, but list_networks or max_sessions needs the list"));
        }
        let registry = Registry { networks: self.networks, max_sessions: self.max_sessions };
        let registry = (self.listed == Some(true) || needs_list).then_some(registry);
        if registry.is_some() && self.store.is_none() {
            return Err(wrong("without a store sessions can be neither listed nor limited"));
        }
        if self.max_sessions == Some(0) {
            return Err(wrong("max_sessions is 0, so that nobody could log in"));
        }
        let realm = Realm::new(self.issuer, self.audience);
        Ok(Sessions {
            visitors: realm.of_visitors(),
            realm,
            keys: ArcSwap::from_pointee(Keys { keyring, serial: 0 }),
            seen: SeenTokens::with_capacity(self.remembered),
            longest_session_ms: millis(self.longest_session.max(self.policy.absolute_timeout)),
            leeway_ms: self.policy.leeway_ms(),
            renew_ms: self.policy.renew_ms(),
            policy: self.policy,
            sealed: self.sealed,
            store: self.store,
            clock: self.clock,
            observer: self.observer,
            overflows: AtomicU64::new(0),
            told: Told::default(),
            registry,
            clock_skew_ms: millis(clock_skew),
            max_data: self.max_data,
            max_visitor_data: self.max_visitor_data,
        })
    }
}

/// # Errors
/// `invalid_config` when the settings ask for what these keys can't do.
pub(super) fn check_keyring(keyring: &Keyring, policy: &Policy, sealed: bool) -> Result<()> {
    match keyring.purposes() {
        Some(_) => Ok(()),
        None if sealed => Err(SessionError::new(
            ErrorKind::InvalidConfig,
            "a keyring of public keys can't open sealed tokens: give it its root",
        )),
        None => policy.binding.validate_without_secret(),
    }
}
