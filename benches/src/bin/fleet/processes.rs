//! Processes that verify. They are this program again, told by its arguments.

use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::process::{ChildStdout, Command, Stdio};
use std::time::Duration;

use sessera::Store as _;
use sessera_redis::RedisStore;
use sessera_servers::Process;

use crate::{is_revoked, revoked};

/// What makes a process a verifier.
pub(crate) const VERIFIER: &str = "verifier";
/// What makes a process a mere reader of the log: the floor of what is measured.
pub(crate) const READER: &str = "reader";

/// How long a process rests before it looks again whether it refuses, for each process that there is: so all of
/// them together take the machine's time as little, however many they are. It is part of what is measured.
const LOOK: Duration = Duration::from_micros(6);

/// One of the processes, and what it says.
pub(crate) struct Verifier {
    _process: Process,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Verifier {
    pub(crate) fn start(what: &str, url: &str, marks: u64, verifiers: u32) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args([what, url, &marks.to_string(), &verifiers.to_string()]).stdout(Stdio::piped());
        let mut process = Process::start(&mut command);
        let lines = BufReader::new(process.child().stdout.take().unwrap()).lines();
        Self { _process: process, lines }
    }

    fn line(&mut self) -> String {
        self.lines.next().expect("a process ended too soon").unwrap()
    }

    /// Waits until it follows the log.
    pub(crate) fn ready(&mut self) {
        assert_eq!(self.line(), "ready");
    }

    /// When it refused the next session, by the clock that all processes share.
    pub(crate) fn refused_at(&mut self) -> Duration {
        Duration::from_nanos(self.line().parse().unwrap())
    }
}

/// Such a process: says of each session when it refuses it.
pub(crate) fn verifier(url: &str, marks: u64, verifiers: u32) {
    let store = RedisStore::open(url).unwrap();
    let mut output = std::io::stdout();
    writeln!(output, "ready").unwrap();
    for number in 0..marks {
        let mark = revoked(number);
        while !is_revoked(store.index(), &mark) {
            std::thread::park_timeout(LOOK * verifiers);
        }
        writeln!(output, "{}", clock().as_nanos()).unwrap();
    }
    // Until whoever started it ends it.
    loop {
        std::thread::park();
    }
}

/// Its id, and its fields.
type Entry = (String, Vec<Vec<u8>>);

/// A process that reads the same entries with nothing of ours, and says when each came.
pub(crate) fn reader(url: &str, marks: u64) {
    let mut connection = redis::Client::open(url).unwrap().get_connection().unwrap();
    let (mut output, mut last) = (std::io::stdout(), "0".to_owned());
    writeln!(output, "ready").unwrap();
    let mut read = 0;
    while read < marks {
        let mut ask = redis::cmd("XREAD");
        ask.arg("BLOCK").arg(0).arg("STREAMS").arg("{sessera}:log").arg(&last);
        let streams: Vec<(String, Vec<Entry>)> = ask.query(&mut connection).unwrap();
        for (id, _) in streams.into_iter().flat_map(|(_, entries)| entries) {
            writeln!(output, "{}", clock().as_nanos()).unwrap();
            (last, read) = (id, read + 1);
        }
    }
    loop {
        std::thread::park();
    }
}

/// What the machine's clock says, the same in all processes.
#[expect(clippy::disallowed_methods, reason = "it is to be compared among processes")]
pub(crate) fn clock() -> Duration {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap()
}
