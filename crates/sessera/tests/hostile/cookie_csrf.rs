//! From the browser's headers to a session: a cookie, a token within it, and a request that changes something.

use sessera::cookie::{Cookie, CookieSettings};
use sessera::csrf::FetchMetadata;
use sessera::{Client, ErrorKind, ManualClock, MemoryStore, NewSession, Origin, Session, Sessions};

use crate::forge::{AUDIENCE, HS256, ISSUER, NOW};

fn sessions() -> Sessions {
    Sessions::builder(ISSUER, AUDIENCE)
        .keyring(HS256.keyring())
        .store(MemoryStore::new())
        .clock(ManualClock::at_unix(NOW))
        .build()
        .unwrap()
}

/// The code that a `Cookie` header leads to; `ok` for a session, `none` where no cookie of ours came.
fn shown(header: &str) -> &'static str {
    let cookie = Cookie::new(&CookieSettings::default()).unwrap();
    match cookie.read(header.as_bytes()) {
        Ok(None) => "none",
        Ok(Some(token)) => HS256.verdict(token),
        Err(error) => error.code(),
    }
}

#[test]
fn two_cookies_of_our_name_are_refused_even_if_both_hold_the_same_good_token() {
    let good = HS256.good();
    for header in [
        format!("__Host-session={good}; __Host-session={good}"),
        format!("__Host-session={good}; a=b; __Host-session=planted"),
        format!("__Host-session=; __Host-session={good}"),
    ] {
        assert_ne!(shown(&header), "ok", "{}", header.replace(&good, "…"));
    }
    assert_eq!(shown(&format!("__Host-session={good}; __Host-session={good}")), "cookie_invalid");
    assert_eq!(shown(&format!("a=b; __Host-session={good}; c=d")), "ok");
    // Without "=" it is the value of a nameless cookie.
    assert_eq!(shown(&format!("__Host-session={good}; __Host-session")), "ok");
}

#[test]
fn a_good_token_under_a_name_that_only_looks_like_ours_is_nobodys() {
    let good = HS256.good();
    for name in [
        "__host-session",
        "__HOST-session",
        "__Host-Session",
        "session",
        "__Secure-session",
        "__Host-session2",
    ] {
        assert_eq!(shown(&format!("{name}={good}")), "none", "{name}");
    }
    // How a nameless cookie comes out of some browsers (CVE-2023-23934).
    assert_ne!(shown(&format!("=__Host-session={good}")), "ok");
    assert_ne!(shown(&format!("==__Host-session={good}")), "ok");
    assert_ne!(shown(&format!("__Host-session=={good}")), "ok");
    assert_ne!(shown(&format!("__Host-session==; x={good}")), "ok");
}

#[test]
fn a_token_that_no_cookie_could_hold_is_an_error_before_it_is_sent() {
    let cookie = Cookie::new(&CookieSettings::default()).unwrap();
    let room = 4096 - "__Host-session".len();
    assert!(cookie.set_cookie(&"a".repeat(room)).is_ok());
    let error = cookie.set_cookie(&"a".repeat(room + 1)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CookieInvalid);
    assert_eq!(shown(&format!("__Host-session={}", "a".repeat(5000))), "too_large");
}

#[test]
fn a_cookie_of_quotes_lines_or_nulls_is_nobodys() {
    let good = HS256.good();
    for header in [
        format!("__Host-session=\"{good}\""),
        format!("__Host-session={good}\r\nSet-Cookie: a=b"),
        format!("__Host-session={good}\0"),
        format!("__Host-session={good},x"),
        format!("__Host-session=Bearer {good}"),
    ] {
        assert_ne!(shown(&header), "ok", "{}", header.replace(&good, "…"));
    }
}

/// A request's check with a good CSRF token, or with another.
struct Form {
    sessions: Sessions,
    session: Session,
    token: String,
}

impl Form {
    fn new() -> Self {
        let sessions = sessions();
        let session = sessions.issue(NewSession::new("user-42"), &Client::new()).unwrap().session;
        let token = sessions.csrf_token(&session).unwrap();
        Self { sessions, session, token }
    }

    fn passes(&self, request: &FetchMetadata<'_>) -> bool {
        let [checked, without] = [Some(self.token.as_str()), None]
            .map(|token| self.sessions.check_csrf(&self.session, request, token));
        assert!(without.is_err(), "no unsafe request passes without the token");
        checked.inspect_err(|error| assert_eq!(error.kind().http_status(), 403)).is_ok()
    }
}

#[test]
fn where_a_request_comes_from_is_asked_though_its_token_is_good() {
    let form = Form::new();
    let own = [Origin::parse("https://app.example").unwrap()];
    let trusted = [Origin::parse("https://pay.example").unwrap()];
    for (site, origin, passes) in [
        (Some("same-origin"), Some("https://app.example"), true),
        (Some("same-origin"), None, true),
        (Some("none"), None, true),
        (Some("same-site"), Some("https://sub.app.example"), false),
        (Some("same-site"), Some("https://pay.example"), true),
        (Some("cross-site"), Some("https://pay.example"), true),
        (Some("cross-site"), Some("https://evil.example"), false),
        (Some("cross-site"), Some("https://app.example"), false),
        (Some("cross-site"), Some("null"), false),
        (Some("cross-site"), None, false),
        (Some("unheard-of"), None, false),
        (Some(""), None, false),
        (None, Some("https://app.example"), true),
        (None, Some("https://pay.example"), true),
        (None, Some("https://evil.example"), false),
        (None, Some("http://app.example"), false),
        (None, Some("null"), false),
        (None, Some(""), false),
        (None, None, true),
    ] {
        for method in ["POST", "PUT", "PATCH", "DELETE", "post", ""] {
            let request = FetchMetadata {
                method,
                sec_fetch_site: site,
                origin,
                own_origins: &own,
                trusted_origins: &trusted,
                refuse_unknown: false,
            };
            assert_eq!(form.passes(&request), passes, "{method} {site:?} {origin:?}");
        }
    }
}

#[test]
fn a_csrf_token_outlives_rotation_and_neither_login_nor_another_deployment() {
    let form = Form::new();
    let post = FetchMetadata { method: "POST", ..FetchMetadata::default() };
    let client = Client::new();
    let login = || form.sessions.issue(NewSession::new("user-42"), &client).unwrap();
    let first = login();
    let token = form.sessions.csrf_token(&first.session).unwrap();
    let rotated = form.sessions.rotate(&first.token, &client).unwrap();
    assert!(form.sessions.check_csrf(&rotated.session, &post, Some(&token)).is_ok());
    let again = form.sessions.check_csrf(&login().session, &post, Some(&token));
    assert_eq!(again.unwrap_err().code(), "csrf_invalid", "the same user's next session");
    let other = Sessions::builder(ISSUER, AUDIENCE)
        .keyring(sessera::Keyring::generate(sessera::Algorithm::Hs256).unwrap())
        .build()
        .unwrap();
    assert!(other.check_csrf(&rotated.session, &post, Some(&token)).is_err());
}
