//! One `redis-server`.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use ::redis::{Client, Connection, ConnectionLike as _, FromRedisValue, RedisResult};
use tempfile::TempDir;

use crate::clock::WallClock;
use crate::ports::free_port;
use crate::process::Process;
use crate::tls::Certificates;
use crate::wait::{eventually, until};

/// What a server keeps on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Disk {
    /// Nothing: a restart is empty.
    #[default]
    Nothing,
    /// The append-only file, synced every second.
    Everysec,
    /// The append-only file, synced at every write.
    Always,
}

/// How a server is started.
#[derive(Debug, Default)]
pub struct RedisOptions {
    /// What is kept on the disk.
    pub disk: Disk,
    /// What the default user must say.
    pub password: Option<String>,
    /// Further users, as in `user app on >secret ~* +@all`.
    pub users: Vec<String>,
    /// Whether a second port speaks TLS.
    pub tls: bool,
    /// The port of the server that this one copies.
    pub replica_of: Option<u16>,
    /// Further lines of the configuration.
    pub lines: Vec<String>,
    /// Its wall clock, where that is not the machine's.
    pub clock: Option<WallClock>,
}

/// A server on a free port and a Unix socket.
#[derive(Debug)]
pub struct Redis {
    folder: TempDir,
    port: u16,
    tls: Option<(u16, Certificates)>,
    password: Option<String>,
    clock: Option<WallClock>,
    process: Process,
}

impl Redis {
    /// A server that keeps nothing on the disk.
    #[track_caller]
    pub fn start() -> Self {
        Self::start_with(RedisOptions::default())
    }

    /// A copy of another server, once it is in step.
    #[track_caller]
    pub fn replica_of(port: u16) -> Self {
        let replica = Self::start_with(RedisOptions { replica_of: Some(port), ..RedisOptions::default() });
        until("a replica in step", || replica.info("replication").contains("master_link_status:up"));
        replica
    }

    /// A server as described.
    #[track_caller]
    pub fn start_with(options: RedisOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let tls = options.tls.then(|| (free_port(), Certificates::make()));
        let place = folder.path().display();
        let (appendonly, fsync) = match options.disk {
            Disk::Nothing => ("no", "no"),
            Disk::Everysec => ("yes", "everysec"),
            Disk::Always => ("yes", "always"),
        };
        let mut lines = vec![
            format!("bind 127.0.0.1\nport {port}\nunixsocket {place}/socket\nunixsocketperm 700"),
            format!("dir {place}\nsave \"\"\nappendonly {appendonly}\nappendfsync {fsync}"),
            // Replicas are in step at once, and links that are cut are seen to be.
            "repl-diskless-sync-delay 0\nrepl-ping-replica-period 1\nenable-debug-command local".to_owned(),
        ];
        if let Some((port, certificates)) = &tls {
            lines.push(format!(
                "tls-port {port}\ntls-auth-clients no\ntls-ca-cert-file {}\ntls-cert-file {}\ntls-key-file {}",
                certificates.authority().display(),
                certificates.certificate().display(),
                certificates.key().display(),
            ));
        }
        lines.extend(options.password.iter().map(|password| format!("requirepass {password}")));
        lines.extend(options.users);
        lines.extend(options.replica_of.map(|port| format!("replicaof 127.0.0.1 {port}")));
        lines.extend(options.lines);
        fs::write(folder.path().join("redis.conf"), lines.join("\n")).unwrap();
        let process = launch(&folder, options.clock.as_ref());
        let (password, clock) = (options.password, options.clock);
        let redis = Self { folder, port, tls, password, clock, process };
        redis.ready();
        redis
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its process id.
    pub fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// How a client reaches it, with the password where there is one.
    pub fn url(&self) -> String {
        let user = self.password.as_ref().map_or_else(String::new, |password| format!(":{password}@"));
        format!("redis://{user}127.0.0.1:{}", self.port)
    }

    /// How a client reaches its port for TLS. The authority is in [`certificates`](Self::certificates).
    pub fn tls_url(&self) -> String {
        let (port, _) = self.tls.as_ref().expect("a server with TLS");
        format!("rediss://127.0.0.1:{port}")
    }

    /// What it proves itself by.
    pub fn certificates(&self) -> &Certificates {
        &self.tls.as_ref().expect("a server with TLS").1
    }

    /// Its Unix socket.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    /// A connection to it, past any proxy.
    #[track_caller]
    pub fn connect(&self) -> Connection {
        eventually("a connection", || self.try_connect().ok())
    }

    fn try_connect(&self) -> RedisResult<Connection> {
        let connection = Client::open(self.url())?.get_connection_with_timeout(Duration::from_secs(5))?;
        connection.set_read_timeout(Some(Duration::from_secs(20)))?;
        Ok(connection)
    }

    /// The answer to a command.
    #[track_caller]
    pub fn command<T: FromRedisValue>(&self, words: &[&str]) -> T {
        ask(words, &mut self.connect()).unwrap_or_else(|error| panic!("{}: {error}", words.join(" ")))
    }

    /// The answer to a command.
    ///
    /// # Errors
    /// What the server says, or that nobody answers.
    pub fn try_command<T: FromRedisValue>(&self, words: &[&str]) -> RedisResult<T> {
        ask(words, &mut self.try_connect()?)
    }

    /// A section of what it says of itself.
    #[track_caller]
    pub fn info(&self, section: &str) -> String {
        self.command(&["INFO", section])
    }

    /// One figure of what it says of itself.
    #[track_caller]
    pub fn figure(&self, section: &str, name: &str) -> u64 {
        let info = self.info(section);
        let value = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        value.and_then(|value| value.trim().parse().ok()).unwrap_or_else(|| panic!("{name} is not in {info}"))
    }

    /// Ends every connection of the clients that talk to it, and returns how many there were.
    #[track_caller]
    pub fn kill_connections(&self) -> usize {
        self.command(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"])
    }

    /// Makes a replica a primary, which it still is after a restart.
    #[track_caller]
    pub fn promote(&self) {
        self.command::<()>(&["REPLICAOF", "NO", "ONE"]);
        self.command::<()>(&["CONFIG", "REWRITE"]);
        until("a primary", || self.info("replication").contains("role:master"));
    }

    /// Makes it a replica of another.
    #[track_caller]
    pub fn follow(&self, port: u16) {
        self.command::<()>(&["REPLICAOF", "127.0.0.1", &port.to_string()]);
        until("a replica in step", || self.info("replication").contains("master_link_status:up"));
    }

    /// Its end, as by `kill -9`.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Holds it: connections stay, nothing is answered.
    pub fn freeze(&self) {
        self.process.signal("STOP");
    }

    /// Lets it go on after [`freeze`](Self::freeze).
    pub fn thaw(&self) {
        self.process.signal("CONT");
    }

    /// Starts it again, on the same port, with what is on its disk.
    #[track_caller]
    pub fn restart(&mut self) {
        self.process.kill();
        self.process = launch(&self.folder, self.clock.as_ref());
        self.ready();
    }

    #[track_caller]
    fn ready(&self) {
        until(&format!("a redis-server that answers ({})", self.log()), || {
            self.try_connect().is_ok_and(|mut connection| connection.check_connection())
        });
    }

    /// What it wrote to its log.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

fn launch(folder: &TempDir, clock: Option<&WallClock>) -> Process {
    let log = File::options().create(true).append(true).open(folder.path().join("log")).unwrap();
    let mut command = Command::new("redis-server");
    if let Some(clock) = clock {
        clock.lead(&mut command);
    }
    Process::start(command.arg(folder.path().join("redis.conf")).stdout(log))
}

fn ask<T: FromRedisValue>(words: &[&str], connection: &mut Connection) -> RedisResult<T> {
    let mut command = ::redis::cmd(words[0]);
    command.arg(&words[1..]).query(connection)
}
