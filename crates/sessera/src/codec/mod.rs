//! Bytes to values and back, strictly: everything that reads untrusted text is here.

pub(crate) mod base64url;
pub(crate) mod json;
