//! How long sessions live, and what happens when something about them is off.

use std::time::Duration;

use crate::binding::BindingPolicy;
use crate::clock::millis;
use crate::error::{ErrorKind, Result, SessionError};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// The rules that a [`Sessions`](crate::Sessions) holds to. All spans count in whole milliseconds.
///
/// ```
/// use std::time::Duration;
/// use sessera::Policy;
///
/// let policy = Policy { idle_timeout: Duration::from_secs(15 * 60), ..Policy::default() };
/// assert_eq!(policy.renew_interval(), Duration::from_secs(150));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// A session that is not used for this long expires. Default 30 minutes. (ASVS 7.3.1)
    pub idle_timeout: Duration,
    /// A session ends this long after the login, however much it is used. Default 12 hours. (ASVS 7.3.2)
    pub absolute_timeout: Duration,
    /// How long after its issue a token is due to be renewed, and how long after its generation began it is due
    /// to be rotated. Default: a sixth of the idle timeout. At least twice the grace.
    pub renew_after: Option<Duration>,
    /// The longest that the session of a user who asked to be remembered may last; such a session then keeps the
    /// idle timeout. Default `None`: as long as the application says, and without an idle timeout. The presets
    /// [`aal2`](Self::aal2) and [`aal3`](Self::aal3) set it to their absolute timeout.
    pub remember_limit: Option<Duration>,
    /// How long a rotated token still works, so that requests on their way are not refused. Default 10 s,
    /// 0 to 120 s.
    pub grace: Duration,
    /// How far clocks may differ between the servers of a deployment. Default 30 s, at most 120 s.
    pub leeway: Duration,
    /// What happens when a token that was rotated away is used after its grace. Default [`OnReuse::Revoke`].
    pub on_reuse: OnReuse,
    /// Age of the known revocations up to which they count as fresh. Default 2 s.
    pub fresh_for: Duration,
    /// Age of the known revocations up to which tokens are accepted, with an event. Default 30 s.
    pub stale_after: Duration,
    /// What happens beyond [`stale_after`](Self::stale_after). Default [`OnStale::YoungOnly`].
    pub on_stale: OnStale,
    /// Which facts about the client are bound into a token, and what a mismatch does.
    pub binding: BindingPolicy,
}

/// What the use of a superseded token after its grace leads to, besides its refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnReuse {
    /// The whole session is revoked: the thief and the owner can't be told apart. (RFC 9700 §4.14)
    #[default]
    Revoke,
    /// Only the token is refused; the session lives on.
    Refuse,
}

/// What a verify does when the known revocations are older than the policy allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnStale {
    /// Accepts tokens whose generation began in the last 5 minutes, refuses the others with `revocations_stale`. A
    /// renewal makes no token younger.
    #[default]
    YoungOnly,
    /// Refuses every token with `revocations_stale`.
    Refuse,
    /// Accepts tokens as if the revocations were fresh.
    Accept,
}

impl OnStale {
    /// Age of a token up to which it is young.
    pub(crate) const YOUNG_MS: u64 = 5 * 60 * 1000;
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            idle_timeout: 30 * MINUTE,
            absolute_timeout: 12 * HOUR,
            renew_after: None,
            remember_limit: None,
            grace: Duration::from_secs(10),
            leeway: Duration::from_secs(30),
            on_reuse: OnReuse::default(),
            fresh_for: Duration::from_secs(2),
            stale_after: Duration::from_secs(30),
            on_stale: OnStale::default(),
            binding: BindingPolicy::default(),
        }
    }
}

impl Policy {
    /// 400 days, as long as browsers keep a cookie.
    pub(crate) const LONGEST_SESSION: Duration = Duration::from_secs(400 * 24 * 3600);

    /// NIST SP 800-63B-4 authentication assurance level 1: a login lasts at most 30 days.
    pub fn aal1() -> Self {
        Self {
            idle_timeout: 30 * DAY,
            absolute_timeout: 30 * DAY,
            renew_after: Some(HOUR),
            ..Self::default()
        }
    }

    /// NIST SP 800-63B-4 authentication assurance level 2: at most 24 hours, and 1 hour without use.
    pub fn aal2() -> Self {
        Self {
            idle_timeout: HOUR,
            absolute_timeout: 24 * HOUR,
            remember_limit: Some(24 * HOUR),
            ..Self::default()
        }
    }

    /// NIST SP 800-63B-4 authentication assurance level 3: at most 12 hours, and 15 minutes without use.
    pub fn aal3() -> Self {
        Self {
            idle_timeout: 15 * MINUTE,
            absolute_timeout: 12 * HOUR,
            remember_limit: Some(12 * HOUR),
            ..Self::default()
        }
    }

    /// These rules for users who asked to be remembered for so long: their sessions last that long and have no
    /// idle timeout. Where a [`remember_limit`](Self::remember_limit) holds, they last no longer than that, and
    /// keep the idle timeout. Whether a renewal is due stays as it is.
    #[must_use]
    pub fn remembered_for(&self, remember_for: Duration) -> Self {
        let renew_after = Some(self.renew_interval());
        match self.remember_limit {
            None => Self {
                idle_timeout: remember_for,
                absolute_timeout: remember_for,
                renew_after,
                ..self.clone()
            },
            Some(limit) => Self { absolute_timeout: remember_for.min(limit), renew_after, ..self.clone() },
        }
    }

    /// How long after its issue a token is due to be renewed.
    pub fn renew_interval(&self) -> Duration {
        self.renew_after.unwrap_or(self.idle_timeout / 6)
    }

    /// # Errors
    /// `invalid_config`, which names the setting.
    pub(crate) fn validate(&self) -> Result<()> {
        let wrong = |message| Err(SessionError::new(ErrorKind::InvalidConfig, message));
        // Tokens count in seconds: a shorter life could not be told from none.
        if self.idle_timeout < Duration::from_secs(1) {
            return wrong("idle_timeout is under a second");
        }
        if self.absolute_timeout < self.idle_timeout {
            return wrong("absolute_timeout is shorter than idle_timeout");
        }
        if self.absolute_timeout > Self::LONGEST_SESSION {
            return wrong("absolute_timeout is over 400 days");
        }
        if self.renew_interval() >= self.idle_timeout {
            return wrong("renew_after is not shorter than idle_timeout");
        }
        if self.grace > 2 * MINUTE {
            return wrong("grace is over 120 seconds");
        }
        if self.renew_interval() < 2 * self.grace {
            return wrong(
                "renew_after (by default a sixth of idle_timeout) is under twice the grace: set a longer \
                 renew_after or idle_timeout, or a shorter grace",
            );
        }
        if self.remember_limit.is_some_and(|limit| limit < self.idle_timeout) {
            return wrong("remember_limit is shorter than idle_timeout");
        }
        if self.leeway > 2 * MINUTE {
            return wrong("leeway is over 120 seconds");
        }
        if self.fresh_for > self.stale_after {
            return wrong("fresh_for is longer than stale_after");
        }
        self.binding.validate()
    }

    pub(crate) fn renew_ms(&self) -> u64 {
        millis(self.renew_interval())
    }

    pub(crate) fn grace_ms(&self) -> u64 {
        millis(self.grace)
    }

    pub(crate) fn fresh_ms(&self) -> u64 {
        millis(self.fresh_for)
    }

    pub(crate) fn stale_ms(&self) -> u64 {
        millis(self.stale_after)
    }

    pub(crate) fn idle_ms(&self) -> u64 {
        millis(self.idle_timeout)
    }

    pub(crate) fn absolute_ms(&self) -> u64 {
        millis(self.absolute_timeout)
    }

    pub(crate) fn leeway_ms(&self) -> u64 {
        millis(self.leeway)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_presets_are_within_nist_sp_800_63b_4() {
        assert!(Policy::aal1().absolute_timeout <= 30 * DAY);
        assert!(Policy::aal2().absolute_timeout <= 24 * HOUR && Policy::aal2().idle_timeout <= HOUR);
        assert!(Policy::aal3().absolute_timeout <= 12 * HOUR && Policy::aal3().idle_timeout <= 15 * MINUTE);
        for preset in [Policy::default(), Policy::aal1(), Policy::aal2(), Policy::aal3()] {
            preset.validate().unwrap();
        }
    }

    #[test]
    fn nobody_is_remembered_beyond_an_assurance_level() {
        for preset in [Policy::aal2(), Policy::aal3()] {
            let remembered = preset.remembered_for(30 * DAY);
            assert_eq!(remembered.absolute_timeout, preset.absolute_timeout);
            assert_eq!(remembered.idle_timeout, preset.idle_timeout);
            remembered.validate().unwrap();
        }
        let remembered = Policy::default().remembered_for(30 * DAY);
        assert_eq!((remembered.idle_timeout, remembered.absolute_timeout), (30 * DAY, 30 * DAY));
        assert_eq!(remembered.renew_interval(), Policy::default().renew_interval());
        remembered.validate().unwrap();
    }

    #[test]
    fn a_setting_that_cannot_work_is_named() {
        let policy = Policy::default;
        let long = Duration::MAX;
        for (name, wrong) in [
            ("idle_timeout", Policy { idle_timeout: Duration::from_millis(999), ..policy() }),
            ("absolute_timeout", Policy { absolute_timeout: MINUTE, ..policy() }),
            ("absolute_timeout", Policy { absolute_timeout: long, ..policy() }),
            ("renew_after", Policy { renew_after: Some(30 * MINUTE), ..policy() }),
            ("grace", Policy { grace: Duration::from_secs(121), ..policy() }),
            ("twice the grace", Policy { idle_timeout: MINUTE, ..policy() }),
            ("twice the grace", Policy { renew_after: Some(Duration::from_secs(19)), ..policy() }),
            ("remember_limit", Policy { remember_limit: Some(MINUTE), ..policy() }),
            ("leeway", Policy { leeway: Duration::from_secs(121), ..policy() }),
            ("fresh_for", Policy { fresh_for: HOUR, ..policy() }),
        ] {
            let error = wrong.validate().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidConfig);
            assert!(error.to_string().contains(name), "{error}");
        }
    }
}
