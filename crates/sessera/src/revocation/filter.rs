//! A word-wide Bloom filter: no lock and one word of memory to say that a key is not there.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering, fence};

use super::table::{SHARD_BITS, scale};

/// Says of a key that it is certainly absent, or that it may be there.
///
/// Four bits of one 64-bit word stand for a key, by its upper half alone. Readers take no lock; writers must be alone, which the lock
/// of their shard sees to.
///
/// **A key that was added before a read began is found by it.** The adding happened before the read, by
/// whatever told the reader (its own thread, a lock, a message), so each atomic that the read loads has the
/// value from then or a later one:
/// - No rebuild came between: the words still have the key's bits, as bits are only ever added.
/// - The read sees the number of a later rebuild: it is loaded with `Acquire` and was stored with `Release`
///   after the words were filled from the exact table, which has had the key. So all its bits are seen.
/// - A rebuild begins while the read is under way, and the read sees a word that it has cleared: between the
///   store of [`REBUILDING`] and the clearing is a `Release` fence, between the load of the word and the
///   second load of the number is an `Acquire` fence. So the second load sees `REBUILDING`, or what came
///   after it, and the answer is "may be there". Numbers are never used twice.
///
/// "May be there" needs no such care: the exact table is asked, under its lock.
#[derive(Debug)]
pub(super) struct Filter {
    /// Which size is in use, in the low byte; above it, the number of the rebuild.
    state: AtomicU64,
    /// One array of words for each size, made when it is first needed. The smaller ones stay, as a reader may
    /// still be in them: a third of the largest.
    sizes: [OnceLock<Box<[AtomicU64]>>; SIZES],
}

/// Each has four times the words of the one before.
const SIZES: usize = 10;
const SMALLEST: usize = 4;
/// At 6, which is 10.7 bits a key, 1 in 80 absent keys is asked of the table; at half of that 1 in 700.
const KEYS_PER_WORD: usize = 6;

/// In the place of a size: no key was added.
const NOTHING: u64 = 0xFF;
/// In the place of a size: every answer is "may be there".
const REBUILDING: u64 = 0xFE;

impl Filter {
    pub(super) const fn new() -> Self {
        Self { state: AtomicU64::new(NOTHING), sizes: [const { OnceLock::new() }; SIZES] }
    }

    #[inline]
    pub(super) fn may_hold(&self, half: u64) -> bool {
        self.may_hold_since(self.state.load(Ordering::Acquire), half)
    }

    /// The rest of the read that has found this state.
    #[inline]
    fn may_hold_since(&self, state: u64, half: u64) -> bool {
        let Some(words) = self.words(state) else { return state & 0xFF != NOTHING };
        let bits = bits(half);
        if word(words, half).load(Ordering::Relaxed) & bits == bits {
            return true;
        }
        fence(Ordering::Acquire);
        self.state.load(Ordering::Relaxed) != state
    }

    /// Whether one more key than these needs a [`rebuild`](Self::rebuild) first.
    pub(super) fn is_full(&self, keys: usize) -> bool {
        match self.words(self.state.load(Ordering::Relaxed)) {
            Some(words) => keys >= words.len() * KEYS_PER_WORD && words.len() < SMALLEST << (2 * (SIZES - 1)),
            None => true,
        }
    }

    /// Adds a key. After the first [`rebuild`](Self::rebuild) only.
    pub(super) fn add(&self, half: u64) {
        if let Some(words) = self.words(self.state.load(Ordering::Relaxed)) {
            word(words, half).fetch_or(bits(half), Ordering::Relaxed);
        }
    }

    /// Fills the filter anew with these, and makes it large enough for `room` of them.
    pub(super) fn rebuild(&self, room: usize, halves: impl Iterator<Item = u64>) {
        let size = (0..SIZES - 1).find(|size| room <= words_of(*size) * KEYS_PER_WORD).unwrap_or(SIZES - 1);
        let number = ((self.state.load(Ordering::Relaxed) >> 8) + 1) << 8;
        self.state.store(number | REBUILDING, Ordering::Relaxed);
        fence(Ordering::Release);
        let words = self.sizes[size].get_or_init(|| (0..words_of(size)).map(|_| AtomicU64::new(0)).collect());
        for word in words {
            word.store(0, Ordering::Relaxed);
        }
        for half in halves {
            word(words, half).fetch_or(bits(half), Ordering::Relaxed);
        }
        self.state.store(number | size as u64, Ordering::Release);
    }

    /// Bytes on the heap.
    pub(super) fn memory(&self) -> usize {
        self.sizes.iter().filter_map(OnceLock::get).map(|words| size_of_val(&**words)).sum()
    }

    /// The words in use; none while there is nothing, or a rebuild.
    #[inline]
    fn words(&self, state: u64) -> Option<&[AtomicU64]> {
        self.sizes.get((state & 0xFF) as usize)?.get().map(|words| &**words)
    }
}

const fn words_of(size: usize) -> usize {
    SMALLEST << (2 * size)
}

/// By the bits below those that say which shard it is.
#[inline]
fn word(words: &[AtomicU64], half: u64) -> &AtomicU64 {
    &words[scale(half << SHARD_BITS, words.len() as u64)]
}

/// Four bits of 64, by the low bits, which say nothing of the word.
#[inline]
const fn bits(half: u64) -> u64 {
    1 << (half & 63) | 1 << (half >> 6 & 63) | 1 << (half >> 12 & 63) | 1 << (half >> 18 & 63)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(first: u64, count: u64) -> impl Iterator<Item = u64> + Clone {
        (first..first + count).map(|nth| {
            let mixed = (nth + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            (mixed ^ mixed >> 29).wrapping_mul(0xBF58_476D_1CE4_E5B9)
        })
    }

    #[test]
    fn an_added_key_is_never_missed_and_few_others_are_found() {
        let filter = Filter::new();
        assert!(keys(0, 1000).all(|key| !filter.may_hold(key)));
        for (nth, key) in keys(0, 5000).enumerate() {
            if filter.is_full(nth) {
                filter.rebuild(nth + 1, keys(0, nth as u64));
            }
            filter.add(key);
            assert!(filter.may_hold(key));
        }
        assert!(keys(0, 5000).all(|key| filter.may_hold(key)));
        let wrong = keys(1_000_000, 10_000).filter(|key| filter.may_hold(*key)).count();
        assert!(wrong < 250, "{wrong} of 10,000 absent keys");
    }

    #[test]
    fn a_rebuild_forgets_what_it_was_not_given() {
        let filter = Filter::new();
        filter.rebuild(5000, keys(0, 5000));
        filter.rebuild(10, keys(0, 10));
        assert!(keys(0, 10).all(|key| filter.may_hold(key)));
        assert!(keys(10, 4990).filter(|key| filter.may_hold(*key)).count() < 250);
        filter.rebuild(0, std::iter::empty());
        assert!(keys(0, 5000).all(|key| !filter.may_hold(key)));
    }

    #[test]
    fn a_key_may_be_there_where_a_rebuild_began_since_the_read_did() {
        let filter = Filter::new();
        filter.rebuild(1000, keys(0, 1000));
        let begun = filter.state.load(Ordering::Acquire);
        filter.rebuild(1000, keys(0, 10));
        assert!(keys(0, 1000).all(|key| filter.may_hold_since(begun, key)));
    }

    #[test]
    fn every_key_may_be_there_while_a_rebuild_is_under_way() {
        let filter = Filter::new();
        filter.rebuild(1000, keys(0, 1000));
        let midway = keys(0, 10).inspect(|_| assert!(keys(0, 2000).all(|key| filter.may_hold(key))));
        filter.rebuild(1000, midway);
    }
}
