//! The verbs: issue, verify, renew, rotate, elevate, revoke.

mod builder;
mod csrf;
mod data;
mod end;
mod issue;
mod mint;
mod recheck;
mod registry;
mod renew;
mod report;
mod revoke;
mod rotate;
mod seen;
mod status;
mod verify;
mod visitors;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use arc_swap::ArcSwap;

pub use builder::SessionsBuilder;
pub use registry::ListedSession;
use registry::Registry;
pub use revoke::Revoke;
use seen::SeenTokens;
use status::Told;
pub use status::{Freshness, Status};

use crate::clock::Clock;
use crate::error::{ErrorKind, Result, SessionError};
use crate::event::Observer;
use crate::keyring::Keyring;
use crate::policy::Policy;
use crate::session::Session;
use crate::step_up::StepUp;
use crate::store::Store;
use crate::token::Realm;

/// Issues, verifies and ends the sessions of one issuer for one audience.
///
/// It is made once and shared: all verbs take `&self`, from any thread.
///
/// ```
/// use sessera::{Algorithm, Client, Keyring, MemoryStore, NewSession, Sessions};
/// # fn main() -> Result<(), sessera::SessionError> {
/// let sessions = Sessions::builder("https://app.example", "web")
///     .keyring(Keyring::generate(Algorithm::EdDsa)?)
///     .store(MemoryStore::new())
///     .build()?;
///
/// let client = Client::new().ip("203.0.113.7".parse().unwrap());
/// let issued = sessions.issue(NewSession::new("user-42").claim("roles", ["editor"]), &client)?;
/// let session = sessions.verify(&issued.token, &client)?;
/// assert_eq!(session.subject, "user-42");
///
/// sessions.revoke_session(&session.id)?;
/// assert_eq!(sessions.verify(&issued.token, &client).unwrap_err().code(), "revoked");
/// # Ok(()) }
/// ```
pub struct Sessions {
    realm: Realm,
    /// The realm of visitors' tokens.
    visitors: Realm,
    keys: ArcSwap<Keys>,
    policy: Policy,
    /// Whether tokens are sealed; what is read is never guessed from the input.
    sealed: bool,
    store: Option<Box<dyn Store>>,
    clock: Arc<dyn Clock>,
    observer: Option<Box<dyn Observer>>,
    seen: SeenTokens,
    /// How many overflows of the index were reported.
    overflows: AtomicU64,
    /// The freshness that was reported last.
    told: Told,
    registry: Option<Registry>,
    clock_skew_ms: u64,
    /// No session is older, so that what is known of revocations need be kept no longer.
    longest_session_ms: u64,
    /// The leeway and the renewal interval of the policy, which each verify asks for.
    leeway_ms: u64,
    renew_ms: u64,
    /// The most bytes of data that the store keeps of one session, and of one visitor.
    max_data: usize,
    max_visitor_data: usize,
}

/// A keyring in use, and a number that no other has had.
struct Keys {
    keyring: Keyring,
    serial: u64,
}

impl Sessions {
    /// Begins with the issuer (`iss`) and the audience (`aud`) of all tokens.
    pub fn builder(issuer: impl Into<String>, audience: impl Into<String>) -> SessionsBuilder {
        SessionsBuilder::new(issuer.into(), audience.into())
    }

    /// The rules that these sessions hold to.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The keys in use.
    pub fn keyring(&self) -> Keyring {
        self.keys.load().keyring.clone()
    }

    /// Takes other keys into use, at once and for all threads: after a rotation, or when the key file changed.
    ///
    /// # Errors
    /// `invalid_config` when the keys don't fit the policy.
    pub fn replace_keyring(&self, keyring: Keyring) -> Result<()> {
        builder::check_keyring(&keyring, &self.policy, self.sealed)?;
        self.keys.rcu(move |keys| Keys { keyring: keyring.clone(), serial: keys.serial + 1 });
        Ok(())
    }

    /// Whether there is a store, so that sessions can be rotated and revoked.
    pub fn has_store(&self) -> bool {
        self.store.is_some()
    }

    /// Checks that a verified session's authentication is recent and strong enough for an action.
    ///
    /// # Errors
    /// `reauthentication_required`.
    pub fn require(&self, session: &Session, step_up: &StepUp) -> Result<()> {
        step_up.check(session, self.now())
    }

    fn now(&self) -> u64 {
        self.clock.unix_millis()
    }

    /// The store, for a verb that can't do without one.
    fn store(&self) -> Result<&dyn Store> {
        self.store.as_deref().ok_or_else(|| {
            SessionError::new(
                ErrorKind::InvalidConfig,
                "without a store sessions can be neither rotated nor revoked",
            )
        })
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions")
            .field("issuer", &self.realm.issuer)
            .field("audience", &self.realm.audience)
            .field("keyring", &self.keys.load().keyring)
            .field("policy", &self.policy)
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}
