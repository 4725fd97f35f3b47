//! Waiting until every verifier has applied a mark.

use std::time::{Duration, Instant};

use redis::{Value, pipe};
use sessera::{Result, SharedMark, Wait};

use crate::follower::Head;
use crate::head::{bytes, integer};
use crate::shared::Shared;
use crate::unavailable::broken;

impl Shared {
    /// Waits until every live verifier has told that it is at this place, or past it. `loads` is how often the
    /// state had been loaded anew before the marks were written.
    pub(crate) fn confirm(&self, marks: &[SharedMark], mut place: Head, mut loads: u64) -> Result<()> {
        let deadline = Instant::now() + self.options.wait_timeout;
        let mut pause = Duration::from_micros(500);
        loop {
            let (epoch, verifiers) = self.run(|connection, _| {
                let mut ask = pipe();
                ask.cmd("HGET").arg(self.keys.head()).arg("epoch");
                ask.cmd("HGETALL").arg(&self.keys.verifiers);
                let (epoch, verifiers): (Value, Vec<Value>) = ask.query(connection)?;
                Ok((integer(&epoch).unwrap_or(0), verifiers))
            })?;
            if epoch == place.epoch {
                let missing = missing(&verifiers, &place);
                if missing.is_empty() && self.still_has(place, loads, deadline) {
                    return Ok(());
                }
                if Instant::now() + pause >= deadline {
                    let names = if missing.is_empty() { self.name() } else { missing.join(", ") };
                    return Err(broken(format!("no answer in time of {names}")));
                }
            }
            if Instant::now() >= deadline {
                return Err(broken("the log began anew meanwhile"));
            }
            if epoch != place.epoch || self.loads() != loads {
                // Another history, which may lack it.
                loads = self.loads();
                place = self.run(|connection, _| self.write(connection, marks, Wait::Confirmed))?.head;
            }
            std::thread::park_timeout(pause);
            pause = (pause * 2).min(Duration::from_millis(20));
        }
    }
}

impl Shared {
    /// Whether the history that all have told of is still that of the server: a failover may have lost the mark
    /// after they did.
    fn still_has(&self, place: Head, loads: u64, deadline: Instant) -> bool {
        let told = self.run(|connection, _| self.try_beat(connection));
        told.is_ok_and(|told| {
            told.head.epoch == place.epoch
                && self.wait_for(told.head, deadline).is_ok()
                && self.loads() == loads
        })
    }
}

/// The names of those that are not there yet.
fn missing(verifiers: &[Value], place: &Head) -> Vec<String> {
    let mut missing: Vec<_> = verifiers
        .chunks_exact(2)
        .filter(|pair| !bytes(&pair[1]).is_ok_and(|position| is_past(position, *place)))
        .map(|pair| shown(bytes(&pair[0]).unwrap_or_default()))
        .collect();
    missing.sort();
    missing
}

fn is_past(position: &[u8], place: Head) -> bool {
    let mut parts = std::str::from_utf8(position).unwrap_or_default().split(':').map(str::parse::<u64>);
    match (parts.next(), parts.next()) {
        (Some(Ok(epoch)), Some(Ok(seq))) => epoch == place.epoch && seq >= place.seq,
        _ => false,
    }
}

/// A name as it may stand in a message, whoever wrote it.
fn shown(name: &[u8]) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.-".contains(byte);
    name.iter().take(100).map(|byte| if plain(byte) { char::from(*byte) } else { '?' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_not_there_is_named_and_a_strange_name_does_no_harm() {
        let place = Head { epoch: 7, seq: 5, chain: 1 };
        let verifiers: Vec<_> = [
            ("there", "7:5:1"),
            ("past", "7:6:1"),
            ("behind", "7:4:1"),
            ("before", "6:9:1"),
            ("later", "8:1:1"),
            ("a\nb", "x"),
        ]
        .into_iter()
        .flat_map(|(name, position)| [name, position])
        .map(|text| Value::BulkString(text.into()))
        .collect();
        assert_eq!(missing(&verifiers, &place), ["a?b", "before", "behind", "later"]);
    }
}
