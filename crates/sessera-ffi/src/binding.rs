//! Which facts about its client a session is tied to, and what a mismatch does.

use sessera::{BindingMode, Verdict};

/// What is done about one fact.
#[uniffi::remote(Enum)]
pub enum BindingMode {
    /// The fact is neither bound nor looked at.
    Off,
    /// A mismatch is told in the session and as an event; the session is accepted.
    Report,
    /// A mismatch fails with `reauthentication_required`.
    StepUp,
    /// A mismatch fails with `binding_mismatch`.
    Enforce,
}

/// What was found about one fact.
#[uniffi::remote(Enum)]
pub enum Verdict {
    /// The session is not bound to this fact.
    Unbound,
    /// The same as at the login.
    Matched,
    /// Another than at the login.
    Differed,
    /// The session is bound to it, and the client did not show it.
    Absent,
    /// It can't be checked here: this keyring has no secret.
    Unchecked,
}

/// Which facts are bound into tokens, and what a mismatch of each does. What is not given is the default.
///
/// A fact is bound where the client showed it at the login; one that was not shown then is not asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, uniffi::Record)]
pub struct BindingPolicy {
    /// The device secret. Default enforce.
    #[uniffi(default)]
    pub device: Option<BindingMode>,
    /// Family and platform of the user agent. Default report.
    #[uniffi(default)]
    pub user_agent: Option<BindingMode>,
    /// The network of the address. Default report: phones change theirs all day.
    #[uniffi(default)]
    pub ip: Option<BindingMode>,
    /// The proof key. Default enforce.
    #[uniffi(default)]
    pub key: Option<BindingMode>,
    /// Bits of an IPv4 address that make its network. Default 24, 8 to 32.
    #[uniffi(default)]
    pub ipv4_prefix: Option<u8>,
    /// Bits of an IPv6 address that make its network. Default 64, 16 to 128.
    #[uniffi(default)]
    pub ipv6_prefix: Option<u8>,
}

impl From<BindingPolicy> for sessera::BindingPolicy {
    fn from(policy: BindingPolicy) -> Self {
        let BindingPolicy { device, user_agent, ip, key, ipv4_prefix, ipv6_prefix } = policy;
        let default = Self::default();
        Self {
            device: device.unwrap_or(default.device),
            user_agent: user_agent.unwrap_or(default.user_agent),
            ip: ip.unwrap_or(default.ip),
            key: key.unwrap_or(default.key),
            ipv4_prefix: ipv4_prefix.unwrap_or(default.ipv4_prefix),
            ipv6_prefix: ipv6_prefix.unwrap_or(default.ipv6_prefix),
        }
    }
}

impl From<sessera::BindingPolicy> for BindingPolicy {
    fn from(policy: sessera::BindingPolicy) -> Self {
        let sessera::BindingPolicy { device, user_agent, ip, key, ipv4_prefix, ipv6_prefix } = policy;
        Self {
            device: Some(device),
            user_agent: Some(user_agent),
            ip: Some(ip),
            key: Some(key),
            ipv4_prefix: Some(ipv4_prefix),
            ipv6_prefix: Some(ipv6_prefix),
        }
    }
}

/// A policy that binds nothing and looks at nothing.
#[uniffi::export]
pub fn binding_off() -> BindingPolicy {
    sessera::BindingPolicy::off().into()
}

/// The verdicts on all facts, as a verify found them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct Binding {
    /// The device secret.
    pub device: Verdict,
    /// The user agent's family and platform.
    pub user_agent: Verdict,
    /// The address's network.
    pub ip: Verdict,
    /// The proof key.
    pub key: Verdict,
}

impl From<sessera::Binding> for Binding {
    fn from(binding: sessera::Binding) -> Self {
        let sessera::Binding { device, user_agent, ip, key } = binding;
        Self { device, user_agent, ip, key }
    }
}

impl From<Binding> for sessera::Binding {
    fn from(binding: Binding) -> Self {
        let Binding { device, user_agent, ip, key } = binding;
        Self { device, user_agent, ip, key }
    }
}
