//! From one key to the next, without a moment in which a server meets a key that it does not know.

use std::time::Duration;

use time::OffsetDateTime;

use super::key::{Key, Life};
use super::{KeyInfo, KeyState, Keyring, MOST_KEYS, invalid, newest};
use crate::clock;
use crate::error::Result;

/// How long a rotation takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RotationSchedule {
    /// How long the next key is known to all before it signs; by default 10 minutes. Longer than it takes
    /// until every process has loaded the file, and every verifier has fetched the public keys again.
    pub publish_for: Duration,
    /// How long the last key still verifies after it signed for the last time; by default 24 hours. Longer
    /// than the longest life of a token.
    pub keep_verifying: Duration,
}

impl Default for RotationSchedule {
    fn default() -> Self {
        Self { publish_for: Duration::from_secs(600), keep_verifying: Duration::from_secs(24 * 3600) }
    }
}

impl Keyring {
    /// Adds the next key by the default [`RotationSchedule`], and returns its name.
    ///
    /// # Errors
    /// As [`rotate_with`](Self::rotate_with).
    pub fn rotate(&mut self, now: OffsetDateTime) -> Result<String> {
        self.rotate_with(now, &RotationSchedule::default())
    }

    /// Adds the next key, of the algorithm that signs now, and returns its name. It is published at once and
    /// signs after `publish_for`, or at once where no key could sign until then; the private keys before it
    /// verify for `keep_verifying` from that moment. Retired keys leave the ring. The root secret stays what it
    /// is.
    ///
    /// This ring changes, and neither its clones nor a file: [`save`](Self::save) it.
    ///
    /// # Errors
    /// [`InvalidKey`](crate::ErrorKind::InvalidKey) in a ring without a private key, and in one of 32 keys
    /// none of which is retired.
    pub fn rotate_with(&mut self, now: OffsetDateTime, schedule: &RotationSchedule) -> Result<String> {
        let now_millis = unix_millis(now);
        let now = now_millis / 1000;
        let private = || self.0.keys.iter().filter(|key| key.is_private());
        let alive = || private().filter(|key| key.verifies_at(now_millis));
        let last = newest(alive()).or_else(|| newest(private()));
        let last = last.ok_or_else(|| invalid("a keyring without a private key can't be rotated"))?;

        let signs_from = self.first_moment(now_millis, schedule);
        let algorithm = last.algorithm();
        let next = Key::generate(algorithm, Life { made: Some(now), signs_from, verifies_until: None })?;
        let kid = next.kid().to_owned();

        let until = signs_from.saturating_add(schedule.keep_verifying.as_secs());
        let kept = self.0.keys.iter().filter(|key| key.verifies_at(now_millis)).cloned();
        let mut keys: Vec<Key> =
            kept.map(|key| if key.is_private() { ending(key, until) } else { key }).collect();
        keys.push(next);
        if keys.len() > MOST_KEYS {
            return Err(invalid("the keyring is full: wait until a key retires"));
        }
        *self = Self::inheriting(keys, self.0.secrets.as_ref(), self.0.skipped.clone())?;
        Ok(kid)
    }

    /// When the next key begins to sign, in seconds.
    fn first_moment(&self, now_millis: u64, schedule: &RotationSchedule) -> u64 {
        let now = now_millis / 1000;
        let alive = || {
            self.0.keys.iter().filter(|key| key.is_private() && key.verifies_at(now_millis)).map(Key::life)
        };
        if self.signing_key(now_millis).is_err() {
            return now.max(after(alive()));
        }
        let planned = now.saturating_add(schedule.publish_for.as_secs());
        // No moment without a key that signs, even if all of them end sooner.
        let end = alive().map(|life| life.verifies_until.unwrap_or(u64::MAX)).max();
        planned.min(end.unwrap_or(u64::MAX)).max(after(alive()))
    }

    /// The keys and where they are in their lives at that moment.
    pub fn keys(&self, now: OffsetDateTime) -> Vec<KeyInfo> {
        let now = unix_millis(now);
        let signing = self.signing_key(now).ok().map(Key::kid);
        self.0.keys.iter().map(|key| info(key, state(key, signing, now))).collect()
    }
}

/// After all of these have begun: the newest key is the one that signs in the end.
fn after(lives: impl Iterator<Item = Life>) -> u64 {
    lives.map(|life| life.signs_from.saturating_add(1)).max().unwrap_or(0)
}

/// The key, with the end of its life; an end that is set already and sooner stays.
fn ending(key: Key, until: u64) -> Key {
    let life = key.life();
    let verifies_until = Some(life.verifies_until.map_or(until, |earlier| earlier.min(until)));
    key.with_life(Life { verifies_until, ..life })
}

fn state(key: &Key, signing: Option<&str>, now: u64) -> KeyState {
    if !key.verifies_at(now) {
        KeyState::Retired
    } else if signing == Some(key.kid()) {
        KeyState::Signing
    } else if key.life().signs_from.saturating_mul(1000) > now {
        KeyState::Published
    } else {
        KeyState::Verifying
    }
}

fn info(key: &Key, state: KeyState) -> KeyInfo {
    let life = key.life();
    let instant = |seconds: u64| clock::instant(seconds.saturating_mul(1000));
    KeyInfo {
        kid: key.kid().to_owned(),
        algorithm: key.algorithm(),
        state,
        private: key.is_private(),
        made_at: life.made.map(instant),
        signs_from: Some(life.signs_from).filter(|from| *from > 0).map(instant),
        verifies_until: life.verifies_until.map(instant),
    }
}

/// Milliseconds since the Unix epoch; before it, 0.
fn unix_millis(instant: OffsetDateTime) -> u64 {
    u64::try_from(instant.unix_timestamp_nanos() / 1_000_000).unwrap_or(0)
}
