//! What Redis keeps of single sessions, and cannot read.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::digest;
use ring::hkdf::{HKDF_SHA256, Salt};
use ring::rand::{SecureRandom as _, SystemRandom};
use sessera::{Result, SubjectName, SubjectNames};
use zeroize::Zeroizing;

use crate::options::Secret;
use crate::unavailable::broken;

/// Names and keys of what is kept, by the fleet's secret.
pub(crate) struct Sealing {
    secret: Zeroizing<[u8; SubjectNames::SECRET]>,
    names: SubjectNames,
}

/// Whose key seals something.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Owner<'a> {
    Session([u8; 16]),
    Subject(&'a str),
}

impl Sealing {
    pub(crate) fn new(secret: Option<&Secret>) -> Self {
        let mut bytes = Zeroizing::new([0; SubjectNames::SECRET]);
        if let Some(secret) = secret {
            // Whatever its length, all of it counts.
            let hash = digest::digest(&digest::SHA256, secret.as_bytes());
            bytes.iter_mut().zip(hash.as_ref()).for_each(|(byte, hashed)| *byte = *hashed);
        }
        Self { names: SubjectNames::new(&bytes), secret: bytes }
    }

    /// What subjects are called.
    pub(crate) const fn names(&self) -> &SubjectNames {
        &self.names
    }

    /// What tells one secret from another, and nothing of either.
    pub(crate) fn check(&self) -> [u8; 16] {
        self.names.of("").to_bytes()
    }

    /// What a session's data and lines are called.
    pub(crate) fn session(&self, id: [u8; 16]) -> SubjectName {
        // Other than a subject's, though nothing would come of it: the keys of data and lists differ.
        let mut text = String::with_capacity(40);
        text.push('\0');
        text.extend(id.iter().map(|byte| char::from(*byte)));
        self.names.of(&text)
    }

    /// Appends `plain`, sealed, to the header that goes with it in the clear.
    pub(crate) fn seal(&self, owner: Owner<'_>, mut header: Vec<u8>, plain: &[u8]) -> Result<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(|_| broken("the system gave no random bytes"))?;
        let mut sealed = plain.to_vec();
        let key = self.key(owner)?;
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(&header), &mut sealed)
            .map_err(|_| broken("the data are too large to be sealed"))?;
        header.extend_from_slice(&nonce);
        header.append(&mut sealed);
        Ok(header)
    }

    /// What was sealed after a header of this length; `None` where it is not what was sealed under this key.
    pub(crate) fn open(&self, owner: Owner<'_>, header: usize, value: &[u8]) -> Option<Vec<u8>> {
        let (header, sealed) = value.split_at_checked(header)?;
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let (key, mut sealed) = (self.key(owner).ok()?, sealed.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let length = key.open_in_place(nonce, Aad::from(header), &mut sealed).ok()?.len();
        sealed.truncate(length);
        Some(sealed)
    }

    fn key(&self, owner: Owner<'_>) -> Result<LessSafeKey> {
        let (label, bytes) = match &owner {
            Owner::Session(id) => (&b"data"[..], &id[..]),
            Owner::Subject(subject) => (&b"list"[..], subject.as_bytes()),
        };
        let mut material = Zeroizing::new(self.secret.to_vec());
        material.extend_from_slice(bytes);
        let pseudorandom = Salt::new(HKDF_SHA256, b"sessera redis, version 1").extract(&material);
        let info = [label];
        let key = pseudorandom.expand(&info, &AES_256_GCM).map(UnboundKey::from);
        key.map(LessSafeKey::new).map_err(|_| broken("no key could be derived"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_opens_for_its_owner_in_its_fleet_and_for_nobody_else() {
        let (fleet, other) = (Sealing::new(Some(&"one".into())), Sealing::new(Some(&"two".into())));
        let owner = Owner::Subject("user-42");
        let value = fleet.seal(owner, b"head".to_vec(), b"cart").unwrap();
        assert_eq!(fleet.open(owner, 4, &value).as_deref(), Some(&b"cart"[..]));
        assert_eq!(other.open(owner, 4, &value), None);
        assert_eq!(Sealing::new(None).open(owner, 4, &value), None);
        assert_eq!(fleet.open(Owner::Subject("user-43"), 4, &value), None);
        for place in 0..value.len() {
            let mut forged = value.clone();
            forged[place] ^= 1;
            assert_eq!(fleet.open(owner, 4, &forged), None, "byte {place}");
        }
        assert!((0..value.len()).all(|length| fleet.open(owner, 4, &value[..length]).is_none()));
    }

    #[test]
    fn a_session_and_a_subject_never_share_a_name_or_a_key() {
        let fleet = Sealing::new(None);
        let id = *b"0123456789abcdef";
        assert_ne!(fleet.session(id), fleet.names().of("0123456789abcdef"));
        assert_ne!(fleet.session(id), fleet.session([0xFF; 16]));
        let value = fleet.seal(Owner::Session(id), Vec::new(), b"x").unwrap();
        assert_eq!(fleet.open(Owner::Subject("0123456789abcdef"), 0, &value), None);
    }
}
