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
