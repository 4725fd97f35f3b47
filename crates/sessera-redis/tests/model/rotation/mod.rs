//! A model of rotation: one session, two processes that lag behind their store, an owner, and perhaps a thief.
//!
//! What a token leads to is decided by the library itself. The store, its faults and time are the model's.

mod store;

use std::sync::{Arc, Mutex};

use sessera::{
    Algorithm, Client, Elevation, ErrorKind, Issued, Keyring, ManualClock, NewSession, SessionId, Sessions,
};
use store::{Fate, Process, Server};

use crate::random::Random;

const SEEDS: u64 = 4000;
const STEPS: usize = 50;

/// What must never come about.
type Violation = &'static str;

const LOGGED_OUT: Violation = "an answer was lost, and the owner is taken for a thief";
const LOCKED_OUT: Violation = "an elevation that failed replaced the owner's token";
const UNNOTICED: Violation = "a token is accepted although its successor was shown before the grace";
const TWO_CHAINS: Violation = "a generation has two tokens";

/// One thing that is done wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Broken {
    /// A rotation is executed after its caller gave up.
    IgnoresTheDeadline,
    /// That a generation was shown is not written.
    ForgetsWhatWasShown,
    /// A generation counts as shown from its beginning.
    TakesEveryGenerationForShown,
}

/// Who holds a token.
#[derive(Debug, Clone, Default)]
struct Holder {
    token: String,
    generation: u64,
}

#[derive(Debug, Clone, Copy)]
enum Action {
    /// Verifies.
    Use,
    /// Verifies, then rotates.
    Rotate,
    /// Verifies, then elevates.
    Elevate,
}

/// How a session ended, where it did.
#[derive(Debug, PartialEq, Eq)]
enum End {
    Alive,
    Found,
}

struct World {
    random: Random,
    clock: ManualClock,
    server: Arc<Mutex<Server>>,
    processes: [Process; 2],
    sessions: [Sessions; 2],
    id: SessionId,
    owner: Holder,
    thief: Option<Holder>,
    /// The token of each generation.
    tokens: Vec<Option<String>>,
    /// The generations that were verified by a process that knew of them, each with the time.
    shown: Vec<(u64, u64)>,
    /// Whether an elevation may have been executed without an answer.
    elevation_lost: bool,
    now: u64,
}

impl World {
    fn new(broken: Option<Broken>, keyring: &Keyring, seed: u64) -> Self {
        let server = Arc::new(Mutex::new(Server::new(broken)));
        let processes = [Process::new(&server), Process::new(&server)];
        let clock = ManualClock::at_unix(1_700_000_000);
        let sessions = processes.clone().map(|process| {
            let sessions = Sessions::builder("https://app.example", "web").keyring(keyring.clone());
            sessions.store(process).clock(clock.clone()).build().unwrap()
        });
        let issued = sessions[0].issue(NewSession::new("user-1"), &Client::new()).unwrap();
        let owner = Holder { token: issued.token, generation: 0 };
        Self {
            random: Random::new(seed),
            clock,
            server,
            processes,
            sessions,
            id: SessionId::parse(&issued.session.id).unwrap(),
            tokens: vec![Some(owner.token.clone())],
            owner,
            thief: None,
            shown: Vec::new(),
            elevation_lost: false,
            now: 1_700_000_000,
        }
    }

    /// One step.
    fn step(&mut self, thieves: bool) -> Result<End, Violation> {
        match self.random.below(12) {
            0 => self.wait(),
            1 => self.processes[self.random.below(2)].follow(),
            2 => self.processes[self.random.below(2)].flush(),
            3 => self.server.lock().unwrap().go_on(),
            4 if thieves && self.thief.is_none() => self.thief = Some(self.owner.clone()),
            _ => return self.request(),
        }
        Ok(End::Alive)
    }

    /// More time passes than the grace. No process that is fresh lags for so long.
    fn wait(&mut self) {
        self.server.lock().unwrap().go_on();
        self.processes.iter().for_each(Process::flush);
        self.processes.iter().for_each(Process::follow);
        self.now += 11;
        self.clock.set_unix_millis(self.now * 1000);
    }

    fn request(&mut self) -> Result<End, Violation> {
        let (place, steals) = (self.random.below(2), self.random.below(2) == 1 && self.thief.is_some());
        let action = [Action::Use, Action::Rotate, Action::Rotate, Action::Elevate][self.random.below(4)];
        let fate = [Fate::Answered, Fate::Answered, Fate::AnswerLost, Fate::Refused, Fate::Hangs];
        let fate = fate[self.random.below(fate.len())];
        let holder = if steals { self.thief.clone().unwrap_or_default() } else { self.owner.clone() };
        if let Err(error) = self.sessions[place].verify(&holder.token, &Client::new()) {
            return self.refused(error.kind());
        }
        self.accepted(&holder, place)?;
        let sessions = &self.sessions[place];
        self.server.lock().unwrap().fate = fate;
        let issued = match action {
            Action::Rotate => Some(sessions.rotate(&holder.token, &Client::new())),
            // Only the owner can authenticate again.
            Action::Elevate if !steals => {
                Some(sessions.elevate(&holder.token, &Client::new(), Elevation::new()))
            }
            Action::Use | Action::Elevate => None,
        };
        self.server.lock().unwrap().fate = Fate::Answered;
        match issued {
            None => Ok(End::Alive),
            Some(Err(error)) => {
                self.elevation_lost |= matches!((action, fate), (Action::Elevate, Fate::AnswerLost));
                // Another request moved the session on: what the token is worth, the next verify says.
                if error.kind() == ErrorKind::Superseded {
                    Ok(End::Alive)
                } else {
                    self.refused(error.kind())
                }
            }
            Some(Ok(issued)) => self.answered(&issued, action, steals),
        }
    }

    fn answered(&mut self, issued: &Issued, action: Action, steals: bool) -> Result<End, Violation> {
        let generation = usize::try_from(issued.session.generation).unwrap();
        self.tokens.resize(self.tokens.len().max(generation + 1), None);
        if self.tokens[generation].get_or_insert_with(|| issued.token.clone()) != &issued.token {
            return Err(TWO_CHAINS);
        }
        // The response to a rotation may be lost on its way. The answer to an elevation is told to the user.
        if matches!(action, Action::Elevate) || self.random.below(3) > 0 {
            let holder = Holder { token: issued.token.clone(), generation: issued.session.generation };
            if steals { self.thief = Some(holder) } else { self.owner = holder }
        }
        Ok(End::Alive)
    }

    fn refused(&self, kind: ErrorKind) -> Result<End, Violation> {
        match kind {
            ErrorKind::StoreUnavailable => Ok(End::Alive),
            ErrorKind::Reused | ErrorKind::Revoked if self.thief.is_some() => Ok(End::Found),
            ErrorKind::Reused | ErrorKind::Revoked => Err(LOGGED_OUT),
            // An elevation leaves older tokens no grace. The thief has one, or the owner who never got the answer.
            ErrorKind::Superseded if self.thief.is_some() || self.elevation_lost => Ok(End::Alive),
            ErrorKind::Superseded => Err(LOCKED_OUT),
            kind => panic!("{kind}"),
        }
    }

    fn accepted(&mut self, holder: &Holder, place: usize) -> Result<(), Violation> {
        let shown =
            self.shown.iter().any(|(generation, at)| *generation > holder.generation && *at < self.now);
        if shown {
            return Err(UNNOTICED);
        }
        let known = self.processes[place].knows(self.id).map_or(0, |mark| mark.generation);
        if known == holder.generation && known > 0 {
            self.shown.push((known, self.now));
        }
        Ok(())
    }
}

/// Lets a world go its way: whether a thief was found.
fn run(broken: Option<Broken>, keyring: &Keyring, seed: u64) -> Result<End, Violation> {
    let mut world = World::new(broken, keyring, seed);
    for _ in 0..STEPS {
        if world.step(!seed.is_multiple_of(3))? == End::Found {
            return Ok(End::Found);
        }
    }
    Ok(End::Alive)
}

fn keyring() -> Keyring {
    // Its tokens are the same bytes for the same claims.
    Keyring::generate(Algorithm::Hs256).unwrap()
}

#[test]
fn no_lost_answer_is_a_theft_and_no_theft_stays_unseen() {
    let keyring = keyring();
    let mut found = 0;
    for seed in 0..SEEDS {
        match run(None, &keyring, seed) {
            Ok(end) => found += u64::from(end == End::Found),
            Err(violation) => panic!("{violation}: seed {seed}"),
        }
    }
    assert!(found > SEEDS / 10, "{found} of {SEEDS}: the model hardly tries a theft");
}

#[test]
fn the_rotation_model_finds_each_broken_rule() {
    let keyring = keyring();
    let broken = [
        (Broken::IgnoresTheDeadline, LOCKED_OUT),
        (Broken::ForgetsWhatWasShown, UNNOTICED),
        (Broken::TakesEveryGenerationForShown, LOGGED_OUT),
    ];
    for (broken, expected) in broken {
        let found = (0..SEEDS).any(|seed| run(Some(broken), &keyring, seed) == Err(expected));
        assert!(found, "{broken:?} goes unseen");
    }
}
