//! Dead keys.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

/// The `kid`s of the keys that are dead: none in nearly every process, and a few elsewhere.
///
/// They take no part in the quota, as nothing else refuses what a dead key has signed. Each is an
/// administrator's doing.
#[derive(Debug, Default)]
pub(super) struct DeadKeys {
    /// Two bits for each key. A dead key's bits are set before it is in the set.
    filter: AtomicU64,
    kids: RwLock<HashSet<Box<str>>>,
}

impl DeadKeys {
    /// Tells of every one.
    pub(super) fn for_each(&self, tell: impl FnMut(&str)) {
        let kids = self.kids.read().unwrap_or_else(PoisonError::into_inner);
        kids.iter().map(|kid| &**kid).for_each(tell);
    }

    pub(super) fn add(&self, kid: &str) {
        self.filter.fetch_or(bits(kid), Ordering::Release);
        self.kids.write().unwrap_or_else(PoisonError::into_inner).insert(kid.into());
    }

    #[inline]
    pub(super) fn contains(&self, kid: &str) -> bool {
        let filter = self.filter.load(Ordering::Acquire);
        filter != 0 && filter & bits(kid) == bits(kid) && self.contains_exactly(kid)
    }

    pub(super) fn len(&self) -> usize {
        self.kids.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Bytes of memory, about.
    pub(super) fn memory(&self) -> usize {
        let kids = self.kids.read().unwrap_or_else(PoisonError::into_inner);
        let texts: usize = kids.iter().map(|kid| kid.len()).sum();
        texts + kids.capacity() * size_of::<Box<str>>()
    }

    fn contains_exactly(&self, kid: &str) -> bool {
        self.kids.read().unwrap_or_else(PoisonError::into_inner).contains(kid)
    }
}

/// By the end of the `kid`, which is random or a thumbprint.
fn bits(kid: &str) -> u64 {
    let mut end = [0; 8];
    for (to, from) in end.iter_mut().zip(kid.bytes().rev()) {
        *to = from;
    }
    let mixed = u64::from_le_bytes(end).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    1 << (mixed >> 58) | 1 << (mixed >> 52 & 63)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_dead_key_is_dead() {
        let keys = DeadKeys::default();
        assert!(!keys.contains("") && !keys.contains("one"));
        for kid in ["one", "two", "", "one"] {
            keys.add(kid);
        }
        assert!(["one", "two", ""].iter().all(|kid| keys.contains(kid)));
        assert!((0..1000).all(|other| !keys.contains(&format!("key-{other}"))));
        assert_eq!(keys.len(), 3);
    }
}
