//! What one process of a fleet does for all: folding, forgetting, trimming. And what each does for itself: writing
//! what is pending.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::{Value, cmd};
use sessera::{Result, Retention, RevocationIndex, SharedMark};

use crate::connection::Connection;
use crate::head::{bytes, integer};
use crate::pool::Failed;
use crate::record::MOST;
use crate::scripts::{FOLD, FORGET, LEASE, LEAVE};
use crate::shared::Shared;
use crate::snapshot::{BUCKETS, bucket, read_pack, scan, slices};
use crate::state;

/// How often there is a look at what is due.
const EVERY: Duration = Duration::from_secs(1);
/// How long a lease lasts that is not renewed.
const LEASE_MS: u64 = 10_000;
/// How long a process leaves the lease alone that another one holds.
const PASSIVE: Duration = Duration::from_secs(4);
/// How often it is folded and forgotten.
const ROUND: Duration = Duration::from_secs(60);
/// What is worth a fold at once.
const FOLD_FROM: u64 = 4096;
/// Buckets that are looked at each round.
const BUCKETS_A_ROUND: u16 = 1024;
/// Buckets that are asked for at once.
const BUCKETS_AT_ONCE: usize = 64;
/// Entries of the log that are kept whoever has read them.
const KEPT: u64 = 1000;

/// What is written in the background waits this long for more of its kind.
const GATHER: Duration = Duration::from_millis(50);
/// The longest pause between two attempts to write what is pending.
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// Works until the store is dropped.
pub(crate) fn run(shared: &Arc<Shared>) {
    let mut upkeep = Upkeep::default();
    let mut looked = Instant::now();
    let mut pause = GATHER;
    while !shared.is_stopped() {
        let due = EVERY.saturating_sub(looked.elapsed());
        // New work ends the pause.
        std::thread::park_timeout(if shared.has_unwritten() { due.min(pause) } else { due });
        if shared.outbox.is_empty() && !shared.shown.is_empty() {
            std::thread::park_timeout(GATHER);
        }
        if shared.has_unwritten() && !shared.is_stopped() {
            pause = if shared.flush().is_ok() { GATHER } else { (pause * 2).min(LONGEST_PAUSE) };
        }
        if looked.elapsed() >= EVERY && !shared.is_stopped() {
            looked = Instant::now();
            let _inside = shared.gate.enter();
            upkeep.sweep(shared);
            // Another attempt follows in a second, here or in another process.
            let _ = upkeep.look(shared);
        }
    }
    // What is left is lost with this process.
    let _ = shared.flush();
}

impl Shared {
    /// Whether this process holds a lease now.
    pub(crate) fn holds(&self, lease: &str) -> Result<bool> {
        let call = LEASE.with(&self.keys, Some(lease)).arg(self.name()).arg(LEASE_MS);
        let held = self.probe(|connection, _| Ok(call.run(connection)?))?;
        Ok(held == Value::Int(1))
    }
}

/// What the compactor remembers.
#[derive(Default)]
struct Upkeep {
    /// Since when a verifier has told the same.
    told: HashMap<Vec<u8>, (Vec<u8>, Instant)>,
    folded: Option<Instant>,
    /// When another process was found to be the compactor.
    refused: Option<Instant>,
    /// The next bucket to look at.
    bucket: u16,
    /// The next shard of the index to sweep.
    shard: usize,
}

impl Upkeep {
    /// Lets this process forget what nothing needs, a little each second.
    fn sweep(&mut self, shared: &Shared) {
        if let Some(before) = shared.forget_before() {
            shared.index.sweep_shard(self.shard, before);
            self.shard = (self.shard + 1) % RevocationIndex::SHARDS;
        }
    }

    fn look(&mut self, shared: &Shared) -> Result<()> {
        if self.refused.is_some_and(|refused| refused.elapsed() < PASSIVE) {
            return Ok(());
        }
        if !shared.holds(&shared.keys.lease)? {
            self.told.clear();
            self.refused = Some(Instant::now());
            return Ok(());
        }
        self.refused = None;
        let applied = self.bury(shared)?;
        let recent: u64 =
            shared.probe(|connection, _| Ok(cmd("HLEN").arg(shared.keys.recent()).query(connection)?))?;
        let much = recent >= FOLD_FROM && recent >= shared.index.len() as u64 / 8;
        let due = self.folded.is_none_or(|folded| folded.elapsed() >= ROUND);
        if much || due {
            self.folded = Some(Instant::now());
            shared.probe(|connection, _| Ok(trim(shared, connection, applied)?))?;
            shared.probe(|connection, _| fold(shared, connection))?;
        }
        if due {
            shared.probe(|connection, _| observe(shared, connection))?;
            let first = self.bucket;
            shared.probe(|connection, _| forget(shared, connection, first))?;
            self.bucket = (first + BUCKETS_A_ROUND) % BUCKETS;
        }
        Ok(())
    }

    /// Takes off the verifiers that have told nothing new for so long, and gives the place that all the others
    /// have reached.
    fn bury(&mut self, shared: &Shared) -> Result<Option<(u64, u64)>> {
        let ask = |connection: &mut Connection, _| {
            Ok(cmd("HGETALL").arg(&shared.keys.verifiers).query(connection)?)
        };
        let verifiers: Vec<Value> = shared.probe(ask)?;
        let (mut told, mut applied) = (HashMap::new(), None);
        for pair in verifiers.chunks_exact(2) {
            let (Ok(name), Ok(position)) = (bytes(&pair[0]), bytes(&pair[1])) else { continue };
            let since = match self.told.get(name) {
                Some((known, since)) if known == position => *since,
                _ => Instant::now(),
            };
            if since.elapsed() > shared.options.verifier_lease {
                let call = LEAVE.with(&shared.keys, Some(&shared.keys.verifiers)).arg(name).arg(position);
                shared.probe(|connection, _| Ok(call.run(connection)?))?;
                continue;
            }
            let place = place(position);
            applied = Some(applied.map_or(place, |known: (u64, u64)| known.min(place)));
            told.insert(name.to_vec(), (position.to_vec(), since));
        }
        self.told = told;
        Ok(applied)
    }
}

fn place(position: &[u8]) -> (u64, u64) {
    let mut parts = std::str::from_utf8(position).unwrap_or_default().split(':').map(str::parse);
    match (parts.next(), parts.next()) {
        (Some(Ok(epoch)), Some(Ok(seq))) => (epoch, seq),
        _ => (0, 0),
    }
}

/// Drops the entries that everybody has read.
fn trim(shared: &Shared, connection: &mut Connection, applied: Option<(u64, u64)>) -> redis::RedisResult<()> {
    let Some((epoch, seq)) = applied else { return Ok(()) };
    let first = format!("{epoch}-{}", seq.saturating_sub(KEPT));
    let trimmed = cmd("XTRIM").arg(shared.keys.log()).arg("MINID").arg("~").arg(first).exec(connection);
    match trimmed {
        // Redis before 6.2 knows no such trim; the bound of every append holds there too.
        Err(error) if !error.is_io_error() => Ok(()),
        other => other,
    }
}

/// Moves states from `recent` to `packs`.
fn fold(shared: &Shared, connection: &mut Connection) -> Result<(), Failed> {
    let (mut narrow, mut wide) = (Vec::new(), Vec::new());
    scan(connection, shared.keys.recent(), shared.most_fields(), |id, value| {
        if value.len() == state::NARROW { narrow.push(id.to_vec()) } else { wide.push(id.to_vec()) }
    })?;
    // Those of a bucket together, so that its pack is written once.
    narrow.sort_unstable();
    for ids in narrow.chunks(MOST) {
        FOLD.with(&shared.keys, None).arg(ids).run(connection)?;
    }
    drop_over(shared, connection, "r", &wide)
}

/// Takes note of the time that passed, for the whole fleet.
fn observe(shared: &Shared, connection: &mut Connection) -> Result<(), Failed> {
    let now = shared.clock();
    if now == 0 {
        return Ok(());
    }
    let known: Vec<Value> =
        cmd("HMGET").arg(shared.keys.head()).arg("reached").arg("seen").query(connection)?;
    let known = (known.first().and_then(|v| integer(v).ok()), known.get(1).and_then(|v| integer(v).ok()));
    let mut retention = match known {
        (Some(reached), Some(seen)) => Retention::restored(reached, seen),
        _ => Retention::new(now),
    };
    retention.observe(now);
    let mut set = cmd("HSET");
    set.arg(shared.keys.head()).arg("reached").arg(retention.reached()).arg("seen").arg(retention.seen());
    Ok(set.exec(connection)?)
}

/// Forgets what nothing needs any more, in some of the buckets; and among the cuts, once a turn.
fn forget(shared: &Shared, connection: &mut Connection, first: u16) -> Result<(), Failed> {
    let Some(before) = shared.forget_before() else { return Ok(()) };
    let is_over = |until: u64| until / 1000 <= before / 1000;
    let names: Vec<_> = (first..first + BUCKETS_A_ROUND).map(bucket).collect();
    let mut over = Vec::new();
    for names in names.chunks(BUCKETS_AT_ONCE) {
        let packs: Vec<Value> = cmd("HMGET").arg(shared.keys.packs()).arg(slices(names)).query(connection)?;
        let some = names.iter().zip(&packs).filter(|(name, pack)| {
            read_pack(**name, pack)
                .any(|mark| matches!(mark, SharedMark::Session { keep_until, .. } if is_over(keep_until)))
        });
        over.extend(some.map(|(name, _)| name.to_vec()));
    }
    drop_over(shared, connection, "p", &over)?;
    if first == 0 {
        let mut over = Vec::new();
        scan(connection, shared.keys.cuts(), shared.most_fields(), |field, value| {
            if value.get(8..16).is_some_and(|until| is_over(state::number(until))) {
                over.push(field.to_vec());
            }
        })?;
        drop_over(shared, connection, "c", &over)?;
    }
    Ok(())
}

fn drop_over(
    shared: &Shared,
    connection: &mut Connection,
    which: &str,
    names: &[Vec<u8>],
) -> Result<(), Failed> {
    let Some(before) = shared.forget_before() else { return Ok(()) };
    for names in names.chunks(MOST) {
        FORGET.with(&shared.keys, None).arg(before / 1000).arg(which).arg(names).run(connection)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use sessera::{Mark, SessionId, SessionMark, Store as _, Wait};
    use sessera_servers::Redis;

    use super::*;
    use crate::{RedisOptions, RedisStore, record};

    const NOW: u64 = 1_700_000_000_000;
    const HOUR: u64 = 3_600_000;

    /// In few buckets, so that they share packs.
    fn id(nth: u64) -> SessionId {
        let mut bytes = u128::from(nth).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835).to_be_bytes();
        bytes[0] = 0;
        bytes[1] = u8::try_from(nth % 16).unwrap() << 4;
        SessionId::from_bytes(bytes)
    }

    fn session(nth: u64, generation: u64, keep_until: u64) -> Mark {
        let state =
            SessionMark { generation, rotated_at: NOW, revoked: generation == 0, ..SessionMark::default() };
        Mark::Session { id: id(nth), state, keep_until }
    }

    fn cut(subject: &str, keep_until: u64) -> Mark {
        Mark::Subject { subject: subject.to_owned(), cut: NOW, keep_until }
    }

    /// A store whose threads do nothing meanwhile: it has none.
    fn quiet(redis: &Redis) -> Shared {
        let shared = Shared::new(&redis.url(), RedisOptions::default()).unwrap();
        shared.resync(&mut shared.connector.connect().unwrap()).unwrap();
        shared
    }

    fn append(shared: &Shared, marks: &[Mark]) {
        let marks: Vec<_> = marks.iter().map(|mark| record::shared(mark, shared.sealing.names())).collect();
        shared.append(&marks, Wait::Stored).unwrap();
    }

    fn size(redis: &Redis, key: &str) -> u64 {
        // One of them only keeps the key there.
        redis.command::<u64>(&["HLEN", &format!("{{sessera}}:{key}")]) - 1
    }

    #[test]
    fn a_fold_moves_what_is_narrow_changes_nothing_that_is_known_and_begins_no_epoch() {
        let redis = Redis::start();
        let store = quiet(&redis);
        let mut connection = store.connector.connect().unwrap();
        let marks: Vec<_> = (1..400).map(|nth| session(nth, nth % 3, NOW + HOUR)).collect();
        append(&store, &marks);
        append(&store, &[session(1000, 20_000, NOW + HOUR)]);
        fold(&store, &mut connection).unwrap();
        assert_eq!(size(&redis, "recent"), 1, "the wide one");
        // Again, over what is folded.
        append(&store, &[session(1, 2, NOW + 2 * HOUR), session(2, 0, NOW), session(500, 1, NOW)]);
        fold(&store, &mut connection).unwrap();
        let epoch = store.position().unwrap().epoch;
        let new = RedisStore::open(&redis.url()).unwrap();
        assert_eq!((new.status(NOW).epoch, new.index().len()), (epoch, store.index.len()));
        let mut held = 0;
        store.index.for_each(|mark| {
            held += 1;
            assert!(new.shared.index.knows(&mark), "{mark:?}");
        });
        assert_eq!(held, 401);
        let packs: Vec<Vec<u8>> = redis.command(&["HVALS", "{sessera}:packs"]);
        assert_eq!(packs.iter().map(Vec::len).sum::<usize>(), 400 * 25, "each is there once");
    }

    #[test]
    fn what_is_over_is_forgotten_and_who_is_set_back_before_that_ends_what_it_can_not_judge() {
        let redis = Redis::start();
        let store = quiet(&redis);
        let mut connection = store.connector.connect().unwrap();
        let kept = NOW + 1000 * HOUR;
        append(
            &store,
            &[session(1, 0, NOW + HOUR), session(2, 0, kept), cut("a", NOW + HOUR), cut("b", kept)],
        );
        fold(&store, &mut connection).unwrap();
        append(&store, &[session(3, 20_000, NOW + HOUR), session(4, 20_000, kept)]);
        let pass = |connection: &mut Connection| {
            observe(&store, connection).unwrap();
            fold(&store, connection).unwrap();
            (0..BUCKETS).step_by(1024).for_each(|first| forget(&store, connection, first).unwrap());
            (size(&redis, "recent"), size(&redis, "packs"), size(&redis, "cuts"))
        };
        let at = |hour: u64| {
            store.see(NOW + hour * HOUR);
            // As any write would.
            let _ = store.extend(&cut("c", 0), NOW + hour * HOUR);
        };
        for hour in 0..=25 {
            at(hour);
            assert_eq!(pass(&mut connection), (2, 2, 2), "{hour} hours later");
        }
        at(27);
        at(28);
        assert_eq!(pass(&mut connection), (1, 1, 1));
        let new = RedisStore::open(&redis.url()).unwrap();
        assert_eq!(new.index().len(), 3);
        new.refresh(NOW + 28 * HOUR);
        assert_eq!(new.index().everything(), 0);
        new.refresh(NOW);
        assert!(new.index().everything() >= NOW + HOUR, "session 1 could be alive at this time");
    }

    #[test]
    fn one_of_many_is_the_compactor() {
        let redis = Redis::start();
        let (one, other) = (RedisStore::open(&redis.url()).unwrap(), RedisStore::open(&redis.url()).unwrap());
        let holds = || [&one, &other].map(|store| store.shared.holds("{sessera}:test").unwrap());
        assert_eq!(holds(), [true, false]);
        assert_eq!(holds(), [true, false]);
        redis.command::<u64>(&["DEL", "{sessera}:test"]);
        assert!(other.shared.holds("{sessera}:test").unwrap());
        assert_eq!(holds(), [false, true]);
    }

    #[test]
    fn the_log_is_trimmed_to_what_everybody_has_read_and_never_further() {
        let redis = Redis::start();
        let store = quiet(&redis);
        for nth in 0..3000 {
            append(&store, &[session(nth, 0, NOW)]);
        }
        let length = || redis.command::<u64>(&["XLEN", "{sessera}:log"]);
        let epoch = store.position().unwrap().epoch;
        let mut connection = store.connector.connect().unwrap();
        trim(&store, &mut connection, Some((epoch, 500))).unwrap();
        assert_eq!(length(), 3000, "somebody has read no more than what is always kept");
        trim(&store, &mut connection, Some((epoch, 3000))).unwrap();
        assert!((KEPT..3000).contains(&length()));
        assert_eq!(RedisStore::open(&redis.url()).unwrap().index().len(), 3000);
    }
}
