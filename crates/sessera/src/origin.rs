//! A web origin: scheme, host and port (RFC 6454).

use std::fmt;

use crate::error::{ErrorKind, Result, SessionError};

/// A name of 253 characters, brackets, scheme and port fit in well.
const MAX_ORIGIN: usize = 320;

/// A web origin such as `https://app.example`, in its one normal form: lower case, and without the port that
/// is its scheme's own.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Origin(String);

impl Origin {
    /// Reads an origin from a setting, or made of a request's scheme and `Host` header.
    ///
    /// # Errors
    /// [`InvalidConfig`](ErrorKind::InvalidConfig) for `null`, and for anything but `scheme://host` with or
    /// without a port: no path, not even `/`, no user, query or fragment.
    pub fn parse(text: &str) -> Result<Self> {
        Self::normal(text).ok_or_else(|| {
            SessionError::new(
                ErrorKind::InvalidConfig,
                "an origin is written `https://host` or `https://host:port`, with nothing behind",
            )
        })
    }

    /// The normal form.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The origin of an untrusted text, or none.
    pub(crate) fn normal(text: &str) -> Option<Self> {
        if text.len() > MAX_ORIGIN {
            return None;
        }
        let (scheme, authority) = text.split_once("://")?;
        let (host, port) = split_port(authority)?;
        if !is_scheme(scheme) || !is_host(host) {
            return None;
        }
        let mut normal = [scheme, "://", host].concat();
        normal.make_ascii_lowercase();
        if let Some(port) = port
            && default_port(&normal) != Some(port)
        {
            normal.extend([":", itoa::Buffer::new().format(port)]);
        }
        Some(Self(normal))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Origin({self})")
    }
}

fn default_port(normal: &str) -> Option<u16> {
    match normal.split_once("://")?.0 {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

/// Splits `host:port`, `[v6]:port`, or a host alone.
fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = if authority.starts_with('[') {
        let (host, rest) = authority.split_at(authority.find(']')? + 1);
        match rest {
            "" => (host, None),
            _ => (host, Some(rest.strip_prefix(':')?)),
        }
    } else {
        match authority.split_once(':') {
            None => (authority, None),
            Some((host, port)) => (host, Some(port)),
        }
    };
    let Some(port) = port else { return Some((host, None)) };
    // `parse` alone would take a sign and leading zeros.
    if port.starts_with('0') || !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some((host, Some(port.parse().ok()?)))
}

fn is_scheme(scheme: &str) -> bool {
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return address.parse::<std::net::Ipv6Addr>().is_ok();
    }
    // Browsers send names in their ASCII form.
    !host.is_empty()
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(text: &str) -> Option<String> {
        Origin::normal(text).map(|origin| origin.to_string())
    }

    #[test]
    fn case_and_default_port_do_not_make_another_origin() {
        for text in ["https://app.example", "HTTPS://App.Example", "https://app.example:443"] {
            assert_eq!(normal(text).unwrap(), "https://app.example");
        }
        assert_eq!(normal("http://[::1]:80").unwrap(), "http://[::1]");
        assert_eq!(normal("capacitor://localhost").unwrap(), "capacitor://localhost");
    }

    #[test]
    fn scheme_host_and_port_each_make_another_origin() {
        let all = [
            "https://a",
            "http://a",
            "https://b",
            "https://a.b",
            "https://a:80",
            "http://a:443",
            "https://a.",
        ];
        let distinct: std::collections::HashSet<_> = all.iter().map(|text| normal(text).unwrap()).collect();
        assert_eq!(distinct.len(), all.len());
    }

    #[test]
    fn what_is_not_exactly_an_origin_is_refused() {
        for text in [
            "",
            "null",
            "app.example",
            "https://",
            "://a",
            "https:/a",
            "https://a/",
            "https://a/b",
            "https://a?b",
            "https://a#b",
            "https://u@a",
            "https://a b",
            " https://a",
            "https://a ",
            "https://a,https://b",
            "https://a https://b",
            "https://a:",
            "https://a:0",
            "https://a:0443",
            "https://a:+443",
            "https://a:65536",
            "https://a:b",
            "https://a:1:2",
            "https://[::1",
            "https://[::1]x",
            "https://[a]",
            "https://[::1%25eth0]",
            "https://é.example",
            "1https://a",
            "https://a\r\n",
        ] {
            assert_eq!(normal(text), None, "{text:?}");
            assert_eq!(Origin::parse(text).unwrap_err().kind(), ErrorKind::InvalidConfig);
        }
        assert_eq!(normal(&format!("https://{}", "a".repeat(400))), None);
    }
}
