//! The low level: any payload in a compact JWS (RFC 7515) or JWE (RFC 7516), read as strictly as a session
//! token.

pub mod jwe;
pub mod jws;

mod provider;

pub use provider::ring_provider;
