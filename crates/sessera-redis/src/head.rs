//! Where the log stands.

use redis::Value;
use sessera::Result;

use crate::follower::Head;
use crate::unavailable::broken;

/// What a beat brings back.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) head: Head,
    pub(crate) layout: u64,
    pub(crate) names: Vec<u8>,
    /// Of `Retention`; 0 where nobody has observed the time yet.
    pub(crate) reached: u64,
    pub(crate) seen: u64,
    /// The latest term of the marks that Redis has forgotten.
    pub(crate) forgotten: u64,
    /// A check of the issuer whose sessions these are; empty where no process has said.
    pub(crate) issuer: Vec<u8>,
    /// The server's clock, in milliseconds.
    pub(crate) time: u64,
}

/// A head as the scripts give it.
pub(crate) fn read(values: &[Value]) -> Result<Head> {
    match values {
        [epoch, seq, chain, ..] => Ok(Head {
            epoch: integer(epoch)?,
            seq: integer(seq)?,
            chain: self::chain(bytes(chain)?).ok_or_else(strange)?,
        }),
        _ => Err(strange()),
    }
}

/// A chain, which is written as 16 hexadecimal digits.
pub(crate) fn chain(digits: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(digits).ok().filter(|digits| digits.len() == 16)?;
    u64::from_str_radix(digits, 16).ok()
}

impl Told {
    pub(crate) fn read(reply: &Value) -> Result<Self> {
        let Value::Array(values) = reply else { return Err(strange()) };
        let head = read(values)?;
        match values.get(3..) {
            Some([layout, names, reached, seen, forgotten, issuer, time]) => Ok(Self {
                head,
                layout: integer(layout).unwrap_or(0),
                names: bytes(names).unwrap_or_default().to_vec(),
                reached: integer(reached).unwrap_or(0),
                seen: integer(seen).unwrap_or(0),
                forgotten: integer(forgotten).unwrap_or(0),
                issuer: bytes(issuer).unwrap_or_default().to_vec(),
                time: integer(time)?,
            }),
            _ => Err(strange()),
        }
    }
}

pub(crate) fn integer(value: &Value) -> Result<u64> {
    match value {
        Value::Int(number) => u64::try_from(*number).map_err(|_| strange()),
        Value::BulkString(text) => {
            std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).ok_or_else(strange)
        }
        _ => Err(strange()),
    }
}

pub(crate) fn bytes(value: &Value) -> Result<&[u8]> {
    match value {
        Value::BulkString(bytes) => Ok(bytes),
        _ => Err(strange()),
    }
}

pub(crate) fn strange() -> sessera::SessionError {
    broken("the server holds a head that no store of ours has written")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_is_sixteen_hexadecimal_digits_and_nothing_else() {
        assert_eq!(chain(b"00000000000000ff"), Some(255));
        for digits in [&b""[..], b"ff", b"00000000000000fff", b"000000000000000g", b"+0000000000000ff"] {
            let expected = (digits == b"+0000000000000ff").then_some(255);
            assert!(chain(digits).is_none() || chain(digits) == expected, "{digits:?}");
        }
    }

    #[test]
    fn a_head_that_no_store_of_ours_has_written_is_none() {
        let bulk = |text: &str| Value::BulkString(text.into());
        let good = [bulk("7"), bulk("5"), bulk("00000000000000ff")];
        assert_eq!(read(&good).unwrap(), Head { epoch: 7, seq: 5, chain: 255 });
        for place in 0..3 {
            for wrong in [Value::Nil, bulk("x"), bulk("-1")] {
                let mut values = good.clone();
                values[place] = wrong;
                assert!(read(&values).is_err());
            }
        }
        assert!(read(&good[..2]).is_err() && Told::read(&Value::Nil).is_err());
    }
}
