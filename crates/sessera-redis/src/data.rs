//! Data of sessions, and lists of them: sealed, under hashed keys, with a time to live.

use redis::{Value, cmd, pipe};
use sessera::{ErrorKind, Result, SessionData, SessionError, SessionId, SessionRecord, Store as _};

use crate::connection::Connection;
use crate::head::bytes;
use crate::scripts::{LIST, PUT, READ};
use crate::seal::Owner;
use crate::shared::Shared;
use crate::state::number;
use crate::store::RedisStore;

/// Subject's name, start, end: what the scripts judge by.
const DATA_HEADER: usize = 32;
/// Start, end.
const LINE_HEADER: usize = 16;
/// A text that is not there.
const NONE: u16 = u16::MAX;

impl Shared {
    /// What belongs to a session that is dead is not put.
    pub(crate) fn put_data(&self, data: &SessionData, now: u64) -> Result<()> {
        let id = data.id.to_bytes();
        let subject = self.sealing.names().of(&data.subject).to_bytes();
        let mut header = subject.to_vec();
        header.extend_from_slice(&data.started_at.to_be_bytes());
        header.extend_from_slice(&data.expires_at.to_be_bytes());
        let value = self.sealing.seal(Owner::Session(id), header, &data.bytes)?;
        let call = PUT.with(&self.keys, Some(&self.keys.data(self.sealing.session(id))));
        let call = call.arg(&id[..]).arg(&subject[..]).arg(data.started_at).arg(value);
        let call = call.arg(life(data.expires_at, now));
        match self.run(|connection, _| Ok(call.run(connection)?))? {
            Value::Int(1) => Ok(()),
            _ => Err(SessionError::new(ErrorKind::Revoked, "the session was revoked")),
        }
    }

    pub(crate) fn data(&self, id: SessionId, now: u64) -> Result<Option<Vec<u8>>> {
        let id = id.to_bytes();
        let call = READ.with(&self.keys, Some(&self.keys.data(self.sealing.session(id)))).arg(&id[..]);
        let reply = self.run(|connection, _| Ok(call.run(connection)?))?;
        let value = bytes(&reply).unwrap_or_default();
        if value.get(24..DATA_HEADER).is_none_or(|expires_at| number(expires_at) <= now) {
            return Ok(None);
        }
        let data = self.sealing.open(Owner::Session(id), DATA_HEADER, value);
        if data.is_none() {
            self.refuse();
        }
        Ok(data)
    }

    pub(crate) fn remove_data(&self, id: SessionId) -> Result<()> {
        let key = self.keys.data(self.sealing.session(id.to_bytes()));
        self.run(|connection, _| Ok(cmd("UNLINK").arg(&key).exec(connection)?))
    }

    pub(crate) fn record(&self, record: &SessionRecord, now: u64) -> Result<()> {
        let (id, subject) = (record.id.to_bytes(), self.sealing.names().of(&record.subject));
        let mut header = record.started_at.to_be_bytes().to_vec();
        header.extend_from_slice(&record.expires_at.to_be_bytes());
        let value = self.sealing.seal(Owner::Subject(&record.subject), header, &write_line(record))?;
        let call = LIST.with(&self.keys, Some(&self.keys.list(subject))).arg(&id[..]);
        let call = call.arg(&subject.to_bytes()[..]).arg(record.started_at);
        let call = call.arg(&self.sealing.session(id).to_bytes()[..]).arg(value);
        let call = call.arg(life(record.expires_at, now));
        self.run(|connection, _| Ok(call.run(connection).map(drop)?))
    }
}

impl RedisStore {
    /// Lines of a list that live. Those that don't are taken off on this occasion.
    pub(crate) fn lines(&self, subject: &str, now: u64) -> Result<Vec<SessionRecord>> {
        let shared = &self.shared;
        let key = shared.keys.list(shared.sealing.names().of(subject));
        let ask = |connection: &mut Connection, _| Ok(cmd("HGETALL").arg(&key).query(connection)?);
        let fields: Vec<Value> = shared.run(ask)?;
        if fields.is_empty() {
            return Ok(Vec::new());
        }
        // Marks that were written before the list was read.
        self.sync(now)?;
        let (mut records, mut over) = (Vec::new(), pipe());
        for pair in fields.chunks_exact(2) {
            let line = bytes(&pair[1]).ok().and_then(|value| {
                let plain = shared.sealing.open(Owner::Subject(subject), LINE_HEADER, value)?;
                read_line(subject, value, &plain)
            });
            if line.is_none() {
                shared.refuse();
            }
            let lives = |line: &SessionRecord| {
                line.expires_at > now && !self.is_dead(line.id, subject, line.started_at)
            };
            match line.filter(lives) {
                Some(line) => records.push(line),
                None => {
                    over.cmd("HDEL").arg(&key).arg(bytes(&pair[0]).unwrap_or_default()).ignore();
                }
            }
        }
        if !over.is_empty() {
            // They are on nobody's list either way.
            let _ = shared.run(|connection, _| Ok(over.exec(connection)?));
        }
        records.sort_by_key(|record| (record.started_at, record.id));
        Ok(records)
    }
}

/// How long Redis keeps something: by its own clock a while longer than by ours.
fn life(expires_at: u64, now: u64) -> u64 {
    const SPARE: u64 = 60_000;
    // More would overflow Redis's own reckoning.
    const LONGEST: u64 = 1 << 45;
    expires_at.saturating_sub(now).saturating_add(SPARE).min(LONGEST)
}

fn write_line(record: &SessionRecord) -> Vec<u8> {
    let mut line = record.id.to_bytes().to_vec();
    line.extend_from_slice(&record.last_seen.to_be_bytes());
    for text in [&record.label, &record.network] {
        // Labels and networks are short; a longer one is cut off in the middle of nothing that matters.
        let text = text.as_deref().map(|text| text.get(..text.len().min(1024)).unwrap_or_default());
        let length = text.map_or(NONE, |text| u16::try_from(text.len()).unwrap_or(NONE));
        line.extend_from_slice(&length.to_be_bytes());
        line.extend_from_slice(text.unwrap_or_default().as_bytes());
    }
    line
}

fn read_line(subject: &str, value: &[u8], plain: &[u8]) -> Option<SessionRecord> {
    let (id, rest) = plain.split_first_chunk::<16>()?;
    let (last_seen, mut rest) = rest.split_first_chunk::<8>()?;
    let mut text = || {
        let (length, texts) = rest.split_first_chunk::<2>()?;
        let length = u16::from_be_bytes(*length);
        let (text, others) = texts.split_at_checked(if length == NONE { 0 } else { usize::from(length) })?;
        rest = others;
        let text = std::str::from_utf8(text).ok()?;
        Some((length != NONE).then(|| text.to_owned()))
    };
    Some(SessionRecord {
        id: SessionId::from_bytes(*id),
        subject: subject.to_owned(),
        started_at: number(value.get(..8)?),
        last_seen: u64::from_be_bytes(*last_seen),
        expires_at: number(value.get(8..16)?),
        label: text()?,
        network: text()?,
    })
}
