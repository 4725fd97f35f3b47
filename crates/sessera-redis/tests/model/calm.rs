//! All is well again.

use crate::action::Action;
use crate::server::Marks;
use crate::verifier::{Doing, Pipe};
use crate::world::{NEVER_WELL, Violation, World};

impl World {
    /// Every verifier reaches the primary, undisturbed: then what one held is known to all, and stored.
    pub(crate) fn calm_down(mut self) -> Result<(), Violation> {
        let held = |world: &Self| -> Marks {
            world.verifiers.iter().fold(world.stored(), |held, verifier| held | verifier.index)
        };
        if !self.replica {
            self.step(Action::Rejoin)?;
        }
        for v in 0..self.verifiers.len() {
            self.step(Action::Disconnect(v))?;
            self.step(Action::Fail(v))?;
        }
        let all = held(&self);
        // In the first round everybody puts back what it held, in the second everybody reads it, and in the
        // third everybody sees that it is so.
        for _ in 0..3 {
            for v in 0..self.verifiers.len() {
                self.round(v)?;
            }
        }
        let well = |world: &Self| {
            world.verifiers.iter().filter(|verifier| verifier.lives).all(|verifier| {
                verifier.index == all && verifier.follower.known().is_some_and(|known| known.stored == all)
            })
        };
        let alone = self.verifiers.iter().all(|verifier| !verifier.lives);
        if (alone || well(&self)) && self.stored() & all == all { Ok(()) } else { Err(NEVER_WELL) }
    }

    /// Connects, loads, beats and reads until nothing is left to do.
    fn round(&mut self, v: usize) -> Result<(), Violation> {
        if !self.verifiers[v].lives {
            return Ok(());
        }
        // Bounded: whoever goes in circles is not well.
        for _ in 0..4 * self.marks + 16 {
            let verifier = &self.verifiers[v];
            let next = match (verifier.link, verifier.doing, &verifier.pipe) {
                (None, ..) => Action::Connect(v, self.primary),
                (_, Doing::Following, Pipe::Empty) if verifier.owed != 0 => {
                    Action::Repay { by: v, to: self.primary }
                }
                (_, Doing::Following, Pipe::Empty) => break,
                _ => Action::Load(v),
            };
            self.step(next)?;
        }
        for action in [
            Action::Send(v),
            Action::TakeBeat(v),
            Action::Copy,
            Action::Replicated(v),
            Action::TakeRead(v),
            Action::Deliver(v),
        ] {
            self.step(action)?;
        }
        Ok(())
    }
}
