//! What the cookie looks like, and which combinations browsers would refuse or weaken.

use std::time::Duration;

use crate::error::{ErrorKind, Result, SessionError};

/// An attribute value may have this many bytes (RFC 6265bis §5.6).
const MAX_ATTRIBUTE: usize = 1024;

/// Browsers cut a longer lifetime to this (RFC 6265bis §5.5).
const MAX_AGE: Duration = Duration::from_secs(400 * 24 * 60 * 60);

/// Which requests from other sites bring the cookie along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SameSite {
    /// None do; also not a link from elsewhere, so its first page looks signed out.
    Strict,
    /// Only a top-level navigation by a safe method does. The default.
    #[default]
    Lax,
    /// All do, where the browser lets them. For embedded applications; needs `Secure`.
    None,
}

impl SameSite {
    /// The attribute's value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "Strict",
            Self::Lax => "Lax",
            Self::None => "None",
        }
    }
}

/// The settings of a cookie. The defaults are the strictest that work for a site of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one attribute of the cookie")]
pub struct CookieSettings {
    /// Default `__Host-session`: the prefix makes browsers insist on `Secure`, `Path=/` and no `Domain`, so
    /// that no sibling domain and no plain-http answer can plant the cookie.
    pub name: String,
    /// Default none, so that only the host that set the cookie gets it back. `__Host-` allows no other.
    pub domain: Option<String>,
    /// Default `/`. A path protects nothing: it is for two applications on one host.
    pub path: String,
    /// Default [`SameSite::Lax`].
    pub same_site: SameSite,
    /// Default true: scripts cannot read the cookie.
    pub http_only: bool,
    /// Default true: sent over TLS only. False is refused unless [`dev`](Self::dev) is set.
    pub secure: bool,
    /// Default false. True gives an embedded application a cookie per embedding site (CHIPS).
    pub partitioned: bool,
    /// Default none: the cookie goes with the browser. A second to 400 days. Never the session's limit, which
    /// the server enforces.
    pub max_age: Option<Duration>,
    /// Default false. True is for development over plain http: it drops the name's prefix and `Secure`, so
    /// never set it in production, and warn where it is set.
    pub dev: bool,
}

impl Default for CookieSettings {
    fn default() -> Self {
        Self {
            name: "__Host-session".to_owned(),
            domain: None,
            path: "/".to_owned(),
            same_site: SameSite::Lax,
            http_only: true,
            secure: true,
            partitioned: false,
            max_age: None,
            dev: false,
        }
    }
}

impl CookieSettings {
    /// Checks what a browser would otherwise drop or weaken without a word.
    ///
    /// # Errors
    /// [`InvalidConfig`](ErrorKind::InvalidConfig) for a name that is no token, a prefix whose conditions are
    /// not met, `SameSite=None` or `Partitioned` without `Secure`, no `Secure` outside development, a lifetime
    /// under a second or over 400 days, an attribute that is ill-formed or over 1024 bytes.
    pub fn validate(&self) -> Result<()> {
        self.check_name()?;
        self.check_prefix()?;
        let secure = self.is_secure();
        if !secure && self.same_site == SameSite::None {
            return invalid("SameSite=None needs Secure: browsers drop the cookie otherwise");
        }
        if !secure && self.partitioned {
            return invalid("Partitioned needs Secure: browsers drop the cookie otherwise");
        }
        if !self.secure && !self.dev {
            return invalid("a cookie without Secure needs the `dev` setting");
        }
        if self.max_age.is_some_and(|max_age| max_age > MAX_AGE || max_age.as_secs() == 0) {
            return invalid("the cookie's lifetime must be from one second to 400 days");
        }
        let path_byte = |byte: u8| matches!(byte, 0x20..=0x7E) && byte != b';';
        if !self.path.starts_with('/') || !attribute(&self.path, path_byte) {
            return invalid("the cookie's path must start with `/` and be at most 1024 characters");
        }
        let host_byte = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
        if self.domain.as_ref().is_some_and(|domain| domain.is_empty() || !attribute(domain, host_byte)) {
            return invalid("the cookie's domain must be a host name of at most 1024 characters");
        }
        Ok(())
    }

    /// The name on the wire.
    pub(super) fn effective_name(&self) -> &str {
        if self.dev { Prefix::split(&self.name).1 } else { &self.name }
    }

    /// What follows the value, but for the lifetime.
    pub(super) fn attributes(&self) -> String {
        let mut text = String::new();
        if let Some(domain) = &self.domain {
            text.extend(["; Domain=", domain]);
        }
        text.extend(["; Path=", &self.path]);
        if self.is_secure() {
            text.push_str("; Secure");
        }
        if self.http_only {
            text.push_str("; HttpOnly");
        }
        text.extend(["; SameSite=", self.same_site.as_str()]);
        if self.partitioned {
            text.push_str("; Partitioned");
        }
        text
    }

    const fn is_secure(&self) -> bool {
        self.secure && !self.dev
    }

    fn check_name(&self) -> Result<()> {
        // `token` of RFC 9110 §5.6.2.
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if Prefix::split(&self.name).1.is_empty() || !attribute(&self.name, token) {
            return invalid("the cookie's name must be a token of at most 1024 characters beside its prefix");
        }
        Ok(())
    }

    /// Also in development, so that what works there works in production.
    fn check_prefix(&self) -> Result<()> {
        let (prefix, _) = Prefix::split(&self.name);
        if prefix.is_some() && !self.secure {
            return invalid("the name's prefix needs Secure");
        }
        if matches!(prefix, Some(Prefix::Host | Prefix::HostHttp))
            && (self.domain.is_some() || self.path != "/")
        {
            return invalid("the prefix `__Host-` needs the path `/` and no domain");
        }
        if matches!(prefix, Some(Prefix::Http | Prefix::HostHttp)) && !self.http_only {
            return invalid("the prefix `Http-` needs HttpOnly");
        }
        Ok(())
    }
}

/// The name prefixes that mean something to browsers, which read them in any case.
#[derive(Clone, Copy)]
enum Prefix {
    HostHttp,
    Host,
    Http,
    Secure,
}

impl Prefix {
    fn split(name: &str) -> (Option<Self>, &str) {
        // The longest first, because one starts with another.
        let known = [
            ("__Host-Http-", Self::HostHttp),
            ("__Host-", Self::Host),
            ("__Http-", Self::Http),
            ("__Secure-", Self::Secure),
        ];
        for (text, prefix) in known {
            if let Some((start, rest)) = name.split_at_checked(text.len())
                && start.eq_ignore_ascii_case(text)
            {
                return (Some(prefix), rest);
            }
        }
        (None, name)
    }
}

fn attribute(value: &str, allowed: impl Fn(u8) -> bool) -> bool {
    value.len() <= MAX_ATTRIBUTE && value.bytes().all(allowed)
}

fn invalid(message: &'static str) -> Result<()> {
    Err(SessionError::new(ErrorKind::InvalidConfig, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(settings: &CookieSettings) -> bool {
        settings.validate().is_err_and(|error| error.kind() == ErrorKind::InvalidConfig)
    }

    fn named(name: &str) -> CookieSettings {
        CookieSettings { name: name.into(), ..CookieSettings::default() }
    }

    #[test]
    fn the_defaults_are_valid_in_production_and_development() {
        CookieSettings::default().validate().unwrap();
        CookieSettings { dev: true, ..CookieSettings::default() }.validate().unwrap();
    }

    #[test]
    fn same_site_none_or_partitioned_without_secure_is_refused() {
        for (secure, dev) in [(false, false), (true, true), (false, true)] {
            let plain = CookieSettings { secure, dev, ..named("s") };
            assert!(refused(&CookieSettings { same_site: SameSite::None, ..plain.clone() }));
            assert!(refused(&CookieSettings { partitioned: true, ..plain }));
        }
        CookieSettings { same_site: SameSite::None, partitioned: true, ..named("s") }.validate().unwrap();
    }

    #[test]
    fn no_secure_is_refused_unless_development_is_asked_for() {
        assert!(refused(&CookieSettings { secure: false, ..named("s") }));
        CookieSettings { secure: false, dev: true, ..named("s") }.validate().unwrap();
    }

    #[test]
    fn a_host_prefix_in_any_case_allows_no_domain_and_no_other_path() {
        for name in ["__Host-s", "__host-s", "__HOST-s", "__Host-Http-s"] {
            named(name).validate().unwrap();
            for dev in [false, true] {
                assert!(refused(&CookieSettings { domain: Some("example.com".into()), dev, ..named(name) }));
                assert!(refused(&CookieSettings { path: "/app".into(), dev, ..named(name) }));
                assert!(refused(&CookieSettings { secure: false, dev, ..named(name) }));
            }
        }
        assert!(refused(&CookieSettings { secure: false, dev: true, ..named("__Secure-s") }));
        CookieSettings { domain: Some("example.com".into()), path: "/a".into(), ..named("__Secure-s") }
            .validate()
            .unwrap();
    }

    #[test]
    fn an_http_prefix_needs_http_only() {
        for name in ["__Http-s", "__Host-Http-s"] {
            assert!(refused(&CookieSettings { http_only: false, ..named(name) }));
        }
        CookieSettings { http_only: false, ..named("__Host-s") }.validate().unwrap();
    }

    #[test]
    fn a_name_that_is_no_token_is_refused() {
        for name in
            ["", "a b", "a=b", "a;b", "a,b", "é", "a\r\nb", "\"a\"", "__Host-", "__Secure-", "__host-http-"]
        {
            assert!(refused(&named(name)), "{name:?}");
        }
        assert!(refused(&named(&"a".repeat(1025))));
    }

    #[test]
    fn a_lifetime_over_400_days_or_under_a_second_is_refused() {
        let lasting = |max_age| CookieSettings { max_age: Some(max_age), ..CookieSettings::default() };
        lasting(MAX_AGE).validate().unwrap();
        lasting(Duration::from_secs(1)).validate().unwrap();
        for max_age in
            [MAX_AGE + Duration::from_nanos(1), Duration::MAX, Duration::ZERO, Duration::from_millis(999)]
        {
            assert!(refused(&lasting(max_age)), "{max_age:?}");
        }
    }

    #[test]
    fn a_path_or_domain_that_is_ill_formed_or_over_1024_bytes_is_refused() {
        for path in ["", "app", "/a;b", "/a\r\nb", "/é"] {
            assert!(refused(&CookieSettings { path: path.into(), ..named("s") }), "{path:?}");
        }
        for domain in ["", "a b", "a;b", "https://a", "a:80", "é.example"] {
            assert!(refused(&CookieSettings { domain: Some(domain.into()), ..named("s") }), "{domain:?}");
        }
        let long = "a".repeat(1025);
        assert!(refused(&CookieSettings { path: format!("/{long}"), ..named("s") }));
        assert!(refused(&CookieSettings { domain: Some(long), ..named("s") }));
    }
}
