//! Marks on their way through Redis: they come out as they went in, and join as they do in the index.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use sessera::{Advance, Mark, RevocationIndex, SessionId, SessionMark, Store};
use sessera_redis::{RedisOptions, RedisStore};
use sessera_servers::{Redis, until};

const NOW: u64 = 1_700_000_000_000;

/// Few, so that they meet; with bits of each other, so that none is taken for another in its pack.
fn id(nth: u8) -> SessionId {
    let mut bytes = [nth; 16];
    bytes[..2].copy_from_slice(&[0xAB, 0xC0 | nth & 3]);
    SessionId::from_bytes(bytes)
}

/// What fits in a narrow state, and what does not.
fn any_session() -> impl Strategy<Value = (u8, SessionMark)> {
    let generation = prop_oneof![0..3_u64, 8_188..8_198_u64, Just((1 << 45) - 1)];
    let rotated_at = prop_oneof![Just(0), NOW..NOW + 3, Just(5), Just((1 << 47) - 1)];
    (0..6_u8, generation, rotated_at, any::<[bool; 2]>(), prop::bool::weighted(0.2)).prop_map(
        |(nth, generation, rotated_at, [elevated, shown], revoked)| {
            (nth, SessionMark { generation, rotated_at, elevated, shown, revoked })
        },
    )
}

fn any_mark() -> impl Strategy<Value = Mark> {
    let keep_until = prop_oneof![Just(u64::MAX), NOW..NOW + 1_000_000, Just(0), Just(1 << 60)];
    prop_oneof![
        6 => (any_session(), keep_until.clone())
            .prop_map(|((nth, state), keep_until)| Mark::Session { id: id(nth), state, keep_until }),
        2 => (0..4_u8, NOW..NOW + 9, keep_until.clone())
            .prop_map(|(nth, cut, keep_until)| Mark::Subject { subject: nth.to_string(), cut, keep_until }),
        1 => (NOW - 9..NOW, keep_until).prop_map(|(cut, keep_until)| Mark::Everything { cut, keep_until }),
        1 => (0..3_u8).prop_map(|nth| Mark::Key { kid: nth.to_string() }),
    ]
}

fn assert_same(index: &RevocationIndex, expected: &RevocationIndex) {
    assert_eq!(index.len(), expected.len());
    assert_eq!(index.everything(), expected.everything());
    for nth in 0..6 {
        assert_eq!(index.session(id(nth)), expected.session(id(nth)), "session {nth}");
        let subject = nth.to_string();
        assert_eq!(index.cut(&subject), expected.cut(&subject), "subject {nth}");
    }
}

#[test]
fn marks_join_in_redis_as_they_do_in_an_index_however_they_come() {
    let redis = Redis::start();
    let case = std::cell::Cell::new(0);
    let marks = prop::collection::vec((any_mark(), 0..3_usize, any::<bool>()), 1..25);
    TestRunner::new(Config::with_cases(60))
        .run(&marks, |marks| {
            case.set(case.get() + 1);
            let options =
                || RedisOptions { namespace: format!("case-{}", case.get()), ..RedisOptions::default() };
            let stores: Vec<_> =
                (0..3).map(|_| RedisStore::open_with(&redis.url(), options()).unwrap()).collect();
            let expected = RevocationIndex::new();
            let mut together: BTreeMap<usize, Vec<Mark>> = BTreeMap::new();
            for (mark, store, at_once) in marks {
                expected.apply(&mark);
                if at_once {
                    stores[store].append(&mark, NOW).unwrap();
                } else {
                    together.entry(store).or_default().push(mark);
                }
            }
            for (store, marks) in together {
                stores[store].append_all(&marks, NOW).unwrap();
            }
            // On a busy machine one or another may be pending.
            for store in &stores {
                until("that all is written", || store.flush_pending() == 0);
            }
            for store in &stores {
                store.sync(NOW).unwrap();
                assert_same(store.index(), &expected);
                assert_eq!(store.status(NOW).refused, 0);
            }
            assert_same(RedisStore::open_with(&redis.url(), options()).unwrap().index(), &expected);
            Ok(())
        })
        .unwrap();
}

#[test]
fn an_advance_counts_what_its_process_knows_beyond_redis() {
    let redis = Redis::start();
    let store = RedisStore::open(&redis.url()).unwrap();
    let state = SessionMark { generation: 5, rotated_at: NOW, ..SessionMark::default() };
    store.append(&Mark::Session { id: id(1), state, keep_until: u64::MAX }, NOW).unwrap();
    // Before anybody notices that it is gone.
    redis.command::<u64>(&["DEL", "{sessera}:recent"]);
    let advance = |from| Advance { id: id(1), from, now: NOW + 1, elevated: false, keep_until: u64::MAX };
    let lost = store.advance(&advance(3)).unwrap();
    assert_eq!((lost.won, lost.mark), (false, state));
    let won = store.advance(&advance(5)).unwrap();
    assert_eq!((won.won, won.mark.generation), (true, 6));
}

#[test]
fn a_server_that_forgot_the_scripts_learns_them_again() {
    let redis = Redis::start();
    let (one, other) = (RedisStore::open(&redis.url()).unwrap(), RedisStore::open(&redis.url()).unwrap());
    for generation in 0..5 {
        redis.command::<()>(&["SCRIPT", "FLUSH"]);
        let advance =
            Advance { id: id(1), from: generation, now: NOW, elevated: false, keep_until: u64::MAX };
        assert!(one.advance(&advance).unwrap().won);
        redis.command::<()>(&["SCRIPT", "FLUSH"]);
        one.append(&Mark::Key { kid: generation.to_string() }, NOW).unwrap();
        redis.command::<()>(&["SCRIPT", "FLUSH"]);
        other.sync(NOW).unwrap();
        assert_eq!(other.index().session(id(1)).unwrap().generation, generation + 1);
    }
}

#[test]
fn many_marks_go_in_few_entries_and_come_out_all() {
    let redis = Redis::start();
    let (writer, reader) = (RedisStore::open(&redis.url()).unwrap(), RedisStore::open(&redis.url()).unwrap());
    let spread = |nth: u32| {
        SessionId::from_bytes(
            u128::from(nth).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835).to_be_bytes(),
        )
    };
    let marks: Vec<_> = (0..20_000)
        .map(|nth| Mark::Session { id: spread(nth), state: SessionMark::revoked_at(NOW), keep_until: NOW })
        .collect();
    writer.append_all(&marks, NOW).unwrap();
    reader.sync(NOW).unwrap();
    for store in [&writer, &reader, &RedisStore::open(&redis.url()).unwrap()] {
        assert!((0..20_000).all(|nth| store.index().session(spread(nth)).is_some_and(|mark| mark.revoked)));
    }
    assert!(redis.command::<u64>(&["XLEN", "{sessera}:log"]) < 200);
}
