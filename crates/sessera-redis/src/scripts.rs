//! The scripts: each one step for Redis.

use std::sync::LazyLock;

use redis::{Cmd, RedisResult, Script, ToRedisArgs, Value, cmd};

use crate::connection::Connection;
use crate::keys::Keys;

/// A script, and how to call it.
pub(crate) struct Step {
    script: LazyLock<Script>,
}

macro_rules! steps {
    ($($(#[$doc:meta])* $name:ident = $file:literal;)*) => {
        $(
            $(#[$doc])*
            pub(crate) static $name: Step = Step {
                script: LazyLock::new(|| {
                    Script::new(concat!(include_str!("scripts/state.lua"), "\n", include_str!($file)))
                }),
            };
        )*
    };
}

steps! {
    /// Adds marks.
    APPEND = "scripts/append.lua";
    /// Moves a session on by one generation.
    ADVANCE = "scripts/advance.lua";
    /// A verifier lives.
    BEAT = "scripts/beat.lua";
    /// Moves states to their packs.
    FOLD = "scripts/fold.lua";
    /// Drops what is needed no longer.
    FORGET = "scripts/forget.lua";
    /// Takes or keeps a lease.
    LEASE = "scripts/lease.lua";
    /// Takes a verifier off.
    LEAVE = "scripts/leave.lua";
    /// Keeps data of a session.
    PUT = "scripts/put.lua";
    /// Reads data of a session.
    READ = "scripts/read.lua";
    /// Puts a session on a list.
    LIST = "scripts/list.lua";
}

/// One call of a script.
pub(crate) struct Call {
    step: &'static Step,
    call: Cmd,
}

impl Step {
    /// A call with the keys that all scripts are given, and perhaps one more.
    pub(crate) fn with(&'static self, keys: &Keys, more: Option<&str>) -> Call {
        let mut call = cmd("EVALSHA");
        call.arg(self.script.get_hash()).arg(keys.scripts.len() + usize::from(more.is_some()));
        call.arg(&keys.scripts).arg(more);
        Call { step: self, call }
    }

    /// Has Redis learn it.
    pub(crate) fn load(&self, connection: &mut Connection) -> RedisResult<()> {
        self.script.load(connection).map(drop)
    }
}

impl Call {
    pub(crate) fn arg(mut self, arg: impl ToRedisArgs) -> Self {
        self.call.arg(arg);
        self
    }

    /// What is sent.
    pub(crate) const fn command(&self) -> &Cmd {
        &self.call
    }

    /// Calls it; a server that does not know it learns it.
    pub(crate) fn run(&self, connection: &mut Connection) -> RedisResult<Value> {
        match self.call.query(connection) {
            Err(error) if is_unknown(&error) => {
                self.step.load(connection)?;
                self.call.query(connection)
            }
            other => other,
        }
    }
}

/// Whether the server does not know the script, after a restart, a failover or `SCRIPT FLUSH`.
pub(crate) fn is_unknown(error: &redis::RedisError) -> bool {
    error.kind() == redis::ErrorKind::Server(redis::ServerErrorKind::NoScript)
}

#[cfg(test)]
mod tests {
    use sessera::{Advance, Mark, SessionId, SessionMark, Wait};
    use sessera_servers::{Redis, until};

    use super::*;
    use crate::shared::Shared;
    use crate::{RedisOptions, record};

    const NOW: u64 = 1_700_000_000_000;
    const LATER: u64 = NOW + 3_600_000;

    fn session(nth: u8) -> Mark {
        let id = SessionId::from_bytes([nth; 16]);
        Mark::Session { id, state: SessionMark::REVOKED, keep_until: LATER }
    }

    fn cut(subject: &str) -> Mark {
        Mark::Subject { subject: subject.to_owned(), cut: NOW, keep_until: LATER }
    }

    fn append(store: &Shared, mark: &Mark) {
        store.append(&[record::shared(mark, store.sealing.names())], Wait::Stored).unwrap();
    }

    fn fold(store: &Shared, sid: u8) {
        FOLD.with(&store.keys, None).arg(&[sid; 16]).run(&mut store.connector.connect().unwrap()).unwrap();
    }

    fn forget(store: &Shared, which: &str, name: &[u8]) {
        let call = FORGET.with(&store.keys, None).arg(LATER).arg(which).arg(name);
        call.run(&mut store.connector.connect().unwrap()).unwrap();
    }

    fn advance(store: &Shared) {
        let id = SessionId::from_bytes([77; 16]);
        store.advance(&Advance { id, from: 0, now: NOW, elevated: false, keep_until: LATER }).unwrap();
    }

    #[test]
    fn whichever_script_comes_first_nobody_fails_to_miss_a_key_that_went_by_itself() {
        let redis = Redis::start();
        let store = Shared::new(&redis.url(), RedisOptions::default()).unwrap();
        let mut connection = store.connector.connect().unwrap();
        store.resync(&mut connection).unwrap();
        let scripts: [fn(&Shared); 6] = [
            |store| append(store, &session(88)),
            |store| append(store, &cut("another")),
            advance,
            |store| fold(store, 2),
            |store| forget(store, "r", &[2; 16]),
            |store| forget(store, "p", &[1, 0]),
        ];
        for (which, script) in scripts.iter().enumerate() {
            for key in ["recent", "packs", "cuts"] {
                redis.command::<()>(&["FLUSHALL"]);
                append(&store, &session(1));
                fold(&store, 1);
                append(&store, &session(2));
                append(&store, &cut("one"));
                let before = store.beat(&mut connection, 0).unwrap().head;
                assert_eq!(redis.command::<u64>(&["DEL", &format!("{{sessera}}:{key}")]), 1, "{key}");
                script(&store);
                until(&format!("a new epoch: {key} went, then script {which} was called"), || {
                    store.beat(&mut connection, 0).unwrap().head.epoch > before.epoch
                });
            }
        }
    }
}
