//! Where a request came from.

use sessera::Origin;

use crate::Result;

/// What a browser says of a request.
#[derive(uniffi::Record)]
pub struct FetchMetadata {
    /// The request's method, as it came.
    pub method: String,
    /// The `Sec-Fetch-Site` header.
    #[uniffi(default)]
    pub sec_fetch_site: Option<String>,
    /// The `Origin` header.
    #[uniffi(default)]
    pub origin: Option<String>,
    /// The application's own origins (`https://app.example`), asked only of browsers that send no
    /// `Sec-Fetch-Site`. Without any, their requests are refused.
    #[uniffi(default)]
    pub own_origins: Vec<String>,
    /// Other origins that may make unsafe requests.
    #[uniffi(default)]
    pub trusted_origins: Vec<String>,
    /// Whether a request with neither header is refused too: for an application that only browsers use.
    #[uniffi(default = false)]
    pub refuse_unknown: bool,
}

impl FetchMetadata {
    /// Hands the request on in the core's form.
    pub(crate) fn with<T>(
        &self,
        check: impl FnOnce(&sessera::csrf::FetchMetadata<'_>) -> sessera::Result<T>,
    ) -> Result<T> {
        let Self { method, sec_fetch_site, origin, own_origins, trusted_origins, refuse_unknown } = self;
        let (own, trusted) = (origins(own_origins)?, origins(trusted_origins)?);
        Ok(check(&sessera::csrf::FetchMetadata {
            method,
            sec_fetch_site: sec_fetch_site.as_deref(),
            origin: origin.as_deref(),
            own_origins: &own,
            trusted_origins: &trusted,
            refuse_unknown: *refuse_unknown,
        })?)
    }
}

fn origins(texts: &[String]) -> sessera::Result<Vec<Origin>> {
    texts.iter().map(|text| Origin::parse(text)).collect()
}

/// Refuses an unsafe request that another site caused, by what the browser says of it. Fails with
/// `csrf_invalid`, and `invalid_config` for an origin that is none.
#[uniffi::export]
pub fn check_fetch(request: FetchMetadata) -> Result<()> {
    request.with(sessera::csrf::check_fetch)
}

/// Whether the method only reads (RFC 9110 §9.2.1). Methods are case-sensitive: `get` is not safe.
#[uniffi::export]
pub fn is_safe_method(method: &str) -> bool {
    sessera::csrf::is_safe_method(method)
}
