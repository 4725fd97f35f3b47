//! Keys for purposes other than signing, drawn from one root secret by HKDF (RFC 5869).

use ring::hkdf::{HKDF_SHA256, KeyType, Okm, Prk, Salt};
use ring::{aead, hkdf, hmac};
use zeroize::Zeroizing;

use super::invalid;
use crate::error::{Result, SessionError};

/// The fewest bytes of a root secret.
pub(crate) const ROOT_LENGTH: usize = 32;

/// A root secret: at least [`ROOT_LENGTH`] bytes.
pub(crate) type Root = Zeroizing<Vec<u8>>;

/// One key for each purpose. Its name goes into the derivation, so no two purposes share a key.
pub(crate) struct Purposes {
    /// Tags of the facts that a session is bound to.
    pub(crate) binding: hmac::Key,
    /// CSRF tokens.
    pub(crate) csrf: hmac::Key,
    /// Session ids in events and logs.
    pub(crate) log: hmac::Key,
    /// The route that a balancer reads.
    pub(crate) affinity: hmac::Key,
    /// Sealed tokens, A256GCM.
    pub(crate) sealing: aead::LessSafeKey,
}

impl Purposes {
    pub(crate) fn derive(root: &[u8]) -> Result<Self> {
        let prk = extract(root);
        let mac = |name: &[u8]| expand(&prk, name, hmac::HMAC_SHA256, |okm| hmac::Key::from(okm));
        Ok(Self {
            binding: mac(b"sessera binding v1")?,
            csrf: mac(b"sessera csrf v1")?,
            log: mac(b"sessera log v1")?,
            affinity: mac(b"sessera affinity v1")?,
            sealing: expand(&prk, b"sessera sealing v1", &aead::AES_256_GCM, |okm| {
                aead::LessSafeKey::new(aead::UnboundKey::from(okm))
            })?,
        })
    }
}

/// The root of a ring that has none of its own, from the private part of a key.
///
/// It is a derivation and not the private part itself, so that writing it down tells nothing about the key.
pub(crate) fn root_of(private_part: &[u8]) -> Result<Root> {
    let mut root = Zeroizing::new(vec![0; ROOT_LENGTH]);
    extract(private_part)
        .expand(&[b"sessera root v1"], HKDF_SHA256)
        .and_then(|okm: Okm<'_, hkdf::Algorithm>| okm.fill(&mut root))
        .map_err(|_| failed())?;
    Ok(root)
}

fn extract(secret: &[u8]) -> Prk {
    Salt::new(HKDF_SHA256, b"sessera").extract(secret)
}

fn expand<L: KeyType, K>(prk: &Prk, name: &[u8], length: L, key: impl Fn(Okm<'_, L>) -> K) -> Result<K> {
    prk.expand(&[name], length).map(key).map_err(|_| failed())
}

fn failed() -> SessionError {
    invalid("the purpose keys could not be derived")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_purpose_has_a_key_of_its_own() {
        let purposes = Purposes::derive(&[7; 32]).unwrap();
        let tags: std::collections::HashSet<Vec<u8>> =
            [&purposes.binding, &purposes.csrf, &purposes.log, &purposes.affinity]
                .map(|key| hmac::sign(key, b"message").as_ref().to_vec())
                .into_iter()
                .collect();
        assert_eq!(tags.len(), 4);
    }

    #[test]
    fn another_root_gives_other_keys_and_the_same_root_the_same() {
        let tag = |root: &[u8]| hmac::sign(&Purposes::derive(root).unwrap().csrf, b"m").as_ref().to_vec();
        assert_eq!(tag(&[1; 32]), tag(&[1; 32]));
        assert_ne!(tag(&[1; 32]), tag(&[2; 32]));
        assert_ne!(*root_of(&[1; 32]).unwrap(), vec![1; 32]);
    }
}
