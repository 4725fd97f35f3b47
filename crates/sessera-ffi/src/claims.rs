//! Application claims.

/// Application claims: a JSON object as text.
pub struct Claims(pub String);

uniffi::custom_type!(Claims, String, { lower: |claims| claims.0, try_lift: |json| Ok(Claims(json)) });
