//! What is written of one session: 10 bytes, or 18 for what does not fit. See `PROTOCOL.md`.

use sessera::SessionMark;

/// Bytes of a narrow state.
pub(crate) const NARROW: usize = 10;
/// Bytes of a wide state.
pub(crate) const WIDE: usize = 18;

/// 2020-01-01, in Unix seconds.
const BASE: u64 = 1_577_836_800;
const BASE_MS: u64 = BASE * 1000;
/// What a narrow state counts a term in, in seconds.
const STEP: u64 = 64;

const LAST_STEP: u64 = (1 << 24) - 1;
const NARROW_GENERATIONS: u64 = 1 << 13;
const NARROW_TIMES: u64 = 1 << 40;
const LAST_SECOND: u64 = (1 << 40) - 1;
const LAST_GENERATION: u64 = (1 << 45) - 1;
const LAST_TIME: u64 = (1 << 47) - 1;

/// Reads a state; `None` where it is none.
pub(crate) fn read(state: &[u8]) -> Option<(SessionMark, u64)> {
    match *state {
        [first, low, ref rest @ ..] if state.len() == NARROW => {
            let (past, steps) = (number(rest.get(..5)?), number(rest.get(5..)?));
            let mark = SessionMark {
                generation: u64::from(first & 0x1F) << 8 | u64::from(low),
                rotated_at: if past == 0 { 0 } else { BASE_MS + past },
                elevated: first & 0x40 != 0,
                shown: first & 0x20 != 0,
                revoked: first & 0x80 != 0,
            };
            Some((mark, if steps == LAST_STEP { u64::MAX } else { (BASE + steps * STEP) * 1000 }))
        }
        [flags, ref rest @ ..] if state.len() == WIDE => {
            let until = number(rest.get(12..)?);
            let mark = SessionMark {
                generation: number(rest.get(..6)?),
                rotated_at: number(rest.get(6..12)?),
                elevated: flags & 2 != 0,
                shown: flags & 4 != 0,
                revoked: flags & 1 != 0,
            };
            Some((mark, if until == LAST_SECOND { u64::MAX } else { until * 1000 }))
        }
        _ => None,
    }
}

/// Appends a state. Terms are rounded up.
pub(crate) fn write(mark: SessionMark, keep_until: u64, out: &mut Vec<u8>) {
    let SessionMark { mut generation, mut rotated_at, mut elevated, mut shown, mut revoked } = mark;
    let until = seconds(keep_until);
    let steps = match until {
        None => Some(LAST_STEP),
        Some(until) => Some(until.saturating_sub(BASE).div_ceil(STEP)).filter(|steps| *steps < LAST_STEP),
    };
    let past = match rotated_at {
        0 => Some(0),
        time => time.checked_sub(BASE_MS).filter(|past| (1..NARROW_TIMES).contains(past)),
    };
    if let (Some(steps), Some(past), true) = (steps, past, generation < NARROW_GENERATIONS) {
        let [.., high, low] = generation.to_be_bytes();
        out.push(high | u8::from(shown) << 5 | u8::from(elevated) << 6 | u8::from(revoked) << 7);
        out.push(low);
        put(past, 5, out);
        put(steps, 3, out);
        return;
    }
    if generation > LAST_GENERATION || rotated_at > LAST_TIME {
        (generation, rotated_at) = (LAST_GENERATION, LAST_TIME);
        (elevated, shown, revoked) = (true, true, true);
    }
    out.push(u8::from(revoked) | u8::from(elevated) << 1 | u8::from(shown) << 2);
    put(generation, 6, out);
    put(rotated_at, 6, out);
    put(until.unwrap_or(LAST_SECOND), 5, out);
}

/// The first whole second at or after a time; `None` is for ever.
pub(crate) fn seconds(millis: u64) -> Option<u64> {
    Some(millis.div_ceil(1000)).filter(|seconds| *seconds < LAST_SECOND)
}

/// Big-endian, of up to 8 bytes.
pub(crate) fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

fn put(number: u64, bytes: usize, out: &mut Vec<u8>) {
    let all = number.to_be_bytes();
    out.extend_from_slice(all.get(all.len() - bytes..).unwrap_or(&all));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_mark() -> impl Strategy<Value = (SessionMark, u64)> {
        let generation = prop_oneof![0..20_000_u64, 0..=LAST_GENERATION];
        let at =
            prop_oneof![Just(0), BASE_MS - 5..BASE_MS + 5, BASE_MS..BASE_MS + NARROW_TIMES, 0..=LAST_TIME];
        let until = prop_oneof![Just(u64::MAX), 0..4_000_000_000_000_u64, any::<u64>()];
        (generation, at, any::<[bool; 3]>(), until).prop_map(
            |(generation, rotated_at, [elevated, shown, revoked], until)| {
                (SessionMark { generation, rotated_at, elevated, shown, revoked }, until)
            },
        )
    }

    proptest! {
        #[test]
        fn a_state_comes_back_as_it_went_and_is_kept_at_least_as_long((mark, until) in any_mark()) {
            let mut bytes = Vec::new();
            write(mark, until, &mut bytes);
            let (read, kept) = read(&bytes).unwrap();
            prop_assert_eq!(read, mark);
            prop_assert!(kept >= until);
            let base = BASE_MS.max(until);
            prop_assert!(kept == u64::MAX || kept < base + (STEP + 1) * 1000);
            // Written again, it is the same: a term does not creep.
            let mut again = Vec::new();
            write(read, kept, &mut again);
            prop_assert_eq!(again, bytes);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..30)) {
            let known = [NARROW, WIDE].contains(&bytes.len());
            prop_assert_eq!(read(&bytes).is_some(), known);
        }
    }

    #[test]
    fn what_fits_nowhere_is_a_revocation() {
        for mark in [
            SessionMark { generation: u64::MAX, ..SessionMark::default() },
            SessionMark { rotated_at: u64::MAX, ..SessionMark::default() },
        ] {
            let mut bytes = Vec::new();
            write(mark, 0, &mut bytes);
            assert!(read(&bytes).unwrap().0.revoked);
        }
    }

    #[test]
    fn a_usual_revocation_is_narrow() {
        let mut bytes = Vec::new();
        write(SessionMark::revoked_at(1_700_000_000_000), 1_700_043_200_000, &mut bytes);
        write(SessionMark { generation: 8_191, ..SessionMark::revoked_at(0) }, u64::MAX, &mut bytes);
        assert_eq!(bytes.len(), 2 * NARROW);
    }
}
