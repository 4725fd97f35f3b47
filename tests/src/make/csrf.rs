use sessera::csrf::FetchMetadata;
use sessera::{Client, ManualClock, Sessions};

use super::rings::Ring;
use super::steps::{case, step};
use super::stored::Stored;
use super::token::Claims;
use super::{AUDIENCE, ISSUER, NOW, NOW_MS, Result};
use crate::format::{Arguments, Case, Step, Verb};

pub(super) fn cases(ring: &Ring, stored: &Stored) -> Result<Vec<Case>> {
    let ours = ring.sign(&Claims::fresh().payload())?;
    let other = Claims { id: "AQECAwQFBgcICQoLDA0ODw".to_owned(), ..Claims::fresh() };
    let other = ring.sign(&other.payload())?;
    let csrf = token_for(ring, &ours, stored)?;
    let post = |with: Arguments| {
        let method = with.method.clone().or_else(|| Some("POST".to_owned()));
        step(Verb::CheckCsrf, NOW_MS, &ours).with(Arguments { method, ..with })
    };
    let bringing = |csrf: &str| Arguments { csrf: Some(csrf.to_owned()), ..Arguments::default() };
    let refused = |step: Step| step.code("csrf_invalid");
    let from = |site: Option<&str>, origin: Option<&str>| Arguments {
        sec_fetch_site: site.map(ToOwned::to_owned),
        origin: origin.map(ToOwned::to_owned),
        own_origins: vec!["https://app.example".to_owned()],
        trusted_origins: vec!["https://pay.example".to_owned()],
        ..bringing(&csrf)
    };
    let own = Some("https://app.example");
    Ok(vec![
        case(
            "an_unsafe_method_needs_the_sessions_token",
            [
                post(bringing(&csrf)),
                refused(post(Arguments::default())),
                refused(post(bringing(""))),
                refused(post(bringing(&csrf[1..]))),
                refused(post(bringing(&format!("{csrf}=")))),
                refused(post(bringing(&format!("A{}", &csrf[1..])))),
                refused(post(bringing(&ours))),
            ],
        ),
        case(
            "the_token_of_another_session_is_refused",
            [refused(
                step(Verb::CheckCsrf, NOW_MS, &other)
                    .with(Arguments { method: Some("POST".to_owned()), ..bringing(&csrf) }),
            )],
        ),
        case(
            "a_safe_method_needs_none",
            ["GET", "HEAD", "OPTIONS", "TRACE"]
                .map(|method| post(Arguments { method: Some(method.to_owned()), ..Arguments::default() })),
        ),
        case(
            "a_method_that_is_not_exactly_a_safe_one_is_unsafe",
            ["get", "PUT", "DELETE", "PATCH", ""].map(|method| {
                refused(post(Arguments { method: Some(method.to_owned()), ..Arguments::default() }))
            }),
        ),
        case(
            "a_request_of_our_own_pages_passes",
            [
                post(from(Some("same-origin"), own)),
                post(from(Some("none"), None)),
                post(from(None, own)),
                post(from(None, Some("https://pay.example"))),
                post(from(Some("cross-site"), Some("https://pay.example"))),
                post(from(None, None)),
            ],
        ),
        case(
            "a_request_of_another_site_is_refused_though_it_brings_the_token",
            [
                refused(post(from(Some("cross-site"), Some("https://evil.example")))),
                refused(post(from(Some("cross-site"), None))),
                refused(post(from(Some("same-site"), own))),
                refused(post(from(Some("Same-Origin"), own))),
                refused(post(from(None, Some("null")))),
                refused(post(from(None, Some("http://app.example")))),
                refused(post(from(None, Some("https://app.example.evil.example")))),
            ],
        ),
    ])
}

/// The CSRF token of old if it holds, else a new one.
fn token_for(ring: &Ring, session: &str, stored: &Stored) -> Result<String> {
    let sessions = Sessions::builder(ISSUER, AUDIENCE)
        .keyring(ring.keyring().clone())
        .clock(ManualClock::at_unix(NOW))
        .build()?;
    let session = sessions.verify(session, &Client::new())?;
    let request = FetchMetadata { method: "POST", ..FetchMetadata::default() };
    stored.keep_or(
        |token| sessions.check_csrf(&session, &request, Some(token)).is_ok(),
        || Ok(sessions.csrf_token(&session)?),
    )
}
