//! How far the marks of a file are applied.

use std::sync::atomic::{AtomicU64, Ordering};

/// The number up to which every mark of a file is in the index, and the epoch of that file, in one word: so that
/// who has read another file under the same path moves nothing.
#[derive(Debug, Default)]
pub(crate) struct Progress(AtomicU64);

const BITS: u32 = 48;
const NUMBER: u64 = (1 << BITS) - 1;

impl Progress {
    /// The number, whatever the file.
    #[inline]
    pub(crate) fn number(&self) -> u64 {
        self.0.load(Ordering::Acquire) & NUMBER
    }

    /// Whether the number is of the file of this epoch.
    pub(crate) fn is_of(&self, epoch: u16) -> bool {
        epoch_of(self.0.load(Ordering::Acquire)) == epoch
    }

    /// The number in the file of this epoch: nothing of it is applied when it was of another until now.
    pub(crate) fn within(&self, epoch: u16) -> u64 {
        let begin = |word| (epoch_of(word) != epoch).then_some(u64::from(epoch) << BITS);
        match self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, begin) {
            Ok(_) => 0,
            Err(word) => word & NUMBER,
        }
    }

    /// Everything up to `number` is applied.
    pub(crate) fn advance(&self, epoch: u16, number: u64) {
        let word = u64::from(epoch) << BITS | number.min(NUMBER);
        let advance = |known| (epoch_of(known) == epoch && known < word).then_some(word);
        let _ = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, advance);
    }

    /// The numbers of the file went back from one to another.
    pub(crate) fn go_back(&self, epoch: u16, from: u64, to: u64) {
        let word = |number: u64| u64::from(epoch) << BITS | number.min(NUMBER);
        // Who has advanced meanwhile will find out as well.
        let _ = self.0.compare_exchange(word(from), word(to), Ordering::AcqRel, Ordering::Relaxed);
    }
}

fn epoch_of(word: u64) -> u16 {
    u16::try_from(word >> BITS).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_advances_within_one_file_and_begins_anew_with_another() {
        let progress = Progress::default();
        assert_eq!((progress.within(0), progress.number()), (0, 0));
        progress.advance(0, 7);
        progress.advance(0, 5);
        assert_eq!((progress.within(0), progress.number()), (7, 7));
        assert_eq!(progress.within(1), 0);
        progress.advance(0, 9);
        assert_eq!(progress.within(1), 0, "of the file before");
        progress.advance(1, 3);
        assert_eq!(progress.number(), 3);
    }

    #[test]
    fn it_goes_back_from_where_it_was_seen_only() {
        let progress = Progress::default();
        progress.advance(0, 7);
        progress.go_back(0, 6, 2);
        assert_eq!(progress.number(), 7);
        progress.go_back(0, 7, 2);
        assert_eq!(progress.number(), 2);
    }

    #[test]
    fn a_number_beyond_all_others_is_the_last() {
        let progress = Progress::default();
        progress.advance(u16::MAX, 1);
        assert_eq!(progress.number(), 0, "not begun");
        progress.within(u16::MAX);
        progress.advance(u16::MAX, u64::MAX);
        assert_eq!(progress.within(u16::MAX), NUMBER);
    }
}
