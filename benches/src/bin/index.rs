//! What the check for revocations costs: `cargo run --release -p sessera-bench --bin index`.

#[path = "../compare.rs"]
mod compare;

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use compare::{Contender, compare};
use ring::rand::{SecureRandom as _, SystemRandom};
use sessera::{
    Algorithm, Client, Keyring, Mark, MemoryStore, NewSession, RevocationIndex, SessionId, SessionMark,
    Sessions, Store as _,
};

const MILLION: usize = 1_000_000;
const ROUNDS: usize = 200;

fn ids(count: usize) -> Vec<SessionId> {
    let mut bytes = vec![0; count * 16];
    SystemRandom::new().fill(&mut bytes).unwrap();
    bytes.as_chunks().0.iter().map(|id| SessionId::from_bytes(*id)).collect()
}

fn revoked(id: SessionId) -> Mark {
    Mark::Session { id, state: SessionMark::revoked_at(1_000), keep_until: u64::MAX }
}

fn load(index: &RevocationIndex, ids: &[SessionId]) {
    for id in ids {
        index.apply(&revoked(*id));
    }
}

/// Seconds that this thread ran: on a machine that others use too, waiting is not our time.
fn ran() -> f64 {
    let nanos = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    nanos.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9
}

/// What the system says that this process holds, in MB.
fn resident() -> f64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<f64>().unwrap() * 4096.0 / 1e6
}

fn memory(marked: &[SessionId]) -> RevocationIndex {
    let mut kept = None;
    for (name, at_once) in [("at once", true), ("one by one", false)] {
        for _ in 0..3 {
            // Not at the same time as the new one.
            drop(kept.take());
            let before = resident();
            let index = RevocationIndex::new();
            let (started, started_running) = (Instant::now(), ran());
            if at_once {
                index.load(marked.iter().copied().map(revoked));
            } else {
                load(&index, marked);
            }
            let (seconds, running) = (started.elapsed().as_secs_f64(), ran() - started_running);
            println!(
                "load of {} marks {name:<10} {running:.3} s of {seconds:.3} s   {:>5.1} MB, resident {:>5.1} MB more",
                marked.len(),
                index.memory() as f64 / 1e6,
                resident() - before,
            );
            kept = Some(index);
        }
    }
    let index = kept.unwrap();
    let started = Instant::now();
    index.sweep(2_000_000);
    println!("sweep of {} marks, none of them over: {:.3} s", index.len(), started.elapsed().as_secs_f64());
    index
}

/// A walk round some ids.
fn round<'a>(ids: &'a [SessionId]) -> impl FnMut() -> SessionId + 'a {
    let mut ids = ids.iter().cycle();
    move || *ids.next().unwrap()
}

fn checks(million: &RevocationIndex, marked: &[SessionId]) {
    let (empty, thousand, cuts) = (RevocationIndex::new(), RevocationIndex::new(), RevocationIndex::new());
    load(&thousand, &marked[..1000]);
    load(&cuts, marked);
    for user in 0..1000 {
        cuts.apply(&Mark::Subject { subject: format!("other-{user}"), cut: 1, keep_until: u64::MAX });
    }
    let (warm, strangers) = (&marked[..64], ids(MILLION));
    let check = |index: &RevocationIndex, id| {
        (black_box(index.session(id)), black_box(index.cut(black_box("user-42"))))
    };
    let check = &check;
    let mut contenders = Vec::new();
    contenders.push(Contender::new("(the loop alone)", round(warm)));
    for (name, index, ids) in [
        ("no marks", &empty, warm),
        ("1,000: absent, warm", &thousand, &strangers[..64]),
        ("1,000: marked, warm", &thousand, warm),
        ("1,000,000: absent, warm", million, &strangers[..64]),
        ("1,000,000: marked, warm", million, warm),
        ("1,000,000: absent, any of a million", million, &strangers[..]),
        ("1,000,000: marked, any of a million", million, marked),
        ("1,000,000 and 1,000 cuts: absent, warm", &cuts, &strangers[..64]),
        ("1,000,000 and 1,000 cuts: marked, warm", &cuts, warm),
    ] {
        let mut next = round(ids);
        contenders.push(Contender::new(name, move || check(index, next())));
    }
    compare("the look-ups of one verify: its session and its subject", ROUNDS, contenders);
}

struct Served {
    store: Arc<MemoryStore>,
    sessions: Sessions,
    token: String,
}

fn served(marks: &[SessionId]) -> Served {
    let store = Arc::new(MemoryStore::new());
    let sessions = Sessions::builder("https://app.example", "web")
        .keyring(Keyring::generate(Algorithm::Hs256).unwrap())
        .store(Arc::clone(&store))
        .build()
        .unwrap();
    let issued = sessions.issue(NewSession::new("user-42"), &Client::new()).unwrap();
    load(store.index(), marks);
    Served { store, sessions, token: issued.token }
}

fn verifies(marked: &[SessionId]) {
    let (none, million, rotated) = (served(&[]), served(marked), served(marked));
    let token = rotated.sessions.rotate(&rotated.token, &Client::new()).unwrap().token;
    let client = Client::new();
    compare(
        "HS256 verify",
        ROUNDS * 2,
        vec![
            Contender::new("no marks", || none.sessions.verify(&none.token, &client).unwrap()),
            Contender::new("1,000,000 marks", || million.sessions.verify(&million.token, &client).unwrap()),
            Contender::new("1,000,000 marks, and its own", || {
                rotated.sessions.verify(&token, &client).unwrap()
            }),
        ],
    );
}

/// Rounds of a few milliseconds, in turn with and without the writer.
fn under_writes(marked: &[SessionId]) {
    let served = served(marked);
    let client = Client::new();
    let fresh = ids(MILLION);
    let (writing, over) = (AtomicBool::new(false), AtomicBool::new(false));
    let mut nanos = [Vec::new(), Vec::new()];
    let mut written = 0;
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut written = 0;
            let mut due = Instant::now();
            while !over.load(Ordering::Relaxed) {
                if writing.load(Ordering::Relaxed) {
                    for _ in 0..10 {
                        served.store.append(&revoked(fresh[written % MILLION]), 1_000).unwrap();
                        written += 1;
                    }
                }
                due += Duration::from_millis(1);
                thread::park_timeout(due.saturating_duration_since(Instant::now()));
            }
            written
        });
        for nth in 0..ROUNDS * 2 {
            writing.store(nth % 2 == 1, Ordering::Relaxed);
            let round = Instant::now();
            while round.elapsed().as_millis() < 10 {
                // Short, so that most are not interrupted.
                let started = Instant::now();
                for _ in 0..20 {
                    black_box(served.sessions.verify(&served.token, &client).unwrap());
                }
                nanos[nth % 2].push(started.elapsed().as_nanos() as f64 / 20.0);
            }
        }
        over.store(true, Ordering::Relaxed);
        written = writer.join().unwrap();
    });
    let [idle, busy] = nanos.map(|mut nanos| {
        nanos.sort_by(f64::total_cmp);
        nanos[nanos.len() / 2]
    });
    let rate = written as f64 / (ROUNDS as f64 * 0.01);
    println!(
        "\nHS256 verify beside 1,000,000 marks: idle {idle:.0} ns, under {rate:.0} writes/s {busy:.0} ns, {:.3}×",
        busy / idle
    );
}

fn main() {
    let marked = ids(MILLION);
    let million = memory(&marked);
    checks(&million, &marked);
    drop(million);
    verifies(&marked);
    under_writes(&marked);
}
