//! What subjects are called in the index.

use std::fmt;

use ring::digest;
use siphasher::sip::SipHasher13;

use super::scramble::Scramble;

/// A subject's name in a fleet: 128 bits of a hash that every process of it makes alike. It leads back to the
/// subject only by trying, and not without the fleet's secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SubjectName([u8; 16]);

/// Makes the names of a fleet: SHA-256 over one block that holds the fleet's secret, and the subject.
#[derive(Clone)]
pub struct SubjectNames(digest::Context);

/// How an index knows subjects.
pub(super) enum Subjects {
    /// By 128 bits of two keyed hashes: with keys that nobody knows, nobody can make two subjects of one hash, nor
    /// fill one place of the table. The first says which half the filter is asked for; the second is computed
    /// only where the filter does not settle it.
    Alone([SipHasher13; 2]),
    /// By the names that they have in the fleet.
    Shared(SubjectNames, Scramble),
}

impl SubjectName {
    /// The name of these 128 bits.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 128 bits.
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0
    }
}

impl SubjectNames {
    /// Bytes of a secret that count: a longer one is for its owner to hash.
    pub const SECRET: usize = 32;

    /// The names of the fleet with this secret; all zeros where there is none.
    pub fn new(secret: &[u8; Self::SECRET]) -> Self {
        const LABEL: &[u8; 32] = b"sessera subject name, version 1\0";
        let mut block = digest::Context::new(&digest::SHA256);
        block.update(LABEL);
        block.update(secret);
        Self(block)
    }

    /// The name of a subject.
    pub fn of(&self, subject: &str) -> SubjectName {
        let mut hash = self.0.clone();
        hash.update(subject.as_bytes());
        let mut name = [0; 16];
        name.iter_mut().zip(hash.finish().as_ref()).for_each(|(byte, hashed)| *byte = *hashed);
        SubjectName(name)
    }
}

/// Where a name is, it stands for a person.
impl fmt::Debug for SubjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SubjectName(..)")
    }
}

impl fmt::Debug for SubjectNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SubjectNames(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_of_one_subject_in_one_fleet() {
        let (one, other) = (SubjectNames::new(&[0; 32]), SubjectNames::new(&[1; 32]));
        assert_eq!(one.of("user-42"), SubjectNames::new(&[0; 32]).of("user-42"));
        assert_ne!(one.of("user-42"), other.of("user-42"));
        assert_ne!(one.of("user-42"), one.of("user-43"));
    }

    #[test]
    fn a_name_is_what_it_was_in_every_version() {
        // sha256(b"sessera subject name, version 1\0" + bytes(32) + b"user-42")[:16]
        let name = SubjectNames::new(&[0; 32]).of("user-42").to_bytes();
        assert_eq!(format!("{:032x}", u128::from_be_bytes(name)), "a5d3ee3934c0cc7ee10875409e35e06a");
    }
}
