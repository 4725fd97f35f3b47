//! A signature on the stack.

/// The bytes of a signature as a token carries them: 64 of Ed25519 and ES256 (r, then s), 32 of HS256.
pub(crate) struct Signature {
    bytes: [u8; 64],
    length: usize,
}

impl Signature {
    /// A signature that was made elsewhere; `None` if it is too long for one.
    pub(crate) fn of(signature: &[u8]) -> Option<Self> {
        (signature.len() <= 64).then(|| Self::copy(signature))
    }

    /// Takes at most 64 bytes, which none of the signing algorithms exceeds.
    pub(super) fn copy(signature: &[u8]) -> Self {
        let mut bytes = [0; 64];
        let length = signature.len().min(bytes.len());
        bytes[..length].copy_from_slice(&signature[..length]);
        Self { bytes, length }
    }
}

impl AsRef<[u8]> for Signature {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}
