//! Which facts about its client a session is tied to, and what a mismatch does.

mod address;
mod dpop;
mod facts;
mod fingerprint;
mod policy;
mod user_agent;

pub use address::{AddressPrefix, client_address, parse_address};
pub use dpop::{DpopKey, DpopProof, DpopSettings, DpopVerifier, ProofRequest, ProofSigner};
use facts::Facts;
pub(crate) use fingerprint::{Fingerprint, Memo};
pub use policy::{BindingMode, BindingPolicy};
pub use user_agent::{Family, Platform, UserAgent};

use crate::client::Client;
use crate::keyring::Purposes;
use crate::session_id::SessionId;
use crate::token::TokenClaims;

/// A fact about a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fact {
    /// A random secret of the device, in a cookie of its own or the platform's key store.
    Device,
    /// Family and platform of the user agent, without versions.
    UserAgent,
    /// The network that the address is in.
    Ip,
    /// A key that never leaves the device, shown by a proof (`cnf.jkt`, RFC 9449).
    Key,
}

impl Fact {
    /// The name of the fact, the same in every language.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::UserAgent => "user_agent",
            Self::Ip => "ip",
            Self::Key => "key",
        }
    }

    /// How `fpr` names it.
    const fn letter(self) -> u8 {
        match self {
            Self::Device => b'd',
            Self::UserAgent => b'u',
            Self::Ip => b'i',
            Self::Key => b'k',
        }
    }
}

/// What was found about one fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Verdict {
    /// The session is not bound to this fact.
    #[default]
    Unbound,
    /// The same as at the login.
    Matched,
    /// Another than at the login.
    Differed,
    /// The session is bound to it, and the client did not show it.
    Absent,
    /// It can't be checked here: this keyring has no secret.
    Unchecked,
}

impl Verdict {
    /// The name of the verdict, the same in every language.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unbound => "unbound",
            Self::Matched => "matched",
            Self::Differed => "differed",
            Self::Absent => "absent",
            Self::Unchecked => "unchecked",
        }
    }
}

/// The verdicts on all facts, as a verify found them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Binding {
    /// The device secret.
    pub device: Verdict,
    /// The user agent's family and platform.
    pub user_agent: Verdict,
    /// The address's network.
    pub ip: Verdict,
    /// The proof key.
    pub key: Verdict,
}

impl Binding {
    /// Every fact with its verdict.
    pub const fn verdicts(&self) -> [(Fact, Verdict); 4] {
        [
            (Fact::Device, self.device),
            (Fact::UserAgent, self.user_agent),
            (Fact::Ip, self.ip),
            (Fact::Key, self.key),
        ]
    }

    /// Whether some bound fact differed, or was not shown.
    pub fn changed(&self) -> bool {
        self.verdicts().iter().any(|(_, verdict)| matches!(verdict, Verdict::Differed | Verdict::Absent))
    }

    /// Whether this may be the client that the session is bound to: its device and its key are those, and so is
    /// its user agent or its network.
    pub(crate) fn is_same_client(&self) -> bool {
        let other = |verdict| matches!(verdict, Verdict::Differed | Verdict::Absent);
        let elsewhere = other(self.user_agent) && other(self.ip);
        !(other(self.device) || other(self.key) || elsewhere)
    }

    fn set(&mut self, fact: Fact, verdict: Verdict) {
        match fact {
            Fact::Device => self.device = verdict,
            Fact::UserAgent => self.user_agent = verdict,
            Fact::Ip => self.ip = verdict,
            Fact::Key => self.key = verdict,
        }
    }
}

/// What a token of this session remembers of the client; `None` where there is nothing to, or no secret.
pub(crate) fn bind(
    client: &Client,
    id: SessionId,
    policy: &BindingPolicy,
    purposes: Option<&Purposes>,
) -> Option<Fingerprint> {
    Fingerprint::of(&Facts::of(client, policy), id, &purposes?.binding)
}

/// Compares a client with the one that a token remembers.
pub(crate) fn compare(
    client: &Client,
    claims: &TokenClaims,
    policy: &BindingPolicy,
    purposes: Option<&Purposes>,
    memo: Option<&Memo>,
) -> Binding {
    let mut binding = Binding::default();
    if let (Some(bound), true) = (&claims.key_thumbprint, policy.binds_key()) {
        binding.key = match &client.key {
            Some(shown) if shown == bound => Verdict::Matched,
            Some(_) => Verdict::Differed,
            None => Verdict::Absent,
        };
    }
    let Some(fingerprint) = &claims.fingerprint else { return binding };
    let facts = Facts::of(client, policy);
    let key = purposes.map(|purposes| &purposes.binding);
    let whole = key.is_some_and(|key| fingerprint.matches_wholly(&facts, claims.id, key, memo));
    for fact in Facts::KEYED {
        if !fingerprint.binds(fact) || policy.mode(fact) == BindingMode::Off {
            continue;
        }
        let verdict = match key {
            None => Verdict::Unchecked,
            Some(_) if whole => Verdict::Matched,
            Some(_) if facts.value(fact).is_none() => Verdict::Absent,
            Some(key) if fingerprint.matches(fact, &facts, claims.id, key) => Verdict::Matched,
            Some(_) => Verdict::Differed,
        };
        binding.set(fact, verdict);
    }
    binding
}
