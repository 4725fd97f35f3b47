//! A cluster of three primaries.

use std::process::Command;

use crate::ports::free_port;
use crate::redis::{Redis, RedisOptions};
use crate::wait::until;

/// Three primaries that share the slots.
#[derive(Debug)]
pub struct Cluster {
    nodes: Vec<Redis>,
}

impl Cluster {
    /// Starts them, and waits until each says that all is well.
    #[track_caller]
    pub fn start() -> Self {
        let nodes: Vec<_> = (0..3).map(|_| node()).collect();
        let addresses: Vec<_> = nodes.iter().map(|node| format!("127.0.0.1:{}", node.port())).collect();
        let made = Command::new("redis-cli")
            .args(["--cluster", "create"])
            .args(&addresses)
            .args(["--cluster-replicas", "0", "--cluster-yes"])
            .output()
            .expect("redis-cli is on the path");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stdout));
        let cluster = Self { nodes };
        until("a cluster that is well", || {
            cluster.nodes.iter().all(|node| {
                let info: String = node.command(&["CLUSTER", "INFO"]);
                info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
            })
        });
        cluster
    }

    /// The servers.
    pub fn nodes(&self) -> &[Redis] {
        &self.nodes
    }

    /// The node that holds the slot of a key.
    #[track_caller]
    pub fn holder(&self, key: &str) -> usize {
        let slot = self.slot(key).to_string();
        let holds = |node: &Redis| node.try_command::<Vec<String>>(&["CLUSTER", "GETKEYSINSLOT", &slot, "1"]);
        let holder = self.nodes.iter().position(|node| holds(node).is_ok_and(|keys| !keys.is_empty()));
        holder.unwrap_or_else(|| panic!("no node has a key in slot {slot}"))
    }

    fn slot(&self, key: &str) -> u16 {
        self.nodes[0].command(&["CLUSTER", "KEYSLOT", key])
    }

    /// Moves the slot of a key, and all that is in it, from the node that holds it to another, as
    /// `redis-cli --cluster reshard` does.
    #[track_caller]
    pub fn migrate(&self, key: &str, to: usize) {
        let migration = self.begin_migration(key, to);
        migration.move_keys();
        migration.end();
    }

    /// Begins to move a slot: new keys belong to the other node from now on, and clients are sent there with `ASK`.
    #[track_caller]
    pub fn begin_migration(&self, key: &str, to: usize) -> Migration<'_> {
        let slot = self.slot(key).to_string();
        let from = self.holder(key);
        assert_ne!(from, to, "it is there");
        let (source, target) = (&self.nodes[from], &self.nodes[to]);
        let [source_id, target_id] =
            [source, target].map(|node| node.command::<String>(&["CLUSTER", "MYID"]));
        target.command::<()>(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &source_id]);
        source.command::<()>(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &target_id]);
        Migration { cluster: self, slot, source, target, target_id }
    }
}

/// A slot that is being moved.
#[derive(Debug)]
pub struct Migration<'a> {
    cluster: &'a Cluster,
    slot: String,
    source: &'a Redis,
    target: &'a Redis,
    target_id: String,
}

impl Migration<'_> {
    /// Moves the keys that there are. Nobody is told that they are elsewhere.
    #[track_caller]
    pub fn move_keys(&self) {
        let Self { slot, source, target, .. } = self;
        loop {
            let keys: Vec<String> = source.command(&["CLUSTER", "GETKEYSINSLOT", slot, "10"]);
            if keys.is_empty() {
                return;
            }
            let port = target.port().to_string();
            for key in keys {
                source.command::<()>(&["MIGRATE", "127.0.0.1", &port, &key, "0", "5000"]);
            }
        }
    }

    /// Tells every node whose the slot is now.
    #[track_caller]
    pub fn end(self) {
        for node in [self.target, self.source].into_iter().chain(&self.cluster.nodes) {
            node.command::<()>(&["CLUSTER", "SETSLOT", &self.slot, "NODE", &self.target_id]);
        }
    }
}

fn node() -> Redis {
    let bus = format!("cluster-port {}", free_port());
    let lines = vec!["cluster-enabled yes".to_owned(), bus, "cluster-node-timeout 2000".to_owned()];
    Redis::start_with(RedisOptions { lines, ..RedisOptions::default() })
}
