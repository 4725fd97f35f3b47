//! Has the library judge a case, through its public API only.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use sessera::binding::{DpopSettings, DpopVerifier, ProofRequest, client_address, parse_address};
use sessera::cookie::{Cookie, CookieSettings};
use sessera::csrf::FetchMetadata;
use sessera::jose::{jwe, jws};
use sessera::{
    BindingMode, Elevation, Issued, Keyring, ManualClock, MemoryStore, NewSession, OnReuse, Origin,
    SessionError, Sessions, StepUp,
};
use time::OffsetDateTime;

use crate::format::{Arguments, Case, Client, Expect, File, Policy, Session, Step, Verb};

/// Takes the steps of a case.
///
/// # Errors
/// What the library did otherwise, at which step.
pub fn run(file: &File, case: &Case) -> Result<(), String> {
    let clock = ManualClock::default();
    let sessions = build(file, case, clock.clone()).map_err(|error| format!("not built: {error}"))?;
    for (nth, step) in case.steps.iter().enumerate() {
        clock.set_unix_millis(step.now.unwrap_or_default());
        let led_to = take(&sessions, step)
            .unwrap_or_else(|error| Expect { code: Some(error.code().to_owned()), ..Expect::default() });
        compare(&step.expect, led_to).map_err(|wrong| format!("step {}: {wrong}", nth + 1))?;
    }
    Ok(())
}

fn build(file: &File, case: &Case, clock: ManualClock) -> sessera::Result<Sessions> {
    let mut builder = Sessions::builder(&file.issuer, &file.audience)
        .keyring(Keyring::from_jwks(&file.keys)?)
        .policy(policy(&case.policy)?)
        .sealed(case.sealed)
        .clock(clock);
    if case.store {
        builder = builder.store(MemoryStore::new());
    }
    builder.build()
}

fn policy(stated: &Policy) -> sessera::Result<sessera::Policy> {
    let unknown = || SessionError::new(sessera::ErrorKind::InvalidConfig, "the vectors name no such setting");
    let mut policy = sessera::Policy::default();
    let seconds = |stated: Option<u64>, default| stated.map_or(default, Duration::from_secs);
    policy.idle_timeout = seconds(stated.idle_timeout, policy.idle_timeout);
    policy.absolute_timeout = seconds(stated.absolute_timeout, policy.absolute_timeout);
    policy.renew_after = stated.renew_after.map(Duration::from_secs);
    policy.grace = seconds(stated.grace, policy.grace);
    policy.leeway = seconds(stated.leeway, policy.leeway);
    policy.on_reuse = match stated.on_reuse.as_deref() {
        None | Some("revoke") => OnReuse::Revoke,
        Some("refuse") => OnReuse::Refuse,
        Some(_) => return Err(unknown()),
    };
    for (fact, mode) in &stated.binding {
        let mode = match mode.as_str() {
            "off" => BindingMode::Off,
            "report" => BindingMode::Report,
            "step_up" => BindingMode::StepUp,
            "enforce" => BindingMode::Enforce,
            _ => return Err(unknown()),
        };
        match fact.as_str() {
            "device" => policy.binding.device = mode,
            "user_agent" => policy.binding.user_agent = mode,
            "ip" => policy.binding.ip = mode,
            "key" => policy.binding.key = mode,
            _ => return Err(unknown()),
        }
    }
    Ok(policy)
}

/// What a step leads to, in the words of the format.
fn take(sessions: &Sessions, step: &Step) -> sessera::Result<Expect> {
    let with = &step.with;
    let token = step.token.as_deref().unwrap_or_default();
    let text = with.text.as_deref().unwrap_or_default();
    let subject = with.subject.as_deref().unwrap_or_default();
    let id = with.id.as_deref().unwrap_or_default();
    let typ = with.typ.as_deref().unwrap_or_default();
    let client = client(&step.client);
    let nothing = |()| Expect::default();
    let done = |_| Expect::default();
    let claims = with.claims.as_ref().map(json);
    match step.verb {
        Verb::Issue => sessions.issue(login(subject, with), &client).map(|issued| told_anew(&issued)),
        Verb::Verify => sessions
            .verify(token, &client)
            .map(|session| Expect { session: Some(facts(&session)), ..Expect::default() }),
        Verb::Renew => match &with.claims {
            Some(claims) => sessions.renew_with(token, &client, &json(claims)),
            None => sessions.renew(token, &client),
        }
        .map(|issued| told(&issued)),
        Verb::Rotate => sessions.rotate(token, &client).map(|issued| told(&issued)),
        Verb::Elevate => sessions.elevate(token, &client, elevation(with)).map(|issued| told(&issued)),
        Verb::End => sessions
            .end(token)
            .map(|ended| Expect { text: ended.map(|state| state.name().to_owned()), ..Expect::default() }),
        Verb::IssueVisitor => sessions
            .issue_visitor(claims.as_deref().unwrap_or("{}"), &client)
            .map(|issued| told_anew(&issued)),
        Verb::VerifyVisitor => sessions
            .verify_visitor(token, &client)
            .map(|session| Expect { session: Some(facts(&session)), ..Expect::default() }),
        Verb::RenewVisitor => {
            sessions.renew_visitor(token, &client, claims.as_deref()).map(|issued| told(&issued))
        }
        Verb::RevokeSession => sessions.revoke_session(id).map(done),
        Verb::RevokeSubject => sessions.revoke_subject(subject).map(done),
        Verb::RevokeAll => sessions.revoke_all().map(done),
        Verb::RevokeKey => sessions.revoke_key(id).map(done),
        Verb::RevokeOthers => sessions.revoke_others(token, &client).map(|issued| told_anew(&issued)),
        Verb::OpenJws => jws::verify(token, typ, &sessions.keyring(), instant(step.now)).map(opened),
        Verb::OpenJwe => jwe::open(token, typ, &sessions.keyring()).map(opened),
        Verb::Require => {
            let session = sessions.verify(token, &client)?;
            sessions.require(&session, &step_up(with)).map(nothing)
        }
        Verb::CheckCsrf => {
            let session = sessions.verify(token, &client)?;
            let origins = |texts: &[String]| -> sessera::Result<Vec<Origin>> {
                texts.iter().map(|text| Origin::parse(text)).collect()
            };
            let (own, trusted) = (origins(&with.own_origins)?, origins(&with.trusted_origins)?);
            let request = FetchMetadata {
                method: with.method.as_deref().unwrap_or_default(),
                sec_fetch_site: with.sec_fetch_site.as_deref(),
                origin: with.origin.as_deref(),
                own_origins: &own,
                trusted_origins: &trusted,
                ..FetchMetadata::default()
            };
            sessions.check_csrf(&session, &request, with.csrf.as_deref()).map(nothing)
        }
        Verb::ReadCookie => Cookie::new(&CookieSettings::default())?
            .read(text.as_bytes())
            .map(|value| Expect { text: value.map(ToOwned::to_owned), ..Expect::default() }),
        Verb::SetCookie => Cookie::new(&CookieSettings::default())?
            .set_cookie(text)
            .map(|header| Expect { text: Some(header), ..Expect::default() }),
        Verb::ClientAddress => Ok(Expect { text: address_of(with), ..Expect::default() }),
        Verb::LoadKeys => Keyring::from_jwks(text).map(|keyring| skipped(&keyring)),
        Verb::LoadPublicKeys => Keyring::from_public_jwks(text).map(|keyring| skipped(&keyring)),
        Verb::LoadPem => Keyring::from_pem(None, text).map(|keyring| named(&keyring)),
        Verb::VerifyProof => {
            let request = ProofRequest {
                proof: text,
                method: with.method.as_deref().unwrap_or_default(),
                url: with.url.as_deref().unwrap_or_default(),
                access_token: step.token.as_deref(),
                ..ProofRequest::default()
            };
            let proof = DpopVerifier::new(DpopSettings::default())?.verify(&request, instant(step.now))?;
            Ok(Expect { text: Some(proof.thumbprint), ..Expect::default() })
        }
    }
}

/// Behind a trusted hop the peer's own address is not looked at: it may be a Unix socket.
fn address_of(with: &Arguments) -> Option<String> {
    let headers: Vec<&str> = with.forwarded_for.iter().map(String::as_str).collect();
    let peer = with.peer.as_deref().and_then(parse_address);
    let peer = peer.or((with.trusted_hops > 0).then_some(IpAddr::V4(Ipv4Addr::UNSPECIFIED)))?;
    client_address(peer, &headers, with.trusted_hops).map(|address| address.to_string())
}

pub(crate) fn client(stated: &Client) -> sessera::Client {
    let mut client = sessera::Client::new();
    if let Some(ip) = stated.ip.as_deref().and_then(parse_address) {
        client = client.ip(ip);
    }
    if let Some(user_agent) = &stated.user_agent {
        client = client.user_agent(user_agent);
    }
    if let Some(device) = &stated.device {
        client = client.device(device);
    }
    if let Some(key) = &stated.key {
        client = client.key(key);
    }
    client.waited(Duration::from_millis(stated.waited.unwrap_or_default()))
}

fn skipped(keyring: &Keyring) -> Expect {
    let skipped = keyring.skipped().iter().map(|key| key.kid.clone().unwrap_or_default());
    Expect { skipped: skipped.collect(), ..Expect::default() }
}

fn named(keyring: &Keyring) -> Expect {
    let kid = keyring.keys(OffsetDateTime::UNIX_EPOCH).pop().map(|key| key.kid);
    Expect { text: kid, ..Expect::default() }
}

fn login(subject: &str, with: &Arguments) -> NewSession {
    let mut login = NewSession::new(subject).amr(&with.amr);
    if let Some(claims) = &with.claims {
        login = login.claims_json(&json(claims));
    }
    match &with.acr {
        Some(acr) => login.acr(acr),
        None => login,
    }
}

fn elevation(with: &Arguments) -> Elevation {
    let mut elevation = Elevation::new().amr(&with.amr);
    if let Some(claims) = &with.claims {
        elevation = elevation.claims_json(&json(claims));
    }
    match &with.acr {
        Some(acr) => elevation.acr(acr),
        None => elevation,
    }
}

fn step_up(with: &Arguments) -> StepUp {
    let step_up = StepUp::new().acr(&with.acrs).amr(&with.amr);
    match with.max_age {
        Some(seconds) => step_up.max_age(Duration::from_secs(seconds)),
        None => step_up,
    }
}

/// Strings and numbers always have a JSON form.
fn json(claims: &BTreeMap<String, serde_json::Value>) -> String {
    serde_json::to_string(claims).unwrap_or_default()
}

fn told(issued: &Issued) -> Expect {
    Expect { token: Some(issued.token.clone()), session: Some(facts(&issued.session)), ..Expect::default() }
}

/// A new session, whose id is random.
fn told_anew(issued: &Issued) -> Expect {
    let session = Session { id: None, ..facts(&issued.session) };
    Expect { session: Some(session), ..Expect::default() }
}

/// All payloads of the vectors are text.
fn opened(payload: Vec<u8>) -> Expect {
    Expect { text: Some(String::from_utf8(payload).unwrap_or_default()), ..Expect::default() }
}

fn instant(unix_millis: Option<u64>) -> OffsetDateTime {
    let nanos = i128::from(unix_millis.unwrap_or_default()) * 1_000_000;
    OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

fn facts(session: &sessera::Session) -> Session {
    let binding =
        session.binding.verdicts().map(|(fact, verdict)| (fact.name().into(), verdict.name().into()));
    Session {
        subject: session.subject.clone(),
        id: Some(session.id.clone()),
        generation: session.generation,
        issued_at: millis(session.issued_at),
        rotated_at: millis(session.rotated_at),
        started_at: millis(session.started_at),
        authenticated_at: millis(session.authenticated_at),
        expires_at: millis(session.expires_at),
        ends_at: millis(session.ends_at),
        acr: session.acr.clone(),
        amr: session.amr.clone(),
        claims: session.claims.to_map(),
        superseded: session.superseded,
        renew_due: session.renew_due,
        rotation_due: session.rotation_due,
        binding: binding.into(),
    }
}

fn millis(instant: OffsetDateTime) -> u64 {
    u64::try_from(instant.unix_timestamp_nanos() / 1_000_000).unwrap_or_default()
}

fn compare(expected: &Expect, mut led_to: Expect) -> Result<(), String> {
    // Where signatures are random, the vectors state no token; where only the outcome counts, no session.
    if expected.token.is_none() {
        led_to.token = None;
    }
    if expected.session.is_none() {
        led_to.session = None;
    }
    if *expected == led_to {
        Ok(())
    } else {
        Err(format!("expected {expected:#?}\nbut it led to {led_to:#?}"))
    }
}
