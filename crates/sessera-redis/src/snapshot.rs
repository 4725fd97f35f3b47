//! Reading all that Redis holds.

use std::time::Instant;

use redis::{RedisResult, Value, cmd, pipe};
use sessera::{Result, RevocationIndex, SharedMark};

use crate::connection::{Connection, prolonged};
use crate::head::Told;
use crate::record;
use crate::shared::Shared;
use crate::unavailable::{broken, unavailable};

/// Buckets of packs, by the first 14 bits of a session's id.
pub(crate) const BUCKETS: u16 = 1 << 14;
/// A record in a pack: the last 15 bytes of an id, and a narrow state.
const RECORD: usize = 25;
/// How much is asked for at once.
const BUCKETS_AT_ONCE: usize = 256;
const FIELDS_AT_ONCE: usize = 2000;
/// A field that is no mark: by it a key is there that holds none.
const KEPT: &[u8] = b"-";

impl Shared {
    /// Applies all marks that Redis holds to each of these, and gives the place in the log that they are good for.
    ///
    /// The order matters: see `PROTOCOL.md`.
    pub(crate) fn load(&self, connection: &mut Connection, indexes: &[&RevocationIndex]) -> Result<Told> {
        connection.prolong();
        let told = self.beat(connection, 0)?;
        let apply = |mark: Option<SharedMark>| {
            let _inside = self.gate.enter();
            match mark {
                Some(mark) => indexes.iter().for_each(|index| index.apply_shared(&mark)),
                None => self.refuse(),
            }
        };
        scan(connection, self.keys.recent(), self.most_fields(), |id, state| {
            apply(<[u8; 16]>::try_from(id).ok().and_then(|id| record::session_of(id, state)));
        })?;
        scan(connection, self.keys.cuts(), self.most_fields(), |field, value| apply(cut(field, value)))?;
        let marks = self.packed(connection)?;
        let mut failed = None;
        let marks =
            marks.map_while(|part| part.inspect_err(|error| failed = Some(error.clone())).ok()).flatten();
        let _inside = self.gate.enter();
        if let [index] = indexes {
            index.load_shared(marks);
        } else {
            let marks: Vec<_> = marks.collect();
            for index in indexes {
                index.load_shared(marks.iter().cloned());
            }
        }
        if let Some(error) = failed {
            return Err(unavailable(error));
        }
        Ok(told)
    }

    /// More fields than these nobody of ours has written: a scan gives some of them twice.
    pub(crate) fn most_fields(&self) -> usize {
        self.options.quota.saturating_mul(2).saturating_add(1_000_000)
    }

    /// The marks of all packs, part by part. Everything is asked for at once, and Redis goes on while the answers are
    /// read.
    fn packed<'a>(
        &'a self,
        connection: &'a mut Connection,
    ) -> Result<impl Iterator<Item = RedisResult<Vec<SharedMark>>> + 'a> {
        let mut ask = pipe();
        let names: Vec<_> = (0..BUCKETS).map(bucket).collect();
        for names in names.chunks(BUCKETS_AT_ONCE) {
            ask.cmd("HMGET").arg(self.keys.packs()).arg(slices(names));
        }
        connection.send(&ask.get_packed_pipeline()).map_err(unavailable)?;
        Ok((0..names.len()).step_by(BUCKETS_AT_ONCE).map(move |first| {
            let reply = connection.receive()?.extract_error()?;
            let packs = if let Value::Array(packs) = &reply { packs.as_slice() } else { &[] };
            let names = names.get(first..).unwrap_or_default();
            let foreign = packs
                .iter()
                .filter(|pack| matches!(pack, Value::BulkString(pack) if pack.len() % RECORD != 0));
            foreign.for_each(|_| self.refuse());
            Ok(names.iter().zip(packs).flat_map(|(name, pack)| read_pack(*name, pack)).collect())
        }))
    }
}

/// The name of the nth bucket.
pub(crate) const fn bucket(nth: u16) -> [u8; 2] {
    (nth << 2).to_be_bytes()
}

/// The names of buckets as arguments.
pub(crate) fn slices(names: &[[u8; 2]]) -> Vec<&[u8]> {
    names.iter().map(|name| &name[..]).collect()
}

/// The marks of a pack.
pub(crate) fn read_pack(name: [u8; 2], pack: &Value) -> impl Iterator<Item = SharedMark> {
    let pack = if let Value::BulkString(pack) = pack { pack.as_slice() } else { &[] };
    pack.chunks_exact(RECORD).filter_map(move |record| {
        let (rest, state) = record.split_first_chunk::<15>()?;
        let mut id = [name[0]; 16];
        id.iter_mut().skip(1).zip(rest).for_each(|(byte, known)| *byte = *known);
        record::session_of(id, state)
    })
}

/// What a field of the cuts says.
pub(crate) fn cut(field: &[u8], value: &[u8]) -> Option<SharedMark> {
    match field.split_first()? {
        (b'u', name) => record::subject(<[u8; 16]>::try_from(name).ok()?, value),
        (b'e', []) => Some(SharedMark::Everything { cut: u64::from_be_bytes(value.try_into().ok()?) }),
        (b'k', kid) => record::key(kid),
        _ => None,
    }
}

/// Tells of every field of a hash, of which there may be so many. Whoever answers must come to an end.
pub(crate) fn scan(
    connection: &mut Connection,
    key: &str,
    most: usize,
    mut tell: impl FnMut(&[u8], &[u8]),
) -> Result<()> {
    let (began, mut told, mut length) = (Instant::now(), 0, 0);
    let (mut cursor, mut count) = (0_u64, FIELDS_AT_ONCE);
    loop {
        let mut ask = cmd("HSCAN");
        ask.arg(key).arg(cursor).arg("COUNT").arg(count);
        let (next, fields): (u64, Vec<Value>) = ask.query(connection).map_err(unavailable)?;
        for pair in fields.chunks_exact(2) {
            if let [Value::BulkString(field), Value::BulkString(value)] = pair
                && field != KEPT
            {
                length += field.len() + value.len();
                tell(field, value);
            }
        }
        cursor = next;
        if cursor == 0 {
            return Ok(());
        }
        told += fields.len() / 2;
        if told > most || began.elapsed() > prolonged(connection.patience(), length) {
            return Err(broken("the server lists a key of the store without end"));
        }
        if fields.len() / 2 < count / 8 {
            // A table that once held more is mostly empty.
            count = (count * 2).min(FIELDS_AT_ONCE * 64);
        }
    }
}

#[cfg(test)]
mod tests {
    use sessera::{SessionId, SessionMark};

    use super::*;

    #[test]
    fn a_pack_gives_back_the_ids_that_its_bucket_is_for() {
        let id = [0xAB, 0xCF, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
        let mut record = Vec::new();
        record::write(
            &SharedMark::Session {
                id: SessionId::from_bytes(id),
                state: SessionMark::REVOKED,
                keep_until: u64::MAX,
            },
            &mut record,
        );
        let mut pack = record[2..].to_vec();
        pack.extend_from_slice(b"rubbish");
        let nth = u16::from_be_bytes([0xAB, 0xCC]) >> 2;
        assert_eq!(bucket(nth), [0xAB, 0xCC]);
        let marks: Vec<_> = read_pack(bucket(nth), &Value::BulkString(pack)).collect();
        assert!(matches!(marks[..], [SharedMark::Session { id: found, .. }] if found.to_bytes() == id));
    }

    #[test]
    fn a_field_that_no_store_of_ours_has_written_is_no_cut() {
        for (field, value) in [(&b""[..], &b""[..]), (b"u", b"x"), (b"e", b"x"), (b"x", b""), (b"k\xFF", b"")]
        {
            assert_eq!(cut(field, value), None);
        }
    }
}
