//! Verifiers, two servers, and what must hold in every world.

use crate::action::Action;
use crate::follower::{Head, Step};
use crate::rules::{Broken, Rules};
use crate::server::{Entry, Marks, Server};
use crate::verifier::{Beat, Doing, Moment, Pipe, Verifier, Write};

/// What must never come about.
pub(crate) type Violation = &'static str;

pub(crate) const STALE: Violation = "a verifier claims to know what the store held, and does not";
pub(crate) const LOST: Violation = "a mark that was acknowledged as replicated did not survive a failover";
pub(crate) const NOT_PUT_BACK: Violation = "a verifier that is in step holds what the store lacks";
pub(crate) const TAKEN_BACK: Violation = "a mark was taken back";
pub(crate) const NEVER_WELL: Violation = "when all is well again, a mark that one held is not known to all";

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct World {
    pub(crate) rules: Rules,
    /// The marks that there may be.
    pub(crate) marks: u32,
    pub(crate) issued: u32,
    pub(crate) servers: [Server; 2],
    /// The server that the fleet takes for the primary.
    pub(crate) primary: usize,
    /// Servers that take writes.
    pub(crate) serves: [bool; 2],
    /// Whether the other server is the primary's replica.
    pub(crate) replica: bool,
    pub(crate) verifiers: Vec<Verifier>,
    pub(crate) dump: Option<Server>,
    /// Acknowledged as replicated, and not deleted since by somebody's command.
    safe: Marks,
    nonce: u64,
}

impl World {
    pub(crate) fn new(rules: Rules, verifiers: usize, marks: u32) -> Self {
        Self {
            rules,
            marks,
            issued: 0,
            servers: Default::default(),
            primary: 0,
            serves: [true, false],
            replica: true,
            verifiers: vec![Verifier { lives: true, ..Verifier::default() }; verifiers],
            dump: None,
            safe: 0,
            nonce: 0,
        }
    }

    /// Does one step that is possible, and says what is wrong then.
    pub(crate) fn step(&mut self, action: Action) -> Result<(), Violation> {
        let before = self.stored();
        self.act(action)?;
        let stored = self.stored();
        let lost = before & !stored;
        if lost != 0 {
            if !action.is_fault() {
                return Err(TAKEN_BACK);
            }
            if matches!(action, Action::Flush | Action::Restore | Action::DeleteRecent | Action::DeletePacks)
            {
                self.safe &= stored;
            }
            self.verifiers.iter_mut().for_each(|verifier| verifier.strike(lost));
        }
        if self.safe & !stored != 0 {
            return Err(LOST);
        }
        Ok(())
    }

    /// What the fleet's primary holds.
    pub(crate) fn stored(&self) -> Marks {
        self.servers[self.primary].state()
    }

    /// The server that is not the primary.
    pub(crate) fn other(&self) -> usize {
        1 - self.primary
    }

    /// Whether a replica of this server has what was written up to there.
    pub(crate) fn has_replica(&self, server: usize, offset: u32) -> bool {
        self.replica && server == self.primary && self.servers[self.other()].offset >= offset
    }

    fn nonce(&mut self) -> u64 {
        self.nonce += 1;
        if self.rules.is(Broken::BeginsEveryEpochAlike) { 0 } else { self.nonce }
    }

    fn act(&mut self, action: Action) -> Result<(), Violation> {
        match action {
            Action::Connect(v, to) => {
                let verifier = &mut self.verifiers[v];
                verifier.link = Some(to);
                let follows = verifier.follower.position().is_some();
                verifier.doing = if follows { Doing::Following } else { Doing::Nothing };
            }
            Action::Load(v) => return self.load(v),
            Action::Send(v) => self.send(v),
            Action::TakeBeat(v) => self.take_beat(v),
            Action::TakeRead(v) => {
                let verifier = &mut self.verifiers[v];
                if let (Pipe::Beaten { after, beat }, Some(link)) = (&verifier.pipe, verifier.link) {
                    let entries = self.servers[link].read(*after);
                    verifier.pipe = Pipe::Read { beat: *beat, entries };
                }
            }
            Action::Replicated(v) => {
                if let Pipe::Beaten { beat, .. } | Pipe::Read { beat, .. } = &mut self.verifiers[v].pipe {
                    beat.replicated = true;
                }
            }
            Action::Deliver(v) => return self.deliver(v),
            Action::Write { by, to, replicated } => {
                // When all were issued, an old one is written again: it may have been lost, or not.
                let nth = self.issued % self.marks;
                self.issued += 1;
                self.verifiers[by].write = Some(Write { mark: 1 << nth, replicated, to, done: None });
            }
            Action::TakeWrite(v) => {
                let nonce = self.nonce();
                if let Some(write) = &mut self.verifiers[v].write {
                    let server = &mut self.servers[write.to];
                    let head = server.append(write.mark, nonce, self.rules);
                    write.done = Some(Beat { head, offset: server.offset, replicated: false });
                }
            }
            Action::WriteReplicated(v) => {
                if let Some(Write { done: Some(done), .. }) = &mut self.verifiers[v].write {
                    done.replicated = true;
                }
            }
            Action::Acknowledge(v) => self.acknowledge(v),
            Action::Repay { by, to } => self.repay(by, to),
            Action::Fail(v) => {
                let verifier = &mut self.verifiers[v];
                if let Some(write) = verifier.write.take() {
                    verifier.index |= write.mark;
                    verifier.owed |= write.mark;
                }
            }
            Action::Disconnect(v) => self.verifiers[v].disconnect(),
            Action::Kill(v) => self.verifiers[v] = Verifier::default(),
            Action::Start(v) => self.verifiers[v].lives = true,
            Action::Fork(v, child) => {
                let mut copy = self.verifiers[v].clone();
                copy.disconnect();
                copy.write = None;
                self.verifiers[child] = copy;
            }
            fault => self.act_on_servers(fault),
        }
        Ok(())
    }

    fn send(&mut self, v: usize) {
        let moment = self.moment(v);
        let verifier = &mut self.verifiers[v];
        if let Some(after) = verifier.follower.position() {
            verifier.follower.beat(moment);
            verifier.pipe = Pipe::Sent { after };
        }
    }

    fn take_beat(&mut self, v: usize) {
        let nonce = self.nonce();
        let (Pipe::Sent { after }, Some(link)) = (&self.verifiers[v].pipe, self.verifiers[v].link) else {
            return;
        };
        let after = *after;
        let server = &mut self.servers[link];
        let head = if self.serves[link] { Some(server.beat(nonce)) } else { server.head };
        match head {
            Some(head) => {
                let beat = Beat { head, offset: server.offset, replicated: false };
                self.verifiers[v].pipe = Pipe::Beaten { after, beat };
            }
            None => self.verifiers[v].disconnect(),
        }
    }

    fn moment(&self, v: usize) -> Moment {
        let verifier = &self.verifiers[v];
        Moment { stored: self.stored(), held: verifier.index & !verifier.owed }
    }

    fn repay(&mut self, v: usize, to: usize) {
        let nonce = self.nonce();
        let mark = first(self.verifiers[v].owed);
        let head = self.servers[to].append(mark, nonce, self.rules);
        self.verifiers[v].owed &= !mark;
        self.wrote(v, head);
    }

    /// One more part of the state, or some of what is missing there.
    fn load(&mut self, v: usize) -> Result<(), Violation> {
        let Some(link) = self.verifiers[v].link else { return Ok(()) };
        let nonce = self.nonce();
        let moment = self.moment(v);
        let writable = self.serves[link];
        let server = &mut self.servers[link];
        let parts = if self.rules.is(Broken::ReadsPacksFirst) {
            [server.packs, server.recent]
        } else {
            [server.recent, server.packs]
        };
        let verifier = &mut self.verifiers[v];
        match verifier.doing {
            Doing::Nothing => {
                verifier.follower.loading();
                let head = if writable { Some(server.beat(nonce)) } else { server.head };
                match head {
                    Some(head) => verifier.doing = Doing::Loading { head, parts: 0, read: 0, moment },
                    None => verifier.disconnect(),
                }
            }
            Doing::Loading { mut head, parts: done, mut read, moment } => {
                read |= parts[usize::from(done)];
                if done == 0 {
                    verifier.doing = Doing::Loading { head, parts: 1, read, moment };
                    return Ok(());
                }
                if self.rules.is(Broken::ReadsTheHeadLast) {
                    head = server.head.unwrap_or(head);
                }
                verifier.owed |= match self.rules.broken {
                    Some(Broken::AppendsNothingAgain) => 0,
                    Some(Broken::AppendsSomeAgain) => first(verifier.index & !read),
                    _ => verifier.index & !read,
                };
                verifier.index |= read;
                verifier.doing = Doing::Following;
                let step = verifier.follower.loaded(head);
                self.heed(v, step);
                if self.rules.is(Broken::CountsBeatsFromBeforeTheLoad) {
                    self.verifiers[v].follower.beat(moment);
                    let step = self.verifiers[v].follower.answered(head);
                    self.heed(v, step);
                    return self.check(v);
                }
            }
            Doing::Following => {}
        }
        Ok(())
    }

    fn deliver(&mut self, v: usize) -> Result<(), Violation> {
        let Pipe::Read { beat, entries } = std::mem::take(&mut self.verifiers[v].pipe) else { return Ok(()) };
        if self.rules.is(Broken::CountsFromTheAnswer) {
            let moment = self.moment(v);
            self.verifiers[v].follower.beat(moment);
        }
        let counts = beat.replicated
            || self.rules.is(Broken::CountsUnreplicatedBeats)
            || self.rules.is(Broken::CountsReads);
        if counts && !self.tell(v, beat.head) {
            return Ok(());
        }
        self.check(v)?;
        for entry in entries {
            if !self.apply(v, entry) {
                return Ok(());
            }
            self.check(v)?;
        }
        let before = self.verifiers[v].follower.clone();
        let step = self.verifiers[v].follower.drained();
        if self.ignores(step) {
            self.verifiers[v].follower = before;
        } else {
            self.heed(v, step);
        }
        self.check(v)
    }

    /// Whether the tail goes on.
    fn tell(&mut self, v: usize, head: Head) -> bool {
        let before = self.verifiers[v].follower.clone();
        let step = self.verifiers[v].follower.answered(head);
        if self.ignores(step) {
            let follower = &mut self.verifiers[v].follower;
            *follower = before;
            follower.known = follower.asked.take().or(follower.known);
            return true;
        }
        self.heed(v, step)
    }

    /// Whether the tail goes on.
    fn apply(&mut self, v: usize, entry: Entry) -> bool {
        let verifier = &mut self.verifiers[v];
        let Some(place) = entry.place else {
            verifier.follower.loading();
            return self.heed(v, Step::Resync(crate::follower::Lost::Unreadable));
        };
        let before = verifier.follower.clone();
        let mut step = verifier.follower.judge(&place);
        if self.ignores(step) {
            self.verifiers[v].follower = before;
            step = Step::Follow;
        }
        if step == Step::Follow {
            let verifier = &mut self.verifiers[v];
            verifier.index |= entry.marks;
            let before = verifier.follower.clone();
            step = verifier.follower.applied(&place);
            if self.ignores(step) {
                self.verifiers[v].follower = before;
                step = Step::Skip;
            }
        }
        self.heed(v, step)
    }

    fn ignores(&self, step: Step) -> bool {
        matches!((step, self.rules.broken), (Step::Resync(lost), Some(Broken::Ignores(ignored))) if lost == ignored)
    }

    /// Does what a follower decided: whether the tail goes on.
    fn heed(&mut self, v: usize, step: Step) -> bool {
        if let Step::Resync(_) = step {
            let verifier = &mut self.verifiers[v];
            verifier.pipe = Pipe::Empty;
            verifier.doing = Doing::Nothing;
            return false;
        }
        true
    }

    fn acknowledge(&mut self, v: usize) {
        let Some(Write { mark, replicated, done: Some(done), .. }) = self.verifiers[v].write.take() else {
            return;
        };
        self.verifiers[v].index |= mark;
        if replicated {
            self.safe |= mark & self.stored();
        }
        self.wrote(v, done.head);
    }

    fn wrote(&mut self, v: usize, head: Head) {
        if !self.rules.is(Broken::ForgetsItsOwnWrites) {
            let step = self.verifiers[v].follower.wrote(head);
            self.heed(v, step);
        }
    }

    /// What a verifier that was told something claims then.
    fn check(&self, v: usize) -> Result<(), Violation> {
        let verifier = &self.verifiers[v];
        let Some(known) = verifier.follower.known() else { return Ok(()) };
        if known.stored & !verifier.index != 0 {
            return Err(STALE);
        }
        if verifier.link == Some(self.primary) && known.held & !self.stored() != 0 {
            return Err(NOT_PUT_BACK);
        }
        Ok(())
    }
}

/// One of them.
fn first(marks: Marks) -> Marks {
    marks & marks.wrapping_neg()
}
