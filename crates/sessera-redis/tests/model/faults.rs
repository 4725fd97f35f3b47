//! What happens to servers.

use crate::action::Action;
use crate::server::{Entry, Server};
use crate::world::World;

impl World {
    pub(crate) fn act_on_servers(&mut self, action: Action) {
        let (primary, other) = (self.primary, self.other());
        match action {
            Action::Copy => {
                let copy = self.servers[primary].clone();
                self.servers[other].copy(&copy);
            }
            Action::Fold => self.servers[primary].fold(self.rules),
            Action::Trim => self.servers[primary].trim(),
            Action::Failover { old_lives } => {
                self.primary = other;
                self.serves[other] = true;
                self.replica = false;
                if !old_lives {
                    self.serves[primary] = false;
                    self.end_links(primary);
                }
                // Who read from the replica goes on with the primary that it is now.
            }
            Action::Rejoin => {
                self.serves[other] = false;
                self.replica = true;
                self.end_links(other);
                self.act_on_servers(Action::Copy);
            }
            Action::Flush => {
                let server = &mut self.servers[primary];
                *server = Server { clock: server.clock, offset: server.offset + 1, ..Server::default() };
            }
            Action::Save => self.dump = Some(self.servers[primary].clone()),
            Action::Restore => {
                if let Some(dump) = &self.dump {
                    let server = &mut self.servers[primary];
                    let offset = server.offset + 1;
                    server.copy(dump);
                    server.offset = offset;
                }
                self.end_links(primary);
                if self.replica {
                    self.act_on_servers(Action::Copy);
                }
            }
            Action::DeleteHead => self.servers[primary].head = None,
            Action::DeleteRecent => self.servers[primary].recent = 0,
            Action::DeletePacks => self.servers[primary].packs = 0,
            Action::Tamper => self.servers[primary].log.push(Entry { place: None, marks: 0 }),
            Action::Clock(time) => self.servers[primary].clock = time,
            _ => {}
        }
    }

    fn end_links(&mut self, server: usize) {
        let linked = |verifier: &&mut crate::verifier::Verifier| verifier.link == Some(server);
        self.verifiers.iter_mut().filter(linked).for_each(crate::verifier::Verifier::disconnect);
    }
}
