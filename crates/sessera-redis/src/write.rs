//! Adding marks.

use std::time::{Duration, Instant};

use redis::{Value, cmd, pipe};
use sessera::{Advance, Advanced, Mark, Result, RevocationState, SessionMark, SharedMark, Wait};

use crate::connection::Connection;
use crate::follower::Head;
use crate::head::{self, bytes, integer, strange};
use crate::pool::Failed;
use crate::record::{self, MOST};
use crate::scripts::{ADVANCE, APPEND, Call, is_unknown};
use crate::shared::{Shared, head_of};
use crate::state;
use crate::unavailable::broken;

/// Calls that are under way at once.
const CALLS: usize = 32;
/// How often a call is made that comes after its deadline: the first may not know the server's time.
const MAX_CALLS_IN_TIME: usize = 3;

/// What came of a write.
pub(crate) struct Written {
    /// The place in the log that the marks are in, or before.
    pub(crate) head: Head,
    /// How many replicas have acknowledged it, where the caller waits for any.
    replicas: u32,
}

impl Shared {
    /// Adds marks, and waits for what is asked for.
    ///
    /// Where Redis can't be written, for whatever reason, they are in force here all the same and pending.
    pub(crate) fn append(&self, marks: &[SharedMark], wait: Wait) -> Result<RevocationState> {
        let loads = self.loads();
        let written = match self.run(|connection, _| self.write(connection, marks, wait)) {
            Ok(written) => written,
            Err(error) => {
                self.keep_pending(marks)?;
                if wait == Wait::Stored {
                    return Ok(RevocationState::Pending);
                }
                let message = format!("the revocation is in force here and pending: {error}");
                return Err(broken(message).caused_by(error));
            }
        };
        for mark in marks {
            self.index.apply_shared(mark);
        }
        let _ = self.step(|follower| follower.wrote(written.head));
        match wait {
            Wait::Stored => Ok(RevocationState::Stored),
            Wait::Replicated(least) if written.replicas >= least => Ok(RevocationState::Replicated),
            Wait::Replicated(least) => Err(broken(format!(
                "the revocation is in force here and stored, but {} of {least} replicas have acknowledged it in time",
                written.replicas
            ))),
            Wait::Confirmed => match self.confirm(marks, written.head, loads) {
                Ok(()) => Ok(RevocationState::Confirmed),
                Err(error) => {
                    let message =
                        format!("the revocation is in force here and stored, but not confirmed: {error}");
                    Err(broken(message).caused_by(error))
                }
            },
        }
    }

    /// Writes marks by way of this connection.
    pub(crate) fn write(
        &self,
        connection: &mut Connection,
        marks: &[SharedMark],
        wait: Wait,
    ) -> Result<Written, Failed> {
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
        let head = head.ok_or_else(strange)?;
        let replicas = match wait {
            Wait::Replicated(replicas) => self.replicate(connection, replicas)?,
            Wait::Stored | Wait::Confirmed => 0,
        };
        Ok(Written { head, replicas })
    }

    fn call(&self, marks: &[SharedMark], flag: &str) -> Call {
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

    /// Waits until so many replicas have what was written by way of this connection, and gives how many have.
    fn replicate(&self, connection: &mut Connection, replicas: u32) -> Result<u32, Failed> {
        let patience = self.options.wait_timeout;
        connection.be_patient(self.options.timeout + patience);
        // The server answers when the replicas have it, or when the time is over.
        connection.allow_silence(None);
        let mut wait = cmd("WAIT");
        // 0 would be for ever.
        wait.arg(replicas).arg(u64::try_from(patience.as_millis()).unwrap_or(u64::MAX).max(1));
        let reached = wait.query::<u32>(connection);
        connection.be_patient(self.options.timeout);
        Ok(reached?)
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
        let patience = self.breaker.limit();
        let call = |deadline: u64| {
            let call = ADVANCE.with(&self.keys, None).arg(&advance.id.to_bytes()[..]).arg(advance.from);
            let call =
                call.arg(advance.now).arg(u8::from(advance.elevated)).arg(term(keep_until)).arg(&known);
            let call = call.arg(self.options.log_entries).arg(self.new_seed());
            call.arg(&self.sealing.check()[..]).arg(deadline)
        };
        let (advanced, keep_until, head) = self.run(|connection, attempt| {
            let values = self.in_time(connection, patience, &call)?;
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

    /// Calls a script with a deadline in the server's time: executed after the caller stopped waiting, it does nothing.
    ///
    /// Where the server's time is not known, or its clock was set anew, the first answer tells it.
    fn in_time(
        &self,
        connection: &mut Connection,
        patience: Duration,
        call: &dyn Fn(u64) -> Call,
    ) -> Result<Vec<Value>, Failed> {
        for _ in 0..MAX_CALLS_IN_TIME {
            let deadline = self.server_clock.deadline(Instant::now(), patience);
            let reply = call(deadline).run(connection)?;
            let Value::Array(values) = reply else { return Err(strange().into()) };
            let [time] = values.as_slice() else { return Ok(values) };
            self.server_clock.note(integer(time)?, Instant::now());
        }
        Err(broken("Redis is too slow: what it was asked for came too late, and nothing was changed").into())
    }

    /// Has Redis load the scripts before they are needed.
    pub(crate) fn preload_scripts(connection: &mut Connection) {
        let _ = APPEND.load(connection).and_then(|()| ADVANCE.load(connection));
    }
}
