//! Where a request came from, by the browser's own word (Fetch Metadata, and `Origin`).

use crate::error::{ErrorKind, Result, SessionError};
use crate::origin::Origin;

/// What [`check_fetch`] looks at.
#[derive(Debug, Clone, Copy, Default)]
pub struct FetchMetadata<'a> {
    /// The request's method, as it came.
    pub method: &'a str,
    /// The `Sec-Fetch-Site` header. Browsers send it over TLS and to localhost; scripts can't set it.
    pub sec_fetch_site: Option<&'a str>,
    /// The `Origin` header.
    pub origin: Option<&'a str>,
    /// The application's own origins, asked only of browsers that send no `Sec-Fetch-Site`. Without any,
    /// their requests are refused.
    pub own_origins: &'a [Origin],
    /// Other origins that may make unsafe requests.
    pub trusted_origins: &'a [Origin],
    /// Default false: a request with neither header passes. It is not from a current browser, but from a
    /// programme, which no other site can drive; and the CSRF token is asked of it in any case. True for an
    /// application that only browsers use.
    pub refuse_unknown: bool,
}

/// Refuses an unsafe request that another site caused.
///
/// | `Sec-Fetch-Site` | passes |
/// |---|---|
/// | `same-origin`, `none` (typed, or a bookmark) | always |
/// | `same-site`, `cross-site`, anything else | if `Origin` is a trusted one |
/// | absent | if `Origin` is an own or a trusted one; absent too: unless `refuse_unknown` |
///
/// Requests by [safe methods](is_safe_method) always pass: they must not change anything. A sibling domain is
/// another origin and not trusted by itself.
///
/// ```
/// use sessera::csrf::{FetchMetadata, check_fetch};
///
/// let request = FetchMetadata { method: "POST", sec_fetch_site: Some("cross-site"), ..Default::default() };
/// assert_eq!(check_fetch(&request).unwrap_err().code(), "csrf_invalid");
/// ```
///
/// # Errors
/// [`CsrfInvalid`](ErrorKind::CsrfInvalid): answer 403.
pub fn check_fetch(request: &FetchMetadata<'_>) -> Result<()> {
    if is_safe_method(request.method) {
        return Ok(());
    }
    match (request.sec_fetch_site, request.origin) {
        (Some("same-origin" | "none"), _) => Ok(()),
        (Some(_), Some(origin)) if contains(request.trusted_origins, origin) => Ok(()),
        (Some(_), _) => refused("the request came from another site"),
        (None, Some(origin))
            if contains(request.own_origins, origin) || contains(request.trusted_origins, origin) =>
        {
            Ok(())
        }
        (None, Some(_)) => refused("the request's Origin is neither our own nor trusted"),
        (None, None) if request.refuse_unknown => refused("the request does not say where it came from"),
        (None, None) => Ok(()),
    }
}

/// Whether the method only reads (RFC 9110 §9.2.1). Methods are case-sensitive: `get` is not safe.
pub fn is_safe_method(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS" | "TRACE")
}

/// `null` is no origin, so it is in no list.
fn contains(origins: &[Origin], origin: &str) -> bool {
    !origins.is_empty() && Origin::normal(origin).is_some_and(|origin| origins.contains(&origin))
}

fn refused(message: &'static str) -> Result<()> {
    Err(SessionError::new(ErrorKind::CsrfInvalid, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "https://app.example";
    const TRUSTED: &str = "https://pay.example:8443";

    fn passes(method: &str, site: Option<&str>, origin: Option<&str>) -> bool {
        let (own, trusted) = ([Origin::parse(OWN).unwrap()], [Origin::parse(TRUSTED).unwrap()]);
        let request = FetchMetadata {
            method,
            sec_fetch_site: site,
            origin,
            own_origins: &own,
            trusted_origins: &trusted,
            refuse_unknown: false,
        };
        let checked = check_fetch(&request);
        assert!(checked.as_ref().err().is_none_or(|error| error.kind() == ErrorKind::CsrfInvalid));
        checked.is_ok()
    }

    #[test]
    fn safe_methods_pass_from_anywhere() {
        for method in ["GET", "HEAD", "OPTIONS", "TRACE"] {
            assert!(passes(method, Some("cross-site"), Some("https://evil.example")));
        }
    }

    #[test]
    fn a_method_that_is_not_exactly_a_safe_one_is_unsafe() {
        for method in ["POST", "PUT", "PATCH", "DELETE", "get", "Get", "GET ", "", "CONNECT", "PROPFIND"] {
            assert!(!passes(method, Some("cross-site"), Some("https://evil.example")), "{method:?}");
        }
    }

    #[test]
    fn an_unsafe_request_of_our_own_pages_or_of_the_user_passes() {
        assert!(passes("POST", Some("same-origin"), Some(OWN)));
        assert!(passes("POST", Some("same-origin"), None));
        assert!(passes("POST", Some("none"), None));
    }

    #[test]
    fn an_unsafe_request_of_another_site_is_refused_unless_its_origin_is_trusted() {
        for site in ["cross-site", "same-site", "", "Same-Origin", "same-origin, cross-site", "garbage"] {
            assert!(passes("POST", Some(site), Some(TRUSTED)), "{site:?}");
            for origin in
                [None, Some("null"), Some(OWN), Some("https://pay.example"), Some("https://evil.example")]
            {
                assert!(!passes("POST", Some(site), origin), "{site:?} {origin:?}");
            }
        }
    }

    #[test]
    fn without_sec_fetch_site_the_origin_must_be_exactly_our_own_or_trusted() {
        for origin in [OWN, "https://app.example:443", "HTTPS://APP.EXAMPLE", TRUSTED] {
            assert!(passes("POST", None, Some(origin)), "{origin:?}");
        }
        for origin in [
            "null",
            "",
            "http://app.example",
            "https://app.example:444",
            "https://app.example.evil.example",
            "https://evil-app.example",
            "https://sub.app.example",
            "https://app.example@evil.example",
            "https://app.example/",
            "https://app.example https://evil.example",
            "app.example",
            "https://pay.example",
        ] {
            assert!(!passes("POST", None, Some(origin)), "{origin:?}");
        }
    }

    #[test]
    fn without_any_header_the_setting_decides() {
        assert!(passes("POST", None, None));
        let request = FetchMetadata { method: "POST", refuse_unknown: true, ..FetchMetadata::default() };
        assert!(check_fetch(&request).is_err());
    }

    #[test]
    fn without_configured_origins_an_origin_header_alone_is_refused() {
        let request = FetchMetadata { method: "POST", origin: Some("null"), ..FetchMetadata::default() };
        assert!(check_fetch(&request).is_err());
        assert!(check_fetch(&FetchMetadata { origin: Some(OWN), ..request }).is_err());
    }
}
