//! Redis is emptied, put back, or holds what nobody of ours wrote.

use sessera::{Algorithm, Client, ErrorKind, Keyring, NewSession, Sessions, Store as _};
use sessera_servers::{Redis, until};

use crate::{NOW, age, all_know, knows, revoke, verifier};

const KEYS: [&str; 5] = ["head", "log", "recent", "packs", "cuts"];

fn key(name: &str) -> String {
    format!("{{sessera}}:{name}")
}

#[test]
fn a_flush_is_made_good_by_those_who_know() {
    let redis = Redis::start();
    let stores = [verifier(&redis.url()), verifier(&redis.url())];
    let keyring = Keyring::generate(Algorithm::Hs256).unwrap();
    let client = Client::new();
    let [one, other] = stores.map(|store| {
        let sessions = Sessions::builder("https://app.example", "web").keyring(keyring.clone());
        sessions.store(store).build().unwrap()
    });
    let issue = |subject| one.issue(NewSession::new(subject), &client).unwrap();
    let (dead, cut, alive) = (issue("user-1"), issue("user-2"), issue("user-3"));
    one.revoke_session(&dead.session.id).unwrap();
    one.revoke_subject("user-2").unwrap();
    let refused = |sessions: &Sessions, token: &str| {
        sessions.verify(token, &client).is_err_and(|error| error.kind() == ErrorKind::Revoked)
    };
    until("that both refuse both", || [&dead, &cut].iter().all(|issued| refused(&other, &issued.token)));
    for _ in 0..3 {
        redis.command::<()>(&["FLUSHALL"]);
        let started = Sessions::builder("https://app.example", "web").keyring(keyring.clone());
        let new = started.store(verifier(&redis.url())).build().unwrap();
        until("that who started after the flush refuses both", || {
            // Those who knew never accept one in between.
            assert!([&one, &other].iter().all(|sessions| refused(sessions, &dead.token)));
            assert!([&one, &other].iter().all(|sessions| refused(sessions, &cut.token)));
            refused(&new, &dead.token) && refused(&new, &cut.token)
        });
        new.verify(&alive.token, &client).unwrap();
    }
}

#[test]
fn an_old_dump_that_is_put_back_loses_nothing_that_one_knows() {
    let redis = Redis::start();
    let (one, other) = (verifier(&redis.url()), verifier(&redis.url()));
    (0..10).for_each(|number| revoke(&one, number));
    all_know(&[&one, &other], 0..10);
    let mut connection = redis.connect();
    let dump: Vec<(String, Option<Vec<u8>>)> = KEYS
        .iter()
        .map(|name| (key(name), redis::cmd("DUMP").arg(key(name)).query(&mut connection).unwrap()))
        .collect();
    (10..20).for_each(|number| revoke(&one, number));
    all_know(&[&one, &other], 0..20);
    for whole in [true, false] {
        for (name, bytes) in &dump {
            if let Some(bytes) = bytes {
                redis::cmd("RESTORE")
                    .arg(name)
                    .arg(0)
                    .arg(bytes)
                    .arg("REPLACE")
                    .exec(&mut connection)
                    .unwrap();
            } else if whole {
                redis::cmd("DEL").arg(name).exec(&mut connection).unwrap();
            }
        }
        until("that who starts now knows all", || {
            let new = verifier(&redis.url());
            (0..20).all(|number| knows(&new, number))
        });
        assert!((0..20).all(|number| knows(&one, number) && knows(&other, number)));
    }
}

#[test]
fn every_key_that_goes_by_itself_or_turns_into_something_else_is_mended() {
    let redis = Redis::start();
    let (one, other) = (verifier(&redis.url()), verifier(&redis.url()));
    let mut number = 0;
    for name in KEYS {
        for kind in ["gone", "text"] {
            revoke(&one, number);
            number += 1;
            all_know(&[&one, &other], 0..number);
            redis.command::<()>(&["DEL", &key(name)]);
            if kind == "text" {
                redis.command::<()>(&["SET", &key(name), "<script>"]);
            }
            assert!((0..number).all(|number| knows(&one, number) && knows(&other, number)));
            if kind == "text" && name != "log" {
                // An operator's mistake that nobody can write over: it is told, and ends with the key.
                until("a problem that is told", || one.status(NOW).problem.is_some());
                redis.command::<()>(&["DEL", &key(name)]);
            }
            until("that who starts now knows all", || {
                sessera_redis::RedisStore::open_with(&redis.url(), crate::options())
                    .is_ok_and(|new| (0..number).all(|number| knows(&new, number)))
            });
            until("fresh ones", || age(&one) < 1000 && age(&other) < 1000);
        }
    }
}

#[test]
fn what_a_stranger_writes_into_the_log_is_refused_and_counted_and_stops_nobody() {
    let redis = Redis::start();
    let (one, other) = (verifier(&redis.url()), verifier(&redis.url()));
    revoke(&one, 0);
    all_know(&[&other], 0..1);
    let log = key("log");
    let next = |redis: &Redis| -> String {
        let head: Vec<String> = redis.command(&["HMGET", &key("head"), "epoch", "seq"]);
        format!("{}-{}", head[0], head[1].parse::<u64>().unwrap() + 1)
    };
    let id = next(&redis);
    let chain: String = redis.command(&["HGET", &key("head"), "chain"]);
    let hostile: [&[&str]; 6] = [
        &["XADD", &log, "*", "p", "x", "c", "x", "m", "x"],
        &["XADD", &log, &id, "p", &chain, "c", "0123456789abcdef", "m", "S"],
        &["XADD", &log, &next(&redis), "hello", "world"],
        &["XADD", &log, "18446744073709551615-18446744073709551615", "m", "\u{0}"],
        &["HSET", &key("head"), "seq", "not a number"],
        &["HSET", &key("recent"), "0123456789abcdef", "junk"],
    ];
    for (number, words) in (1..).zip(hostile) {
        let _ = redis.try_command::<redis::Value>(words);
        until("a write", || one.append(&crate::revoked(number), NOW).is_ok());
        all_know(&[&one, &other], 0..number + 1);
        until("fresh ones", || age(&one) < 1000 && age(&other) < 1000);
        all_know(&[&verifier(&redis.url())], 0..number + 1);
    }
    assert!(other.status(NOW).refused + one.status(NOW).refused > 0, "it is counted");
}

#[test]
fn a_clock_that_jumps_takes_nothing_back() {
    const YEAR: u64 = 365 * 24 * 3_600_000;
    let redis = Redis::start();
    let (one, other) = (verifier(&redis.url()), verifier(&redis.url()));
    revoke(&one, 0);
    all_know(&[&other], 0..1);
    for (number, now) in (1..).zip([NOW + YEAR, NOW, NOW - YEAR, NOW, 0, NOW]) {
        one.refresh(now);
        other.refresh(now);
        one.append(&crate::revoked(number), now).unwrap();
        all_know(&[&one, &other, &verifier(&redis.url())], 0..number + 1);
    }
}
