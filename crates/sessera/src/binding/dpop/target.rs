//! Whether two URLs name the same target, query and fragment aside (RFC 9449 §4.3, RFC 3986 §6.2.2–3).

use crate::origin::Origin;

/// Compares scheme and host in any case, ports with their default, and paths byte for byte but for escapes
/// that need not be there. Anything that is not a URL with a host is the same as nothing.
pub(super) fn same_target(one: &str, other: &str) -> bool {
    match (split(one), split(other)) {
        (Some((origin, path)), Some((other_origin, other_path))) => {
            origin == other_origin && units(path).eq(units(other_path))
        }
        _ => false,
    }
}

/// The URL without query and fragment.
pub(super) fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or(url)
}

fn split(url: &str) -> Option<(Origin, &str)> {
    let url = without_query(url);
    let authority = url.find("://")? + 3;
    let path = url[authority..].find('/').map_or(url.len(), |at| authority + at);
    let (origin, path) = url.split_at(path);
    Some((Origin::normal(origin)?, if path.is_empty() { "/" } else { path }))
}

/// The bytes of a path, each with whether it is escaped. Escaped letters, digits and `-._~` are the same as
/// plain ones; any other escape is not the same as its byte, since `%2F` is no separator.
fn units(path: &str) -> impl Iterator<Item = (u8, bool)> {
    let mut rest = path.as_bytes();
    std::iter::from_fn(move || {
        let (unit, length) = match rest {
            [b'%', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                let byte = hex(*high) << 4 | hex(*low);
                let plain = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
                ((byte, !plain), 3)
            }
            [byte, ..] => ((*byte, false), 1),
            [] => return None,
        };
        rest = &rest[length..];
        Some(unit)
    })
}

/// The value of a hexadecimal digit.
const fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20) - b'a' + 10,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn query_fragment_case_of_host_and_default_port_do_not_count() {
        for (one, other) in [
            ("https://a.example/p", "https://a.example/p?q=1#f"),
            ("https://a.example/p?x", "https://a.example/p#y"),
            ("HTTPS://A.Example:443/p", "https://a.example/p"),
            ("http://[::1]:80/p", "http://[::1]/p"),
            ("https://a.example", "https://a.example/"),
            ("https://a.example?q=/x", "https://a.example/"),
            ("https://a.example/%7euser/%61", "https://a.example/~user/a"),
            ("https://a.example/%2f", "https://a.example/%2F"),
        ] {
            assert!(same_target(one, other) && same_target(other, one), "{one} {other}");
        }
    }

    #[test]
    fn scheme_host_port_and_path_count() {
        let url = "https://a.example/p/q";
        for other in [
            "http://a.example/p/q",
            "https://b.example/p/q",
            "https://a.example:8443/p/q",
            "https://a.example/p",
            "https://a.example/p/q/",
            "https://a.example/P/q",
            "https://a.example/p%2Fq",
            "https://a.example//p/q",
            "https://a.example/p/./q",
            "https://a.example.evil.example/p/q",
            "https://a.example@evil.example/p/q",
            "https://evil.example/?https://a.example/p/q",
        ] {
            assert!(!same_target(url, other), "{other}");
        }
    }

    #[test]
    fn what_is_no_url_is_the_same_as_nothing() {
        for url in
            ["", "/p", "a.example/p", "https://", "https:///p", "https://a b/p", "mailto:a@b", "%", "://"]
        {
            assert!(!same_target(url, url), "{url:?}");
        }
        assert!(same_target("https://a/%zz%", "https://a/%zz%"));
    }

    proptest! {
        #[test]
        fn no_text_makes_comparing_panic(one in ".{0,60}", path in "[a-zA-Z%0-9/é]{0,30}") {
            let _ = same_target(&one, &format!("https://a.example/{path}"));
            let _ = same_target(&format!("https://a.example/{path}"), &one);
        }
    }
}
