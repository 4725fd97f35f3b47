//! The list of a subject's sessions, and their number.

use std::net::IpAddr;

use time::OffsetDateTime;

use super::Sessions;
use crate::binding::AddressPrefix;
use crate::client::Client;
use crate::clock::{instant, unix_millis};
use crate::error::{ErrorKind, Result, SessionError};
use crate::session::Session;
use crate::session_id::SessionId;
use crate::store::SessionRecord;

/// One of a subject's sessions, as its owner may see it: what
/// [`Sessions::sessions_of`](crate::Sessions::sessions_of) returns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedSession {
    /// The session's id, for [`Sessions::revoke_session`](crate::Sessions::revoke_session).
    pub id: String,
    /// When it started.
    pub started_at: OffsetDateTime,
    /// When it was last issued, renewed or rotated; requests between two renewals are not counted.
    pub last_seen: OffsetDateTime,
    /// When it expires unless it is renewed.
    pub expires_at: OffsetDateTime,
    /// Family and platform of the client's software, such as `firefox/linux`, where it said.
    pub label: Option<String>,
    /// The network that it was last seen in, such as `203.0.113.0/24`, where networks are listed.
    pub network: Option<String>,
}

/// Settings of the list.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Registry {
    pub(super) max_sessions: Option<usize>,
    pub(super) networks: bool,
}

impl Sessions {
    /// The live sessions of a subject, oldest first. (ASVS 7.5.2)
    ///
    /// # Errors
    /// `store_unavailable`, and `invalid_config` where sessions are not
    /// [listed](crate::SessionsBuilder::list_sessions).
    pub fn sessions_of(&self, subject: &str) -> Result<Vec<ListedSession>> {
        if self.registry.is_none() {
            return Err(SessionError::new(ErrorKind::InvalidConfig, "sessions are not listed"));
        }
        Ok(self.live(subject, self.now())?.into_iter().map(ListedSession::from).collect())
    }

    /// Puts a new session on the list, and ends the oldest where there are too many. (ASVS 7.1.2)
    pub(super) fn list(&self, session: &Session, client: &Client, now: u64) -> Result<()> {
        let Some(registry) = self.registry else { return Ok(()) };
        self.store()?.record(&self.record_of(session, client, registry)?, now)?;
        let Some(most) = registry.max_sessions else { return Ok(()) };
        let mut live = self.live(&session.subject, now)?;
        let over = live.len().saturating_sub(most);
        // Of several that started in the same millisecond, the new one stays.
        live.retain(|record| record.id.to_text().as_str() != session.id);
        for oldest in live.iter().take(over) {
            self.revoke_session(&oldest.id.to_string())?;
        }
        Ok(())
    }

    /// Brings the line of a session up to date. A list that can't be written fails no renewal: the next one
    /// puts it right.
    pub(super) fn relist(&self, session: &Session, client: &Client, now: u64) {
        if let (Some(registry), Some(store)) = (self.registry, &self.store) {
            let _ = self.record_of(session, client, registry).and_then(|record| store.record(&record, now));
        }
    }

    fn live(&self, subject: &str, now: u64) -> Result<Vec<SessionRecord>> {
        let store = self.store()?;
        let mut records = store.records(subject, now)?;
        store.refresh(now);
        records.retain(|record| !store.is_dead(record.id, &record.subject, record.started_at));
        Ok(records)
    }

    fn record_of(&self, session: &Session, client: &Client, registry: Registry) -> Result<SessionRecord> {
        let network = |ip| {
            let binding = &self.policy.binding;
            text_of(&AddressPrefix::of(ip, binding.ipv4_prefix, binding.ipv6_prefix))
        };
        Ok(SessionRecord {
            id: SessionId::parse(&session.id)?,
            subject: session.subject.clone(),
            started_at: unix_millis(session.started_at),
            last_seen: unix_millis(session.issued_at),
            expires_at: unix_millis(session.expires_at).saturating_add(self.leeway_ms),
            label: client.user_agent.map(|agent| agent.to_string()),
            network: client.ip.filter(|_| registry.networks).map(network),
        })
    }
}

/// The network as people write it: `203.0.113.0/24`.
fn text_of(network: &AddressPrefix) -> String {
    let (bits, address) = match *network.as_bytes() {
        [_, bits, a, b, c, d] => (bits, IpAddr::from([a, b, c, d])),
        [_, bits, ref address @ ..] => {
            let mut bytes = [0; 16];
            bytes.iter_mut().zip(address).for_each(|(byte, known)| *byte = *known);
            (bits, IpAddr::from(bytes))
        }
        [] | [_] => return String::new(),
    };
    format!("{address}/{bits}")
}

impl From<SessionRecord> for ListedSession {
    fn from(record: SessionRecord) -> Self {
        let SessionRecord { id, subject: _, started_at, last_seen, expires_at, label, network } = record;
        Self {
            id: id.to_string(),
            started_at: instant(started_at),
            last_seen: instant(last_seen),
            expires_at: instant(expires_at),
            label,
            network,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_written_as_usual() {
        let text = |address: &str| text_of(&AddressPrefix::of(address.parse().unwrap(), 24, 64));
        assert_eq!(text("203.0.113.7"), "203.0.113.0/24");
        assert_eq!(text("::ffff:203.0.113.7"), "203.0.113.0/24");
        assert_eq!(text("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
    }
}
