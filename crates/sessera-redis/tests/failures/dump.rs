//! A server starts with an older file of its data, as after a restore. `hostile` does it to one that runs.

use std::fs;
use std::path::PathBuf;

use sessera_servers::{Redis, until};

use crate::{age, all_know, knows_all, revoke, verifier};

const OLD: u64 = 40;
const ALL: u64 = 100;

/// The file that a server writes all it holds to, and loads when it starts.
fn dump(redis: &Redis) -> PathBuf {
    redis.socket().with_file_name("dump.rdb")
}

/// The server's end and its return with these data.
fn restore(redis: &mut Redis, old: &[u8]) {
    redis.kill();
    fs::write(dump(redis), old).unwrap();
    redis.restart();
}

#[test]
fn an_old_dump_takes_no_revocation_from_a_fleet_of_which_one_process_lives() {
    let mut redis = Redis::start();
    let (one, other) = (verifier(&redis.url()), verifier(&redis.url()));
    (0..OLD).for_each(|number| revoke(&one, number));
    redis.command::<()>(&["SAVE"]);
    let old = fs::read(dump(&redis)).unwrap();
    (OLD..ALL).for_each(|number| revoke(&one, number));
    redis.command::<()>(&["SAVE"]);
    all_know(&[&one, &other], 0..ALL);
    drop(one);

    restore(&mut redis, &old);
    until("a fresh one", || age(&other) < 1000);
    assert!(knows_all(&other, 0..ALL), "who has known it accepts nothing");
    let new = verifier(&redis.url());
    all_know(&[&new, &other], 0..ALL);
    revoke(&new, ALL);
    all_know(&[&new, &other], 0..ALL + 1);
    drop((new, other));
    let newest = verifier(&redis.url());
    assert!(knows_all(&newest, 0..ALL + 1), "Redis has them again");
    drop(newest);

    // What nobody has who lives is lost with the dump: so it was the old one that came back above, too.
    restore(&mut redis, &old);
    let alone = verifier(&redis.url());
    assert!(knows_all(&alone, 0..OLD));
    assert!(!(OLD..=ALL).any(|number| knows_all(&alone, number..number + 1)));
}
