//! Many real processes on one Redis. They are this test binary again, told by their input what to do.
#![expect(clippy::print_stdout, reason = "how the processes talk")]

use std::io::{BufRead as _, BufReader, Lines, Write as _, stdin};
use std::process::{ChildStdout, Command, Stdio};

use sessera::Store as _;
use sessera_servers::{Process, Redis, until};

use crate::{NOW, knows_all, revoke, verifier};

const PROCESSES: usize = 64;
const MARKS: u64 = 100;

struct Peer {
    process: Process,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Peer {
    fn start(url: &str) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--ignored", "--exact", "--nocapture", "processes::peer"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = Process::start(&mut command);
        writeln!(process.child().stdin.as_mut().unwrap(), "{url}").unwrap();
        let lines = BufReader::new(process.child().stdout.take().unwrap()).lines();
        Self { process, lines }
    }

    fn says(&mut self, word: &str) {
        let said = self.lines.by_ref().map(Result::unwrap).find(|line| line.ends_with(word));
        assert!(said.is_some(), "it ended without saying {word}");
    }
}

fn all_say(peers: &mut [Peer], word: &str) {
    for peer in peers {
        peer.says(word);
    }
}

/// A process of the tests below.
#[test]
#[ignore = "does nothing by itself"]
fn peer() {
    let mut lines = stdin().lines().map(Result::unwrap);
    let Some(url) = lines.next() else { return };
    let store = verifier(&url);
    println!("\n!ready");
    until("every mark", || knows_all(&store, 0..MARKS));
    println!("\n!knows");
    lines.next();
    until("another mark", || knows_all(&store, 0..MARKS + 1));
    store.sync(NOW).unwrap();
    println!("\n!done");
}

#[test]
fn sixty_four_processes_learn_of_every_mark() {
    let redis = Redis::start();
    let mut peers: Vec<_> = (0..PROCESSES).map(|_| Peer::start(&redis.url())).collect();
    all_say(&mut peers, "!ready");
    let store = verifier(&redis.url());
    (0..MARKS).for_each(|number| revoke(&store, number));
    all_say(&mut peers, "!knows");
    // On a busy machine one or another may be on its way back.
    until("connections of most of them", || redis.kill_connections() > PROCESSES / 2);
    for peer in &mut peers {
        writeln!(peer.process.child().stdin.as_mut().unwrap()).unwrap();
    }
    until("a write", || store.append(&crate::revoked(MARKS), NOW).is_ok());
    all_say(&mut peers, "!done");
}
