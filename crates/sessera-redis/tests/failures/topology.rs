//! Sentinel and Cluster.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use sessera::{RevocationState, Store as _};
use sessera_redis::{RedisOptions, RedisStore, Start};
use sessera_servers::{Cluster, Redis, Sentinels, until};

use crate::clocks::Acknowledged;
use crate::{NOW, age, all_know, options, revoke, revoked, verifier};

#[test]
fn a_fleet_follows_its_sentinels_to_the_new_primary() {
    let mut primary = Redis::start();
    let replica = Redis::replica_of(primary.port());
    let sentinels = Sentinels::watch(primary.port());
    let hosts: Vec<_> = sentinels.ports().iter().map(|port| format!("127.0.0.1:{port}")).collect();
    let url = format!("redis+sentinel://{}/{}", hosts.join(","), Sentinels::NAME);
    let (one, other) = (verifier(&url), verifier(&url));
    (0..20).for_each(|number| revoke(&one, number));
    all_know(&[&one, &other], 0..20);
    primary.kill();
    until("a failover", || sentinels.primary() == Some(replica.port()));
    until("a write", || other.append(&revoked(20), NOW).is_ok());
    all_know(&[&one, &other, &verifier(&url)], 0..21);
    until("fresh ones", || age(&one) < 1000 && age(&other) < 1000);
}

#[test]
fn a_primary_that_was_frozen_is_not_believed_after_the_failover() {
    let primary = Redis::start();
    let replica = Redis::replica_of(primary.port());
    let sentinels = Sentinels::watch(primary.port());
    let hosts: Vec<_> = sentinels.ports().iter().map(|port| format!("127.0.0.1:{port}")).collect();
    let url = format!("redis+sentinel://{}/{}", hosts.join(","), Sentinels::NAME);
    // One that waits so long for an answer that it is still there when the primary goes on.
    let patient = RedisOptions { timeout: Duration::from_secs(25), ..options() };
    let (reader, writer) = (RedisStore::open_with(&url, patient).unwrap(), verifier(&url));
    revoke(&writer, 0);
    all_know(&[&reader], 0..1);
    let (acknowledged, ended) = (Acknowledged::default(), AtomicBool::new(false));
    acknowledged.add();
    thread::scope(|scope| {
        let watch = scope.spawn(|| {
            while !ended.load(Ordering::Acquire) {
                acknowledged.are_known(&reader);
                thread::park_timeout(Duration::from_micros(200));
            }
        });
        primary.freeze();
        until("a failover", || sentinels.primary() == Some(replica.port()));
        let mut number = 1;
        let mut write = || {
            until("a write", || writer.append(&revoked(number), NOW).unwrap() == RevocationState::Stored);
            acknowledged.add();
            number += 1;
        };
        write();
        primary.thaw();
        until("that the old primary has a new role", || {
            write();
            primary.info("replication").contains("role:slave")
        });
        (0..20).for_each(|_| write());
        all_know(&[&reader], 0..number);
        until("a fresh one", || age(&reader) < 1000);
        ended.store(true, Ordering::Release);
        watch.join().unwrap();
    });
}

#[test]
fn without_sentinels_that_confirm_it_a_primary_makes_its_verifiers_stale() {
    let primary = Redis::start();
    let _replica = Redis::replica_of(primary.port());
    let sentinels = Sentinels::watch(primary.port());
    let name = Sentinels::NAME;
    // One of three that are named is there: the others are nobody.
    let url = |ports: &[u16]| {
        let hosts: Vec<_> = ports.iter().map(|port| format!("127.0.0.1:{port}")).collect();
        format!("redis+sentinel://{}/{name}", hosts.join(","))
    };
    let few = url(&[sentinels.ports()[0], 1, 2]);
    let store = RedisStore::open_with(&few, RedisOptions { start: Start::Stale, ..options() }).unwrap();
    until("a problem that names the sentinels", || {
        store.status(NOW).problem.is_some_and(|problem| problem.contains("sentinels"))
    });
    assert_eq!(age(&store), u64::MAX);
    let unasked = RedisOptions { ask_sentinels: false, ..options() };
    let store = RedisStore::open_with(&few, unasked).unwrap();
    until("a fresh one", || age(&store) < 1000);
    let most =
        RedisStore::open_with(&url(&[sentinels.ports()[0], sentinels.ports()[1], 1]), options()).unwrap();
    until("a fresh one", || age(&most) < 1000);
}

#[test]
fn a_fleet_follows_its_slot_through_a_cluster() {
    let cluster = Cluster::start();
    let hosts: Vec<_> = cluster.nodes().iter().map(|node| format!("127.0.0.1:{}", node.port())).collect();
    let url = format!("redis+cluster://{}", hosts.join(","));
    let (one, other) = (verifier(&url), verifier(&url));
    let mut number = 0;
    for _ in 0..3 {
        for _ in 0..20 {
            revoke(&one, number);
            number += 1;
        }
        all_know(&[&one, &other], 0..number);
        let from = cluster.holder("{sessera}:head");
        cluster.migrate("{sessera}:head", (from + 1) % 3);
        until("a write", || other.append(&revoked(number), NOW).is_ok());
        number += 1;
        all_know(&[&one, &other, &verifier(&url)], 0..number);
        until("fresh ones", || age(&one) < 1000 && age(&other) < 1000);
    }
}

#[test]
fn a_slot_that_is_moved_for_longer_than_the_timeout_keeps_nobody_waiting() {
    const TIMEOUT: Duration = Duration::from_millis(300);
    let cluster = Cluster::start();
    let hosts: Vec<_> = cluster.nodes().iter().map(|node| format!("127.0.0.1:{}", node.port())).collect();
    let url = format!("redis+cluster://{}", hosts.join(","));
    let open = || RedisStore::open_with(&url, RedisOptions { timeout: TIMEOUT, ..options() });
    let (one, other) = (open().unwrap(), open().unwrap());
    let mut number = 0;
    let mut goes_on = |what: &str| {
        until(&format!("a first write {what}"), || one.append(&revoked(number), NOW).is_ok());
        let began = Instant::now();
        until(&format!("writes {what}"), || {
            number += 1;
            until(&format!("one more write {what}"), || other.append(&revoked(number), NOW).is_ok());
            all_know(&[&one, &other], 0..number + 1);
            began.elapsed() > 3 * TIMEOUT
        });
        until(&format!("fresh ones {what}"), || age(&one) < 1000 && age(&other) < 1000);
        until(&format!("that who starts knows all {what}"), || {
            open().is_ok_and(|new| (0..=number).all(|number| crate::knows(&new, number)))
        });
        number += 1;
    };
    goes_on("before");
    let from = cluster.holder("{sessera}:head");
    let migration = cluster.begin_migration("{sessera}:head", (from + 1) % 3);
    goes_on("while the keys are where they were");
    migration.move_keys();
    goes_on("while the keys are elsewhere, and nobody says so but the node that had them");
    migration.end();
    goes_on("after");
}
