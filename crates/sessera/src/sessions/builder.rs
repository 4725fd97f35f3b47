//! Putting a [`Sessions`] together.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use arc_swap::ArcSwap;

use super::seen::SeenTokens;
use super::{Keys, Sessions};
use crate::clock::{Clock, SystemClock};
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

    /// How many verified tokens are remembered, so that their asymmetric signatures are not checked again at
    /// every request. Default 2048, which takes a few megabytes when it is full; 0 turns it off. Times,
    /// revocations and the client are checked all the same.
    pub fn remembered_tokens(mut self, tokens: usize) -> Self {
        self.remembered = tokens;
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
        Ok(Sessions {
            realm: Realm::new(self.issuer, self.audience),
            keys: ArcSwap::from_pointee(Keys::new(keyring, 0)),
            seen: SeenTokens::with_capacity(self.remembered),
            policy: self.policy,
            sealed: self.sealed,
            store: self.store,
            clock: self.clock,
            observer: self.observer,
            overflows: AtomicU64::new(0),
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
