//! A model of the protocol: writers, two Redis servers with asynchronous replication, a failover that loses the
//! latest writes, verifiers that follow the log, a compactor, and all that can go wrong.
//!
//! What a verifier decides is decided by the code of the store itself, `src/follower.rs`. Servers, connections
//! and time are the model's. `PROTOCOL.md` says what must hold, `world.rs` checks it after every step.
//!
//! `rotation` is a model of its own: one session, whose answers are lost.
//!
//! What they do not try: how long marks are kept; `advance` over a failover (two processes may have won one
//! generation then); several replicas; a beat that leaves the check of the state to another one for 250 ms; and a
//! whole state that is flushed and put back by `RESTORE`, under one living connection, between two beats.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on has failed")]

mod action;
mod calm;
mod exhaustive;
mod faults;
#[path = "../../src/follower.rs"]
#[allow(dead_code, reason = "the store asks more than the model does")]
mod follower;
mod possible;
mod random;
mod rotation;
mod rules;
mod server;
mod verifier;
mod world;

use action::Action;
use follower::Lost;
use random::Random;
use rules::{Broken, Rules};
use world::{LOST, NOT_PUT_BACK, STALE, Violation, World};

/// How long one world lasts.
const STEPS: usize = 250;
/// How many worlds there are. The numbers are the seeds.
const SEEDS: u64 = 40_000;
/// Of a hundred steps so many are faults, in worlds of three kinds.
const FAULTS: [usize; 3] = [2, 8, 25];
/// How often all is made well, in a copy of the world, to see whether it becomes so.
const CALM: usize = 50;

/// What came about that must not, and how.
#[derive(Debug)]
struct Story {
    violation: Violation,
    #[expect(dead_code, reason = "it is shown")]
    seed: u64,
    #[expect(dead_code, reason = "it is shown")]
    last: Vec<Action>,
}

/// Lets a world go its way, and says how many steps it took.
fn run(rules: Rules, seed: u64) -> Result<usize, Story> {
    let mut random = Random::new(seed);
    let mut world = World::new(rules, 2 + random.below(3), 32);
    let faults = FAULTS[random.below(FAULTS.len())];
    let mut possible = Vec::new();
    let mut last = Vec::with_capacity(STEPS);
    while last.len() < STEPS {
        possible.clear();
        if random.below(100) < faults {
            world.possible_faults(&mut possible);
        } else {
            world.possible(&mut possible);
        }
        if possible.is_empty() {
            continue;
        }
        let action = possible[random.below(possible.len())];
        last.push(action);
        let mut outcome = world.step(action);
        if outcome.is_ok() && last.len().is_multiple_of(CALM) {
            outcome = world.clone().calm_down();
        }
        if let Err(violation) = outcome {
            return Err(Story { violation, seed, last: last.split_off(last.len().saturating_sub(40)) });
        }
    }
    Ok(last.len())
}

#[test]
fn in_ten_million_steps_nothing_is_lost_taken_back_or_called_known_that_is_not() {
    let mut steps = 0;
    for seed in 0..SEEDS {
        match run(Rules::default(), seed) {
            Ok(taken) => steps += taken,
            Err(story) => panic!("{story:?}"),
        }
    }
    assert_eq!(steps, 10_000_000);
}

/// Every rule is there for something: whoever leaves one out is found out, and for what it is.
#[test]
fn the_model_finds_the_bug_when_a_rule_is_broken() {
    let broken = [
        (Broken::AppendsNothingAgain, NOT_PUT_BACK),
        (Broken::AppendsSomeAgain, NOT_PUT_BACK),
        (Broken::ForgetsItsOwnWrites, NOT_PUT_BACK),
        (Broken::BeginsEveryEpochAlike, NOT_PUT_BACK),
        (Broken::Ignores(Lost::Behind), NOT_PUT_BACK),
        (Broken::Ignores(Lost::Epoch), STALE),
        (Broken::Ignores(Lost::Gap), STALE),
        (Broken::Ignores(Lost::Other), STALE),
        (Broken::CountsReads, STALE),
        (Broken::CountsUnreplicatedBeats, STALE),
        (Broken::CountsBeatsFromBeforeTheLoad, STALE),
        (Broken::CountsFromTheAnswer, STALE),
        (Broken::ReadsPacksFirst, STALE),
        (Broken::ReadsTheHeadLast, STALE),
        (Broken::CountsOverALoss, NOT_PUT_BACK),
        (Broken::AcknowledgesUnreplicated, LOST),
    ];
    for (broken, expected) in broken {
        let rules = Rules { broken: Some(broken) };
        let found = (0..SEEDS).filter_map(|seed| run(rules, seed).err());
        let found = found.map(|story| story.violation).any(|violation| violation == expected);
        assert!(found, "{broken:?} goes unseen");
    }
}

#[test]
fn no_order_of_six_steps_of_a_small_world_breaks_a_rule() {
    let tried = exhaustive::try_all(Rules::default(), 6).unwrap();
    assert!(tried > 300_000, "{tried}");
}

/// `make model`
#[test]
#[ignore = "takes a minute"]
fn no_order_of_seven_steps_of_a_small_world_breaks_a_rule() {
    let tried = exhaustive::try_all(Rules::default(), 7).unwrap();
    assert!(tried > 2_000_000, "{tried}");
}
