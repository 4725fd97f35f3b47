//! The servers do what the tests that use them rely on.

use std::os::unix::net::UnixStream;
use std::time::Duration;

use sessera_servers::{Cluster, Disk, Link, Proxy, Redis, RedisOptions, Sentinels, WallClock, until};

fn count(redis: &Redis) -> u64 {
    redis.command::<Option<u64>>(&["GET", "count"]).unwrap_or_default()
}

#[test]
fn a_killed_server_comes_back_on_its_port_with_what_its_disk_has() {
    let mut redis = Redis::start_with(RedisOptions { disk: Disk::Always, ..RedisOptions::default() });
    redis.command::<()>(&["INCR", "count"]);
    let (port, process) = (redis.port(), redis.process_id());
    redis.kill();
    assert!(redis.try_command::<u64>(&["INCR", "count"]).is_err());
    redis.restart();
    assert_eq!((redis.port(), count(&redis)), (port, 1));
    assert_ne!(redis.process_id(), process);
    UnixStream::connect(redis.socket()).unwrap();
}

#[test]
fn a_server_that_wants_a_password_refuses_who_has_none() {
    let options = RedisOptions { password: Some("hush".to_owned()), tls: true, ..RedisOptions::default() };
    let redis = Redis::start_with(options);
    redis.command::<()>(&["INCR", "count"]);
    let mut stranger = redis::Client::open(("127.0.0.1", redis.port())).unwrap().get_connection().unwrap();
    assert!(redis::cmd("GET").arg("count").query::<u64>(&mut stranger).is_err());
    assert!(redis.certificates().authority().exists() && redis.tls_url().starts_with("rediss://"));
}

#[test]
fn a_replica_that_is_cut_off_misses_what_is_written_and_is_promoted_without_it() {
    let primary = Redis::start();
    let link = Proxy::to(primary.port());
    let replica = Redis::replica_of(link.port());
    primary.command::<()>(&["INCR", "count"]);
    until("a copy", || count(&replica) == 1);
    link.set(Link::Stalled);
    primary.command::<()>(&["INCR", "count"]);
    drop(primary);
    replica.promote();
    assert_eq!(count(&replica), 1);
}

#[test]
fn a_link_stalls_is_cut_and_opens_again() {
    let redis = Redis::start();
    let link = Proxy::to(redis.port());
    let client = redis::Client::open(link.url()).unwrap();
    let mut connection = client.get_connection().unwrap();
    connection.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    redis::cmd("INCR").arg("count").exec(&mut connection).unwrap();
    link.set(Link::Stalled);
    assert!(redis::cmd("INCR").arg("count").exec(&mut connection).is_err());
    assert_eq!(count(&redis), 1);
    link.set(Link::Cut);
    assert!(client.get_connection_with_timeout(Duration::from_secs(1)).is_err());
    link.set(Link::Open);
    redis::cmd("INCR").arg("count").exec(&mut client.get_connection().unwrap()).unwrap();
}

#[test]
fn sentinels_replace_a_primary_that_is_gone() {
    let mut primary = Redis::start();
    let replica = Redis::replica_of(primary.port());
    let sentinels = Sentinels::watch(primary.port());
    assert_eq!(sentinels.primary(), Some(primary.port()));
    primary.kill();
    until("a failover", || sentinels.primary() == Some(replica.port()));
}

#[test]
fn a_cluster_moves_a_slot_to_another_node() {
    let cluster = Cluster::start();
    for node in cluster.nodes() {
        let _ = node.try_command::<()>(&["SET", "{tag}key", "value"]);
    }
    let from = cluster.holder("{tag}key");
    let to = (from + 1) % 3;
    cluster.migrate("{tag}key", to);
    assert_eq!(cluster.holder("{tag}key"), to);
    assert_eq!(cluster.nodes()[to].command::<String>(&["GET", "{tag}key"]), "value");
}

#[test]
fn a_server_goes_by_a_wall_clock_that_is_wrong_and_measures_spans_rightly() {
    let clock = WallClock::right();
    let mut redis = Redis::start_with(RedisOptions { clock: Some(clock.clone()), ..RedisOptions::default() });
    let time = |redis: &Redis| redis.command::<(u64, u64)>(&["TIME"]).0;
    let begun = time(&redis);
    for hours in [5, -5, 0] {
        clock.set_hours(hours);
        let wrong = time(&redis).abs_diff(begun.saturating_add_signed(hours * 3600));
        assert!(wrong < 1800, "{hours}: {wrong} s");
    }
    clock.set_hours(5);
    redis.restart();
    assert!(time(&redis) >= begun + 5 * 3600, "after a restart, too");
    assert!(redis.figure("server", "uptime_in_seconds") < 1800);
}
