//! Finds one cookie in what the browser sent, and refuses to guess.

use super::{Cookie, MAX_HEADER_BYTES, are_cookie_octets};
use crate::error::{ErrorKind, Result, SessionError};

impl Cookie {
    /// The value of our cookie in a `Cookie` header; none if it is absent or empty.
    ///
    /// Only the exact name counts. Another case, white space around the name, and a nameless `=…` are other
    /// cookies (CVE-2023-23934), and what they hold is not looked at.
    ///
    /// # Errors
    /// [`TooLarge`](ErrorKind::TooLarge) over [`MAX_HEADER_BYTES`];
    /// [`CookieInvalid`](ErrorKind::CookieInvalid) if our name is there twice, since one of them was planted,
    /// or its value is quoted or has a byte that cookies can't hold.
    pub fn read<'h>(&self, header: &'h [u8]) -> Result<Option<&'h str>> {
        self.read_all([header])
    }

    /// As [`read`](Self::read), over all `Cookie` headers of a request: HTTP/2 may split them (RFC 9113
    /// §8.2.3).
    ///
    /// # Errors
    /// As [`read`](Self::read), where the limit and the count are over all headers together.
    pub fn read_all<'h>(&self, headers: impl IntoIterator<Item = &'h [u8]>) -> Result<Option<&'h str>> {
        let mut found = None;
        let mut size = 0_usize;
        for header in headers {
            size = size.saturating_add(header.len());
            if size > MAX_HEADER_BYTES {
                return Err(SessionError::new(ErrorKind::TooLarge, "the Cookie header is over 16 KiB"));
            }
            for value in values_of(&self.name, header) {
                if found.replace(value).is_some() {
                    return Err(SessionError::new(
                        ErrorKind::CookieInvalid,
                        "the session's cookie came twice: one of them was planted",
                    ));
                }
            }
        }
        found.filter(|value| !value.is_empty()).map(checked).transpose()
    }
}

/// The values of all pairs whose name is exactly `name`.
fn values_of<'h>(name: &str, header: &'h [u8]) -> impl Iterator<Item = &'h [u8]> {
    let mut rest = Some(header);
    std::iter::from_fn(move || {
        let text = rest?;
        let (pair, next) = match memchr::memchr(b';', text) {
            // One space belongs to the separator; a second one would be part of the next name.
            Some(end) => {
                let next = &text[end + 1..];
                (&text[..end], Some(next.strip_prefix(b" ").unwrap_or(next)))
            }
            None => (text, None),
        };
        rest = next;
        Some(pair.strip_prefix(name.as_bytes()).and_then(|tail| tail.strip_prefix(b"=")))
    })
    .flatten()
}

fn checked(value: &[u8]) -> Result<&str> {
    match std::str::from_utf8(value) {
        Ok(text) if are_cookie_octets(value) => Ok(text),
        _ => Err(SessionError::new(
            ErrorKind::CookieInvalid,
            "the session's cookie is quoted, or has a byte that cookies can't hold",
        )),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::CookieSettings;
    use super::*;

    fn cookie() -> Cookie {
        Cookie::new(&CookieSettings::default()).unwrap()
    }

    fn refusal(header: &[u8]) -> ErrorKind {
        cookie().read(header).unwrap_err().kind()
    }

    #[test]
    fn our_cookie_is_found_wherever_it_stands() {
        for header in [
            "__Host-session=x",
            "a=b; __Host-session=x",
            "__Host-session=x; a=b",
            "a=b;__Host-session=x;c=d",
            "__Host-session=x;",
            ";;; ; __Host-session=x; ;",
            "a=\"q; __Host-session=x",
            "a; __Host-session=x",
        ] {
            assert_eq!(cookie().read(header.as_bytes()).unwrap(), Some("x"), "{header:?}");
        }
    }

    #[test]
    fn a_value_may_hold_equals_signs() {
        assert_eq!(cookie().read(b"__Host-session=a=b==").unwrap(), Some("a=b=="));
    }

    #[test]
    fn a_cookie_of_another_name_is_not_ours() {
        for header in [
            "",
            "__host-session=x",
            "__HOST-SESSION=x",
            "session=x",
            "__Host-session2=x",
            "a__Host-session=x",
            " __Host-session=x",
            "a=b;  __Host-session=x",
            "a=b;\t__Host-session=x",
            "__Host-session =x",
            "__Host-session\t=x",
            "__Host-session\0=x",
            "\"__Host-session\"=x",
            "a=__Host-session=x",
            "a=b, __Host-session=x",
            "%5F_Host-session=x",
        ] {
            assert_eq!(cookie().read(header.as_bytes()).unwrap(), None, "{header:?}");
        }
    }

    #[test]
    fn a_nameless_cookie_is_not_ours() {
        for header in
            ["=__Host-session=x", "==__Host-session=x", "=x", "__Host-session", "a=b; =__Host-session=x"]
        {
            assert_eq!(cookie().read(header.as_bytes()).unwrap(), None, "{header:?}");
        }
    }

    #[test]
    fn our_cookie_twice_is_refused_whatever_its_values() {
        for header in [
            "__Host-session=x; __Host-session=y",
            "__Host-session=x; __Host-session=x",
            "__Host-session=; __Host-session=x",
            "__Host-session=x; a=b; __Host-session=",
            "__Host-session=x;__Host-session=\"",
        ] {
            assert_eq!(refusal(header.as_bytes()), ErrorKind::CookieInvalid, "{header:?}");
        }
        let split: [&[u8]; 2] = [b"__Host-session=x", b"a=b; __Host-session=y"];
        assert_eq!(cookie().read_all(split).unwrap_err().kind(), ErrorKind::CookieInvalid);
    }

    #[test]
    fn a_header_in_parts_is_read_as_one() {
        let parts: [&[u8]; 3] = [b"a=b", b"__Host-session=x", b"c=d"];
        assert_eq!(cookie().read_all(parts).unwrap(), Some("x"));
        assert_eq!(cookie().read_all([]).unwrap(), None);
    }

    #[test]
    fn an_empty_cookie_is_none() {
        assert_eq!(cookie().read(b"a=b; __Host-session=; c=d").unwrap(), None);
    }

    #[test]
    fn a_quoted_value_or_a_byte_outside_the_grammar_is_refused() {
        for value in
            ["\"x\"", "x\"", "x y", " x", "x ", "x,y", "x\\y", "x\ty", "x\r\ny", "x\0", "\u{7f}", "é"]
        {
            assert_eq!(
                refusal(format!("__Host-session={value}").as_bytes()),
                ErrorKind::CookieInvalid,
                "{value:?}"
            );
        }
        assert_eq!(refusal(b"__Host-session=\xFF"), ErrorKind::CookieInvalid);
    }

    #[test]
    fn a_header_over_16_kib_is_refused_before_it_is_read() {
        let most = format!("__Host-session=x; a={}", "b".repeat(MAX_HEADER_BYTES - 20));
        assert_eq!(most.len(), MAX_HEADER_BYTES);
        assert_eq!(cookie().read(most.as_bytes()).unwrap(), Some("x"));
        assert_eq!(refusal(format!("{most}b").as_bytes()), ErrorKind::TooLarge);
        let parts: [&[u8]; 2] = [most.as_bytes(), b"a"];
        assert_eq!(cookie().read_all(parts).unwrap_err().kind(), ErrorKind::TooLarge);
    }

    proptest! {
        #[test]
        fn no_bytes_make_reading_panic(header in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = cookie().read(&header);
        }

        #[test]
        fn what_is_read_is_a_value_that_could_have_been_set(
            header in "(__Host-session|=|;| |\"|x|\\\\|\t|é){0,12}",
        ) {
            if let Ok(Some(value)) = cookie().read(header.as_bytes()) {
                prop_assert!(cookie().set_cookie(value).is_ok());
            }
        }
    }
}
