//! Three sentinels.

use std::fs;
use std::process::{Command, Stdio};

use ::redis::Client;
use tempfile::TempDir;

use crate::ports::free_port;
use crate::process::Process;
use crate::wait::until;

/// Three sentinels that watch one primary, and replace it when two of them miss it.
#[derive(Debug)]
pub struct Sentinels {
    _folder: TempDir,
    ports: Vec<u16>,
    _processes: Vec<Process>,
}

impl Sentinels {
    /// The name that they know the primary by.
    pub const NAME: &str = "fleet";

    /// Starts them, and waits until they know each other and a replica.
    #[track_caller]
    pub fn watch(primary: u16) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ports: Vec<u16> = (0..3).map(|_| free_port()).collect();
        let name = Self::NAME;
        let processes = ports.iter().map(|port| {
            let place = folder.path().join(port.to_string());
            fs::create_dir(&place).unwrap();
            let file = place.join("sentinel.conf");
            let lines = [
                format!("bind 127.0.0.1\nport {port}\ndir {}", place.display()),
                format!("sentinel monitor {name} 127.0.0.1 {primary} 2"),
                format!("sentinel down-after-milliseconds {name} 500"),
                format!("sentinel failover-timeout {name} 5000"),
            ];
            fs::write(&file, lines.join("\n")).unwrap();
            let mut command = Command::new("redis-server");
            Process::start(command.arg(file).arg("--sentinel").stdout(Stdio::null()))
        });
        let processes = processes.collect();
        let sentinels = Self { _folder: folder, ports, _processes: processes };
        until("sentinels that know each other", || {
            sentinels.ports.iter().all(|port| {
                let about = ask(*port, "MASTER");
                let is = |key: &str, value: &str| about.chunks(2).any(|pair| pair == [key, value]);
                is("num-other-sentinels", "2") && !is("num-slaves", "0")
            })
        });
        sentinels
    }

    /// Their ports.
    pub fn ports(&self) -> &[u16] {
        &self.ports
    }

    /// The port of the primary, by the first of them.
    pub fn primary(&self) -> Option<u16> {
        ask(self.ports[0], "GET-MASTER-ADDR-BY-NAME").get(1)?.parse().ok()
    }
}

fn ask(port: u16, question: &str) -> Vec<String> {
    let answer = || {
        let mut connection = Client::open(("127.0.0.1", port))?.get_connection()?;
        ::redis::cmd("SENTINEL").arg(question).arg(Sentinels::NAME).query(&mut connection)
    };
    answer().unwrap_or_default()
}
