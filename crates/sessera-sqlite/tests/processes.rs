//! Several processes on one file: killed at any moment, rotating the same tokens.
//!
//! The other processes are this test binary again, told by their input what to do.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]
#![expect(clippy::print_stdout, reason = "how the processes talk")]

use std::collections::HashSet;
use std::fs;
use std::io::{BufRead as _, BufReader, Lines, Write as _, stdin};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use sessera::{
    Algorithm, Client, Keyring, ManualClock, Mark, NewSession, Policy, RevocationState, SessionId,
    SessionMark, Sessions, Store,
};
use sessera_sqlite::SqliteStore;
use tempfile::tempdir;

const NOW: u64 = 1_700_000_000_000;

#[test]
fn whoever_is_killed_loses_no_acknowledged_mark() {
    kill_writers(20);
}

#[test]
#[ignore = "takes a minute"]
fn whoever_is_killed_loses_no_acknowledged_mark_at_length() {
    kill_writers(200);
}

#[test]
fn eight_processes_rotate_the_same_tokens_to_one_successor_each() {
    rotate_together(50);
}

#[test]
#[ignore = "takes a minute"]
fn eight_processes_rotate_the_same_tokens_to_one_successor_each_at_length() {
    rotate_together(1000);
}

#[test]
#[cfg(unix)]
fn where_nothing_more_can_be_written_what_was_acknowledged_is_known() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("sessions.db");
    // A limit on files is a full disk that a test may make.
    let mut shell = Command::new("sh");
    shell.args(["-c", r#"trap "" XFSZ; ulimit -f 400; exec "$0" "$@""#]);
    shell.arg(std::env::current_exe().unwrap());
    let mut process = Process::start_by(shell, &["fill", path.to_str().unwrap()]);
    let known: u64 = process.next().unwrap().parse().unwrap();
    drop(process);
    let store = SqliteStore::open(&path).unwrap();
    assert!(known > 0 && (1..=known).all(|number| knows(&store, number)));
    store.append(&revoked(known + 2), NOW).unwrap();
}

#[test]
fn a_lost_answer_is_no_reuse_until_another_process_sees_it() {
    let directory = tempdir().unwrap();
    let place = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (path, keys) = (place("sessions.db"), place("keys.json"));
    let keyring = Keyring::generate(Algorithm::Hs256).unwrap();
    keyring.save(&keys).unwrap();
    let old = serving(&path, keyring, NOW).1.issue(NewSession::new("user-42"), &Client::new()).unwrap().token;
    let start = || Process::start(&["serve", &path, &keys]);
    let (mut one, mut other) = (start(), start());
    // Rotated in one process, and the answer is lost.
    let lost = one.ask("rotate", NOW, &old);
    assert_ne!(lost, old);
    for hour in 0..=10 {
        let now = NOW + hour * 3_600_000 + 60_000;
        for process in [&mut one, &mut other, &mut start()] {
            assert_eq!(process.ask("verify", now, &old), "superseded", "after {hour} hours");
            assert_eq!(process.ask("rotate", now, &old), lost, "the same successor");
        }
    }
    // The client has got it after all, and shows it to the other process.
    let now = NOW + 10 * 3_600_000 + 120_000;
    assert_eq!(other.ask("verify", now, &lost), "current");
    let began = Instant::now();
    let answer = loop {
        let answer = one.ask("verify", now, &old);
        if answer != "superseded" || began.elapsed() > Duration::from_secs(30) {
            break answer;
        }
    };
    assert_eq!(answer, "reused", "the old token is used by somebody else");
    assert_eq!(other.ask("verify", now, &lost), "revoked", "so the session is dead everywhere");
    assert_eq!(start().ask("verify", now, &old), "revoked");
}

#[test]
fn marks_pending_in_a_killed_process_are_lost_only_there() {
    let directory = tempdir().unwrap();
    let place = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (path, away, keys) = (place("sessions.db"), place("away.db"), place("keys.json"));
    let keyring = Keyring::generate(Algorithm::Hs256).unwrap();
    keyring.save(&keys).unwrap();
    let (_store, sessions) = serving(&path, keyring, NOW);
    let tokens = ["user-42", "user-43"]
        .map(|user| sessions.issue(NewSession::new(user), &Client::new()).unwrap().token);
    let start = || Process::start(&["serve", &path, &keys]);
    let (mut killed, mut lives) = (start(), start());
    fs::rename(&path, &away).unwrap();
    for (process, token) in [&mut killed, &mut lives].into_iter().zip(&tokens) {
        assert_eq!(process.ask("revoke", NOW, token), "pending");
        assert_eq!(process.ask("verify", NOW, token), "revoked", "in force in its own process");
    }
    killed.kill();
    fs::rename(&away, &path).unwrap();
    let began = Instant::now();
    while start().ask("verify", NOW, &tokens[1]) != "revoked" {
        assert!(began.elapsed() < Duration::from_secs(30), "what is pending is written");
    }
    assert_eq!(
        start().ask("verify", NOW, &tokens[0]),
        "current",
        "what was pending is lost with its process"
    );
}

/// A process of the tests above.
#[test]
#[ignore = "does nothing by itself"]
fn process() {
    let mut lines = stdin().lines().map(Result::unwrap);
    match lines.next().as_deref() {
        Some("write") => {
            let store = SqliteStore::open(lines.next().unwrap()).unwrap();
            let first: u64 = lines.next().unwrap().parse().unwrap();
            println!("\n!ready");
            for number in first.. {
                store.append(&revoked(number), NOW).unwrap();
                println!("!{number}");
            }
        }
        Some("fill") => {
            let store = SqliteStore::open(lines.next().unwrap()).unwrap();
            println!("\n!ready");
            let append = |number| store.append(&revoked(number), NOW).unwrap();
            let pending = (1..100_000).find(|number| append(*number) == RevocationState::Pending).unwrap();
            assert_eq!(store.refresh(NOW + 1000), 0, "it can still be read");
            assert!((1..=pending).all(|number| knows(&store, number)), "in force here, stored or not");
            assert_eq!(store.status(NOW + 1000).pending, 1);
            println!("!{}", pending - 1);
        }
        Some("serve") => serve(lines),
        Some("rotate") => {
            let (path, keys, skew) = (lines.next().unwrap(), lines.next().unwrap(), lines.next().unwrap());
            let sessions = sessions(&path, Keyring::load(keys).unwrap(), NOW + skew.parse::<u64>().unwrap());
            println!("\n!ready");
            let tokens = fs::read_to_string(lines.next().unwrap()).unwrap();
            for token in tokens.lines() {
                println!("!{}", sessions.rotate(token, &Client::new()).unwrap().token);
            }
        }
        _ => {}
    }
}

/// Answers, for a time and a token a line, with what becomes of the token.
fn serve(mut lines: impl Iterator<Item = String>) {
    let (path, keys) = (lines.next().unwrap(), lines.next().unwrap());
    let (clock, sessions) = serving(&path, Keyring::load(keys).unwrap(), NOW);
    let client = Client::new();
    println!("\n!ready");
    for line in lines {
        let (verb, rest) = line.split_once(' ').unwrap();
        let (now, token) = rest.split_once(' ').unwrap();
        clock.set_unix_millis(now.parse().unwrap());
        let answer = match verb {
            "verify" => sessions.verify(token, &client).map(|session| {
                if session.superseded { "superseded".to_owned() } else { "current".to_owned() }
            }),
            "rotate" => sessions.rotate(token, &client).map(|issued| issued.token),
            "revoke" => {
                let id = sessions.verify(token, &client).unwrap().id;
                sessions.revoke_session(&id).map(|state| state.name().to_owned())
            }
            _ => Ok("unknown verb".to_owned()),
        };
        println!("!{}", answer.unwrap_or_else(|refused| refused.code().to_owned()));
    }
}

/// Sessions that may be idle for as long as they last.
fn serving(path: &str, keyring: Keyring, now: u64) -> (ManualClock, Sessions) {
    let clock = ManualClock::default();
    clock.set_unix_millis(now);
    let policy = Policy { idle_timeout: Policy::default().absolute_timeout, ..Policy::default() };
    let sessions = Sessions::builder("https://app.example", "web")
        .keyring(keyring)
        .policy(policy)
        .store(SqliteStore::open(path).unwrap())
        .clock(clock.clone())
        .build()
        .unwrap();
    (clock, sessions)
}

fn kill_writers(times: u64) {
    let directory = tempdir().unwrap();
    let path = directory.path().join("sessions.db");
    let watcher = SqliteStore::open(&path).unwrap();
    let (mut acknowledged, mut unheard) = (0, 0);
    let mut random = 0x9E37_79B9_7F4A_7C15_u64;
    for _ in 0..times {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let first = watcher.index().len() as u64 + 1;
        let mut writer = Process::start(&["write", path.to_str().unwrap(), &first.to_string()]);
        for _ in 0..random >> 61 {
            acknowledged = writer.next().unwrap().parse().unwrap();
        }
        // Somewhere within the next writes.
        (0..random % 500_000).for_each(|_| std::hint::spin_loop());
        writer.kill();
        while let Some(line) = writer.next() {
            acknowledged = line.parse().unwrap();
        }
        let knows =
            |store: &SqliteStore, number| store.index().session(id(number)).is_some_and(|mark| mark.revoked);
        // By the bell alone: not a millisecond has passed for this store.
        assert_eq!(watcher.refresh(NOW), 0);
        assert!((1..=acknowledged).all(|number| knows(&watcher, number)), "one of {acknowledged} is lost");
        let checked = Connection::open(&path).unwrap();
        let verdict: String = checked.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(verdict, "ok");
        let held: u32 = checked.query_row("SELECT count(*) FROM marks", [], |row| row.get(0)).unwrap();
        let held = held as usize;
        drop(checked);
        unheard += usize::from(held != watcher.index().len());
        let new = SqliteStore::open(&path).unwrap();
        assert_eq!(new.index().len(), held);
        assert_eq!(watcher.refresh(NOW), 0);
        assert_eq!(watcher.index().len(), held, "who opens the file rings for what was not rung");
    }
    println!("{acknowledged} marks, {unheard} commits without their bell");
}

fn rotate_together(count: usize) {
    let directory = tempdir().unwrap();
    let place = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (path, keys, list) = (place("sessions.db"), place("keys.json"), place("tokens"));
    let keyring = Keyring::generate(Algorithm::Hs256).unwrap();
    keyring.save(&keys).unwrap();
    let sessions = sessions(&path, keyring, NOW);
    let client = Client::new();
    let login = |_| sessions.issue(NewSession::new("user-42"), &client).unwrap().token;
    let tokens: Vec<_> = (0..count).map(login).collect();
    fs::write(&list, tokens.join("\n")).unwrap();
    let start = |skew: u32| Process::start(&["rotate", &path, &keys, &skew.to_string()]);
    let mut processes: Vec<_> = (0..8).map(start).collect();
    for process in &mut processes {
        process.tell(&list);
    }
    for parent in &tokens {
        let children: HashSet<_> = processes.iter_mut().map(|process| process.next().unwrap()).collect();
        assert_eq!(children.len(), 1, "one successor");
        let child = children.into_iter().next().unwrap();
        assert_eq!(sessions.verify(&child, &client).unwrap().generation, 1);
        assert!(sessions.verify(parent, &client).unwrap().superseded);
    }
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(store.index().len(), count);
}

/// Another process.
struct Process {
    child: Child,
    output: Lines<BufReader<ChildStdout>>,
}

impl Process {
    fn start(input: &[&str]) -> Self {
        Self::start_by(Command::new(std::env::current_exe().unwrap()), input)
    }

    fn start_by(mut command: Command, input: &[&str]) -> Self {
        let mut child = command
            .args(["--exact", "process", "--ignored", "--nocapture"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut process = Self { child, output };
        for line in input {
            process.tell(line);
        }
        assert_eq!(process.next().as_deref(), Some("ready"));
        process
    }

    fn tell(&mut self, line: &str) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    /// What becomes of a token at a time.
    fn ask(&mut self, verb: &str, now: u64, token: &str) -> String {
        self.tell(&format!("{verb} {now} {token}"));
        self.next().unwrap()
    }

    /// The next thing that it says, past what the test harness does.
    fn next(&mut self) -> Option<String> {
        let said = |line: std::io::Result<String>| line.unwrap().strip_prefix('!').map(str::to_owned);
        self.output.by_ref().find_map(said)
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn id(number: u64) -> SessionId {
    SessionId::from_bytes(u128::from(number).to_be_bytes())
}

fn knows(store: &SqliteStore, number: u64) -> bool {
    store.index().session(id(number)).is_some_and(|mark| mark.revoked)
}

fn revoked(number: u64) -> Mark {
    Mark::Session { id: id(number), state: SessionMark::REVOKED, keep_until: NOW + 43_200_000 }
}

fn sessions(path: impl AsRef<Path>, keyring: Keyring, now: u64) -> Sessions {
    let clock = ManualClock::default();
    clock.set_unix_millis(now);
    Sessions::builder("https://app.example", "web")
        .keyring(keyring)
        .store(SqliteStore::open(path).unwrap())
        .clock(clock)
        .build()
        .unwrap()
}
