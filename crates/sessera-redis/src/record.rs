//! Marks as they stand in the log. See `PROTOCOL.md`.

use sessera::{Mark, SessionId, SharedMark, SubjectName, SubjectNames};

use crate::state::{self, NARROW, WIDE, number};

/// Marks in one entry at most, and in one call of a script.
pub(crate) const MOST: usize = 128;

/// Appends the record of a mark.
pub(crate) fn write(mark: &SharedMark, out: &mut Vec<u8>) {
    match mark {
        SharedMark::Session { id, state, keep_until } => {
            let kind = out.len();
            out.push(b'S');
            out.extend_from_slice(&id.to_bytes());
            let before = out.len();
            state::write(*state, *keep_until, out);
            if out.len() - before == WIDE
                && let Some(kind) = out.get_mut(kind)
            {
                *kind = b'W';
            }
        }
        SharedMark::Subject { name, cut, keep_until } => {
            out.push(b'U');
            out.extend_from_slice(&name.to_bytes());
            out.extend_from_slice(&cut.to_be_bytes());
            out.extend_from_slice(&keep_until.to_be_bytes());
        }
        SharedMark::Everything { cut } => {
            out.push(b'E');
            out.extend_from_slice(&cut.to_be_bytes());
        }
        SharedMark::Key { kid } => {
            // Longer than any `kid` of a token that could be verified: it has no part in anything.
            let kid = kid.as_bytes().get(..kid.len().min(255)).unwrap_or_default();
            out.push(b'K');
            out.push(u8::try_from(kid.len()).unwrap_or(u8::MAX));
            out.extend_from_slice(kid);
        }
    }
}

/// Reads records one by one. It ends at the first that can't be read, with `None`.
pub(crate) struct Records<'a> {
    rest: &'a [u8],
}

impl<'a> Records<'a> {
    pub(crate) const fn of(records: &'a [u8]) -> Self {
        Self { rest: records }
    }

    fn next_record(&mut self) -> Option<SharedMark> {
        let (kind, rest) = self.rest.split_first()?;
        let (mark, length) = match kind {
            b'S' => (session(rest, NARROW)?, 16 + NARROW),
            b'W' => (session(rest, WIDE)?, 16 + WIDE),
            b'U' => (subject(*rest.first_chunk()?, rest.get(16..32)?)?, 32),
            b'E' => (SharedMark::Everything { cut: number(rest.get(..8)?) }, 8),
            b'K' => {
                let (length, rest) = rest.split_first()?;
                let length = usize::from(*length);
                (key(rest.get(..length)?)?, 1 + length)
            }
            _ => return None,
        };
        self.rest = rest.get(length..)?;
        Some(mark)
    }
}

impl Iterator for Records<'_> {
    type Item = Option<SharedMark>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let mark = self.next_record();
        if mark.is_none() {
            self.rest = &[];
        }
        Some(mark)
    }
}

fn session(rest: &[u8], length: usize) -> Option<SharedMark> {
    session_of(*rest.first_chunk()?, rest.get(16..16 + length)?)
}

/// The mark of a session with this state.
pub(crate) fn session_of(id: [u8; 16], state: &[u8]) -> Option<SharedMark> {
    let (state, keep_until) = state::read(state)?;
    Some(SharedMark::Session { id: SessionId::from_bytes(id), state, keep_until })
}

/// The mark of a subject whose cut and term these are.
pub(crate) fn subject(name: [u8; 16], value: &[u8]) -> Option<SharedMark> {
    let (cut, until) = value.split_at_checked(8).filter(|(_, until)| until.len() == 8)?;
    let name = SubjectName::from_bytes(name);
    Some(SharedMark::Subject { name, cut: number(cut), keep_until: number(until) })
}

/// The mark of a dead key.
pub(crate) fn key(kid: &[u8]) -> Option<SharedMark> {
    Some(SharedMark::Key { kid: std::str::from_utf8(kid).ok()?.to_owned() })
}

/// A mark as the fleet passes it on.
pub(crate) fn shared(mark: &Mark, names: &SubjectNames) -> SharedMark {
    match mark {
        Mark::Session { id, state, keep_until } => {
            SharedMark::Session { id: *id, state: *state, keep_until: *keep_until }
        }
        Mark::Subject { subject, cut, keep_until } => {
            SharedMark::Subject { name: names.of(subject), cut: *cut, keep_until: *keep_until }
        }
        Mark::Everything { cut, keep_until: _ } => SharedMark::Everything { cut: *cut },
        Mark::Key { kid } => SharedMark::Key { kid: kid.clone() },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sessera::SessionMark;

    use super::*;

    fn any_mark() -> impl Strategy<Value = SharedMark> {
        let state = (0..20_000_u64, any::<u32>(), any::<[bool; 3]>());
        prop_oneof![
            (any::<[u8; 16]>(), state).prop_map(|(id, (generation, at, [elevated, shown, revoked]))| {
                let rotated_at = u64::from(at);
                let state = SessionMark { generation, rotated_at, elevated, shown, revoked };
                SharedMark::Session { id: SessionId::from_bytes(id), state, keep_until: u64::MAX }
            }),
            (any::<[u8; 16]>(), any::<u64>(), any::<u64>()).prop_map(|(name, cut, keep_until)| {
                SharedMark::Subject { name: SubjectName::from_bytes(name), cut, keep_until }
            }),
            any::<u64>().prop_map(|cut| SharedMark::Everything { cut }),
            "[A-Za-z0-9_-]{0,64}".prop_map(|kid| SharedMark::Key { kid }),
        ]
    }

    proptest! {
        #[test]
        fn records_say_what_was_written(marks in proptest::collection::vec(any_mark(), 0..20)) {
            let mut records = Vec::new();
            for mark in &marks {
                write(mark, &mut records);
            }
            let read: Option<Vec<_>> = Records::of(&records).collect();
            prop_assert_eq!(read, Some(marks));
        }

        #[test]
        fn what_is_cut_off_or_foreign_ends_the_reading(
            marks in proptest::collection::vec(any_mark(), 1..5), cut in 1..10_usize, tail in any::<u8>(),
        ) {
            let mut records = Vec::new();
            for mark in &marks {
                write(mark, &mut records);
            }
            let whole = records.len();
            records.truncate(whole - cut.min(whole - 1).min(9));
            let read: Vec<_> = Records::of(&records).collect();
            prop_assert!(read.iter().take(read.len() - 1).all(Option::is_some));
            records.push(tail);
            prop_assert!(Records::of(&records).count() <= marks.len() + 1);
        }

        #[test]
        fn no_bytes_make_it_panic_or_run_for_ever(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(Records::of(&bytes).count() <= bytes.len());
        }
    }
}
