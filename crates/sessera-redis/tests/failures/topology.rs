//! Sentinel and Cluster.

use sessera::Store as _;
use sessera_servers::{Cluster, Redis, Sentinels, until};

use crate::{NOW, age, all_know, revoke, revoked, verifier};

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
