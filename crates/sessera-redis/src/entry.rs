//! One entry of the log, as it was read.

use redis::Value;

use crate::follower::{Head, Place};
use crate::head;

/// An entry that looks like one of ours.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Entry<'a> {
    pub(crate) place: Place,
    pub(crate) records: &'a [u8],
    /// Whether its writer waits until every verifier has told that it has applied it.
    pub(crate) awaited: bool,
}

impl<'a> Entry<'a> {
    /// Reads an entry by its id and its fields; `None` where it is none of ours.
    pub(crate) fn read(id: &[u8], fields: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Option<Self> {
        let (epoch, seq) = std::str::from_utf8(id).ok()?.split_once('-')?;
        let (mut before, mut chain, mut records, mut awaited) = (None, None, None, false);
        for (name, value) in fields {
            match name {
                b"p" => before = Some(value),
                b"c" => chain = Some(value),
                b"m" => records = Some(value),
                b"f" => awaited = true,
                _ => return None,
            }
        }
        let (epoch, seq) = (epoch.parse().ok()?, seq.parse().ok()?);
        let head = Head { epoch, seq, chain: head::chain(chain?)? };
        let place = Place { before: head::chain(before?)?, head };
        Some(Self { place, records: records?, awaited })
    }
}

/// The entries in the reply to a read of one stream; `None` in the place of each that is none of ours.
pub(crate) fn entries(reply: &Value) -> impl Iterator<Item = Option<Entry<'_>>> {
    let streams = array(reply).first().map(array).unwrap_or_default();
    let entries = streams.get(1).map(array).unwrap_or_default();
    entries.iter().map(|entry| match array(entry) {
        [Value::BulkString(id), fields] => {
            let pairs = array(fields).chunks_exact(2).map(|pair| (bytes(&pair[0]), bytes(&pair[1])));
            Entry::read(id, pairs)
        }
        _ => None,
    })
}

fn bytes(value: &Value) -> &[u8] {
    if let Value::BulkString(bytes) = value { bytes } else { &[] }
}

fn array(value: &Value) -> &[Value] {
    if let Value::Array(values) = value { values } else { &[] }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<'a>(id: &str, fields: &[(&'a str, &'a str)]) -> Option<Entry<'a>> {
        Entry::read(id.as_bytes(), fields.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())))
    }

    #[test]
    fn an_entry_of_ours_is_read_and_any_other_is_none() {
        let whole = [("p", "000000000000000a"), ("c", "000000000000000b"), ("m", "r")];
        let entry = read("17-3", &whole).unwrap();
        assert_eq!(entry.place, Place { before: 10, head: Head { epoch: 17, seq: 3, chain: 11 } });
        assert_eq!((entry.awaited, entry.records), (false, &b"r"[..]));
        assert!(read("17-3", &[whole[0], whole[1], whole[2], ("f", "1")]).unwrap().awaited);
        for id in ["", "17", "a-3", "17-", "-", "17-3-4", "99999999999999999999-1"] {
            assert_eq!(read(id, &whole), None, "{id}");
        }
        for fields in [&whole[..2], &[whole[0], whole[2]], &[whole[0], whole[1], whole[2], ("x", "1")], &[]] {
            assert_eq!(read("17-3", fields), None);
        }
    }

    #[test]
    fn a_reply_of_any_shape_is_read_without_a_panic() {
        let bulk = |text: &str| Value::BulkString(text.into());
        let strange = Value::Array(vec![bulk("17-1")]);
        let lone = Value::Array(vec![bulk("17-1"), Value::Array(vec![bulk("p")])]);
        let stream = Value::Array(vec![bulk("log"), Value::Array(vec![strange, lone, Value::Nil])]);
        assert_eq!(entries(&Value::Array(vec![stream])).collect::<Vec<_>>(), [None, None, None]);
        assert_eq!(entries(&Value::Nil).count(), 0);
    }
}
