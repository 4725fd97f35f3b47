//! The cookie that carries a token: its settings, its `Set-Cookie` line, and reading it back strictly
//! (RFC 6265bis).
//!
//! Every response that set or read the cookie carries [`VARY`]; one that sets it carries [`NO_STORE`] too,
//! so that no cache hands one user's cookie to another. A logout adds [`CLEAR_SITE_DATA`].

mod read;
mod settings;

pub use settings::{CookieSettings, SameSite};

use crate::error::{ErrorKind, Result, SessionError};

/// For each response whose content depends on the session, also where the cookie was absent.
pub const VARY: (&str, &str) = ("Vary", "Cookie");

/// For each response with our `Set-Cookie`, also the one that expires it.
pub const NO_STORE: (&str, &str) = ("Cache-Control", "no-store");

/// For the response of a logout: what the browser cached and stored for this origin goes too.
///
/// Without `"cookies"`: that would take the cookies of the whole registrable domain, the device's own among
/// them. Ours is expired by its name.
pub const CLEAR_SITE_DATA: (&str, &str) = ("Clear-Site-Data", "\"cache\", \"storage\"");

/// Name and value together may have this many bytes; browsers drop a larger cookie without a word.
pub const MAX_COOKIE_BYTES: usize = 4096;

/// All `Cookie` headers of a request together may have this many bytes.
pub const MAX_HEADER_BYTES: usize = 16 * 1024;

/// A cookie whose settings were checked: writes, expires and reads it.
///
/// ```
/// use sessera::cookie::{Cookie, CookieSettings};
/// # fn main() -> Result<(), sessera::SessionError> {
/// let cookie = Cookie::new(&CookieSettings::default())?;
/// assert_eq!(
///     cookie.set_cookie("a.b.c")?,
///     "__Host-session=a.b.c; Path=/; Secure; HttpOnly; SameSite=Lax"
/// );
/// assert_eq!(cookie.read(b"theme=dark; __Host-session=a.b.c")?, Some("a.b.c"));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Cookie {
    /// As the browser sees it, so without prefix in development.
    name: String,
    /// `; Path=/; Secure; …`: what follows the value, but for the lifetime.
    attributes: String,
    /// `; Max-Age=…`, or nothing for a cookie that ends with the browser.
    lifetime: String,
}

impl Cookie {
    /// A cookie of these settings.
    ///
    /// # Errors
    /// [`InvalidConfig`](ErrorKind::InvalidConfig), as [`CookieSettings::validate`].
    pub fn new(settings: &CookieSettings) -> Result<Self> {
        settings.validate()?;
        Ok(Self {
            name: settings.effective_name().to_owned(),
            attributes: settings.attributes(),
            lifetime: settings
                .max_age
                .map_or_else(String::new, |max_age| format!("; Max-Age={}", max_age.as_secs())),
        })
    }

    /// The name on the wire: without the prefix in development.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value of a `Set-Cookie` header that stores `value`.
    ///
    /// # Errors
    /// [`CookieInvalid`](ErrorKind::CookieInvalid) if name and value are over [`MAX_COOKIE_BYTES`], or the
    /// value has a byte that a cookie can't hold.
    pub fn set_cookie(&self, value: &str) -> Result<String> {
        let size = self.name.len() + value.len();
        if size > MAX_COOKIE_BYTES {
            return Err(SessionError::new(
                ErrorKind::CookieInvalid,
                format!(
                    "the cookie's name and value have {size} bytes, and browsers keep at most \
                     {MAX_COOKIE_BYTES}; put less into the token, or the data into the store"
                ),
            ));
        }
        if !are_cookie_octets(value.as_bytes()) {
            return Err(SessionError::new(
                ErrorKind::CookieInvalid,
                "the cookie's value has a byte that cookies can't hold",
            ));
        }
        Ok([&self.name, "=", value, &self.attributes, &self.lifetime].concat())
    }

    /// The value of a `Set-Cookie` header that removes the cookie: same name, path and attributes, because a
    /// browser removes only the cookie that agrees in all of them.
    pub fn expire_cookie(&self) -> String {
        const GONE: &str = "; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";
        [&self.name, "=", &self.attributes, GONE].concat()
    }
}

/// `cookie-octet` of RFC 6265 §4.1.1: printable ASCII without space, quote, comma, semicolon, backslash.
///
/// Looks at all bytes, whatever it finds: that way the compiler takes many at once.
fn are_cookie_octets(bytes: &[u8]) -> bool {
    let is_octet = |byte: u8| matches!(byte, 0x21 | 0x23..=0x2B | 0x2D..=0x3A | 0x3C..=0x5B | 0x5D..=0x7E);
    bytes.iter().fold(true, |all, byte| all & is_octet(*byte))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn cookie(settings: &CookieSettings) -> Cookie {
        Cookie::new(settings).unwrap()
    }

    #[test]
    fn the_default_cookie_is_a_host_cookie_that_scripts_cannot_read() {
        let set = cookie(&CookieSettings::default()).set_cookie("x").unwrap();
        assert_eq!(set, "__Host-session=x; Path=/; Secure; HttpOnly; SameSite=Lax");
        assert!(!set.contains("Domain"));
    }

    #[test]
    fn every_attribute_that_is_set_is_written() {
        let settings = CookieSettings {
            name: "__Secure-s".into(),
            domain: Some("example.com".into()),
            path: "/app".into(),
            same_site: SameSite::None,
            http_only: false,
            partitioned: true,
            max_age: Some(Duration::from_secs(90)),
            ..CookieSettings::default()
        };
        assert_eq!(
            cookie(&settings).set_cookie("x").unwrap(),
            "__Secure-s=x; Domain=example.com; Path=/app; Secure; SameSite=None; Partitioned; Max-Age=90"
        );
    }

    #[test]
    fn development_drops_prefix_and_secure_and_nothing_else() {
        let development = cookie(&CookieSettings { dev: true, ..CookieSettings::default() });
        assert_eq!(development.set_cookie("x").unwrap(), "session=x; Path=/; HttpOnly; SameSite=Lax");
        assert_eq!(development.read(b"session=x").unwrap(), Some("x"));
        assert_eq!(development.read(b"__Host-session=x").unwrap(), None);
    }

    #[test]
    fn logout_expires_the_cookie_by_the_same_name_path_prefix_and_attributes() {
        for settings in [
            CookieSettings::default(),
            CookieSettings { partitioned: true, same_site: SameSite::None, ..CookieSettings::default() },
            CookieSettings { max_age: Some(Duration::from_secs(60)), ..CookieSettings::default() },
            CookieSettings { name: "s".into(), path: "/app".into(), ..CookieSettings::default() },
            CookieSettings { dev: true, ..CookieSettings::default() },
        ] {
            let lifetime = settings.max_age;
            let cookie = cookie(&settings);
            let set = cookie.set_cookie("").unwrap();
            let set = if lifetime.is_some() { set.strip_suffix("; Max-Age=60").unwrap() } else { &set };
            assert_eq!(
                cookie.expire_cookie(),
                format!("{set}; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT")
            );
        }
    }

    #[test]
    fn a_cookie_over_4096_bytes_is_an_error_that_says_so() {
        let cookie = cookie(&CookieSettings::default());
        let most = MAX_COOKIE_BYTES - cookie.name().len();
        assert!(cookie.set_cookie(&"x".repeat(most)).is_ok());
        let error = cookie.set_cookie(&"x".repeat(most + 1)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::CookieInvalid);
        assert!(error.to_string().contains("4097") && error.to_string().contains("4096"), "{error}");
    }

    #[test]
    fn a_value_that_could_write_another_attribute_or_header_is_refused() {
        let cookie = cookie(&CookieSettings::default());
        for value in
            ["a; Domain=evil.example", "a\r\nSet-Cookie: b=c", "a b", "\"a\"", "a,b", "a\\b", "é", "\0"]
        {
            let error = cookie.set_cookie(value).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::CookieInvalid, "{value:?}");
        }
    }

    #[test]
    fn a_secret_value_is_not_in_the_error() {
        let error = cookie(&CookieSettings::default()).set_cookie("hunter2 ").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }

    proptest! {
        #[test]
        fn what_was_set_is_read_back_beside_any_other_cookies(
            value in "[!#-+\\--:<-\\[\\]-~]{1,200}", before in "[a-z]{1,8}=[ -:<-~]{0,20}", after in "[a-z]{1,8}=[ -:<-~]{0,20}",
        ) {
            let cookie = Cookie::new(&CookieSettings::default()).unwrap();
            let set = cookie.set_cookie(&value).unwrap();
            let pair = set.split(';').next().unwrap();
            let header = format!("{before}; {pair}; {after}");
            prop_assert_eq!(cookie.read(header.as_bytes()).unwrap(), Some(value.as_str()));
        }
    }
}
