//! How long sessions live, and what happens when something about them is off.

use sessera::{OnReuse, OnStale};

use crate::{BindingPolicy, Duration};

/// What the use of a superseded token after its grace leads to, besides its refusal.
#[uniffi::remote(Enum)]
pub enum OnReuse {
    /// The whole session is revoked: the thief and the owner can't be told apart.
    Revoke,
    /// Only the token is refused; the session lives on.
    Refuse,
}

/// What a verify does when the known revocations are older than the policy allows.
#[uniffi::remote(Enum)]
pub enum OnStale {
    /// Accepts tokens whose generation began in the last 5 minutes, refuses the others with `revocations_stale`. A
    /// renewal makes no token younger.
    YoungOnly,
    /// Refuses every token with `revocations_stale`.
    Refuse,
    /// Accepts tokens as if the revocations were fresh.
    Accept,
}

/// The rules that a `Sessions` holds to. What is not given is the default. Spans count in whole milliseconds.
#[derive(Default, uniffi::Record)]
pub struct Policy {
    /// A session that is not used for this long expires. Default 30 minutes.
    #[uniffi(default)]
    pub idle_timeout: Option<Duration>,
    /// A session ends this long after the login, however much it is used. Default 12 hours.
    #[uniffi(default)]
    pub absolute_timeout: Option<Duration>,
    /// How long after its issue a token is due to be renewed, and how long after its generation began it is due to
    /// be rotated. Default: a sixth of the idle timeout. At least twice the grace.
    #[uniffi(default)]
    pub renew_after: Option<Duration>,
    /// The longest that the session of a user who asked to be remembered may last; such a session then keeps the
    /// idle timeout. Default none: as long as the application says, without an idle timeout. The presets of levels
    /// 2 and 3 set it to their absolute timeout.
    #[uniffi(default)]
    pub remember_limit: Option<Duration>,
    /// How long a rotated token still works, so that requests on their way are not refused. Default 10 s, 0 to
    /// 120 s.
    #[uniffi(default)]
    pub grace: Option<Duration>,
    /// How far clocks may differ between the servers of a deployment. Default 30 s, at most 120 s.
    #[uniffi(default)]
    pub leeway: Option<Duration>,
    /// What happens when a token that was rotated away is used after its grace. Default revoke.
    #[uniffi(default)]
    pub on_reuse: Option<OnReuse>,
    /// Age of the known revocations up to which they count as fresh. Default 2 s.
    #[uniffi(default)]
    pub fresh_for: Option<Duration>,
    /// Age of the known revocations up to which tokens are accepted, with an event. Default 30 s.
    #[uniffi(default)]
    pub stale_after: Option<Duration>,
    /// What happens beyond `stale_after`. Default young only.
    #[uniffi(default)]
    pub on_stale: Option<OnStale>,
    /// Which facts about the client are bound into a token, and what a mismatch does.
    #[uniffi(default)]
    pub binding: Option<BindingPolicy>,
}

impl From<Policy> for sessera::Policy {
    fn from(policy: Policy) -> Self {
        let Policy {
            idle_timeout,
            absolute_timeout,
            renew_after,
            remember_limit,
            grace,
            leeway,
            on_reuse,
            fresh_for,
            stale_after,
            on_stale,
            binding,
        } = policy;
        let default = Self::default();
        let or = |given: Option<Duration>, default| given.map_or(default, Into::into);
        Self {
            idle_timeout: or(idle_timeout, default.idle_timeout),
            absolute_timeout: or(absolute_timeout, default.absolute_timeout),
            renew_after: renew_after.map(Into::into),
            remember_limit: remember_limit.map(Into::into),
            grace: or(grace, default.grace),
            leeway: or(leeway, default.leeway),
            on_reuse: on_reuse.unwrap_or(default.on_reuse),
            fresh_for: or(fresh_for, default.fresh_for),
            stale_after: or(stale_after, default.stale_after),
            on_stale: on_stale.unwrap_or(default.on_stale),
            binding: binding.map_or(default.binding, Into::into),
        }
    }
}

impl From<sessera::Policy> for Policy {
    fn from(policy: sessera::Policy) -> Self {
        let sessera::Policy {
            idle_timeout,
            absolute_timeout,
            renew_after,
            remember_limit,
            grace,
            leeway,
            on_reuse,
            fresh_for,
            stale_after,
            on_stale,
            binding,
        } = policy;
        Self {
            idle_timeout: Some(idle_timeout.into()),
            absolute_timeout: Some(absolute_timeout.into()),
            renew_after: renew_after.map(Into::into),
            remember_limit: remember_limit.map(Into::into),
            grace: Some(grace.into()),
            leeway: Some(leeway.into()),
            on_reuse: Some(on_reuse),
            fresh_for: Some(fresh_for.into()),
            stale_after: Some(stale_after.into()),
            on_stale: Some(on_stale),
            binding: Some(binding.into()),
        }
    }
}

/// NIST SP 800-63B-4 authentication assurance level 1: a login lasts at most 30 days.
#[uniffi::export]
pub fn policy_aal1() -> Policy {
    sessera::Policy::aal1().into()
}

/// NIST SP 800-63B-4 authentication assurance level 2: at most 24 hours, and 1 hour without use.
#[uniffi::export]
pub fn policy_aal2() -> Policy {
    sessera::Policy::aal2().into()
}

/// NIST SP 800-63B-4 authentication assurance level 3: at most 12 hours, and 15 minutes without use.
#[uniffi::export]
pub fn policy_aal3() -> Policy {
    sessera::Policy::aal3().into()
}

/// How long after its issue a token is due to be renewed.
#[uniffi::export]
pub fn policy_renew_interval(policy: Policy) -> Duration {
    sessera::Policy::from(policy).renew_interval().into()
}

/// A policy for users who asked to be remembered for so long: their sessions last that long and have no idle timeout.
/// Where a `remember_limit` is set, they last no longer than that, and keep the idle timeout.
#[uniffi::export]
pub fn policy_remembered_for(policy: Policy, remember_for: Duration) -> Policy {
    sessera::Policy::from(policy).remembered_for(remember_for.into()).into()
}
