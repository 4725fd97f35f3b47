//! What can happen next.

use crate::action::Action;
use crate::rules::Broken;
use crate::verifier::{Doing, Pipe, Verifier};
use crate::world::World;

impl World {
    /// Every step of the protocol that is possible now.
    pub(crate) fn possible(&self, actions: &mut Vec<Action>) {
        for (v, verifier) in self.verifiers.iter().enumerate().filter(|(_, verifier)| verifier.lives) {
            self.possible_tail(v, verifier, actions);
            self.possible_write(v, verifier, actions);
        }
        let primary = &self.servers[self.primary];
        if self.replica && self.servers[self.other()].offset != primary.offset {
            actions.push(Action::Copy);
        }
        if primary.recent != 0 {
            actions.push(Action::Fold);
        }
        if !primary.log.is_empty() {
            actions.push(Action::Trim);
        }
    }

    fn possible_tail(&self, v: usize, verifier: &Verifier, actions: &mut Vec<Action>) {
        let Some(link) = verifier.link else {
            let reads = self.rules.is(Broken::CountsReads);
            let there = (0..2).filter(|server| self.serves[*server] || reads);
            actions.extend(there.map(|server| Action::Connect(v, server)));
            return;
        };
        if verifier.doing != Doing::Following {
            actions.push(Action::Load(v));
            return;
        }
        match &verifier.pipe {
            Pipe::Empty => actions.push(Action::Send(v)),
            Pipe::Sent { .. } => actions.push(Action::TakeBeat(v)),
            Pipe::Beaten { beat, .. } | Pipe::Read { beat, .. } => {
                if !beat.replicated && self.has_replica(link, beat.offset) {
                    actions.push(Action::Replicated(v));
                }
                let read = matches!(verifier.pipe, Pipe::Read { .. });
                actions.push(if read { Action::Deliver(v) } else { Action::TakeRead(v) });
            }
        }
    }

    fn possible_write(&self, v: usize, verifier: &Verifier, actions: &mut Vec<Action>) {
        if verifier.owed != 0 {
            let there = (0..2).filter(|server| self.serves[*server]);
            actions.extend(there.map(|to| Action::Repay { by: v, to }));
        }
        let Some(write) = &verifier.write else {
            for to in (0..2).filter(|server| self.serves[*server]) {
                let kinds = [false, true].map(|replicated| Action::Write { by: v, to, replicated });
                actions.extend(kinds);
            }
            return;
        };
        match &write.done {
            None if self.serves[write.to] => actions.push(Action::TakeWrite(v)),
            None => {}
            Some(done) => {
                let replicated = done.replicated || self.rules.is(Broken::AcknowledgesUnreplicated);
                if replicated || !write.replicated {
                    actions.push(Action::Acknowledge(v));
                } else if self.has_replica(write.to, done.offset) {
                    actions.push(Action::WriteReplicated(v));
                }
            }
        }
        actions.push(Action::Fail(v));
    }

    /// Every fault that is possible now.
    pub(crate) fn possible_faults(&self, actions: &mut Vec<Action>) {
        for (v, verifier) in self.verifiers.iter().enumerate() {
            if !verifier.lives {
                actions.push(Action::Start(v));
                continue;
            }
            actions.push(Action::Kill(v));
            if verifier.link.is_some() {
                actions.push(Action::Disconnect(v));
            }
            let free = self.verifiers.iter().position(|verifier| !verifier.lives);
            actions.extend(free.map(|child| Action::Fork(v, child)));
        }
        if self.replica {
            actions.extend([Action::Failover { old_lives: false }, Action::Failover { old_lives: true }]);
        } else {
            actions.push(Action::Rejoin);
        }
        let primary = &self.servers[self.primary];
        if primary.head.is_some() {
            actions.extend([Action::Flush, Action::Save, Action::DeleteHead, Action::Tamper]);
            actions.extend([Action::DeleteRecent, Action::DeletePacks]);
            actions.extend([Action::Clock(0), Action::Clock(2), Action::Clock(1000)]);
        }
        if self.dump.is_some() {
            actions.push(Action::Restore);
        }
    }
}
