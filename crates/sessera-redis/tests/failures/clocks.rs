//! Wall clocks jump: that of a real server, and that of a process.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use sessera::{Algorithm, Client, ErrorKind, Issued, Keyring, ManualClock, NewSession, Sessions, Store as _};
use sessera_redis::RedisStore;
use sessera_servers::{Redis, RedisOptions as ServerOptions, WallClock, until};

use crate::{NOW, age, all_know, knows, verifier};

fn server(clock: &WallClock) -> Redis {
    Redis::start_with(ServerOptions { clock: Some(clock.clone()), ..ServerOptions::default() })
}

/// When each mark was acknowledged.
#[derive(Default)]
pub(crate) struct Acknowledged(Mutex<Vec<Instant>>);

impl Acknowledged {
    pub(crate) fn add(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Instant::now());
    }

    fn until(&self, then: Instant) -> u64 {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.partition_point(|acknowledged| *acknowledged < then).try_into().unwrap()
    }

    /// Panics where a verifier does not know a mark that is older than it says its knowledge is.
    pub(crate) fn are_known(&self, store: &RedisStore) {
        let asked = Instant::now();
        // Ages are whole milliseconds, rounded down.
        let Some(then) = asked.checked_sub(Duration::from_millis(age(store).saturating_add(1).min(1 << 40)))
        else {
            return;
        };
        let acknowledged = self.until(then);
        assert!(
            (0..acknowledged).all(|number| knows(store, number)),
            "one that calls itself younger lacks a mark"
        );
    }
}

#[test]
fn a_server_whose_clock_jumps_loses_no_revocation_and_nobody_calls_itself_fresher_than_it_is() {
    let clock = WallClock::right();
    let redis = server(&clock);
    let (one, other) = (verifier(&redis.url()), verifier(&redis.url()));
    let (acknowledged, ended) = (Acknowledged::default(), AtomicBool::new(false));
    let mut number = 0;
    thread::scope(|scope| {
        let watch = scope.spawn(|| {
            while !ended.load(Ordering::Acquire) {
                acknowledged.are_known(&one);
                acknowledged.are_known(&other);
                thread::park_timeout(Duration::from_micros(200));
            }
        });
        for (jump, hours) in [5, -5, 0, 24 * 365, -24, 0].into_iter().enumerate() {
            for turn in 0..40 {
                if turn == 20 {
                    clock.set_hours(hours);
                    if jump % 2 == 1 {
                        // An epoch that is begun by an earlier clock than the last. What only its writer had would
                        // be known to the other one only when it is put back.
                        all_know(&[&one, &other], 0..number);
                        redis.command::<()>(&["FLUSHALL"]);
                    }
                }
                until("a write", || one.append(&crate::revoked(number), NOW).is_ok());
                acknowledged.add();
                number += 1;
            }
            until("fresh ones", || age(&one) < 1000 && age(&other) < 1000);
            // Neither the log's entries nor the state went by a clock.
            all_know(&[&one, &other], 0..number);
            until("that who starts now knows all", || {
                let new = verifier(&redis.url());
                (0..number).all(|number| knows(&new, number))
            });
        }
        ended.store(true, Ordering::Release);
        watch.join().unwrap();
    });
}

#[test]
fn a_lease_that_a_clock_which_was_set_back_made_long_holds_nobody_up() {
    let clock = WallClock::right();
    let redis = server(&clock);
    clock.set_hours(5);
    // A process that has many marks to put back, and dies of it.
    redis.command::<()>(&["SET", "{sessera}:lease", "dead-1-abcd", "PX", "10000"]);
    clock.set_hours(0);
    assert!(redis.command::<i64>(&["PTTL", "{sessera}:lease"]) > 4 * 3_600_000);
    let store = verifier(&redis.url());
    until("a compactor that lives", || redis.command::<String>(&["GET", "{sessera}:lease"]) == store.name());
}

#[test]
fn a_process_whose_clock_jumps_accepts_nothing_that_was_revoked() {
    let redis = Redis::start();
    let keyring = Keyring::generate(Algorithm::Hs256).unwrap();
    let sessions = |clock: &ManualClock| {
        let sessions = Sessions::builder("https://app.example", "web").keyring(keyring.clone());
        sessions.store(verifier(&redis.url())).clock(clock.clone()).build().unwrap()
    };
    let (right, jumping) = (ManualClock::at_unix(NOW / 1000), ManualClock::at_unix(NOW / 1000));
    let (steady, astray) = (sessions(&right), sessions(&jumping));
    let client = Client::new();
    let mut dead: Vec<Issued> = Vec::new();
    let none_passes = |sessions: &Sessions, dead: &[Issued]| {
        dead.iter().all(|issued| sessions.verify(&issued.token, &client).is_err())
    };
    for (nth, hours) in [0_i64, 5, -5, 0, 24 * 30, -24 * 30, 0].into_iter().enumerate() {
        jumping.set_unix_millis(NOW.saturating_add_signed(hours * 3_600_000));
        let subject = format!("user-{nth}");
        let issue = |subject: &str| steady.issue(NewSession::new(subject), &client).unwrap();
        let (session, of_subject, alive) = (issue("one"), issue(&subject), issue("alive"));
        // By the one that is wrong, and by the one that is right.
        let (first, second) = if nth % 2 == 0 { (&astray, &steady) } else { (&steady, &astray) };
        first.revoke_session(&session.session.id).unwrap();
        second.revoke_session(&of_subject.session.id).unwrap();
        dead.extend([session, of_subject]);
        until("that both refuse all", || {
            // What was refused once never comes back, whatever the clock says.
            assert!(none_passes(&steady, &dead[..2 * nth]) && none_passes(&astray, &dead[..2 * nth]));
            none_passes(&steady, &dead) && none_passes(&astray, &dead)
        });
        steady.verify(&alive.token, &client).unwrap();
        // As revoked, and not only as too old for a clock that is ahead.
        jumping.set_unix_millis(NOW);
        let refused = |sessions: &Sessions| {
            dead.iter().all(|issued| {
                let verified = sessions.verify(&issued.token, &client);
                verified.is_err_and(|error| error.kind() == ErrorKind::Revoked)
            })
        };
        until("that both refuse all as revoked", || refused(&steady) && refused(&astray));
    }
}
