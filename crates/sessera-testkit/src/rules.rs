//! The rules that every store keeps, each as one function.

use std::sync::Barrier;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use sessera::{Advance, ErrorKind, Mark, SessionData, SessionId, SessionMark, SessionRecord, Store};

use crate::Open;

/// Any moment: a store knows no time but what it is told.
pub(crate) const NOW: u64 = 1_700_000_000_000;
pub(crate) const HOUR: u64 = 3_600_000;
const DAY: u64 = 24 * HOUR;
pub(crate) const LATER: u64 = NOW + 12 * HOUR;

pub(crate) fn id(number: u64) -> SessionId {
    SessionId::from_bytes((u128::from(number) << 64 | u128::from(!number)).to_be_bytes())
}

pub(crate) fn revoked(number: u64) -> Mark {
    Mark::Session { id: id(number), state: SessionMark::REVOKED, keep_until: LATER }
}

fn at_generation(number: u64, generation: u64) -> Mark {
    let state = SessionMark {
        generation,
        rotated_at: NOW + generation,
        elevated: false,
        shown: false,
        revoked: false,
    };
    Mark::Session { id: id(number), state, keep_until: LATER }
}

fn cut(subject: &str, cut: u64) -> Mark {
    Mark::Subject { subject: subject.to_owned(), cut, keep_until: LATER }
}

pub(crate) fn advance(number: u64, from: u64, now: u64) -> Advance {
    Advance { id: id(number), from, now, elevated: false, keep_until: LATER }
}

pub(crate) fn is_revoked(store: &dyn Store, number: u64) -> bool {
    store.index().session(id(number)).is_some_and(|mark| mark.revoked)
}

pub(crate) fn one_of_each() -> [Mark; 4] {
    [
        revoked(1),
        cut("user-42", NOW + 2),
        Mark::Everything { cut: NOW + 1, keep_until: LATER },
        Mark::Key { kid: "leaked".to_owned() },
    ]
}

pub(crate) fn knows_one_of_each(store: &dyn Store) -> bool {
    let index = store.index();
    is_revoked(store, 1) && (index.cut("user-42"), index.cut("user-43"), index.len()) == (NOW + 2, NOW + 1, 4)
}

/// Refreshes a handle, as verifies do while time passes, until a condition holds.
pub(crate) fn refresh_until(store: &dyn Store, what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    let mut now = NOW;
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(30), "{what}, after 30 s: {:?}", store.status(now));
        now += 100;
        store.refresh(now);
        thread::yield_now();
    }
}

/// Who wrote a mark knows it.
pub fn a_mark_is_known_when_its_write_returns(open: Open<'_>) {
    let store = open();
    assert!(store.index().is_empty(), "a new store has no marks");
    assert_eq!(store.refresh(NOW), 0, "and is fresh");
    for mark in &one_of_each() {
        store.append(mark, NOW).unwrap();
    }
    assert!(knows_one_of_each(&*store));
    let advanced = store.advance(&advance(2, 0, NOW)).unwrap();
    assert_eq!(store.index().session(id(2)), Some(advanced.mark));
}

/// Everybody else knows it one refresh later, however little time has passed.
pub fn every_handle_knows_a_mark_at_its_next_refresh(open: Open<'_>) {
    let (one, other) = (open(), open());
    for mark in &one_of_each() {
        one.append(mark, NOW).unwrap();
    }
    assert_eq!(other.refresh(NOW), 0);
    assert!(knows_one_of_each(&*other));
    for generation in 0..10 {
        let (from, to) = if generation % 2 == 0 { (&one, &other) } else { (&other, &one) };
        let advanced = from.advance(&advance(2, generation, NOW)).unwrap();
        assert_eq!(to.refresh(NOW), 0);
        assert_eq!(to.index().session(id(2)), Some(advanced.mark));
    }
}

/// A process that starts loads what there is.
pub fn a_new_handle_knows_every_mark(open: Open<'_>) {
    let store = open();
    for mark in &one_of_each() {
        store.append(mark, NOW).unwrap();
    }
    let new = open();
    new.sync(NOW).unwrap();
    assert!(knows_one_of_each(&*new));
}

/// Several handles write at once; a mark that was acknowledged is known to who refreshes then.
pub fn the_tail_skips_nothing(open: Open<'_>) {
    const WRITERS: u64 = 4;
    const MARKS: u64 = 50;
    let reader = open();
    let (acknowledge, acknowledged) = mpsc::channel();
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (store, acknowledge) = (open(), acknowledge.clone());
            scope.spawn(move || {
                for number in writer * MARKS..(writer + 1) * MARKS {
                    store.append(&revoked(number), NOW).unwrap();
                    acknowledge.send(number).unwrap();
                }
            });
        }
        drop(acknowledge);
        for number in acknowledged {
            assert_eq!(reader.refresh(NOW), 0);
            assert!(is_revoked(&*reader, number), "mark {number} was acknowledged and is not known");
        }
    });
    assert_eq!(reader.index().len() as u64, WRITERS * MARKS);
}

/// Marks only ever add to what is known.
pub fn nothing_is_ever_taken_back(open: Open<'_>) {
    let store = open();
    store.append(&revoked(1), NOW).unwrap();
    store.append(&at_generation(1, 7), NOW).unwrap();
    store.append(&cut("user-42", NOW), NOW).unwrap();
    store.append(&cut("user-42", NOW - 1), NOW).unwrap();
    store.append(&at_generation(2, 7), NOW).unwrap();
    store.append(&at_generation(2, 6), NOW).unwrap();
    for store in [store, open()] {
        store.sync(NOW).unwrap();
        assert!(is_revoked(&*store, 1));
        assert_eq!(store.index().cut("user-42"), NOW);
        assert_eq!(store.index().session(id(2)).map(|mark| mark.generation), Some(7));
    }
}

/// Marks may come twice, late, and in any order, through any handle.
pub fn replays_and_reorderings_change_nothing(open: Open<'_>) {
    let handles = [open(), open()];
    let marks = [at_generation(1, 3), revoked(1), at_generation(1, 2), cut("user-42", 5), cut("user-42", 9)];
    for round in 0..marks.len() {
        for (nth, mark) in marks.iter().cycle().skip(round).take(marks.len()).enumerate() {
            handles[nth % 2].append(mark, NOW).unwrap();
        }
    }
    for store in [open(), open()].into_iter().chain(handles) {
        store.sync(NOW).unwrap();
        let expected =
            SessionMark { generation: 3, rotated_at: NOW + 3, elevated: false, shown: false, revoked: true };
        assert_eq!(store.index().session(id(1)), Some(expected));
        assert_eq!((store.index().cut("user-42"), store.index().len()), (9, 2));
    }
}

/// What a winner and a loser are told.
pub fn an_advance_moves_a_session_by_one_generation(open: Open<'_>) {
    let (one, other) = (open(), open());
    let won = one.advance(&Advance { elevated: true, ..advance(1, 4, NOW) }).unwrap();
    let expected =
        SessionMark { generation: 5, rotated_at: NOW, elevated: true, shown: false, revoked: false };
    assert_eq!((won.mark, won.won), (expected, true), "a session without a mark is where its token says");
    for from in [0, 3, 4] {
        let lost = other.advance(&advance(1, from, NOW + 1)).unwrap();
        assert_eq!((lost.mark, lost.won), (expected, false));
    }
    let next = other.advance(&advance(1, 5, NOW + 2)).unwrap();
    assert_eq!((next.mark.generation, next.mark.rotated_at, next.won), (6, NOW + 2, true));
}

/// Of all that hold one generation one wins, and the others read back what the winner wrote.
pub fn an_advance_is_one_compare_and_set(open: Open<'_>) {
    const THREADS: u64 = 8;
    const ROUNDS: u64 = 20;
    let handles: Vec<_> = (0..THREADS).map(|_| open()).collect();
    let barrier = Barrier::new(handles.len());
    let told: Vec<Vec<_>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..)
            .zip(&handles)
            .map(|(thread, store)| {
                let barrier = &barrier;
                scope.spawn(move || {
                    let rotate = |round| {
                        barrier.wait();
                        store.advance(&advance(1, round, NOW + round * THREADS + thread)).unwrap()
                    };
                    (0..ROUNDS).map(rotate).collect()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for round in 0..told[0].len() {
        let marks: Vec<_> = told.iter().map(|told| told[round]).collect();
        assert_eq!(marks.iter().filter(|advanced| advanced.won).count(), 1, "one winner in round {round}");
        assert!(marks.iter().all(|advanced| advanced.mark == marks[0].mark), "one successor");
        assert_eq!(marks[0].mark.generation, round as u64 + 1);
    }
}

/// The dead stay where they are.
pub fn a_revoked_session_does_not_advance(open: Open<'_>) {
    let (one, other) = (open(), open());
    one.advance(&advance(1, 0, NOW)).unwrap();
    one.append(&revoked(1), NOW).unwrap();
    let lost = other.advance(&advance(1, 1, NOW)).unwrap();
    assert!(!lost.won && lost.mark.revoked);
    assert_eq!(lost.mark.generation, 1);
}

/// A mark is there until nothing can need it any more, whatever else is written meanwhile.
pub fn a_mark_is_kept_as_long_as_it_is_needed(open: Open<'_>) {
    let store = open();
    store.append(&revoked(1), NOW).unwrap();
    store.append(&cut("user-42", NOW), NOW).unwrap();
    for hour in 0..12 {
        store.append(&revoked(2 + hour), NOW + hour * HOUR).unwrap();
    }
    store.append(&revoked(99), LATER - 1).unwrap();
    for store in [store, open()] {
        store.sync(LATER - 1).unwrap();
        assert!(is_revoked(&*store, 1));
        assert_eq!(store.index().cut("user-42"), NOW);
    }
}

/// Writes something every hour, and looks often, as a server would.
fn live_through(store: &dyn Store, from: u64, hours: u64) -> u64 {
    for hour in 1..=hours {
        let now = from + hour * HOUR;
        store.append(&cut("somebody", now), now).unwrap();
        for step in 0..70 {
            store.refresh(now + step * 2000);
        }
        store.refresh(now);
    }
    from + hours * HOUR
}

fn all_know(open: Open<'_>, store: &dyn Store, number: u64, now: u64) -> bool {
    let new = open();
    [store, &*new].into_iter().all(|store| {
        store.refresh(now);
        is_revoked(store, number)
    })
}

/// Also if it is ahead for a day, with others at work, before it is set right.
pub fn a_clock_a_year_ahead_loses_no_mark(open: Open<'_>) {
    let store = open();
    store.append(&revoked(1), NOW).unwrap();
    store.refresh(NOW);
    let wrong = NOW + 365 * DAY;
    assert!(all_know(open, &*store, 1, wrong));
    live_through(&*store, wrong, 6);
    assert!(all_know(open, &*store, 1, NOW + 6 * HOUR));
    live_through(&*store, NOW + 6 * HOUR, 5);
    assert!(all_know(open, &*store, 1, LATER - 1));
}

/// Tokens that had expired live again; so do the marks that refuse them.
pub fn a_clock_set_back_a_day_loses_no_mark(open: Open<'_>) {
    let store = open();
    store.append(&revoked(1), NOW).unwrap();
    let now = live_through(&*store, NOW, 30);
    assert!(all_know(open, &*store, 1, now - DAY));
    live_through(&*store, now - DAY, 5);
    assert!(all_know(open, &*store, 1, LATER - 1));
}

/// Its term was reckoned from a time that was long over.
pub fn a_mark_written_by_a_late_clock_is_kept_as_long_as_it_is_needed(open: Open<'_>) {
    let store = open();
    let now = live_through(&*store, NOW, 3);
    let wrong = now - DAY;
    let late = Mark::Session { id: id(1), state: SessionMark::REVOKED, keep_until: wrong + 12 * HOUR };
    store.append(&late, wrong).unwrap();
    live_through(&*store, now, 11);
    assert!(all_know(open, &*store, 1, now + 12 * HOUR - 1));
}

/// No mark is kept forever. Where one may be missing, the session is ended another way.
pub fn a_clock_set_back_for_longer_ends_what_cannot_be_judged(open: Open<'_>) {
    let store = open();
    store.append(&revoked(1), NOW).unwrap();
    store.refresh(NOW);
    live_through(&*store, NOW, 5 * 24);
    let new = open();
    for store in [store, new] {
        store.refresh(NOW);
        assert!(is_revoked(&*store, 1) || store.index().cut("user-42") >= NOW);
    }
}

fn shown(number: u64, state: SessionMark) -> Mark {
    Mark::Session { id: id(number), state: SessionMark { shown: true, ..state }, keep_until: LATER }
}

/// Also to a handle that is opened later, and whatever else is written of the session.
pub fn a_shown_generation_is_known_to_every_handle(open: Open<'_>) {
    let (one, other) = (open(), open());
    let rotated = one.advance(&advance(1, 0, NOW)).unwrap().mark;
    assert!(!rotated.shown, "nobody has shown it yet");
    other.append(&shown(1, rotated), NOW).unwrap();
    for store in [&one, &other, &open()] {
        store.sync(NOW).unwrap();
        assert_eq!(store.index().session(id(1)), Some(SessionMark { shown: true, ..rotated }));
    }
    let lost = one.advance(&advance(1, 0, NOW + 1)).unwrap();
    assert!(!lost.won && lost.mark.shown, "who asks late is told that it was shown");
    one.append(&revoked(1), NOW).unwrap();
    other.sync(NOW).unwrap();
    let expected = SessionMark { shown: true, revoked: true, ..rotated };
    assert_eq!(other.index().session(id(1)), Some(expected));
}

/// Each generation is shown by itself, however late the news of an older one comes.
pub fn a_shown_generation_says_nothing_of_the_next(open: Open<'_>) {
    let (one, other) = (open(), open());
    let first = one.advance(&advance(1, 0, NOW)).unwrap().mark;
    one.append(&shown(1, first), NOW).unwrap();
    let second = other.advance(&advance(1, 1, NOW + 1)).unwrap();
    assert!(second.won && !second.mark.shown);
    one.append(&shown(1, first), NOW).unwrap();
    for store in [&one, &other, &open()] {
        store.sync(NOW).unwrap();
        assert_eq!(store.index().session(id(1)), Some(second.mark));
    }
}

/// At once in its own process, and soon in every other.
pub fn a_mark_appended_later_reaches_every_handle(open: Open<'_>) {
    let (one, other) = (open(), open());
    let rotated = one.advance(&advance(1, 0, NOW)).unwrap().mark;
    one.append_later(&shown(1, rotated), NOW);
    let is_shown = |store: &dyn Store| store.index().session(id(1)).is_some_and(|mark| mark.shown);
    assert!(is_shown(&*one));
    refresh_until(&*other, "another handle knows what was appended later", || is_shown(&*other));
    let new = open();
    new.sync(NOW).unwrap();
    assert!(is_shown(&*new));
    assert_eq!(one.status(NOW).pending, 0, "it is no revocation that waits");
}

fn data(number: u64, bytes: &[u8]) -> SessionData {
    let (subject, bytes) = ("user-42".to_owned(), bytes.to_vec());
    SessionData { id: id(number), subject, started_at: NOW, expires_at: LATER, bytes }
}

/// Data are found under the session's id, in every process.
pub fn data_are_what_was_put_last(open: Open<'_>) {
    let (one, other) = (open(), open());
    assert_eq!(one.data(id(1), NOW).unwrap(), None);
    for bytes in [&b"first"[..], b"", b"\0second\xff"] {
        one.put_data(&data(1, bytes), NOW).unwrap();
        assert_eq!(other.data(id(1), NOW).unwrap().as_deref(), Some(bytes));
    }
    let large = vec![7; 1 << 20];
    one.put_data(&data(2, &large), NOW).unwrap();
    assert_eq!(other.data(id(2), NOW).unwrap(), Some(large));
    other.remove_data(id(1), NOW).unwrap();
    other.remove_data(id(1), NOW).unwrap();
    assert_eq!(one.data(id(1), NOW).unwrap(), None);
}

/// To the millisecond, and putting them again gives them another end.
pub fn data_expire(open: Open<'_>) {
    let store = open();
    store.put_data(&data(1, b"x"), NOW).unwrap();
    assert!(store.data(id(1), LATER - 1).unwrap().is_some());
    assert!(store.data(id(1), LATER).unwrap().is_none());
    store.put_data(&SessionData { expires_at: LATER + HOUR, ..data(1, b"x") }, NOW).unwrap();
    assert!(store.data(id(1), LATER).unwrap().is_some());
}

/// However it is ended, and only with their own.
pub fn data_go_with_their_session(open: Open<'_>) {
    let (one, other) = (open(), open());
    let mine = |number| data(number, b"mine");
    let theirs = |number| SessionData { subject: "user-43".to_owned(), ..data(number, b"theirs") };
    for number in 1..=3 {
        one.put_data(&mine(number), NOW).unwrap();
        one.put_data(&theirs(10 + number), NOW).unwrap();
    }
    let later = SessionData { started_at: NOW + 1, ..mine(4) };
    one.put_data(&later, NOW).unwrap();
    let kept = |expected: &[u64]| {
        let kept = |number: &u64| other.data(id(*number), NOW).unwrap().is_some();
        let found: Vec<_> = [1, 2, 3, 4, 11, 12, 13].into_iter().filter(kept).collect();
        assert_eq!(found, expected);
    };
    kept(&[1, 2, 3, 4, 11, 12, 13]);
    one.advance(&advance(1, 0, NOW)).unwrap();
    one.append(&Mark::Key { kid: "leaked".to_owned() }, NOW).unwrap();
    kept(&[1, 2, 3, 4, 11, 12, 13]);
    one.append(&revoked(1), NOW).unwrap();
    kept(&[2, 3, 4, 11, 12, 13]);
    one.append(&cut("user-42", NOW), NOW).unwrap();
    kept(&[4, 11, 12, 13]);
    one.append(&Mark::Everything { cut: NOW, keep_until: LATER }, NOW).unwrap();
    kept(&[4]);
}

/// A request that was on its way when its session was revoked leaves nothing behind.
pub fn data_of_the_dead_are_refused(open: Open<'_>) {
    let (one, other) = (open(), open());
    one.append(&revoked(1), NOW).unwrap();
    one.append(&cut("user-43", NOW), NOW).unwrap();
    for late in [data(1, b"x"), SessionData { subject: "user-43".to_owned(), ..data(2, b"x") }] {
        assert_eq!(other.put_data(&late, NOW).unwrap_err().kind(), ErrorKind::Revoked);
        assert_eq!(other.data(late.id, NOW).unwrap(), None);
    }
    other.put_data(&data(3, b"x"), NOW).unwrap();
}

fn record(number: u64, started_at: u64) -> SessionRecord {
    SessionRecord {
        id: id(number),
        subject: "user-42".to_owned(),
        started_at,
        last_seen: started_at,
        expires_at: LATER,
        label: Some("firefox/linux".to_owned()),
        network: None,
    }
}

fn listed(store: &dyn Store, now: u64) -> Vec<u64> {
    let number = |record: &SessionRecord| (1..10).find(|number| id(*number) == record.id).unwrap();
    store.records("user-42", now).unwrap().iter().map(number).collect()
}

/// In every process, and only theirs.
pub fn a_list_shows_a_subjects_sessions_oldest_first(open: Open<'_>) {
    let (one, other) = (open(), open());
    assert!(listed(&*one, NOW).is_empty());
    for (number, started_at) in [(1, NOW + 2), (2, NOW + 1), (3, NOW + 3)] {
        one.record(&record(number, started_at), NOW).unwrap();
    }
    one.record(&SessionRecord { subject: "user-4".to_owned(), ..record(4, NOW) }, NOW).unwrap();
    assert_eq!(listed(&*other, NOW + 3), [2, 1, 3]);
    assert_eq!(other.records("user-42", NOW + 3).unwrap()[0], record(2, NOW + 1));
}

/// A session has one line, whatever happens to it.
pub fn a_line_is_brought_up_to_date(open: Open<'_>) {
    let (one, other) = (open(), open());
    one.record(&record(1, NOW), NOW).unwrap();
    let renewed = SessionRecord {
        last_seen: NOW + HOUR,
        expires_at: LATER + HOUR,
        label: None,
        network: Some("203.0.113.0/24".to_owned()),
        ..record(1, NOW)
    };
    other.record(&renewed, NOW + HOUR).unwrap();
    assert_eq!(one.records("user-42", LATER).unwrap(), [renewed]);
}

/// And a late renewal puts no dead session back.
pub fn what_has_expired_or_ended_is_on_no_list(open: Open<'_>) {
    let (one, other) = (open(), open());
    for number in 1..=3 {
        one.record(&record(number, NOW + number), NOW).unwrap();
    }
    one.record(&SessionRecord { expires_at: NOW + HOUR, ..record(4, NOW + 4) }, NOW).unwrap();
    assert_eq!(listed(&*other, NOW + HOUR - 1), [1, 2, 3, 4]);
    assert_eq!(listed(&*other, NOW + HOUR), [1, 2, 3]);
    one.append(&revoked(2), NOW).unwrap();
    assert_eq!(listed(&*other, NOW + HOUR), [1, 3]);
    one.append(&cut("user-42", NOW + 1), NOW).unwrap();
    assert_eq!(listed(&*other, NOW + HOUR), [3]);
    for number in 1..=3 {
        other.record(&record(number, NOW + number), NOW).unwrap();
    }
    assert_eq!(listed(&*one, NOW + HOUR), [3]);
}
