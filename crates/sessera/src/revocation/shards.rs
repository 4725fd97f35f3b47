//! Tables that many threads read and write at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::filter::Filter;
use super::packed::Packed;
use super::table::{Entry, SHARD_BITS, Table, merge};

/// Marks under 128-bit keys that are as good as random, spread over 64 tables that are locked one by one.
pub(super) struct Shards {
    shards: Box<[Shard]>,
    len: AtomicUsize,
}

/// On cache lines of its own, so that what is written to one shard slows no reader of another.
#[repr(align(64))]
struct Shard {
    filter: Filter,
    locked: Locked,
}

/// Apart from the filter, which is read far more often than these are locked.
#[repr(align(64))]
struct Locked {
    table: RwLock<Table>,
    /// Held by the one writer. It locks the table only for single steps; whatever takes longer, such as a
    /// larger copy, is made beside it, and readers go on.
    writing: Mutex<()>,
}

impl Shards {
    /// How many there are.
    pub(super) const COUNT: usize = 1 << SHARD_BITS;

    pub(super) fn new() -> Self {
        let shard = || Shard { filter: Filter::new(), locked: Locked::default() };
        Self { shards: (0..Self::COUNT).map(|_| shard()).collect(), len: AtomicUsize::new(0) }
    }

    /// How many marks there are, or are being applied: 0 only when every mark that was ever applied was
    /// dropped by [`retain`](Self::retain).
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len.load(Ordering::Acquire)
    }

    #[inline]
    pub(super) fn get(&self, key: u128) -> Option<Packed> {
        if self.may_hold(upper(key)) { self.get_exactly(key) } else { None }
    }

    /// Whether a key with this upper half may be there.
    #[inline]
    pub(super) fn may_hold(&self, half: u64) -> bool {
        self.shard(half).filter.may_hold(half)
    }

    /// As [`get`](Self::get), without asking the filter.
    pub(super) fn get_exactly(&self, key: u128) -> Option<Packed> {
        read(&self.shard(upper(key)).locked.table).get(key)
    }

    /// Adds a mark, joined with the one that is there.
    pub(super) fn apply(&self, key: u128, mark: Packed, join: fn(Packed, Packed) -> Packed) {
        let shard = self.shard(upper(key));
        let _writing = shard.writing();
        let table = read(&shard.locked.table);
        if let Some(known) = table.get(key) {
            drop(table);
            let joined = join(known, mark);
            if joined != known {
                write(&shard.locked.table).put(key, joined);
            }
            return;
        }
        let (marks, full) = (table.len(), table.is_full());
        drop(table);
        if full {
            shard.replace(|table| Table::of(marks + marks / 5 + 4, table.iter()));
        }
        if shard.filter.is_full(marks) {
            shard.refilter(marks + 1);
        }
        // In this order, so that who has seen the mark in the table finds it again in all that follows.
        self.len.fetch_add(1, Ordering::Release);
        shard.filter.add(upper(key));
        write(&shard.locked.table).put(key, mark);
    }

    /// Adds many marks, which must be in the order of their keys.
    pub(super) fn apply_sorted(&self, marks: &[Entry], join: fn(Packed, Packed) -> Packed) {
        let same_shard = |(a, _): &Entry, (b, _): &Entry| a >> LOWER_BITS == b >> LOWER_BITS;
        for marks in marks.chunk_by(same_shard) {
            let Some((key, _)) = marks.first() else { continue };
            let shard = self.shard(upper(*key));
            let _writing = shard.writing();
            let table = read(&shard.locked.table);
            let merged = || merge(table.iter(), marks.iter().copied(), join);
            let count = merged().count();
            let new = Table::of(count, merged());
            let grown = count - table.len();
            drop(table);
            self.len.fetch_add(grown, Ordering::Release);
            shard.filter.rebuild(count, new.iter().map(|(key, _)| upper(key)));
            shard.replace(|_| new);
        }
    }

    /// Drops the marks of one shard that `keep` does not want. Whatever refuses in their place must be in
    /// force before.
    pub(super) fn retain(&self, nth: usize, keep: impl Fn(Packed) -> bool) {
        let Some(shard) = self.shards.get(nth) else { return };
        let _writing = shard.writing();
        let table = read(&shard.locked.table);
        let marks = table.len();
        let kept = table.iter().filter(|(_, mark)| keep(*mark)).count();
        drop(table);
        if kept < marks {
            shard.replace(|table| Table::of(kept + kept / 8, table.iter().filter(|(_, mark)| keep(*mark))));
            shard.refilter(kept);
            self.len.fetch_sub(marks - kept, Ordering::Release);
        }
    }

    /// Tells of every mark.
    pub(super) fn for_each(&self, mut tell: impl FnMut(Packed)) {
        for shard in &self.shards {
            read(&shard.locked.table).iter().for_each(|(_, mark)| tell(mark));
        }
    }

    /// Tells of every mark with its key, one shard after the other, each as it is at one moment. Nothing is
    /// locked meanwhile.
    pub(super) fn for_each_entry(&self, mut tell: impl FnMut(Entry)) {
        for shard in &self.shards {
            let entries: Vec<_> = read(&shard.locked.table).iter().collect();
            entries.into_iter().for_each(&mut tell);
        }
    }

    /// Bytes of memory.
    pub(super) fn memory(&self) -> usize {
        let heap = |shard: &Shard| read(&shard.locked.table).memory() + shard.filter.memory();
        self.shards.iter().map(|shard| size_of::<Shard>() + heap(shard)).sum()
    }

    /// Which shard a key belongs to.
    pub(super) const fn number_of(key: u128) -> usize {
        (key >> LOWER_BITS) as usize
    }

    #[inline]
    fn shard(&self, half: u64) -> &Shard {
        // 6 bits are an index of 64 shards.
        &self.shards[(half >> (u64::BITS - SHARD_BITS)) as usize]
    }
}

/// The bits of a key that say nothing of its shard.
const LOWER_BITS: u32 = u128::BITS - SHARD_BITS;

#[inline]
const fn upper(key: u128) -> u64 {
    (key >> 64) as u64
}

impl Shard {
    fn writing(&self) -> MutexGuard<'_, ()> {
        self.locked.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a table in the place of the one there is. For the one writer.
    fn replace(&self, make: impl FnOnce(&Table) -> Table) {
        let new = make(&read(&self.locked.table));
        let old = std::mem::replace(&mut *write(&self.locked.table), new);
        // Only now, as it may take long.
        drop(old);
    }

    /// Fills the filter from the table. For the one writer.
    fn refilter(&self, room: usize) {
        self.filter.rebuild(room, read(&self.locked.table).iter().map(|(key, _)| upper(key)));
    }
}

impl Default for Locked {
    fn default() -> Self {
        Self { table: RwLock::new(Table::default()), writing: Mutex::new(()) }
    }
}

/// No step on a table can panic half-way, so one whose lock is poisoned is whole.
fn read(lock: &RwLock<Table>) -> RwLockReadGuard<'_, Table> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write(lock: &RwLock<Table>) -> RwLockWriteGuard<'_, Table> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
