//! stand-in until the reader lands
/// Family and platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserAgent {
    /// family
    pub family: Family,
    /// platform
    pub platform: Platform,
}
/// family
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Family;
/// platform
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Platform;
impl UserAgent {
    /// reads
    pub fn of(_: &str) -> Self {
        Self { family: Family, platform: Platform }
    }
}
impl Family {
    /// text
    pub fn as_str(self) -> &'static str {
        "x"
    }
}
impl Platform {
    /// text
    pub fn as_str(self) -> &'static str {
        "x"
    }
}
