//! Sentinel and Cluster.

use std::time::{Duration, Instant};

use sessera::Store as _;
use sessera_redis::{RedisOptions, RedisStore};
use sessera_servers::{Cluster, Redis, Sentinels, until};

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
