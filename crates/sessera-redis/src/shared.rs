//! What the threads of a store share.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Thread;
use std::time::{Duration, Instant};

use redis::{RedisResult, Value};
use sessera::{ErrorKind, Mark, Outbox, Result, Retention, RevocationIndex, SessionError, SharedMark};

use crate::breaker::{Breaker, Circuit};
use crate::connect::Connector;
use crate::connection::Connection;
use crate::follower::{Follower, Head};
use crate::gate::Gate;
use crate::head::Told;
use crate::keys::Keys;
use crate::options::RedisOptions;
use crate::pool::{Failed, Patience, Pool};
use crate::scripts::{APPEND, BEAT, Call};
use crate::seal::Sealing;
use crate::server_clock::ServerClock;
use crate::unavailable::{at_run_time, broken, unavailable, wrong};
use crate::{sentinels, tail, upkeep};

/// The layout of what is in Redis.
const LAYOUT: u64 = 2;
/// How old the knowledge gets before somebody looks whether the threads are there, in milliseconds.
pub(crate) const LATE: u64 = 750;

/// A store, as its threads see it.
pub(crate) struct Shared {
    pub(crate) index: RevocationIndex,
    pub(crate) sealing: Sealing,
    pub(crate) keys: Keys,
    pub(crate) options: RedisOptions,
    pub(crate) connector: Connector,
    pub(crate) pool: Pool,
    pub(crate) gate: Gate,
    /// What no other process has.
    seed: String,
    begun: Instant,
    /// Up to when this process knows all, in milliseconds since `begun` and one more; 0 is never.
    fresh: AtomicU64,
    /// How far the tail is.
    following: Mutex<Following>,
    moved: Condvar,
    /// How often an epoch could have been begun from here.
    seeds: AtomicU64,
    /// The process whose threads follow.
    process: AtomicU32,
    stopped: AtomicBool,
    problem: Mutex<Option<String>>,
    refused: AtomicU64,
    /// The callers' clock, to a second.
    clock: AtomicU64,
    retention: Mutex<Option<Retention>>,
    forgotten: AtomicU64,
    /// Whether Redis answers.
    pub(crate) breaker: Arc<Breaker>,
    /// The server's clock.
    pub(crate) server_clock: ServerClock,
    /// Marks that are in force here and that Redis lacks.
    pub(crate) outbox: Outbox<SharedMark>,
    /// That generations were shown: written in the background, and lost with this process.
    pub(crate) shown: Outbox<SharedMark>,
    /// Why they could not be written.
    pub(crate) flush_problem: Mutex<Option<String>>,
    /// The thread that writes them.
    tending: Mutex<Option<Thread>>,
}

/// How many generations may wait to be written as shown.
const MAX_SHOWN: usize = 1 << 16;

/// How far the tail is.
#[derive(Default)]
pub(crate) struct Following {
    pub(crate) follower: Follower<Instant>,
    /// When the last load that is over was begun.
    loaded: Option<Instant>,
    /// How often the state was loaded anew.
    loads: u64,
}

impl Shared {
    pub(crate) fn new(url: &str, options: RedisOptions) -> Result<Self> {
        let keys = Keys::of(&options.namespace)?;
        check(&options)?;
        let breaker = Arc::new(Breaker::new(options.beat_interval, options.timeout));
        let (roots, shared) = (options.root_certificates.as_deref(), Arc::clone(&breaker));
        let connector = Connector::new(url, roots, options.timeout, keys.head(), shared)?;
        let sealing = Sealing::new(options.secret.as_ref());
        let mut seed = [0; 8];
        ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut seed)
            .map_err(|_| broken("the system gave no random bytes"))?;
        Ok(Self {
            index: RevocationIndex::shared(options.quota, sealing.names().clone()),
            outbox: Outbox::new(options.quota),
            sealing,
            keys,
            options,
            connector,
            pool: Pool::default(),
            gate: Gate::default(),
            seed: format!("{:016x}", u64::from_be_bytes(seed)),
            begun: Instant::now(),
            fresh: AtomicU64::new(0),
            following: Mutex::default(),
            moved: Condvar::new(),
            seeds: AtomicU64::new(0),
            process: AtomicU32::new(0),
            stopped: AtomicBool::new(false),
            problem: Mutex::default(),
            refused: AtomicU64::new(0),
            clock: AtomicU64::new(0),
            retention: Mutex::default(),
            forgotten: AtomicU64::new(0),
            breaker,
            server_clock: ServerClock::new(),
            shown: Outbox::new(MAX_SHOWN),
            flush_problem: Mutex::default(),
            tending: Mutex::default(),
        })
    }

    /// Starts the threads, where this process has none: it is new, or came of a fork.
    pub(crate) fn ensure_threads(self: &Arc<Self>, first: Option<Connection>) {
        let process = std::process::id();
        let known = self.process.load(Ordering::Acquire);
        let swap = self.process.compare_exchange(known, process, Ordering::AcqRel, Ordering::Relaxed);
        if known == process || swap.is_err() {
            return;
        }
        self.gate.renew();
        self.breaker.renew();
        if known != 0 {
            self.recount_pending();
        }
        let (tail, upkeep) = (Arc::clone(self), Arc::clone(self));
        let following = thread("sessera-tail", move || tail::run(&tail, first));
        let tending = thread("sessera-upkeep", move || upkeep::run(&upkeep));
        *lock(&self.tending) = tending.as_ref().ok().map(|tending| tending.thread().clone());
        let asking = if self.asks_sentinels() {
            let asking = Arc::clone(self);
            thread("sessera-sentinels", move || sentinels::run(&asking)).map(drop)
        } else {
            Ok(())
        };
        if let Some(error) = following.err().or(tending.err()).or(asking.err()) {
            // The next caller tries again.
            self.process.store(0, Ordering::Release);
            self.trouble(Some(&broken("the system gives no thread to follow Redis").caused_by(error)));
        }
    }

    /// Whether the threads of this store are in this process.
    pub(crate) fn is_own_process(&self) -> bool {
        self.process.load(Ordering::Acquire) == std::process::id()
    }

    /// Whether a beat counts only where the sentinels name the same primary after it was sent.
    pub(crate) fn asks_sentinels(&self) -> bool {
        self.options.ask_sentinels && self.options.min_replicas == 0 && self.connector.has_sentinels()
    }

    /// What this verifier calls itself to others.
    pub(crate) fn name(&self) -> String {
        let suffix = self.seed.get(..4).unwrap_or_default();
        format!("{}-{}-{suffix}", self.options.name, std::process::id())
    }

    /// How old the knowledge of this process is, in milliseconds.
    #[inline]
    pub(crate) fn age(&self) -> u64 {
        match self.fresh.load(Ordering::Acquire) {
            0 => u64::MAX,
            fresh => self.millis(Instant::now()).saturating_sub(fresh - 1),
        }
    }

    fn millis(&self, then: Instant) -> u64 {
        u64::try_from(then.saturating_duration_since(self.begun).as_millis()).unwrap_or(u64::MAX - 1)
    }

    /// Where the tail goes on; `None` where the state must be loaded first.
    pub(crate) fn position(&self) -> Option<Head> {
        lock(&self.following).follower.position()
    }

    /// A step of the tail, or something that it must know. What comes of it is told to those who wait.
    pub(crate) fn step<T>(&self, step: impl FnOnce(&mut Follower<Instant>) -> T) -> T {
        let mut following = lock(&self.following);
        let stepped = step(&mut following.follower);
        let known = following.follower.known();
        drop(following);
        if let Some(known) = known {
            self.fresh.fetch_max(self.millis(known) + 1, Ordering::AcqRel);
        }
        self.moved.notify_all();
        stepped
    }

    /// All that Redis held when this began is applied, and good for this head.
    pub(crate) fn loaded(&self, begun: Instant, head: Head) {
        let mut following = lock(&self.following);
        let _ = following.follower.loaded(head);
        following.loaded = Some(begun);
        following.loads += 1;
        drop(following);
        self.moved.notify_all();
    }

    /// How often the state was loaded anew.
    pub(crate) fn loads(&self) -> u64 {
        lock(&self.following).loads
    }

    /// Waits until everything up to this head, which was read before now, is applied here.
    pub(crate) fn wait_for(&self, head: Head, deadline: Instant) -> Result<()> {
        let read = Instant::now();
        let mut following = lock(&self.following);
        loop {
            if following.loaded.is_some_and(|loaded| loaded >= read) {
                return Ok(());
            }
            match following.follower.stands_on(head) {
                Some(true) => return Ok(()),
                // The tail will load what is there.
                Some(false) => following.follower.loading(),
                None => {}
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(broken("this process could not follow in time"));
            }
            following = self.moved.wait_timeout(following, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// What is in the way, or that nothing is.
    pub(crate) fn trouble(&self, error: Option<&SessionError>) {
        *lock(&self.problem) = error.map(ToString::to_string);
    }

    pub(crate) fn problem(&self) -> Option<String> {
        lock(&self.problem).clone()
    }

    pub(crate) fn refuse(&self) {
        self.refused.fetch_add(1, Ordering::AcqRel);
    }

    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Acquire)
    }

    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        self.wake();
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    /// Takes note of the callers' time.
    #[inline]
    pub(crate) fn see(&self, now: u64) {
        if self.clock.load(Ordering::Relaxed).abs_diff(now) >= 1000 {
            self.clock.store(now, Ordering::Relaxed);
        }
        let forgotten = self.forgotten.load(Ordering::Acquire);
        if now < forgotten {
            // Tokens that had expired are accepted at this time, and the marks of some are gone.
            self.index.apply(&Mark::Everything { cut: forgotten, keep_until: u64::MAX });
        }
    }

    /// The callers' time; 0 where none has called.
    pub(crate) fn clock(&self) -> u64 {
        self.clock.load(Ordering::Relaxed)
    }

    /// A mark as it is written at `now`: with a longer term, where the clock of this process is behind.
    pub(crate) fn extend(&self, mark: &Mark, now: u64) -> Mark {
        let mut retention = lock(&self.retention);
        let retention = retention.get_or_insert(Retention::new(now));
        retention.observe(now);
        retention.extend(mark, now)
    }

    /// How far marks may be forgotten, as this process sees it; `None` where it has seen no time pass.
    pub(crate) fn forget_before(&self) -> Option<u64> {
        lock(&self.retention).as_ref().map(Retention::forget_before)
    }

    /// Takes over what the fleet has seen of time.
    pub(crate) fn learn(&self, told: &Told) {
        self.forgotten.fetch_max(told.forgotten, Ordering::AcqRel);
        if told.reached > 0 {
            let mut retention = lock(&self.retention);
            if retention.is_none_or(|known| known.reached() < told.reached) {
                let seen = retention.as_ref().map_or(told.seen, Retention::seen);
                *retention = Some(Retention::restored(told.reached, seen));
            }
        }
    }

    /// Asks Redis where the log stands, and writes that this verifier lives.
    pub(crate) fn beat(&self, connection: &mut Connection, beats: u64) -> Result<Told> {
        let reply = self.beating(beats).run(connection).map_err(unavailable)?;
        self.told(&reply)
    }

    /// As [`beat`](Self::beat), for who tries again on another connection where this one was lost.
    pub(crate) fn try_beat(&self, connection: &mut Connection) -> Result<Told, Failed> {
        let reply = self.beating(0).run(connection)?;
        Ok(self.told(&reply)?)
    }

    /// The call of a beat.
    pub(crate) fn beating(&self, beats: u64) -> Call {
        let (epoch, seq) = self.position().map_or((0, 0), |here| (here.epoch, here.seq));
        let position = format!("{epoch}:{seq}:{beats}");
        let call = BEAT.with(&self.keys, Some(&self.keys.verifiers)).arg(self.name()).arg(position);
        call.arg(self.new_seed()).arg(&self.sealing.check()[..]).arg(self.issuer())
    }

    /// A check of the issuer, and nothing of it; empty where none is set.
    fn issuer(&self) -> Vec<u8> {
        let name =
            |issuer: &String| self.sealing.names().of(&format!("issuer\0{issuer}")).to_bytes().to_vec();
        self.options.issuer.as_ref().map(name).unwrap_or_default()
    }

    /// What a beat brought back, if this process may work with it.
    pub(crate) fn told(&self, reply: &Value) -> Result<Told> {
        let told = Told::read(reply)?;
        self.server_clock.note(told.time, Instant::now());
        if told.layout != LAYOUT {
            return Err(wrong("the head in Redis has no layout that this version knows"));
        }
        if told.names != self.sealing.check() {
            return Err(wrong("the secret of this process is not that of the fleet"));
        }
        if self.options.issuer.is_some() && told.issuer != self.issuer() {
            return Err(wrong(
                "another issuer uses this namespace, and revocations of one would end sessions of the other: give \
                 each issuer a namespace of its own",
            ));
        }
        self.learn(&told);
        Ok(told)
    }

    /// Works with a connection of the pool. Fails at once while Redis is known not to answer, and with
    /// `store_unavailable` whatever the reason is: at run time, settings of a server can be mended.
    pub(crate) fn run<T>(&self, work: impl FnMut(&mut Connection, u32) -> Result<T, Failed>) -> Result<T> {
        let silence = match self.breaker.circuit() {
            Circuit::Closed => self.breaker.limit(),
            Circuit::Suspect => self.breaker.limit().min(Breaker::BRIEF),
            Circuit::Open => return Err(broken("Redis does not answer")),
        };
        // While the tail is refused too, one attempt is enough.
        let patience = if self.is_refused() { Duration::ZERO } else { self.options.timeout };
        let deadline = Instant::now() + patience;
        let patience = Patience { most: self.options.connections, deadline, silence, probes: false };
        self.pool.run(&self.connector, patience, work).map_err(at_run_time)
    }

    /// As [`run`](Self::run), for threads of the store: they try also while Redis is known not to answer.
    pub(crate) fn probe<T>(&self, work: impl FnMut(&mut Connection, u32) -> Result<T, Failed>) -> Result<T> {
        let patience = Patience {
            most: self.options.connections,
            deadline: Instant::now() + self.options.timeout,
            silence: self.breaker.limit(),
            probes: true,
        };
        self.pool.run(&self.connector, patience, work)
    }

    /// Whether Redis has refused the beats of this process for a while.
    fn is_refused(&self) -> bool {
        self.age() > LATE && lock(&self.problem).is_some()
    }

    /// The call that adds these records.
    pub(crate) fn appending(&self, records: &[u8], flag: &str) -> Call {
        let call = APPEND.with(&self.keys, None).arg(records).arg(flag).arg(self.options.log_entries);
        call.arg(self.new_seed()).arg(&self.sealing.check()[..])
    }

    /// What an epoch begins with that is begun by this call: no other begins alike.
    pub(crate) fn new_seed(&self) -> String {
        format!("{}-{}-{}", self.seed, std::process::id(), self.seeds.fetch_add(1, Ordering::Relaxed))
    }

    /// Has the thread that tends look for work.
    pub(crate) fn wake(&self) {
        if let Some(thread) = &*lock(&self.tending) {
            thread.unpark();
        }
    }
}

fn thread(name: &str, work: impl FnOnce() + Send + 'static) -> std::io::Result<std::thread::JoinHandle<()>> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work)
}

/// What can't work.
fn check(options: &RedisOptions) -> Result<()> {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    if !(1..=64).contains(&options.name.len()) || !options.name.bytes().all(good) {
        return Err(wrong("name is not 1 to 64 letters, digits or _.-"));
    }
    if options.timeout < Duration::from_millis(10) {
        return Err(wrong("timeout is under 10 ms"));
    }
    if options.beat_interval < Duration::from_millis(10) {
        return Err(wrong("beat_interval is under 10 ms"));
    }
    if options.beat_interval > Duration::from_secs(10) {
        return Err(wrong("beat_interval is over 10 s"));
    }
    if options.connections == 0 {
        return Err(wrong("connections is 0"));
    }
    if options.log_entries < 1000 {
        return Err(wrong("log_entries is under 1000"));
    }
    Ok(())
}

/// Poisoning is ignored: every critical section leaves valid state.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether to wait and try again, or to give up: a setting does not mend itself, but another process may mend it.
pub(crate) fn is_hopeless(error: &SessionError) -> bool {
    error.kind() == ErrorKind::InvalidConfig
}

/// The head in the reply of a script.
pub(crate) fn head_of(reply: RedisResult<Value>) -> Result<Head, Failed> {
    match reply? {
        Value::Array(values) => Ok(crate::head::read(&values)?),
        _ => Err(crate::head::strange().into()),
    }
}
