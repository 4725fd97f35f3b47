//! Every order of steps, in a world that is small enough.

use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};

use crate::action::Action;
use crate::rules::Rules;
use crate::world::{Violation, World};

/// The server loses something this often.
const LOSSES: usize = 2;

/// Tries every order of so many steps of two verifiers and two marks, from a world in which both have begun,
/// and returns how many worlds that makes.
pub(crate) fn try_all(rules: Rules, depth: usize) -> Result<usize, (Violation, Vec<Action>)> {
    let mut world = World::new(rules, 2, 2);
    let begin = [
        Action::Write { by: 0, to: 0, replicated: true },
        Action::TakeWrite(0),
        Action::Copy,
        Action::WriteReplicated(0),
        Action::Acknowledge(0),
    ];
    let load = |v| [Action::Connect(v, 0), Action::Load(v), Action::Load(v), Action::Load(v)];
    for action in begin.into_iter().chain(load(0)).chain(load(1)) {
        world.step(action).map_err(|violation| (violation, vec![action]))?;
    }
    let mut seen = HashSet::new();
    let mut now = vec![(world, 0, Vec::new())];
    let mut possible = Vec::new();
    for _ in 0..depth {
        let mut next = Vec::new();
        for (world, losses, story) in &now {
            possible.clear();
            world.possible(&mut possible);
            if *losses < LOSSES {
                world.possible_faults(&mut possible);
            }
            for action in &possible {
                let mut world = world.clone();
                let mut story: Vec<Action> = story.clone();
                story.push(*action);
                if let Err(violation) = world.step(*action) {
                    return Err((violation, story));
                }
                let losses = losses + usize::from(action.is_fault());
                let mut hasher = DefaultHasher::new();
                (&world, losses).hash(&mut hasher);
                if !seen.insert(hasher.finish()) {
                    continue;
                }
                if let Err(violation) = world.clone().calm_down() {
                    return Err((violation, story));
                }
                next.push((world, losses, story));
            }
        }
        now = next;
    }
    Ok(seen.len())
}
