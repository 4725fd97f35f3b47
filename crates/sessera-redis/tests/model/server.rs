//! What a Redis holds, and what the scripts do to it.

use crate::follower::{Head, Place};
use crate::rules::{Broken, Rules};

/// A set of marks. Marks join, so a set of them is all there is to know: a session's generations are marks of
/// their own here.
pub(crate) type Marks = u32;

/// One entry of the log. None for a place that nobody can read: a value that our scripts did not write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Entry {
    pub(crate) place: Option<Place>,
    pub(crate) marks: Marks,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Server {
    pub(crate) recent: Marks,
    pub(crate) packs: Marks,
    /// How many marks the scripts left in each.
    pub(crate) sizes: [u32; 2],
    pub(crate) head: Option<Head>,
    pub(crate) log: Vec<Entry>,
    /// The wall clock, by which epochs are named.
    pub(crate) clock: u64,
    /// How much was written: what a replica acknowledges.
    pub(crate) offset: u32,
}

impl Server {
    /// Every mark that it holds.
    pub(crate) fn state(&self) -> Marks {
        self.recent | self.packs
    }

    /// Whether the state is what the scripts left.
    fn whole(&self) -> bool {
        self.sizes == [self.recent, self.packs].map(Marks::count_ones)
    }

    fn count(&mut self) {
        self.sizes = [self.recent, self.packs].map(Marks::count_ones);
    }

    /// Who appends, or beats: where there is no log, or one that was tampered with, or less of a state than the
    /// scripts left, a new life of the log begins. `nonce` is never the same twice.
    fn begin(&mut self, nonce: u64) -> Head {
        match self.head {
            Some(head) if self.whole() && self.log.iter().all(|entry| entry.place.is_some()) => head,
            known => {
                self.log.clear();
                let epoch = known.map_or(0, |head| head.epoch + 1).max(self.clock);
                let head = Head { epoch, seq: 0, chain: mix(epoch, nonce) };
                self.head = Some(head);
                self.count();
                head
            }
        }
    }

    pub(crate) fn append(&mut self, marks: Marks, nonce: u64, rules: Rules) -> Head {
        if rules.is(Broken::CountsOverALoss) {
            self.count();
        }
        let head = self.begin(nonce);
        let new = marks & !self.state();
        self.offset += 1;
        if new == 0 {
            return head;
        }
        self.recent |= new;
        self.count();
        let next = Head { seq: head.seq + 1, chain: mix(head.chain, u64::from(new)), ..head };
        self.log.push(Entry { place: Some(Place { before: head.chain, head: next }), marks: new });
        self.head = Some(next);
        next
    }

    pub(crate) fn beat(&mut self, nonce: u64) -> Head {
        self.offset += 1;
        self.begin(nonce)
    }

    /// `XREAD` after a position: an entry of a later epoch is later, whatever its number.
    pub(crate) fn read(&self, after: Head) -> Vec<Entry> {
        let later = |entry: &&Entry| {
            entry.place.is_none_or(|place| (place.head.epoch, place.head.seq) > (after.epoch, after.seq))
        };
        self.log.iter().filter(later).copied().collect()
    }

    /// The compactor.
    pub(crate) fn fold(&mut self, rules: Rules) {
        if !self.whole() && !rules.is(Broken::CountsOverALoss) {
            return;
        }
        self.packs |= std::mem::take(&mut self.recent);
        self.count();
        self.offset += 1;
    }

    /// The compactor.
    pub(crate) fn trim(&mut self) {
        self.log.remove(0);
        self.offset += 1;
    }

    /// Everything that is data is that of another.
    pub(crate) fn copy(&mut self, other: &Self) {
        *self = Self { clock: self.clock, ..other.clone() };
    }
}

fn mix(one: u64, other: u64) -> u64 {
    let mixed = (one ^ other.rotate_left(32)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed ^ (mixed >> 29)).wrapping_add(other)
}
