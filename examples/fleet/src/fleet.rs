//! The processes, and the servers between them.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use sessera::{Algorithm, Client, Keyring, NewSession, Sessions};
use sessera_servers::{Process, Proxy, Redis};
use tempfile::TempDir;

use crate::app::Report;

/// How many processes there are.
pub(crate) const APPS: usize = 6;

pub(crate) struct Fleet {
    pub(crate) primary: Redis,
    pub(crate) replica: Redis,
    /// Between the two.
    pub(crate) between: Proxy,
    /// The name that the processes know Redis by.
    pub(crate) name: Proxy,
    /// The last process's way to that.
    pub(crate) last: Proxy,
    apps: Vec<Process>,
    reports: Receiver<Report>,
    pub(crate) latest: Vec<Report>,
    issuer: Sessions,
    live: Vec<String>,
    pub(crate) revoked: usize,
    _folder: TempDir,
}

impl Fleet {
    pub(crate) fn start() -> Self {
        let primary = Redis::start();
        let between = Proxy::to(primary.port());
        let replica = Redis::replica_of(between.port());
        let name = Proxy::to(primary.port());
        let last = Proxy::to(name.port());
        let folder = tempfile::tempdir().unwrap();
        let keys = folder.path().join("keys.json");
        let keyring = Keyring::generate(Algorithm::EdDsa).unwrap();
        keyring.save(&keys).unwrap();
        let (send, reports) = channel();
        let apps = (1..=APPS).map(|nth| {
            let url = if nth == APPS { last.url() } else { name.url() };
            let mut command = Command::new(std::env::current_exe().unwrap());
            command.args(["app", &url]).arg(&keys).arg(format!("app-{nth}"));
            let mut app = Process::start(command.stdin(Stdio::piped()).stdout(Stdio::piped()));
            listen(&mut app, send.clone());
            app
        });
        let apps = apps.collect();
        // The sessions of a login service, which has no part in revoking.
        let issuer = Sessions::builder("https://fleet.example", "web").keyring(keyring).build().unwrap();
        let latest = vec![Report::default(); APPS];
        Self {
            primary,
            replica,
            between,
            name,
            last,
            apps,
            reports,
            latest,
            issuer,
            live: Vec::new(),
            revoked: 0,
            _folder: folder,
        }
    }

    /// So many users log in, and every process is shown their tokens.
    pub(crate) fn log_in(&mut self, users: usize) {
        for user in 0..users {
            let subject = format!("user-{user}");
            let issued = self.issuer.issue(NewSession::new(&subject), &Client::new()).unwrap();
            self.live.push(issued.session.id.clone());
            (0..APPS).for_each(|app| self.tell(app, &format!("token {}", issued.token)));
        }
    }

    /// The first process ends so many sessions.
    pub(crate) fn revoke(&mut self, sessions: usize) {
        for id in self.live.split_off(self.live.len().saturating_sub(sessions)) {
            self.tell(0, &format!("revoke {id}"));
            self.revoked += 1;
        }
    }

    /// Takes the reports that come within this time.
    pub(crate) fn listen(&mut self, span: Duration) {
        let until = Instant::now() + span;
        while let Ok(report) = self.reports.recv_timeout(until.saturating_duration_since(Instant::now())) {
            let nth = report.name.trim_start_matches("app-").parse::<usize>().unwrap();
            self.latest[nth - 1] = report;
        }
    }

    fn tell(&mut self, app: usize, line: &str) {
        writeln!(self.apps[app].child().stdin.as_mut().unwrap(), "{line}").unwrap();
    }
}

fn listen(app: &mut Process, send: Sender<Report>) {
    let output = BufReader::new(app.child().stdout.take().unwrap());
    thread::spawn(move || {
        let lines = output.lines().map_while(Result::ok);
        lines.filter_map(|line| serde_json::from_str(&line).ok()).all(|report| send.send(report).is_ok())
    });
}
