//! An exact table of marks, close to full and in the order of its keys.

use super::packed::Packed;

/// Marks under 128-bit keys that are as good as random: open addressing with linear probing.
///
/// A key's home grows with the key, and a run of neighbours is kept in order. So a look-up ends at the first
/// greater key, found or not, and a table is copied into a larger or smaller one from one end to the other.
/// That makes small steps of growth cheap, and small steps keep the table between 73 % and 88 % full, where
/// one that doubles falls to 44 %.
#[derive(Debug, Default)]
pub(super) struct Table {
    slots: Vec<Slot>,
    /// Slots that are the home of some keys; the last run may go on past them.
    homes: u64,
    room: usize,
    len: usize,
}

/// A key and its mark.
pub(super) type Entry = (u128, Packed);

#[derive(Debug, Clone, Copy)]
struct Slot {
    key: u128,
    /// Nothing in a free slot.
    value: Packed,
}

const FREE: Slot = Slot { key: 0, value: Packed::NONE };

/// Slots past the homes.
const TAIL: usize = 8;

impl Table {
    /// A table that takes so many marks before it must grow.
    pub(super) fn with_room(room: usize) -> Self {
        let homes = room + room / 7 + 1;
        Self { slots: vec![FREE; homes + TAIL], homes: homes as u64, room, len: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_full(&self) -> bool {
        self.len >= self.room
    }

    /// Bytes on the heap.
    pub(super) fn memory(&self) -> usize {
        self.slots.capacity() * size_of::<Slot>()
    }

    pub(super) fn get(&self, key: u128) -> Option<Packed> {
        let slot = self.slots.get(self.place(key))?;
        (slot.key == key && !slot.value.is_none()).then_some(slot.value)
    }

    /// Writes a mark under its key, in the place of the one that is there.
    pub(super) fn put(&mut self, key: u128, value: Packed) {
        let place = self.place(key);
        match self.slots.get_mut(place) {
            Some(slot) if slot.value.is_none() => *slot = Slot { key, value },
            Some(slot) if slot.key == key => {
                slot.value = value;
                return;
            }
            _ => {
                let run = self.slots.iter().skip(place).take_while(|slot| !slot.value.is_none()).count();
                self.reach(place + run);
                self.slots.copy_within(place..place + run, place + 1);
                self.slots[place] = Slot { key, value };
            }
        }
        self.len += 1;
    }

    /// All marks, in the order of their keys.
    pub(super) fn iter(&self) -> impl Iterator<Item = Entry> + Clone {
        self.slots.iter().filter(|slot| !slot.value.is_none()).map(|slot| (slot.key, slot.value))
    }

    /// A table of these, which must come in the order of their keys and each once, with room for so many.
    pub(super) fn of(room: usize, entries: impl Iterator<Item = Entry>) -> Self {
        let mut table = Self::with_room(room);
        let mut free = 0;
        for (key, value) in entries {
            let place = table.home(key).max(free);
            table.reach(place);
            table.slots[place] = Slot { key, value };
            table.len += 1;
            free = place + 1;
        }
        table
    }

    /// Where a key is, or else where it belongs.
    fn place(&self, key: u128) -> usize {
        let mut place = self.home(key);
        while self.slots.get(place).is_some_and(|slot| slot.key < key && !slot.value.is_none()) {
            place += 1;
        }
        place
    }

    fn home(&self, key: u128) -> usize {
        scale(position(key), self.homes)
    }

    /// Makes sure that a slot is there.
    fn reach(&mut self, place: usize) {
        if place >= self.slots.len() {
            self.slots.reserve_exact(place + TAIL - self.slots.len());
            self.slots.resize(place + 1, FREE);
        }
    }
}

/// The bits of a key that say which of the shards it is in: the highest.
pub(super) const SHARD_BITS: u32 = 6;

/// Where a key is among those of its shard, from 0 to 2⁶⁴.
const fn position(key: u128) -> u64 {
    ((key << SHARD_BITS) >> 64) as u64
}

/// Maps a position to one of so many places, evenly and in order.
#[expect(clippy::cast_possible_truncation, reason = "below `places`, which counts what is in memory")]
pub(super) const fn scale(position: u64, places: u64) -> usize {
    ((position as u128 * places as u128) >> 64) as usize
}

/// Both in one, in the order of their keys; what is under one key is joined. Each must come in order, `added`
/// also with the same key several times.
pub(super) fn merge(
    known: impl Iterator<Item = Entry>,
    added: impl Iterator<Item = Entry>,
    join: fn(Packed, Packed) -> Packed,
) -> impl Iterator<Item = Entry> {
    let (mut known, mut added) = (known.peekable(), added.peekable());
    std::iter::from_fn(move || {
        let next = match (known.peek(), added.peek()) {
            (Some((known_key, _)), Some((added_key, _))) if added_key < known_key => added.next(),
            (Some(_), _) => known.next(),
            (None, _) => added.next(),
        };
        let (key, mut value) = next?;
        while let Some((_, more)) = added.next_if(|(added_key, _)| *added_key == key) {
            value = join(value, more);
        }
        Some((key, value))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn mark(cut: u64) -> Packed {
        Packed::subject(cut, 0)
    }

    /// Keys all over, and keys that crowd at both ends.
    fn any_key() -> impl Strategy<Value = u128> {
        let (first, last) = (0_u128, u128::MAX >> SHARD_BITS);
        prop_oneof![any::<u128>(), first..first + 20, last - 20..=last]
    }

    proptest! {
        #[test]
        fn a_table_holds_what_a_map_holds(puts in proptest::collection::vec((any_key(), 0..9_u64), 0..200)) {
            let mut table = Table::default();
            let mut map = BTreeMap::new();
            for (key, cut) in puts {
                // The shard is the same for all keys of one table.
                let key = key >> SHARD_BITS;
                if table.is_full() {
                    table = Table::of(table.len() + 1, table.iter());
                }
                table.put(key, mark(cut));
                map.insert(key, mark(cut));
                prop_assert_eq!(table.get(key), Some(mark(cut)));
                prop_assert_eq!(table.len(), map.len());
            }
            prop_assert!(table.iter().eq(map.iter().map(|(key, value)| (*key, *value))));
            prop_assert_eq!(table.get(u128::MAX >> 7), map.get(&(u128::MAX >> 7)).copied());
            let kept = Table::of(0, table.iter().filter(|(_, value)| value.cut() > 4));
            map.retain(|_, value| value.cut() > 4);
            prop_assert!(kept.iter().eq(map.iter().map(|(key, value)| (*key, *value))));
            for (key, value) in &map {
                prop_assert_eq!(kept.get(*key), Some(*value));
            }
        }
    }

    proptest! {
        #[test]
        fn a_merge_is_what_both_say_in_order(
            known in proptest::collection::btree_map(0..20_u128, 0..9_u64, 0..20),
            mut added in proptest::collection::vec((0..20_u128, 0..9_u64), 0..20),
        ) {
            added.sort_unstable();
            let mut both = known.clone();
            for (key, cut) in &added {
                let known = both.entry(*key).or_default();
                *known = (*known).max(*cut);
            }
            let marks = |entries: Vec<(u128, u64)>| entries.into_iter().map(|(key, cut)| (key, mark(cut)));
            let merged = merge(marks(known.into_iter().collect()), marks(added), Packed::join_subjects);
            prop_assert!(merged.eq(marks(both.into_iter().collect())));
        }
    }

    #[test]
    fn an_empty_table_holds_nothing_and_takes_no_memory() {
        let table = Table::default();
        assert_eq!((table.get(0), table.get(u128::MAX), table.memory()), (None, None, 0));
    }
}
