//! The cookie that carries a token.

use sessera::cookie::SameSite;

use crate::{Duration, Result};

/// Which requests from other sites bring the cookie along.
#[uniffi::remote(Enum)]
pub enum SameSite {
    /// None do; also not a link from elsewhere, so its first page looks signed out.
    Strict,
    /// Only a top-level navigation by a safe method does. The default.
    Lax,
    /// All do, where the browser lets them. For embedded applications; needs `Secure`.
    None,
}

/// The settings of a cookie. What is not given is the default: the strictest that works for a site of its own.
#[derive(Default, uniffi::Record)]
pub struct CookieSettings {
    /// Default `__Host-session`.
    #[uniffi(default)]
    pub name: Option<String>,
    /// Default none, so that only the host that set the cookie gets it back.
    #[uniffi(default)]
    pub domain: Option<String>,
    /// Default `/`.
    #[uniffi(default)]
    pub path: Option<String>,
    /// Default lax.
    #[uniffi(default)]
    pub same_site: Option<SameSite>,
    /// Default true: scripts cannot read the cookie.
    #[uniffi(default)]
    pub http_only: Option<bool>,
    /// Default true: sent over TLS only. False is refused unless `dev` is set.
    #[uniffi(default)]
    pub secure: Option<bool>,
    /// Default false. True gives an embedded application a cookie per embedding site (CHIPS).
    #[uniffi(default)]
    pub partitioned: Option<bool>,
    /// Default none: the cookie goes with the browser. A second to 400 days.
    #[uniffi(default)]
    pub max_age: Option<Duration>,
    /// Default false. True is for development over plain http: it drops the name's prefix and `Secure`.
    #[uniffi(default)]
    pub dev: Option<bool>,
}

impl From<CookieSettings> for sessera::cookie::CookieSettings {
    fn from(settings: CookieSettings) -> Self {
        let CookieSettings { name, domain, path, same_site, http_only, secure, partitioned, max_age, dev } =
            settings;
        let default = Self::default();
        Self {
            name: name.unwrap_or(default.name),
            domain,
            path: path.unwrap_or(default.path),
            same_site: same_site.unwrap_or(default.same_site),
            http_only: http_only.unwrap_or(default.http_only),
            secure: secure.unwrap_or(default.secure),
            partitioned: partitioned.unwrap_or(default.partitioned),
            max_age: max_age.map(Into::into),
            dev: dev.unwrap_or(default.dev),
        }
    }
}

/// A cookie whose settings were checked: writes, expires and reads it strictly (RFC 6265bis).
#[derive(uniffi::Object)]
pub struct Cookie(sessera::cookie::Cookie);

#[uniffi::export]
impl Cookie {
    /// A cookie of these settings. Fails with `invalid_config` for a combination that browsers would refuse or
    /// weaken.
    #[uniffi::constructor(default(settings))]
    pub fn new(settings: CookieSettings) -> Result<Self> {
        Ok(Self(sessera::cookie::Cookie::new(&settings.into())?))
    }

    /// The name on the wire: without the prefix in development.
    pub fn name(&self) -> String {
        self.0.name().to_owned()
    }

    /// The value of a `Set-Cookie` header that stores `value`. Fails with `cookie_invalid` when name and value
    /// are over 4096 bytes, or a byte is one that cookies can't hold.
    pub fn set_cookie(&self, value: &str) -> Result<String> {
        Ok(self.0.set_cookie(value)?)
    }

    /// The value of a `Set-Cookie` header that removes the cookie.
    pub fn expire_cookie(&self) -> String {
        self.0.expire_cookie()
    }

    /// The cookie's value in the `Cookie` headers of one request; none if it is absent or empty.
    ///
    /// Fails with `cookie_invalid` when the cookie is there twice, since one of them was planted, and `too_large`
    /// when the headers are over 16 KiB.
    pub fn read(&self, headers: Vec<String>) -> Result<Option<String>> {
        let value = self.0.read_all(headers.iter().map(String::as_bytes))?;
        Ok(value.map(str::to_owned))
    }
}

/// A header's name and value.
#[derive(uniffi::Record)]
pub struct Header {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
}

impl From<(&str, &str)> for Header {
    fn from((name, value): (&str, &str)) -> Self {
        Self { name: name.to_owned(), value: value.to_owned() }
    }
}

/// The headers for a response whose content depends on the session, also where the cookie was absent; with
/// `sets` also those for one that sets or expires the cookie, with `logout` those for one that ends the session.
#[uniffi::export(default(sets = false, logout = false))]
pub fn cookie_headers(sets: bool, logout: bool) -> Vec<Header> {
    use sessera::cookie::{CLEAR_SITE_DATA, NO_STORE, VARY};
    let mut headers = vec![VARY.into()];
    if sets || logout {
        headers.push(NO_STORE.into());
    }
    if logout {
        headers.push(CLEAR_SITE_DATA.into());
    }
    headers
}
