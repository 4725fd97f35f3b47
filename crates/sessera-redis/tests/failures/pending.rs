//! Redis refuses to write, for whatever reason: revocations are in force in their process, and pending.

use sessera::{Advance, ErrorKind, RevocationState, Store as _};
use sessera_redis::{RedisOptions, RedisStore};
use sessera_servers::{Disk, Redis, RedisOptions as ServerOptions, until};

use crate::{LATER, NOW, age, all_know, id, knows, options, revoked, verifier};

/// What an operator does, and undoes.
struct Refusal {
    name: &'static str,
    refuse: &'static [&'static [&'static str]],
    heal: &'static [&'static [&'static str]],
}

const REFUSALS: [Refusal; 8] = [
    Refusal {
        name: "the policy lets the server forget",
        refuse: &[&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]],
        heal: &[&["CONFIG", "SET", "maxmemory-policy", "noeviction"]],
    },
    Refusal {
        name: "another password",
        refuse: &[&["ACL", "SETUSER", "app", "resetpass", ">another"]],
        heal: &[&["ACL", "SETUSER", "app", "resetpass", ">secret"]],
    },
    Refusal {
        name: "the user is off",
        refuse: &[&["ACL", "SETUSER", "app", "off"]],
        heal: &[&["ACL", "SETUSER", "app", "on"]],
    },
    Refusal {
        name: "no permission",
        refuse: &[&["ACL", "SETUSER", "app", "-evalsha"]],
        heal: &[&["ACL", "SETUSER", "app", "+evalsha"]],
    },
    Refusal {
        name: "out of memory",
        refuse: &[&["CONFIG", "SET", "maxmemory", "1"]],
        heal: &[&["CONFIG", "SET", "maxmemory", "0"]],
    },
    Refusal {
        name: "too few replicas",
        refuse: &[&["CONFIG", "SET", "min-replicas-to-write", "1"]],
        heal: &[&["CONFIG", "SET", "min-replicas-to-write", "0"]],
    },
    Refusal {
        name: "a replica",
        refuse: &[&["REPLICAOF", "127.0.0.1", "1"]],
        heal: &[&["REPLICAOF", "NO", "ONE"]],
    },
    Refusal {
        name: "another layout",
        refuse: &[&["HSET", "{sessera}:head", "layout", "3"]],
        heal: &[&["HSET", "{sessera}:head", "layout", "2"]],
    },
];

#[test]
fn a_refused_revocation_is_in_force_here_and_written_after() {
    let users = vec!["user app on >secret ~{sessera}:* +@all".to_owned()];
    let redis = Redis::start_with(ServerOptions { users, ..ServerOptions::default() });
    let store = verifier(&redis.url().replace("redis://", "redis://app:secret@"));
    let other = verifier(&redis.url());
    let mut number = 0;
    for refusal in REFUSALS {
        let what = refusal.name;
        until(&format!("a fresh one before {what}"), || age(&store) < 1000 && age(&other) < 1000);
        let do_all = |commands: &[&[&str]]| commands.iter().for_each(|words| redis.command::<()>(words));
        do_all(refusal.refuse);
        until(&format!("a revocation that is pending: {what}"), || {
            // What was checked before is checked again by a new connection.
            redis.kill_connections();
            number += 1;
            let state = store.append(&revoked(number), NOW).unwrap();
            assert!(knows(&store, number), "{what}");
            state == RevocationState::Pending
        });
        assert_eq!(store.append(&revoked(number), NOW).unwrap(), RevocationState::Pending, "{what}");
        let advance = Advance { id: id(1 << 40), from: 9, now: NOW, elevated: false, keep_until: LATER };
        assert_eq!(store.advance(&advance).unwrap_err().kind(), ErrorKind::StoreUnavailable, "{what}");
        assert_eq!(store.sync(NOW).unwrap_err().kind(), ErrorKind::StoreUnavailable, "{what}");
        until(&format!("a problem that names it: {what}"), || {
            store.status(NOW).problem.is_some_and(|problem| problem.contains("in force in this process only"))
        });
        do_all(refusal.heal);
        until(&format!("that it is written: {what}"), || store.pending() == 0);
        all_know(&[&other], 1..number + 1);
    }
}

#[test]
fn what_is_pending_is_written_when_the_store_is_closed() {
    let mut redis = Redis::start_with(ServerOptions { disk: Disk::Always, ..ServerOptions::default() });
    for number in [1, 2] {
        let store = RedisStore::open_with(&redis.url(), options()).unwrap();
        redis.kill();
        assert_eq!(store.append(&revoked(number), NOW).unwrap(), RevocationState::Pending);
        assert_eq!(store.flush_pending(), 1, "Redis is away");
        redis.restart();
        if number == 1 {
            assert_eq!(store.flush_pending(), 0);
        }
        drop(store);
        assert!(knows(&verifier(&redis.url()), number));
    }
}

#[test]
fn a_revocation_over_the_quota_is_refused_and_not_in_force() {
    let mut redis = Redis::start();
    let store = RedisStore::open_with(&redis.url(), RedisOptions { quota: 3, ..options() }).unwrap();
    redis.kill();
    for number in 1..=3 {
        assert_eq!(store.append(&revoked(number), NOW).unwrap(), RevocationState::Pending);
    }
    assert_eq!(store.append(&revoked(4), NOW).unwrap_err().kind(), ErrorKind::StoreUnavailable);
    assert!(!knows(&store, 4));
    assert_eq!(store.append(&revoked(3), NOW).unwrap(), RevocationState::Pending, "one a session");
    assert_eq!(store.status(NOW).pending, 3);
}

#[test]
fn a_process_of_an_older_version_writes_nothing() {
    let redis = Redis::start();
    let store = verifier(&redis.url());
    crate::revoke(&store, 1);
    redis.command::<()>(&["HSET", "{sessera}:head", "layout", "3"]);
    let entries = || redis.command::<u64>(&["XLEN", "{sessera}:log"]);
    let before = entries();
    assert_eq!(store.append(&revoked(2), NOW).unwrap(), RevocationState::Pending);
    until("a problem that names the layout", || {
        store.status(NOW).problem.is_some_and(|problem| problem.contains("layout"))
    });
    assert_eq!(RedisStore::open_with(&redis.url(), options()).unwrap_err().kind(), ErrorKind::InvalidConfig);
    assert_eq!(entries(), before);
    assert_eq!(redis.command::<String>(&["HGET", "{sessera}:head", "layout"]), "3");
}

#[test]
fn two_issuers_do_not_share_a_namespace() {
    let redis = Redis::start();
    let open = |issuer: Option<&str>| {
        let issuer = issuer.map(str::to_owned);
        RedisStore::open_with(&redis.url(), RedisOptions { issuer, ..options() })
    };
    let (_unnamed, _first) = (open(None).unwrap(), open(Some("https://a.example")).unwrap());
    let error = open(Some("https://b.example")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidConfig);
    assert!(error.to_string().contains("namespace"), "{error}");
    open(Some("https://a.example")).unwrap();
    open(None).unwrap();
}
