//! The facts about a client, in the form that is bound.

use super::{AddressPrefix, BindingMode, BindingPolicy, Fact, UserAgent};
use crate::client::Client;

/// What goes into the tags of one client. A fact whose mode is off is not there.
pub(super) struct Facts<'a> {
    device: Option<&'a [u8]>,
    user_agent: Option<[u8; 2]>,
    network: Option<AddressPrefix>,
}

/// Longest device secret that is looked at; ours have 43 characters.
const LONGEST_SECRET: usize = 128;

impl<'a> Facts<'a> {
    /// The facts that are bound by a keyed tag, in the order of the tags.
    pub(super) const KEYED: [Fact; 3] = [Fact::Device, Fact::UserAgent, Fact::Ip];

    pub(super) fn of(client: &'a Client, policy: &BindingPolicy) -> Self {
        let on = |fact| policy.mode(fact) != BindingMode::Off;
        let secret = client.device.as_ref().map(|secret| secret.as_bytes());
        Self {
            // One that is longer, or empty, was not made here.
            device: secret.filter(|bytes| on(Fact::Device) && (1..=LONGEST_SECRET).contains(&bytes.len())),
            user_agent: client.user_agent.filter(|_| on(Fact::UserAgent)).map(UserAgent::to_bytes),
            network: client
                .ip
                .filter(|_| on(Fact::Ip))
                .map(|ip| AddressPrefix::of(ip, policy.ipv4_prefix, policy.ipv6_prefix)),
        }
    }

    pub(super) fn value(&self, fact: Fact) -> Option<&[u8]> {
        match fact {
            Fact::Device => self.device,
            Fact::UserAgent => self.user_agent.as_ref().map(<[u8; 2]>::as_slice),
            Fact::Ip => self.network.as_ref().map(AddressPrefix::as_bytes),
            Fact::Key => None,
        }
    }
}
