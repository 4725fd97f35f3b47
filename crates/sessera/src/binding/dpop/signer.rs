//! A key that a key store keeps.

use super::der;
use crate::error::{ErrorKind, Result, SessionError};
use crate::keyring::{Algorithm, Material, Signature};

/// Signs with a key that never leaves its place: the Secure Enclave, the Android Keystore, a hardware module.
pub trait ProofSigner: Send + Sync + 'static {
    /// The signature of `message`. With Ed25519 the 64 bytes of RFC 8032; with P-256 the one of ECDSA with
    /// SHA-256, as `r` and `s` of 32 bytes each or in DER, as most key stores write it.
    ///
    /// # Errors
    /// Whatever keeps the key from signing, such as [`InvalidKey`](ErrorKind::InvalidKey) for one that is gone
    /// and [`StoreUnavailable`](ErrorKind::StoreUnavailable) for one that is locked. It reaches the caller of
    /// [`DpopKey::proof`](crate::binding::DpopKey::proof) as it is.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>>;
}

/// The public part of a key, and who signs with it.
pub(super) struct Kept {
    public: Material,
    signer: Box<dyn ProofSigner>,
}

impl Kept {
    pub(super) fn new(public: Material, signer: impl ProofSigner) -> Self {
        Self { public, signer: Box::new(signer) }
    }

    pub(super) fn public(&self) -> &Material {
        &self.public
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Signature> {
        let wrong = || {
            SessionError::new(
                ErrorKind::InvalidKey,
                "what the key store signed is not of the key that it named",
            )
        };
        let told = self.signer.sign(message)?;
        let signature = if told.len() == 64 || self.public.algorithm() != Algorithm::Es256 {
            Signature::of(&told)
        } else {
            der::ecdsa_p256(&told).and_then(|fixed| Signature::of(&fixed))
        }
        .ok_or_else(wrong)?;
        // Sooner told here than by a server that refuses the proof and can't say why.
        if self.public.verify(message, signature.as_ref()) { Ok(signature) } else { Err(wrong()) }
    }
}
