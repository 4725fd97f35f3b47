//! Adding marks.

use std::time::Instant;

use redis::{Value, cmd, pipe};
use sessera::{Advance, Advanced, ErrorKind, Mark, Result, RevocationState, SessionMark, SharedMark, Wait};

use crate::connection::Connection;
use crate::follower::Head;
use crate::head::{self, bytes, strange};
use crate::pool::Failed;
use crate::record::{self, MOST};
use crate::scripts::{ADVANCE, APPEND, is_unknown};
use crate::shared::{Shared, head_of};
use crate::state;
use crate::unavailable::broken;

/// Calls that are under way at once.
const CALLS: usize = 32;

impl Shared {
    /// Adds marks, and waits for what is asked for.
    ///
    /// Where Redis can't be reached they are in force here all the same, and are written as soon as it is there;
    /// the error says only that nobody else knows them yet.
    pub(crate) fn append(&self, marks: &[SharedMark], wait: Wait) -> Result<RevocationState> {
        let loads = self.loads();
        let written = self.run(|connection, _| self.write(connection, marks, wait));
        if let Err(error) = &written
            && error.kind() == ErrorKind::InvalidConfig
        {
            return written.map(|_| RevocationState::Stored);
        }
        for mark in marks {
            self.index.apply_shared(mark);
        }
        if let Ok(head) = written {
            let _ = self.step(|follower| follower.wrote(head));
        }
        match (written, wait) {
            (Ok(head), Wait::Confirmed) => {
                self.confirm(marks, head, loads).map(|()| RevocationState::Confirmed)
            }
            (Ok(_), Wait::Stored) => Ok(RevocationState::Stored),
            (Ok(_), Wait::Replicated(_)) => Ok(RevocationState::Replicated),
            (Err(error), wait) => {
                self.owe(marks.iter().cloned());
                if wait == Wait::Stored { Ok(RevocationState::Pending) } else { Err(error) }
            }
        }
    }

    /// Writes marks by way of this connection, and gives the place in the log that they are in, or before.
    pub(crate) fn write(
        &self,
        connection: &mut Connection,
        marks: &[SharedMark],
        wait: Wait,
    ) -> Result<Head, Failed> {
        let flag = match wait {
            Wait::Stored => "0",
            // What is there already is written once more, so that there is something to wait for.
            Wait::Replicated(_) => "2",
            Wait::Confirmed => "1",
        };
        let mut head = None;
        for marks in marks.chunks(MOST * CALLS) {
            let calls: Vec<_> =
                marks.chunks(MOST).map(|marks| (self.call(marks, flag), self.dead_data(marks))).collect();
            let mut all = pipe();
            all.ignore_errors();
            for (call, dead) in &calls {
                all.add_command(call.command().clone());
                if !dead.is_empty() {
                    all.cmd("UNLINK").arg(dead).ignore();
                }
            }
            let replies: Vec<redis::RedisResult<Value>> = all.query(connection)?;
            for ((call, _), reply) in calls.iter().zip(replies) {
                head = Some(match reply {
                    Err(error) if is_unknown(&error) => head_of(call.run(connection))?,
                    reply => head_of(reply)?,
                });
            }
        }
        if let Wait::Replicated(replicas) = wait {
            self.replicate(connection, replicas)?;
        }
        head.ok_or_else(|| strange().into())
    }

    fn call(&self, marks: &[SharedMark], flag: &str) -> crate::scripts::Call {
        let mut records = Vec::with_capacity(marks.len() * 27);
        for mark in marks {
            record::write(mark, &mut records);
        }
        self.appending(&records, flag)
    }

    /// The keys of what is kept of sessions that these marks end.
    fn dead_data(&self, marks: &[SharedMark]) -> Vec<String> {
        let dead = |mark: &SharedMark| match mark {
            SharedMark::Session { id, state, .. } if state.revoked => {
                Some(self.keys.data(self.sealing.session(id.to_bytes())))
            }
            _ => None,
        };
        marks.iter().filter_map(dead).collect()
    }

    /// Waits until so many replicas have what was written by way of this connection.
    fn replicate(&self, connection: &mut Connection, replicas: u32) -> Result<(), Failed> {
        let patience = self.options.wait_timeout;
        connection.be_patient(self.options.timeout + patience);
        let mut wait = cmd("WAIT");
        // 0 would be for ever.
        wait.arg(replicas).arg(u64::try_from(patience.as_millis()).unwrap_or(u64::MAX).max(1));
        let reached = wait.query::<u32>(connection);
        connection.be_patient(self.options.timeout);
        let reached = reached?;
        if reached >= replicas {
            return Ok(());
        }
        let message =
            format!("it is stored, but {reached} of {replicas} replicas have acknowledged it in time");
        Err(broken(message).into())
    }

    /// Moves a session on by one generation.
    pub(crate) fn advance(&self, advance: &Advance) -> Result<Advanced> {
        let term =
            |keep_until| state::seconds(keep_until).map_or(-1, |until| i64::try_from(until).unwrap_or(-1));
        let mark =
            Mark::Session { id: advance.id, state: SessionMark::default(), keep_until: advance.keep_until };
        let Mark::Session { keep_until, .. } = self.extend(&mark, advance.now) else { return Err(strange()) };
        let mut known = Vec::new();
        if let Some(mark) = self.index.session(advance.id) {
            state::write(mark, keep_until, &mut known);
        }
        let call =
            ADVANCE.with(&self.keys, None).arg(&advance.id.to_bytes()[..]).arg(advance.from).arg(advance.now);
        let call = call.arg(u8::from(advance.elevated)).arg(term(keep_until)).arg(known);
        let call = call.arg(self.options.log_entries).arg(self.new_seed()).arg(&self.sealing.check()[..]);
        let (advanced, keep_until, head) = self.run(|connection, attempt| {
            let reply = call.run(connection)?;
            let Value::Array(values) = reply else { return Err(strange().into()) };
            let (Some(Value::Int(won)), Some(state)) = (values.get(3), values.get(4)) else {
                return Err(strange().into());
            };
            let (mark, keep_until) = state::read(bytes(state)?).ok_or_else(strange)?;
            let head = head::read(&values)?;
            // An attempt whose answer was lost may have been the one that won.
            let own = advance.against(None).mark;
            Ok((Advanced { mark, won: *won == 1 || attempt > 0 && mark == own }, keep_until, head))
        })?;
        self.index.apply_shared(&SharedMark::Session { id: advance.id, state: advanced.mark, keep_until });
        let _ = self.step(|follower| follower.wrote(head));
        Ok(advanced)
    }

    /// Has Redis learn the script before it is needed.
    pub(crate) fn teach(connection: &mut Connection) {
        let _ = APPEND.load(connection).and_then(|()| ADVANCE.load(connection));
    }

    /// Writes what is owed.
    pub(crate) fn write_owed(&self, marks: &[SharedMark]) -> Result<()> {
        let deadline = Instant::now() + self.options.timeout;
        let write = |connection: &mut Connection, _| self.write(connection, marks, Wait::Stored);
        let head = self.pool.run(&self.connector, self.options.connections, deadline, write)?;
        let _ = self.step(|follower| follower.wrote(head));
        Ok(())
    }
}
