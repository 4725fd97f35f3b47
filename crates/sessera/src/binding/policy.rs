//! Settings of the binding.

use super::{Binding, Fact, Verdict};
use crate::error::{ErrorKind, Result, SessionError};

/// What is done about one fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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

/// Which facts are bound into tokens, and what a mismatch of each does.
///
/// A fact is bound where the client showed it at the login; one that was not shown then is not asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BindingPolicy {
    /// The device secret. Default [`BindingMode::Enforce`].
    pub device: BindingMode,
    /// Family and platform of the user agent. Default [`BindingMode::Report`].
    pub user_agent: BindingMode,
    /// The network of the address. Default [`BindingMode::Report`]: phones change theirs all day.
    pub ip: BindingMode,
    /// The proof key. Default [`BindingMode::Enforce`].
    pub key: BindingMode,
    /// Bits of an IPv4 address that make its network. Default 24, 8 to 32.
    pub ipv4_prefix: u8,
    /// Bits of an IPv6 address that make its network. Default 64, 16 to 128.
    pub ipv6_prefix: u8,
}

impl Default for BindingPolicy {
    fn default() -> Self {
        Self {
            device: BindingMode::Enforce,
            user_agent: BindingMode::Report,
            ip: BindingMode::Report,
            key: BindingMode::Enforce,
            ipv4_prefix: 24,
            ipv6_prefix: 64,
        }
    }
}

impl BindingPolicy {
    /// Binds nothing and looks at nothing.
    pub fn off() -> Self {
        Self {
            device: BindingMode::Off,
            user_agent: BindingMode::Off,
            ip: BindingMode::Off,
            key: BindingMode::Off,
            ..Self::default()
        }
    }

    /// What is done about this fact.
    pub const fn mode(&self, fact: Fact) -> BindingMode {
        match fact {
            Fact::Device => self.device,
            Fact::UserAgent => self.user_agent,
            Fact::Ip => self.ip,
            Fact::Key => self.key,
        }
    }

    /// Whether a proof key that a client shows is bound.
    pub(crate) fn binds_key(&self) -> bool {
        self.key != BindingMode::Off
    }

    /// What these verdicts lead to.
    ///
    /// # Errors
    /// `binding_mismatch` or `reauthentication_required`, as the mode of a fact that differed says.
    pub(crate) fn judge(&self, binding: &Binding) -> Result<()> {
        let mut outcome = Ok(());
        for (fact, verdict) in binding.verdicts() {
            if !matches!(verdict, Verdict::Differed | Verdict::Absent) {
                continue;
            }
            match self.mode(fact) {
                BindingMode::Off | BindingMode::Report => {}
                BindingMode::StepUp => {
                    outcome = Err(SessionError::new(
                        ErrorKind::ReauthenticationRequired,
                        "the client has changed since the login",
                    ));
                }
                BindingMode::Enforce => {
                    return Err(SessionError::new(
                        ErrorKind::BindingMismatch,
                        "the client is not the one that logged in",
                    ));
                }
            }
        }
        outcome
    }

    pub(crate) fn validate(&self) -> Result<()> {
        if !(8..=32).contains(&self.ipv4_prefix) {
            return Err(SessionError::new(ErrorKind::InvalidConfig, "ipv4_prefix is not 8 to 32"));
        }
        if !(16..=128).contains(&self.ipv6_prefix) {
            return Err(SessionError::new(ErrorKind::InvalidConfig, "ipv6_prefix is not 16 to 128"));
        }
        Ok(())
    }

    /// # Errors
    /// `invalid_config` where a keyed fact is to decide and there is no secret to check it with.
    pub(crate) fn validate_without_secret(&self) -> Result<()> {
        let decides = |mode| matches!(mode, BindingMode::Enforce | BindingMode::StepUp);
        if decides(self.device) || decides(self.user_agent) || decides(self.ip) {
            return Err(SessionError::new(
                ErrorKind::InvalidConfig,
                "a keyring of public keys can't check the keyed binding: set device, user_agent and ip to \
                 report or off, or give the keyring its root",
            ));
        }
        Ok(())
    }
}
