//! Tokens that were verified before, so that a signature is checked once and not at each request.

use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::binding::Memo;
use crate::keyring::TokenType;
use crate::token::TokenClaims;

/// A bounded memory of whole tokens whose signatures held.
///
/// A hit is the same bytes under the same keyring, so it says of the signature what checking it again would.
/// Everything that can change (times, revocations, the client) is checked at every hit.
pub(super) struct SeenTokens {
    /// Each token has one place; the newer token takes it.
    places: Box<[Place]>,
}

#[derive(Default)]
struct Place {
    /// The end of the signature of the token that was here last without being remembered.
    passed: AtomicU64,
    seen: RwLock<Option<Arc<Seen>>>,
}

/// When a token is remembered.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Remember {
    /// At once: its signature costs many times what remembering does.
    AtFirstSight,
    /// When it comes back: a MAC costs little more, and many tokens come only once.
    AtSecondSight,
}

/// A token whose signature held, and its claims.
pub(super) struct Seen {
    token: Box<str>,
    token_type: TokenType,
    /// Which keyring it was verified with.
    keyring: u64,
    pub(super) kid: Box<str>,
    claims: TokenClaims,
    pub(super) memo: Memo,
}

impl SeenTokens {
    /// A memory of at most that many tokens; none with 0.
    pub(super) fn with_capacity(capacity: usize) -> Self {
        Self { places: (0..capacity).map(|_| Place::default()).collect() }
    }

    pub(super) fn get(&self, token: &str, token_type: TokenType, keyring: u64) -> Option<Arc<Seen>> {
        // Whoever finds a token here to compare with knows the end of its signature; and no comparison tells
        // more of the rest than that a block of it differs.
        let place = self.place(end_of(token)?)?.seen.read().unwrap_or_else(PoisonError::into_inner);
        let seen = place.as_ref()?;
        let is_same = seen.keyring == keyring && seen.token_type == token_type && *seen.token == *token;
        is_same.then(|| Arc::clone(seen))
    }

    pub(super) fn put(
        &self,
        token: &str,
        token_type: TokenType,
        keyring: u64,
        kid: &str,
        claims: &TokenClaims,
        when: Remember,
    ) {
        let Some(end) = end_of(token) else { return };
        let Some(place) = self.place(end) else { return };
        if when == Remember::AtSecondSight && place.passed.swap(end, Ordering::Relaxed) != end {
            return;
        }
        let (token, kid, claims) = (token.into(), kid.into(), claims.clone());
        let seen = Seen { token, token_type, keyring, kid, claims, memo: Memo::default() };
        *place.seen.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(seen));
    }

    fn place(&self, end: u64) -> Option<&Place> {
        let mixed = end.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let places = self.places.len() as u64;
        // The high half of the product is below the number of places, and so is an index.
        let index = (u128::from(mixed) * u128::from(places)) >> 64;
        self.places.get(usize::try_from(index).ok()?)
    }
}

/// The end of a token's signature, which nobody who can't sign can choose.
fn end_of(token: &str) -> Option<u64> {
    token.as_bytes().last_chunk().map(|end| u64::from_le_bytes(*end))
}

/// The claims of a token whose signature holds: just read, or remembered.
pub(super) enum Verified {
    Now(Box<TokenClaims>),
    Before(Arc<Seen>),
}

impl Verified {
    pub(super) fn into_claims(self) -> Box<TokenClaims> {
        match self {
            Self::Now(claims) => claims,
            Self::Before(seen) => Box::new(seen.claims.clone()),
        }
    }

    pub(super) fn memo(&self) -> Option<&Memo> {
        match self {
            Self::Now(_) => None,
            Self::Before(seen) => Some(&seen.memo),
        }
    }
}

impl Deref for Verified {
    type Target = TokenClaims;

    fn deref(&self) -> &TokenClaims {
        match self {
            Self::Now(claims) => claims,
            Self::Before(seen) => &seen.claims,
        }
    }
}
