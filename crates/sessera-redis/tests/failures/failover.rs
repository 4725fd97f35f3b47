//! A replica becomes the primary, and what it had not copied is gone from Redis.

use sessera::{ErrorKind, Store as _, Wait};
use sessera_redis::{RedisOptions, RedisStore};
use sessera_servers::{Link, Proxy, Redis, until};

use crate::{NOW, age, all_know, knows, options, revoke, revoked, verifier};

/// A primary and a replica, with a link between them that can be cut, and a name for whichever is in charge.
struct Pair {
    primary: Redis,
    replica: Redis,
    between: Proxy,
    name: Proxy,
}

impl Pair {
    fn start() -> Self {
        let primary = Redis::start();
        let between = Proxy::to(primary.port());
        let replica = Redis::replica_of(between.port());
        let name = Proxy::to(primary.port());
        Self { primary, replica, between, name }
    }

    fn fail_over(&mut self) {
        self.primary.kill();
        self.replica.promote();
        self.name.lead_to(self.replica.port());
    }
}

fn entries(redis: &Redis) -> u64 {
    redis.command(&["XLEN", "{sessera}:log"])
}

#[test]
fn what_a_failover_lost_is_put_back_by_those_who_know_it() {
    let mut pair = Pair::start();
    let fleet: Vec<RedisStore> = (0..3).map(|_| verifier(&pair.name.url())).collect();
    let all: Vec<&RedisStore> = fleet.iter().collect();
    revoke(&fleet[0], 0);
    until("a copy", || entries(&pair.replica) >= 1);
    pair.between.set(Link::Stalled);
    (1..=50).for_each(|number| revoke(&fleet[0], number));
    all_know(&all, 0..51);
    pair.fail_over();
    until("that the replica has all of them", || knows_all_there(&pair.replica));
    for store in &fleet {
        assert!((0..51).all(|number| knows(store, number)), "nobody forgets");
    }
    // And the next ones go their usual way.
    until("a write", || fleet[1].append(&revoked(51), NOW).is_ok());
    all_know(&all, 0..52);
}

/// Whoever opens now knows all 51.
fn knows_all_there(redis: &Redis) -> bool {
    let store = RedisStore::open_with(&redis.url(), options()).unwrap();
    (0..51).all(|number| knows(&store, number))
}

#[test]
fn who_learned_of_nothing_before_the_failover_learns_of_it_after() {
    let mut pair = Pair::start();
    let (writer, reader) = (verifier(&pair.name.url()), Proxy::to(pair.primary.port()));
    let cut_off = verifier(&reader.url());
    revoke(&writer, 0);
    all_know(&[&cut_off], 0..1);
    until("a copy", || entries(&pair.replica) >= 1);
    reader.set(Link::Cut);
    pair.between.set(Link::Stalled);
    (1..=50).for_each(|number| revoke(&writer, number));
    pair.fail_over();
    reader.lead_to(pair.replica.port());
    reader.set(Link::Open);
    all_know(&[&cut_off], 0..51);
}

#[test]
fn what_is_replicated_is_said_only_when_it_is() {
    let pair = Pair::start();
    let impatient = RedisOptions { wait_timeout: std::time::Duration::from_millis(300), ..options() };
    let store = RedisStore::open_with(&pair.name.url(), impatient).unwrap();
    let replicated = |number| store.append_and_wait(&revoked(number), NOW, Some(Wait::Replicated(1)));
    // A busy machine takes its time.
    until("a first word of the replica", || replicated(0).is_ok());
    assert!(entries(&pair.replica) >= 1);
    pair.between.set(Link::Stalled);
    assert_eq!(replicated(1).unwrap_err().kind(), ErrorKind::StoreUnavailable);
    assert!(knows(&store, 1), "it is in force all the same");
    assert_eq!(replicated(1).unwrap_err().kind(), ErrorKind::StoreUnavailable, "it is there, and here only");
    pair.between.set(Link::Open);
    until("a word of the replica", || replicated(1).is_ok());
}

#[test]
fn a_primary_that_is_cut_off_from_its_replica_makes_its_verifiers_stale() {
    let pair = Pair::start();
    let store =
        RedisStore::open_with(&pair.name.url(), RedisOptions { min_replicas: 1, ..options() }).unwrap();
    until("a fresh one", || age(&store) < 1000);
    pair.between.set(Link::Stalled);
    pair.replica.promote();
    until("an old one", || age(&store) > 2000);
    until("a problem that names what is missing", || {
        store.status(NOW).problem.is_some_and(|problem| problem.contains("0 of 1 replicas"))
    });
    pair.name.lead_to(pair.replica.port());
    // The new one has no replica either.
    let other = Redis::replica_of(pair.replica.port());
    until("a fresh one", || age(&store) < 1000);
    drop(other);
}

#[test]
fn a_former_primary_that_lives_on_is_left_and_what_it_took_is_not_lost() {
    let mut pair = Pair::start();
    let (one, other) = (verifier(&pair.name.url()), verifier(&pair.name.url()));
    revoke(&one, 0);
    all_know(&[&other], 0..1);
    until("a copy", || entries(&pair.replica) >= 1);
    pair.between.set(Link::Stalled);
    pair.replica.promote();
    // It does not know yet, and takes them.
    (1..=20).for_each(|number| revoke(&one, number));
    let elsewhere = verifier(&pair.replica.url());
    (21..=40).for_each(|number| revoke(&elsewhere, number));
    pair.name.lead_to(pair.replica.port());
    pair.primary.kill();
    all_know(&[&one, &other, &elsewhere], 0..41);
}
