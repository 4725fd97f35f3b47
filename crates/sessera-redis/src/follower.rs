//! What a verifier makes of what it is told about the log. Decisions only: no connection, no clock, no marks.
//!
//! The store asks this at every step, and so does the model of the protocol in `tests/model`.

use std::collections::VecDeque;

/// Where a history of the log stands. Equal heads are equal histories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Head {
    /// The life of the log.
    pub(crate) epoch: u64,
    /// Its entries so far.
    pub(crate) seq: u64,
    /// What all of them were.
    pub(crate) chain: u64,
}

/// An entry's place in its history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    /// The chain before it.
    pub(crate) before: u64,
    /// The head with it.
    pub(crate) head: Head,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum Step {
    /// Go on.
    Follow,
    /// This was seen before: leave it.
    Skip,
    /// The history there is not the one here: load the state anew, and append again what is held and not there.
    Resync(Lost),
}

/// How it showed that the history there is not the one here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Lost {
    /// Nothing was loaded yet.
    Unloaded,
    /// The log began anew.
    Epoch,
    /// Entries are gone that were not read.
    Gap,
    /// What was read here is not what is there.
    Other,
    /// There is less than was read.
    Behind,
    /// An entry that nobody can read.
    Unreadable,
    /// A mark that this process wrote, and that was acknowledged, is not in it.
    Own,
}

/// How far a verifier is, and how old that is. `Moment` is whatever the caller measures time by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Follower<Moment> {
    /// What is applied.
    position: Option<Head>,
    /// Whether a beat has found the position in the store since it was taken.
    found: bool,
    /// The chains before the position, the latest last: by what was the tail, when it came by an entry?
    passed: VecDeque<u64>,
    /// Heads that acknowledged this process's own writes, and that the tail has not come by yet.
    own: VecDeque<Own>,
    /// When the beat was sent whose answer is awaited.
    pub(crate) asked: Option<Moment>,
    /// What the last beat told, and when it was sent.
    pub(crate) told: Option<(Moment, Head)>,
    /// All that the store had acknowledged by then is applied.
    pub(crate) known: Option<Moment>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Own {
    head: Head,
    /// Whether it was acknowledged before the last beat was sent, so that the answer has it.
    before_beat: bool,
}

enum Passed {
    NotYet,
    ByIt,
    /// Or so long ago that it is not remembered.
    ByAnother,
}

impl<Moment> Default for Follower<Moment> {
    fn default() -> Self {
        Self {
            position: None,
            found: false,
            passed: VecDeque::new(),
            own: VecDeque::new(),
            asked: None,
            told: None,
            known: None,
        }
    }
}

impl<Moment: Copy> Follower<Moment> {
    /// Own writes that may be under way to the tail, and entries that it remembers. Whoever is further apart
    /// than that loads the state anew.
    const REMEMBERED: usize = 4096;

    /// All that the store had acknowledged by this moment is applied. None before the first load.
    pub(crate) fn known(&self) -> Option<Moment> {
        self.known
    }

    /// Where the tail goes on, or none where the state must be loaded first.
    pub(crate) fn position(&self) -> Option<Head> {
        self.position
    }

    /// A connection ended, or this process is the child of a fork: what was asked there is not answered.
    ///
    /// A state that was flushed while it was read is noticed by the next beat. When none comes through, and the
    /// server comes back with an older dump, nothing would tell: so what no beat has found is loaded anew.
    pub(crate) fn disconnected(&mut self) {
        self.asked = None;
        self.told = None;
        if !self.found {
            self.position = None;
        }
    }

    /// A beat is about to be sent.
    pub(crate) fn beat(&mut self, now: Moment) {
        self.asked = Some(now);
        self.own.iter_mut().for_each(|own| own.before_beat = true);
    }

    /// The head that a beat returned. Call it only where the beat counts: with `min_replicas`, when they have it.
    pub(crate) fn answered(&mut self, head: Head) -> Step {
        let Some(position) = self.position else { return self.lost(Lost::Unloaded) };
        let Some(asked) = self.asked.take() else { return Step::Skip };
        if head.epoch != position.epoch {
            return self.lost(Lost::Epoch);
        }
        let before = self.own.iter().filter(|own| own.before_beat);
        if head.seq < position.seq || before.map(|own| own.head.seq).any(|seq| seq > head.seq) {
            return self.lost(Lost::Behind);
        }
        self.told = Some((asked, head));
        self.found = true;
        self.arrive()
    }

    /// Whether an entry is the next. If so, apply it and then call [`applied`](Self::applied).
    pub(crate) fn judge(&mut self, entry: &Place) -> Step {
        let Some(position) = self.position else { return self.lost(Lost::Unloaded) };
        if entry.head.epoch != position.epoch {
            self.lost(Lost::Epoch)
        } else if entry.head.seq <= position.seq {
            Step::Skip
        } else if entry.head.seq - 1 != position.seq {
            self.lost(Lost::Gap)
        } else if entry.before != position.chain {
            self.lost(Lost::Other)
        } else {
            Step::Follow
        }
    }

    /// The entry that was judged the next is applied.
    pub(crate) fn applied(&mut self, entry: &Place) -> Step {
        if self.passed.len() >= Self::REMEMBERED {
            self.passed.pop_front();
        }
        self.passed.extend(self.position.map(|position| position.chain));
        self.position = Some(entry.head);
        self.arrive()
    }

    /// There is something in the log that can't be read.
    pub(crate) fn unreadable(&mut self) -> Step {
        self.lost(Lost::Unreadable)
    }

    /// The log was read after the last beat's answer, and there is no more in it.
    pub(crate) fn drained(&mut self) -> Step {
        match (self.position, self.told) {
            (Some(position), Some((_, head))) if position.seq < head.seq => self.lost(Lost::Gap),
            _ => Step::Follow,
        }
    }

    /// A write of this process was acknowledged with this head, and is applied here.
    ///
    /// A failover may lose it before the tail comes by, in a history that looks unbroken here.
    pub(crate) fn wrote(&mut self, head: Head) -> Step {
        self.own.push_back(Own { head, before_beat: false });
        if self.own.len() > Self::REMEMBERED {
            return self.lost(Lost::Own);
        }
        if self.position.is_some() { self.arrive() } else { Step::Follow }
    }

    /// The state is about to be read. Call it before the marks that are held here are compared with it.
    pub(crate) fn loading(&mut self) {
        *self = Self { known: self.known.take(), ..Self::default() };
    }

    /// The state was read after this head, and what is held here is there. Beats count that are sent from now
    /// on: those before may tell of a state that is no more.
    pub(crate) fn loaded(&mut self, head: Head) -> Step {
        self.position = Some(head);
        self.arrive()
    }

    /// Whether all that this head stands for is applied: none where the tail has not come by it yet, and no where it
    /// came by another history, or so long ago that it can't tell.
    pub(crate) fn stands_on(&self, head: Head) -> Option<bool> {
        let position = self.position?;
        match self.passed_by(head, position) {
            Passed::NotYet => None,
            Passed::ByIt => Some(true),
            Passed::ByAnother => Some(false),
        }
    }

    /// Takes note of what the position has come by.
    fn arrive(&mut self) -> Step {
        let Some(position) = self.position else { return self.lost(Lost::Unloaded) };
        if let Some((moment, head)) = self.told {
            match self.passed_by(head, position) {
                Passed::NotYet => {}
                Passed::ByIt => {
                    self.known = Some(moment);
                    self.told = None;
                }
                Passed::ByAnother => return self.lost(Lost::Other),
            }
        }
        // Those behind one that is not reached yet wait for it: they are in order, but for races of writers.
        while let Some(own) = self.own.front().copied() {
            match self.passed_by(own.head, position) {
                Passed::NotYet => break,
                Passed::ByIt => drop(self.own.pop_front()),
                Passed::ByAnother => return self.lost(Lost::Own),
            }
        }
        Step::Follow
    }

    /// Whether the tail has come by a head.
    fn passed_by(&self, head: Head, position: Head) -> Passed {
        if head.epoch != position.epoch {
            return Passed::ByAnother;
        }
        let Some(back) = position.seq.checked_sub(head.seq) else { return Passed::NotYet };
        let back = usize::try_from(back).unwrap_or(usize::MAX);
        let chain = match back {
            0 => Some(position.chain),
            _ => self.passed.len().checked_sub(back).and_then(|at| self.passed.get(at).copied()),
        };
        if chain == Some(head.chain) { Passed::ByIt } else { Passed::ByAnother }
    }

    /// What is known stays known, as of then.
    fn lost(&mut self, lost: Lost) -> Step {
        self.loading();
        Step::Resync(lost)
    }
}
