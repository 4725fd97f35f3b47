//! Keys for purposes other than signing, drawn from one root secret by HKDF (RFC 5869).

use ring::hkdf::{HKDF_SHA256, KeyType, Okm, Prk, Salt};
use ring::{aead, hkdf, hmac};
use zeroize::Zeroizing;

use super::invalid;
use crate::error::{Result, SessionError};

/// The fewest bytes of a root secret.
pub(crate) const ROOT_LENGTH: usize = 32;

/// The bytes of a store's secret.
pub(crate) const STORE_LENGTH: usize = 32;

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
    /// Sealed tokens, A256GCM.
    pub(crate) sealing: aead::LessSafeKey,
    /// Names and data in a store that others can read.
    pub(crate) store: Zeroizing<[u8; STORE_LENGTH]>,
}

impl Purposes {
    pub(crate) fn derive(root: &[u8]) -> Result<Self> {
        let prk = extract(root);
        let mut store = Zeroizing::new([0; STORE_LENGTH]);
        fill(&prk, b"sessera store v1", &mut *store)?;
        let mac = |name: &[u8]| expand(&prk, name, hmac::HMAC_SHA256, |okm| hmac::Key::from(okm));
        Ok(Self {
            binding: mac(b"sessera binding v1")?,
            csrf: mac(b"sessera csrf v1")?,
            log: mac(b"sessera log v1")?,
            sealing: expand(&prk, b"sessera sealing v1", &aead::AES_256_GCM, |okm| {
                aead::LessSafeKey::new(aead::UnboundKey::from(okm))
            })?,
            store,
        })
    }
}

/// The root of a ring that has none of its own, from the private part of a key.
///
/// It is a derivation and not the private part itself, so that writing it down tells nothing about the key.
pub(crate) fn root_of(private_part: &[u8]) -> Result<Root> {
    let mut root = Zeroizing::new(vec![0; ROOT_LENGTH]);
    fill(&extract(private_part), b"sessera root v1", &mut root)?;
    Ok(root)
}

fn extract(secret: &[u8]) -> Prk {
    Salt::new(HKDF_SHA256, b"sessera").extract(secret)
}

/// As many bytes as SHA-256 has.
fn fill(prk: &Prk, name: &[u8], bytes: &mut [u8]) -> Result<()> {
    prk.expand(&[name], HKDF_SHA256)
        .and_then(|okm: Okm<'_, hkdf::Algorithm>| okm.fill(bytes))
        .map_err(|_| failed())
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
        let tags: std::collections::HashSet<Vec<u8>> = [&purposes.binding, &purposes.csrf, &purposes.log]
            .map(|key| hmac::sign(key, b"message").as_ref().to_vec())
            .into_iter()
            .collect();
        assert_eq!(tags.len(), 3);
    }

    /// Computed apart from this code. Another value here would end every session at an upgrade: the names are
    /// part of the format.
    #[test]
    fn the_derivation_never_changes() {
        let expected = [
            ("binding", "673ef59629b71d0957284a6c5a37009e4e988a75aaad7b8c2d2b9c461f56cdf4"),
            ("csrf", "3b545f822f9c05eab8d4f7d4c38cb43d0f9c40b93d095841922278395c146b05"),
            ("log", "dc058d83fdf82e52e3a21a80b5e28672d3228fe4e98845d7c822e2c366381263"),
            ("sealing", "8a41aaaef4c40340e09bf4beb2244ce5ae9330fb147c193e0e3466d40132db7d"),
            ("store", "3d59d96995e3dc04e0e897bd0535e93ce7c86abc081bb562d9288621238cab3a"),
            ("root", "681e45f891f0b27ab552298a49b1cacaab41ff0bde7b443f7975e61dc1d1d2d4"),
        ];
        let expected: std::collections::HashMap<_, _> = expected.map(|(name, key)| (name, hex(key))).into();
        let purposes = Purposes::derive(&[7; 32]).unwrap();
        for (name, key) in [("binding", &purposes.binding), ("csrf", &purposes.csrf), ("log", &purposes.log)]
        {
            let same = hmac::Key::new(hmac::HMAC_SHA256, &expected[name]);
            assert_eq!(hmac::sign(key, b"m").as_ref(), hmac::sign(&same, b"m").as_ref(), "{name}");
        }
        let same = aead::UnboundKey::new(&aead::AES_256_GCM, &expected["sealing"]).unwrap();
        assert_eq!(seal(&purposes.sealing), seal(&aead::LessSafeKey::new(same)));
        assert_eq!(purposes.store[..], expected["store"]);
        assert_eq!(*root_of(&[7; 32]).unwrap(), expected["root"]);
    }

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len() / 2).map(|at| u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).unwrap()).collect()
    }

    fn seal(key: &aead::LessSafeKey) -> Vec<u8> {
        let mut text = b"message".to_vec();
        let nonce = aead::Nonce::assume_unique_for_key([0; 12]);
        key.seal_in_place_append_tag(nonce, aead::Aad::empty(), &mut text).unwrap();
        text
    }
}
