//! The name of a key, by value.

use std::fmt;

/// A `kid`, which is at most 64 bytes: a copy that takes no allocation and no count of references, so that every
/// verified session can have one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeyId {
    length: u8,
    bytes: [u8; Self::LONGEST],
}

impl KeyId {
    /// The longest name that a key may have.
    pub(crate) const LONGEST: usize = 64;

    /// This name. Of a longer one than a key can have the first 64 bytes are left, which are no key's.
    pub fn of(kid: &str) -> Self {
        let mut bytes = [0; Self::LONGEST];
        let length = kid.len().min(Self::LONGEST);
        bytes.iter_mut().zip(kid.bytes()).for_each(|(to, from)| *to = from);
        Self { length: u8::try_from(length).unwrap_or(u8::MAX), bytes }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        let name = self.bytes.get(..usize::from(self.length)).unwrap_or_default();
        // It was text, and a well-formed name is ASCII.
        std::str::from_utf8(name).unwrap_or_default()
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_any_length_is_kept() {
        for kid in ["", "a", "key-1", &"k".repeat(KeyId::LONGEST)] {
            assert_eq!(KeyId::of(kid).as_str(), kid);
        }
        assert_ne!(KeyId::of("one"), KeyId::of("two"));
    }
}
