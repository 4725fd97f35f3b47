//! The low level: any payload in a compact JWS (RFC 7515), read as strictly as a session token.

pub mod jws;
