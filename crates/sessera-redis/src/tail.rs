//! Following the log.

use std::sync::Arc;
use std::thread::park_timeout;
use std::time::{Duration, Instant};

use redis::{Cmd, RedisError, Value, cmd};
use sessera::{Result, RevocationIndex, SessionError, SharedMark};

use crate::backoff::Backoff;
use crate::connection::Connection;
use crate::entry::{Entry, entries};
use crate::follower::{Follower, Head, Step};
use crate::record::Records;
use crate::scripts::{BEAT, LEAVE, is_unknown};
use crate::sentinels::Verdict;
use crate::shared::Shared;
use crate::unavailable::{broken, unavailable};

/// How long a beat waits for the word of the sentinels.
const SENTINEL_PATIENCE: Duration = Duration::from_millis(100);
/// Entries that are read at once.
const ENTRIES: usize = 1000;

/// Follows until the store is dropped.
pub(crate) fn run(shared: &Arc<Shared>, first: Option<Connection>) {
    let mut backoff = Backoff::new();
    let (mut first, mut left) = (first, false);
    while !shared.is_stopped() {
        let began = Instant::now();
        let connected = first.take().map_or_else(|| shared.connector.connect(), Ok);
        let followed = connected.and_then(|connection| Tail::new(shared, connection).follow(&mut backoff));
        left = followed.is_ok();
        {
            let _inside = shared.gate.enter();
            shared.step(Follower::disconnected);
            shared.breaker.await_beat(None);
            if let Err(error) = followed {
                shared.breaker.open_unless_heard_since(began);
                shared.trouble(Some(&error));
            }
        }
        wait(shared, backoff.next());
    }
    // Dropped before this thread came to anything, or while it had no connection.
    if !left && let Some(mut connection) = first.take().or_else(|| shared.connector.connect().ok()) {
        // If this fails, the lease expires and removes us.
        let _ = leave(shared, &mut connection);
    }
}

/// Nobody waits for this verifier any more.
fn leave(shared: &Shared, connection: &mut Connection) -> Result<()> {
    let leave = LEAVE.with(&shared.keys, Some(&shared.keys.verifiers));
    leave.arg(shared.name()).run(connection).map(drop).map_err(unavailable)
}

fn wait(shared: &Shared, pause: Duration) {
    let until = Instant::now() + pause;
    while !shared.is_stopped() && Instant::now() < until {
        park_timeout(until.saturating_duration_since(Instant::now()));
    }
}

struct Tail<'a> {
    shared: &'a Shared,
    connection: Connection,
    /// When the next beat is due.
    due: Instant,
    beats: u64,
}

/// What one round brought.
struct Read {
    /// What the beat returned, where one was sent and its answer counts.
    head: Option<Head>,
    entries: Value,
    /// Why the beat does not count.
    problem: Option<SessionError>,
}

impl<'a> Tail<'a> {
    fn new(shared: &'a Shared, connection: Connection) -> Self {
        Self { shared, connection, due: Instant::now(), beats: 0 }
    }

    fn follow(mut self, backoff: &mut Backoff) -> Result<()> {
        self.be_patient();
        while !self.shared.is_stopped() {
            let position = {
                let _inside = self.shared.gate.enter();
                self.shared.position()
            };
            let Some(position) = position else {
                self.resync()?;
                continue;
            };
            let read = self.read(position)?;
            let _inside = self.shared.gate.enter();
            self.take(&read);
            backoff.reset();
            if read.problem.is_some() || read.head.is_some() {
                self.shared.trouble(read.problem.as_ref());
            }
        }
        leave(self.shared, &mut self.connection)
    }

    /// One beat, if it is due, and one read, in one write. Neither changes anything here yet.
    fn read(&mut self, position: Head) -> Result<Read> {
        let Shared { options, keys, gate, .. } = self.shared;
        let now = Instant::now();
        let inside = gate.enter();
        let (beats, asks) = (now >= self.due, self.shared.asks_sentinels());
        let mut packed = Vec::new();
        if beats {
            self.beats += 1;
            self.due = now + options.beat_interval;
            self.shared.step(|follower| follower.beat(now));
            self.shared.breaker.await_beat(Some(now));
            if asks {
                self.shared.connector.sentinels().ask();
            }
            self.shared.beating(self.beats).command().write_packed_command(&mut packed);
            if options.min_replicas > 0 {
                self.shared.waiting().write_packed_command(&mut packed);
            }
        }
        let block = millis(self.due.saturating_duration_since(now)).max(1);
        let mut ask: Cmd = cmd("XREAD");
        ask.arg("COUNT").arg(ENTRIES).arg("BLOCK").arg(block).arg("STREAMS").arg(keys.log());
        ask.arg(format!("{}-{}", position.epoch, position.seq)).write_packed_command(&mut packed);
        drop(inside);
        self.connection.send(&packed).map_err(unavailable)?;
        let (mut head, mut unknown, mut problem) = (None, false, None);
        if beats {
            let reply = self.receive();
            self.shared.breaker.await_beat(None);
            if options.min_replicas > 0 {
                problem = self.missing_replicas(options.min_replicas)?;
            }
            match reply {
                Ok(reply) => {
                    self.shared.breaker.close();
                    if asks {
                        problem = self.disowned(now)?;
                    }
                    let _inside = gate.enter();
                    head = Some(self.shared.told(&reply)?.head).filter(|_| problem.is_none());
                }
                Err(error) if is_unknown(&error) => unknown = true,
                Err(error) => return Err(unavailable(error)),
            }
        }
        let entries = self.receive().map_err(unavailable)?;
        if unknown {
            BEAT.load(&mut self.connection).map_err(unavailable)?;
            self.due = now;
        }
        Ok(Read { head, entries, problem })
    }

    fn receive(&mut self) -> Result<Value, RedisError> {
        self.connection.receive()?.extract_error()
    }

    /// Why a beat does not count that too few replicas have.
    fn missing_replicas(&mut self, least: u32) -> Result<Option<SessionError>> {
        let reply = self.receive().map_err(unavailable)?;
        let Value::Int(count) = reply else { return Ok(None) };
        Ok((count < i64::from(least)).then(|| too_few_replicas(count, least)))
    }

    /// Why a beat does not count of a server that the sentinels do not name.
    ///
    /// # Errors
    /// `store_unavailable` where they name another: this connection leads nowhere.
    fn disowned(&self, sent: Instant) -> Result<Option<SessionError>> {
        let deadline = Instant::now() + SENTINEL_PATIENCE;
        let mut pause = Duration::from_micros(200);
        loop {
            let verdict = {
                let _inside = self.shared.gate.enter();
                self.shared.connector.sentinels().verdict_since(sent)
            };
            match verdict {
                Some(verdict) => return disown(&verdict, &self.connection),
                None if Instant::now() >= deadline => return disown(&Verdict::Unclear, &self.connection),
                None => park_timeout(pause),
            }
            pause = (pause * 2).min(Duration::from_millis(5));
        }
    }

    /// Applies what was read. Where it leads elsewhere than from here, the follower has no position then.
    fn take(&mut self, read: &Read) {
        if let Some(head) = read.head
            && let Step::Resync(_) = self.shared.step(|follower| follower.answered(head))
        {
            return;
        }
        let mut count = 0;
        for entry in entries(&read.entries) {
            count += 1;
            let Some(entry) = entry else {
                self.shared.refuse();
                let _ = self.shared.step(Follower::unreadable);
                return;
            };
            match self.shared.step(|follower| follower.judge(&entry.place)) {
                Step::Follow => {}
                Step::Skip => continue,
                Step::Resync(_) => return,
            }
            let readable = self.apply(&entry);
            if entry.awaited {
                self.due = Instant::now();
            }
            let step = self.shared.step(|follower| follower.applied(&entry.place));
            if !readable {
                let _ = self.shared.step(Follower::unreadable);
            }
            if !readable || step != Step::Follow {
                return;
            }
        }
        if count < ENTRIES {
            let _ = self.shared.step(Follower::drained);
        }
    }

    /// Whether all of the entry could be read.
    fn apply(&self, entry: &Entry<'_>) -> bool {
        let mut readable = true;
        for mark in Records::of(entry.records) {
            if let Some(mark) = mark {
                self.shared.index.apply_shared(&mark);
            } else {
                self.shared.refuse();
                readable = false;
            }
        }
        readable
    }

    /// Reads all that Redis holds, and sees to it that Redis holds all that is known here.
    fn resync(&mut self) -> Result<()> {
        self.connection.be_patient(self.shared.options.timeout);
        self.shared.resync(&mut self.connection)?;
        self.due = Instant::now();
        self.be_patient();
        Ok(())
    }

    /// The server answers a read when it has something, or when the time of the read is over.
    fn be_patient(&mut self) {
        self.connection.be_patient(self.shared.options.timeout + self.shared.options.beat_interval);
    }
}

fn disown(verdict: &Verdict, connection: &Connection) -> Result<Option<SessionError>> {
    match verdict {
        Verdict::Primary(primary) if connection.server() == Some(primary) => Ok(None),
        Verdict::Primary(_) => Err(broken("the sentinels name another primary")),
        Verdict::Unclear => Ok(Some(broken(
            "most of the sentinels do not confirm the primary: are all of them in the URL, and reachable?",
        ))),
    }
}

fn too_few_replicas(count: impl std::fmt::Display, least: u32) -> SessionError {
    broken(format!("{count} of {least} replicas acknowledge beats, so that they do not count (min_replicas)"))
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

impl Shared {
    /// Reads all that Redis holds, and remembers what is known here and not there, to write it.
    pub(crate) fn resync(&self, connection: &mut Connection) -> Result<()> {
        let begun = Instant::now();
        // Before the comparison: what is acknowledged from now on, the follower looks after.
        {
            let _inside = self.gate.enter();
            self.step(Follower::loading);
        }
        let told = if self.index.is_empty() {
            self.load(connection, &[&self.index])?
        } else {
            let held = self.scratch();
            let told = self.load(connection, &[&self.index, &held])?;
            let _inside = self.gate.enter();
            self.put_back(self.lacking(&held))?;
            told
        };
        let _inside = self.gate.enter();
        self.loaded(begun, told.head);
        Ok(())
    }

    /// What a beat waits for, where replicas must have it.
    pub(crate) fn waiting(&self) -> Cmd {
        let mut wait = cmd("WAIT");
        wait.arg(self.options.min_replicas).arg(millis(self.options.beat_interval).min(250));
        wait
    }

    /// One beat that counts, if the replicas have it. Gives the head.
    pub(crate) fn count_beat(&self, connection: &mut Connection) -> Result<Head> {
        self.step(|follower| follower.beat(Instant::now()));
        let told = self.beat(connection, 0)?;
        let least = self.options.min_replicas;
        let problem = if self.asks_sentinels() {
            let verdict = self.connector.panel().map_or(Verdict::Unclear, |mut panel| panel.ask());
            disown(&verdict, connection)?
        } else if least > 0 {
            let count = self.waiting().query::<u32>(connection).map_err(unavailable)?;
            (count < least).then(|| too_few_replicas(count, least))
        } else {
            None
        };
        if problem.is_none() {
            let _ = self.step(|follower| follower.answered(told.head));
        }
        self.trouble(problem.as_ref());
        Ok(told.head)
    }

    /// An index for what Redis holds, to compare.
    pub(crate) fn scratch(&self) -> RevocationIndex {
        RevocationIndex::shared(usize::MAX, self.sealing.names().clone())
    }

    /// What is known here and not there.
    pub(crate) fn lacking(&self, held: &RevocationIndex) -> Vec<SharedMark> {
        let mut lacking = Vec::new();
        self.index.for_each(|mark| {
            if !held.knows(&mark) {
                lacking.push(mark);
            }
        });
        lacking
    }
}
