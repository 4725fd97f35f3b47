//! The verbs.

mod detached;
mod opening;
mod step_up;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use pyo3::exceptions::PyTypeError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyMapping};
use sessera::csrf::FetchMetadata;
use sessera::{Elevation, NewSession, Revoke};

use self::opening::Opening;
use self::step_up::{OneOrMore, step_up};
use crate::binding::NamedFacts;
use crate::claims;
use crate::client::Client;
use crate::clock::ManualClock;
use crate::csrf;
use crate::error::Result;
use crate::keyring::{self, Keyring};
use crate::listed::ListedSession;
use crate::policy::Policy;
use crate::session::{Issued, Session};
use crate::span::Span;
use crate::status::{Status, WaitFor};
use crate::text::{Csrf, Id, Subject, Text, Token};

/// Issues, verifies and ends the sessions of one issuer for one audience.
///
/// It is made once and shared: every method may be called from any thread. `issuer` and `audience` are what
/// all tokens are for (`iss`, `aud`). Without a `store` there is no rotation and no revocation. `clock` is
/// for tests. `observer` is called with an Event on the thread of the call: keep it short; what it raises
/// goes to `sys.unraisablehook`. With `sealed`, only servers that have the keyring's root can read the
/// tokens.
///
/// With `list_sessions` the store keeps a list of each subject's sessions, for `sessions_of`; each login and
/// renewal then writes to it. `list_networks` turns the list on, and has it say which network a session was last
/// seen in, which is personal data. `max_sessions` turns the list on, and lets a login beyond that number end
/// the subject's oldest session. `clock_skew` is how far the clock of each machine that writes to the store may
/// be off, at most the leeway: a timedelta or seconds. By default it is the leeway with a `RedisStore`, which machines
/// share, and 0 with the others. `longest_session` is how long a
/// session may last that any `Sessions` on this store issues, this policy's absolute timeout by default: set it,
/// to the same everywhere, where several policies share a store. `remembered_tokens` is how many verified
/// tokens are remembered so that their signatures are not checked again; 2048 by default, 0 for none. `max_data` is
/// the most bytes that the store keeps of one session, and `max_visitor_data` of one visitor.
///
/// Raises `InvalidConfig`, which names what can't work.
#[pyclass(module = "sessera", frozen, weakref)]
pub(crate) struct Sessions {
    core: sessera::Sessions,
    /// Whether signing is over before another thread could take over.
    signs_at_once: AtomicBool,
    sealed: bool,
    observer: Option<Arc<Py<PyAny>>>,
}

#[pymethods]
impl Sessions {
    #[new]
    #[pyo3(
        signature = (
            issuer, audience, *, keyring, policy=None, store=None, clock=None, observer=None, sealed=false,
            list_sessions=None, list_networks=false, max_sessions=None, clock_skew=None, longest_session=None,
            remembered_tokens=None, max_data=None, max_visitor_data=None
        ),
        text_signature = "(issuer, audience, *, keyring, policy=None, store=None, clock=None, observer=None, \
                          sealed=False, list_sessions=None, list_networks=False, max_sessions=None, \
                          clock_skew=None, longest_session=None, remembered_tokens=2048, \
                          max_data=1048576, max_visitor_data=65536)"
    )]
    #[expect(clippy::too_many_arguments, reason = "keywords in Python")]
    fn new(
        issuer: String,
        audience: String,
        keyring: &Keyring,
        policy: Option<&Policy>,
        store: Option<&Bound<'_, PyAny>>,
        clock: Option<&ManualClock>,
        observer: Option<Bound<'_, PyAny>>,
        sealed: bool,
        list_sessions: Option<bool>,
        list_networks: bool,
        max_sessions: Option<usize>,
        clock_skew: Option<Span>,
        longest_session: Option<Span>,
        remembered_tokens: Option<usize>,
        max_data: Option<usize>,
        max_visitor_data: Option<usize>,
    ) -> Result<Self> {
        let opening = Opening {
            issuer,
            audience,
            keyring,
            policy,
            store,
            clock,
            observer,
            sealed,
            list_sessions,
            list_networks,
            max_sessions,
            clock_skew,
            longest_session,
            remembered_tokens,
            max_data,
            max_visitor_data,
        };
        opening.open()
    }

    /// Starts a session: a new id, generation 0. Call it at every login.
    ///
    /// `replaces` is the token that the request came with: its session is ended, as by `end`. A visitor's token, or
    /// one that nobody signed, ends nothing. Raises `InvalidClaim` for a claim that no token may carry, and `TooLarge` when the token
    /// would be.
    #[pyo3(
        signature = (subject, *, claims=None, client=None, acr=None, amr=Vec::new(), replaces=None),
        text_signature = "($self, subject, *, claims=None, client=None, acr=None, amr=(), replaces=None)"
    )]
    #[expect(clippy::too_many_arguments, reason = "keywords in Python")]
    fn issue(
        &self,
        py: Python<'_>,
        subject: Text<'_, Subject>,
        claims: Option<&Bound<'_, PyMapping>>,
        client: Option<&Client>,
        acr: Option<String>,
        amr: Vec<String>,
        replaces: Option<Text<'_, Token>>,
    ) -> Result<Issued> {
        let mut login = NewSession::new(&*subject).amr(amr);
        if let Some(claims) = claims {
            login = login.claims_json(&claims::to_json(claims)?);
        }
        if let Some(acr) = acr {
            login = login.acr(acr);
        }
        let client = Client::or_unknown(client);
        let issued = match replaces {
            None => self.signing(py, || self.core.issue(login, &client))?,
            Some(token) => Self::detached(py, || self.core.issue(login.replaces(&*token), &client))?,
        };
        Ok(Issued::of(py, issued)?)
    }

    /// Verifies a token: its signature, type, issuer, audience and absolute end, then revocations, then the idle
    /// limit and other times, then binding.
    ///
    /// With `visitors`, a visitor's token is accepted too; its subject is `~anonymous`. With `live` it is checked against all that the store holds at this moment: for the few actions where
    /// even a second of staleness is too much. Raises the `SessionError` of the first check that fails.
    #[pyo3(signature = (token, *, client=None, live=false, visitors=false))]
    fn verify(
        &self,
        py: Python<'_>,
        token: Text<'_, Token>,
        client: Option<&Client>,
        live: bool,
        visitors: bool,
    ) -> Result<Session> {
        let client = Client::or_unknown(client);
        let verify = || match (live, visitors) {
            (true, _) => self.core.verify_live(&token, &client),
            (false, true) => self.core.verify_with_visitors(&token, &client),
            (false, false) => self.core.verify(&token, &client),
        };
        let session =
            if !live && self.verifies_at_once(&token) { verify()? } else { Self::detached(py, verify)? };
        Ok(session.into())
    }

    /// As `verify`, without a note that a client has shown the token: for tools that look at one.
    #[pyo3(signature = (token, *, client=None))]
    fn inspect(&self, py: Python<'_>, token: Text<'_, Token>, client: Option<&Client>) -> Result<Session> {
        let client = Client::or_unknown(client);
        Ok(Self::detached(py, || self.core.inspect(&token, &client))?.into())
    }

    /// Issues a token for a visitor who is not logged in, with these claims. It carries no rights; `verify` refuses
    /// it with `WrongType` unless it is asked for visitors. It leaves no marks and is on no list.
    #[pyo3(signature = (*, claims=None, client=None))]
    fn issue_visitor(
        &self,
        py: Python<'_>,
        claims: Option<&Bound<'_, PyMapping>>,
        client: Option<&Client>,
    ) -> Result<Issued> {
        let client = Client::or_unknown(client);
        let claims = claims.map_or_else(|| Ok("{}".to_owned()), claims::to_json)?;
        let issued = self.signing(py, || self.core.issue_visitor(&claims, &client))?;
        Ok(Issued::of(py, issued)?)
    }

    /// Issues a visitor's token again with its idle limit moved on, and with these claims, if any, in place of the
    /// present ones. The id stays.
    #[pyo3(signature = (token, *, client=None, claims=None))]
    fn renew_visitor(
        &self,
        py: Python<'_>,
        token: Text<'_, Token>,
        client: Option<&Client>,
        claims: Option<&Bound<'_, PyMapping>>,
    ) -> Result<Issued> {
        let client = Client::or_unknown(client);
        let claims = claims.map(claims::to_json).transpose()?;
        let issued = self.signing(py, || self.core.renew_visitor(&token, &client, claims.as_deref()))?;
        Ok(Issued::of(py, issued)?)
    }

    /// Ends the session of a token, for a logout: also of one that is refused by now, since it is idle, was rotated
    /// away, or is bound to another client. Returns how far that has come, as `revoke_session` does; None where
    /// nothing is left to end.
    ///
    /// Raises what `verify` does where the token is no session's of ours.
    fn end(&self, py: Python<'_>, token: Text<'_, Token>) -> Result<Option<&'static str>> {
        let ended = Self::detached(py, || self.core.end(&token))?;
        Ok(ended.map(sessera::RevocationState::name))
    }

    /// Issues the same session again with its idle limit moved on, never past its absolute end.
    ///
    /// The generation stays. `claims`, if given, take the place of all present application claims; of several
    /// calls at once the last that reaches the client wins.
    #[pyo3(signature = (token, *, client=None, claims=None))]
    fn renew(
        &self,
        py: Python<'_>,
        token: Text<'_, Token>,
        client: Option<&Client>,
        claims: Option<&Bound<'_, PyMapping>>,
    ) -> Result<Issued> {
        let client = Client::or_unknown(client);
        let claims = claims.map(claims::to_json).transpose()?;
        let issued = self.signing(py, || match &claims {
            Some(claims) => self.core.renew_with(&token, &client, claims),
            None => self.core.renew(&token, &client),
        })?;
        Ok(Issued::of(py, issued)?)
    }

    /// Replaces a token by its successor, one generation on. The old token works only for the grace.
    ///
    /// However many callers rotate one token at once, all of them get the same successor. Raises Reused when
    /// the token was rotated away before, which also revokes the session.
    #[pyo3(signature = (token, *, client=None))]
    fn rotate(&self, py: Python<'_>, token: Text<'_, Token>, client: Option<&Client>) -> Result<Issued> {
        let client = Client::or_unknown(client);
        let issued = Self::detached(py, || self.core.rotate(&token, &client))?;
        Ok(Issued::of(py, issued)?)
    }

    /// Rotates on a rise in privilege: new claims, authenticated now, no grace for the old token.
    ///
    /// Call it when the user has just authenticated again. `claims` are added, or replace those of their
    /// name. The client is bound anew, as at a login. Raises Superseded when the token was replaced at the
    /// same moment.
    #[pyo3(
        signature = (token, *, client=None, claims=None, acr=None, amr=Vec::new()),
        text_signature = "($self, token, *, client=None, claims=None, acr=None, amr=())"
    )]
    fn elevate(
        &self,
        py: Python<'_>,
        token: Text<'_, Token>,
        client: Option<&Client>,
        claims: Option<&Bound<'_, PyMapping>>,
        acr: Option<String>,
        amr: Vec<String>,
    ) -> Result<Issued> {
        let client = Client::or_unknown(client);
        let mut elevation = Elevation::new().amr(amr);
        if let Some(claims) = claims {
            elevation = elevation.claims_json(&claims::to_json(claims)?);
        }
        if let Some(acr) = acr {
            elevation = elevation.acr(acr);
        }
        let issued = Self::detached(py, || self.core.elevate(&token, &client, elevation))?;
        Ok(Issued::of(py, issued)?)
    }

    /// Ends one session: none of its tokens is accepted from now on.
    ///
    /// `wait` is what the call waits for, here as in the other revocations: `"stored"`, a number of replicas that
    /// must have it, or `"confirmed"`, until every live verifier refuses it. None is what the store was opened
    /// with. Returns how far the revocation has come: `"stored"`, `"pending"` where the store can't be written (it is
    /// in force in this process, and written when the store is back), `"replicated"` or `"confirmed"`. Raises
    /// `StoreUnavailable` when the wait was in vain, and names what was missing: it is in force here all the same.
    #[pyo3(signature = (id, *, wait=None))]
    fn revoke_session(
        &self,
        py: Python<'_>,
        id: Text<'_, Id>,
        wait: Option<WaitFor>,
    ) -> Result<&'static str> {
        self.revoke(py, Revoke::Session(&id), wait)
    }

    /// Ends every session of a subject that has started until now; a login after this lives.
    #[pyo3(signature = (subject, *, wait=None))]
    fn revoke_subject(
        &self,
        py: Python<'_>,
        subject: Text<'_, Subject>,
        wait: Option<WaitFor>,
    ) -> Result<&'static str> {
        self.revoke(py, Revoke::Subject(&subject), wait)
    }

    /// Ends every session that has started until now.
    #[pyo3(signature = (*, wait=None))]
    fn revoke_all(&self, py: Python<'_>, wait: Option<WaitFor>) -> Result<&'static str> {
        self.revoke(py, Revoke::All, wait)
    }

    /// Refuses every token that was signed with this key: for a key that leaked. A revoked key signs nothing any
    /// more, so rotate the keyring before. `Keyring.has` tells whether the name is one of this ring's.
    #[pyo3(signature = (kid, *, wait=None))]
    fn revoke_key(&self, py: Python<'_>, kid: &str, wait: Option<WaitFor>) -> Result<&'static str> {
        self.revoke(py, Revoke::Key(kid), wait)
    }

    /// Ends every session of the token's subject but its own, which goes on under a new id.
    #[pyo3(signature = (token, *, client=None))]
    fn revoke_others(
        &self,
        py: Python<'_>,
        token: Text<'_, Token>,
        client: Option<&Client>,
    ) -> Result<Issued> {
        let client = Client::or_unknown(client);
        let issued = Self::detached(py, || self.core.revoke_others(&token, &client))?;
        Ok(Issued::of(py, issued)?)
    }

    /// Judges a verified session again, without its token, and returns how long it will be accepted from now on
    /// unless something is heard of it: for a WebSocket, a stream, or work that takes long.
    ///
    /// Times, revocations and their freshness are asked as in `verify`; with `live`, on all that the store holds
    /// at this moment. Signature and client are not. A session that was rotated meanwhile lives on for as long
    /// as its newest token that is known of. One that was renewed without a rotation leaves no mark: give the
    /// newer one.
    ///
    /// Raises `Expired`, `Ended`, `Revoked`, `Superseded` after an elevation, `RevocationsStale`.
    #[pyo3(signature = (session, *, live=false))]
    fn recheck(&self, py: Python<'_>, session: &Session, live: bool) -> Result<Duration> {
        if live {
            Self::detached(py, || self.core.recheck_live(&session.session))
        } else {
            Ok(self.core.recheck(&session.session)?)
        }
    }

    /// Calls `on_end` with the `SessionError`, once, when a verified session expires, ends, or is revoked by this
    /// process or another: for a WebSocket or a stream, which no later request checks.
    ///
    /// Returns a `Watch`, which is also a context manager. One daemon thread looks for all that is watched, at
    /// least every `Watch.INTERVAL` seconds, by `recheck`; see there for what ends a session. `on_end` is called
    /// on it: keep it short; what it raises goes to `sys.unraisablehook`. A process that is forked watches
    /// nothing at first. Whoever drops these `Sessions` hears no more.
    fn watch<'py>(
        sessions: &Bound<'py, Self>,
        session: &Bound<'py, Session>,
        on_end: &Bound<'py, PyAny>,
    ) -> Result<Bound<'py, PyAny>> {
        if !on_end.is_callable() {
            return Err(PyTypeError::new_err("on_end is not callable").into());
        }
        let watching = sessions.py().import("sessera._watching")?;
        Ok(watching.call_method1("watch", (sessions, session, on_end))?)
    }

    /// Waits until a verified session is over, and returns why: the `watch` of asyncio.
    ///
    /// A coroutine; cancel it to stop waiting.
    fn ended<'py>(sessions: &Bound<'py, Self>, session: &Bound<'py, Session>) -> Result<Bound<'py, PyAny>> {
        let watching = sessions.py().import("sessera._watching")?;
        Ok(watching.call_method1("ended", (sessions, session))?)
    }

    /// The live sessions of a subject, oldest first.
    ///
    /// Raises `InvalidConfig` where sessions are not listed, `StoreUnavailable`.
    fn sessions_of(&self, py: Python<'_>, subject: Text<'_, Subject>) -> Result<Vec<ListedSession>> {
        let listed = Self::detached(py, || self.core.sessions_of(&subject))?;
        Ok(listed.into_iter().map(ListedSession).collect())
    }

    /// Keeps data of a verified session in the store, in place of those that were there: what is too large for
    /// a token, or not for the client's eyes. They live as long as the session can, and go when it is
    /// revoked.
    ///
    /// Raises `Revoked` when the session was revoked meanwhile, `StoreUnavailable`, and `InvalidConfig`
    /// without a store.
    fn put_data(&self, py: Python<'_>, session: &Session, data: &[u8]) -> Result<()> {
        Self::detached(py, || self.core.put_data(&session.session, data))
    }

    /// What the store keeps of a verified session, or None.
    fn data<'py>(&self, py: Python<'py>, session: &Session) -> Result<Option<Bound<'py, PyBytes>>> {
        let data = Self::detached(py, || self.core.data(&session.session))?;
        Ok(data.map(|data| PyBytes::new(py, &data)))
    }

    /// Removes what the store keeps of a session.
    fn remove_data(&self, py: Python<'_>, session: &Session) -> Result<()> {
        Self::detached(py, || self.core.remove_data(&session.session))
    }

    /// Checks that a session's authentication is recent and strong enough for an action.
    ///
    /// The user authenticated at most `max_age` ago, `acr` is one of those given, `amr` has all of those
    /// given. Raises `ReauthenticationRequired`.
    #[pyo3(
        signature = (session, *, max_age=None, acr=None, amr=Vec::new()),
        text_signature = "($self, session, *, max_age=None, acr=None, amr=())"
    )]
    fn require(
        &self,
        session: &Session,
        max_age: Option<Span>,
        acr: Option<OneOrMore>,
        amr: Vec<String>,
    ) -> Result<()> {
        Ok(self.core.require(&session.session, &step_up(max_age, acr, amr))?)
    }

    /// A new CSRF token for this session, for a header or a form field: another text each time, good for as
    /// long as the session lives.
    fn csrf_token(&self, session: &Session) -> Result<String> {
        Ok(self.core.csrf_token(&session.session)?)
    }

    /// Checks a request that may change something: where it came from, as `check_fetch` does, and the CSRF
    /// token that it brought in a header or a form field. A safe method passes without one.
    ///
    /// Raises `CsrfInvalid`.
    #[pyo3(
        signature = (
            session, *, method, token, sec_fetch_site=None, origin=None, own_origins=Vec::new(),
            trusted_origins=Vec::new(), refuse_unknown=false
        ),
        text_signature = "($self, session, *, method, token, sec_fetch_site=None, origin=None, \
                          own_origins=(), trusted_origins=(), refuse_unknown=False)"
    )]
    #[expect(clippy::too_many_arguments, clippy::needless_pass_by_value, reason = "keywords in Python")]
    fn check_csrf(
        &self,
        session: &Session,
        method: &str,
        token: Option<Text<'_, Csrf>>,
        sec_fetch_site: Option<&str>,
        origin: Option<&str>,
        own_origins: Vec<String>,
        trusted_origins: Vec<String>,
        refuse_unknown: bool,
    ) -> Result<()> {
        let own_origins = csrf::origins(&own_origins)?;
        let trusted_origins = csrf::origins(&trusted_origins)?;
        let request = FetchMetadata {
            method,
            sec_fetch_site,
            origin,
            own_origins: &own_origins,
            trusted_origins: &trusted_origins,
            refuse_unknown,
        };
        Ok(self.core.check_csrf(&session.session, &request, token.as_deref())?)
    }

    /// Tells the observer of a request that the application itself refused as forged, such as one that
    /// `check_fetch` refused; `session` is that of the request, if it has one.
    #[pyo3(signature = (session=None))]
    fn csrf_refused(&self, session: Option<&Session>) {
        self.core.csrf_refused(session.map(|session| &session.session));
    }

    /// The keys in use.
    #[getter]
    fn keyring(&self) -> Keyring {
        self.core.keyring().into()
    }

    /// Takes other keys into use, at once and for all threads: after a rotation, or when the key file
    /// changed.
    fn replace_keyring(&self, keyring: &Keyring) -> Result<()> {
        let keyring = keyring.now();
        let signs_at_once = keyring::signs_at_once(&keyring);
        self.core.replace_keyring(keyring)?;
        self.signs_at_once.store(signs_at_once, Ordering::Relaxed);
        Ok(())
    }

    /// The rules that these sessions hold to.
    #[getter]
    fn policy(&self) -> Policy {
        Policy(self.core.policy().clone(), NamedFacts::default())
    }

    /// What is known of revocations, and how old that is: for health checks and metrics.
    fn status(&self) -> Status {
        self.core.status().into()
    }

    /// Whether there is a store, so that sessions can be rotated and revoked.
    #[getter]
    fn has_store(&self) -> bool {
        self.core.has_store()
    }

    fn __repr__(&self) -> String {
        format!("<{:?}>", self.core)
    }

    /// An observer often holds the application that holds these sessions.
    fn __traverse__(&self, visit: PyVisit<'_>) -> std::result::Result<(), PyTraverseError> {
        self.observer.as_deref().map_or(Ok(()), |observer| visit.call(observer))
    }
}
