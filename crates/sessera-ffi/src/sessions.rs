//! The verbs.

use std::sync::Arc;

use sessera::RevocationState;

use crate::clock::ForeignClock;
use crate::event::ForeignObserver;
use crate::{
    Claims, Client, Clock, Duration, Elevation, FetchMetadata, Issued, Keyring, ListedSession, NewSession,
    Observer, Policy, Result, Session, Status, StepUp, Store,
};

/// Issues, verifies and ends the sessions of one issuer for one audience.
///
/// It is made once and shared: every method may be called from any thread.
#[derive(uniffi::Object)]
pub struct Sessions {
    pub(crate) core: sessera::Sessions,
}

#[uniffi::export]
impl Sessions {
    /// Puts the settings together and checks them; fails with `invalid_config`, which names what can't work.
    ///
    /// `issuer` and `audience` are what all tokens are for (`iss`, `aud`), `keyring` the keys. `policy` are the
    /// rules. Without a `store` there is no rotation and no revocation. `clock` is for tests. `observer` is told
    /// of what happens. With `sealed`, only servers that have the keyring's root can read the tokens.
    /// `remembered_tokens` is how many verified tokens are remembered, so that their signatures are not checked
    /// again; default 2048. `list_sessions` keeps a list of each subject's sessions, `list_networks` says in it
    /// which network each was last seen in, and `max_sessions` limits their number; each of those two turns the list
    /// on, and `list_sessions` false together with one of them is an error. `clock_skew` is how far the clock of each
    /// machine that writes to the store may be off, at most the leeway; default: the leeway for a store that machines
    /// share, 0 for a store of one host. `longest_session` is how long a session may last that any `Sessions` on this
    /// store issues; default, and least: this policy's absolute timeout. `max_data` is the most bytes that the store
    /// keeps of one session, default 1 MiB, and `max_visitor_data` of one visitor, default 64 KiB.
    #[uniffi::constructor(default(
        store = None,
        clock = None,
        observer = None,
        sealed = false,
        remembered_tokens = None,
        list_sessions = None,
        list_networks = false,
        max_sessions = None,
        clock_skew = None,
        longest_session = None,
        max_data = None,
        max_visitor_data = None,
        policy
    ))]
    #[expect(clippy::too_many_arguments, reason = "named in both languages")]
    pub fn new(
        issuer: String,
        audience: String,
        keyring: Arc<Keyring>,
        policy: Policy,
        store: Option<Arc<Store>>,
        clock: Option<Arc<dyn Clock>>,
        observer: Option<Arc<dyn Observer>>,
        sealed: bool,
        remembered_tokens: Option<u32>,
        list_sessions: Option<bool>,
        list_networks: bool,
        max_sessions: Option<u32>,
        clock_skew: Option<Duration>,
        longest_session: Option<Duration>,
        max_data: Option<u32>,
        max_visitor_data: Option<u32>,
    ) -> Result<Self> {
        let size = |number| usize::try_from(number).unwrap_or(usize::MAX);
        let mut builder = sessera::Sessions::builder(issuer, audience)
            .keyring(keyring.now())
            .policy(policy.into())
            .sealed(sealed);
        if let Some(store) = store {
            builder = builder.store(Arc::clone(&store.store));
        }
        if let Some(clock) = clock {
            builder = builder.clock(ForeignClock(clock));
        }
        if let Some(observer) = observer {
            builder = builder.observer(ForeignObserver(observer));
        }
        if let Some(tokens) = remembered_tokens {
            builder = builder.remembered_tokens(size(tokens));
        }
        if let Some(list) = list_sessions {
            builder = builder.list_sessions(list);
        }
        if list_networks {
            builder = builder.list_networks(true);
        }
        if let Some(sessions) = max_sessions {
            builder = builder.max_sessions(size(sessions));
        }
        if let Some(skew) = clock_skew {
            builder = builder.clock_skew(skew.into());
        }
        if let Some(longest) = longest_session {
            builder = builder.longest_session(longest.into());
        }
        if let Some(bytes) = max_data {
            builder = builder.max_data(size(bytes));
        }
        if let Some(bytes) = max_visitor_data {
            builder = builder.max_visitor_data(size(bytes));
        }
        Ok(Self { core: builder.build()? })
    }

    /// Starts a session: a new id, generation 0. Call it at every login.
    ///
    /// Fails with `invalid_claim` for a claim that no token may carry, and `too_large` when the token would be.
    #[uniffi::method(default(client))]
    pub fn issue(&self, login: NewSession, client: Client) -> Result<Issued> {
        Ok(self.core.issue(login.into(), &client.into())?.into())
    }

    /// Verifies a token: its signature, type, issuer, audience and absolute end, then revocations, then the idle
    /// limit and other times, then binding. Fails with the error of the first check that fails.
    #[uniffi::method(default(client))]
    pub fn verify(&self, token: &str, client: Client) -> Result<Session> {
        Ok(self.core.verify(token, &client.into())?.into())
    }

    /// As `verify`, without a note that a client has shown the token: for tools that look at one.
    #[uniffi::method(default(client))]
    pub fn inspect(&self, token: &str, client: Client) -> Result<Session> {
        Ok(self.core.inspect(token, &client.into())?.into())
    }

    /// As `verify`, on all that the store holds at this moment: for the few actions where even a second of
    /// staleness is too much.
    #[uniffi::method(default(client))]
    pub fn verify_live(&self, token: &str, client: Client) -> Result<Session> {
        Ok(self.core.verify_live(token, &client.into())?.into())
    }

    /// Issues a token for a visitor who is not logged in, with these application claims, if any. It carries no
    /// rights, and `verify` refuses it with `wrong_type`. No mark and no entry of a list is written.
    ///
    /// Fails with `invalid_claim` for a claim that no token may carry, and `too_large` when the token would be.
    #[uniffi::method(default(claims = None, client))]
    pub fn issue_visitor(&self, claims: Option<Claims>, client: Client) -> Result<Issued> {
        let claims = claims.as_ref().map_or("{}", |claims| &claims.0);
        Ok(self.core.issue_visitor(claims, &client.into())?.into())
    }

    /// Verifies a visitor's token: its signature, type, issuer and audience, its times, cutoffs of all sessions and
    /// revoked keys, then binding. Fails with `wrong_type` for a session's token.
    #[uniffi::method(default(client))]
    pub fn verify_visitor(&self, token: &str, client: Client) -> Result<Session> {
        Ok(self.core.verify_visitor(token, &client.into())?.into())
    }

    /// Verifies a token that may be a session's or a visitor's. Look at the subject before anything is done in a
    /// user's name: a visitor's is `~anonymous`, which no session has.
    #[uniffi::method(default(client))]
    pub fn verify_with_visitors(&self, token: &str, client: Client) -> Result<Session> {
        Ok(self.core.verify_with_visitors(token, &client.into())?.into())
    }

    /// Issues a visitor's token again with its idle limit moved on, and with these application claims, if any,
    /// instead of the present ones. The id stays.
    #[uniffi::method(default(claims = None, client))]
    pub fn renew_visitor(&self, token: &str, claims: Option<Claims>, client: Client) -> Result<Issued> {
        let claims = claims.as_ref().map(|claims| claims.0.as_str());
        Ok(self.core.renew_visitor(token, &client.into(), claims)?.into())
    }

    /// Issues the same session again with its idle limit moved on, never past its absolute end. The generation
    /// stays.
    #[uniffi::method(default(client))]
    pub fn renew(&self, token: &str, client: Client) -> Result<Issued> {
        Ok(self.core.renew(token, &client.into())?.into())
    }

    /// As `renew`, with these application claims instead of the present ones. Of several calls at once the last
    /// that reaches the client wins.
    #[uniffi::method(default(client))]
    pub fn renew_with(&self, token: &str, claims: Claims, client: Client) -> Result<Issued> {
        Ok(self.core.renew_with(token, &client.into(), &claims.0)?.into())
    }

    /// Replaces a token by its successor, one generation on. The old token works only for the grace.
    ///
    /// However many callers rotate one token at once, all of them get the same successor. Fails with `reused`
    /// when the token was rotated away before, which also revokes the session; with `superseded` when a rotated
    /// token gives no successor any more; with `revocations_stale` while the known revocations are not fresh.
    #[uniffi::method(default(client))]
    pub fn rotate(&self, token: &str, client: Client) -> Result<Issued> {
        Ok(self.core.rotate(token, &client.into())?.into())
    }

    /// Rotates on a rise in privilege: new claims, authenticated now, no grace for the old token.
    ///
    /// Call it when the user has just authenticated again. The client is bound anew, as at a login. Fails with
    /// `superseded` when the token was replaced at the same moment.
    #[uniffi::method(default(elevation), default(client))]
    pub fn elevate(&self, token: &str, elevation: Elevation, client: Client) -> Result<Issued> {
        Ok(self.core.elevate(token, &client.into(), elevation.into())?.into())
    }

    /// Ends the session of a token, for a logout: none of its tokens is accepted from now on.
    ///
    /// The token itself may be refused by now: idle for too long, rotated away, or bound to another client. Returns
    /// how far the revocation has come, and none where nothing is left to end. Fails as `verify` where the token is
    /// not one of a session of this issuer and audience, and with `invalid_config` without a store.
    pub fn end(&self, token: &str) -> Result<Option<RevocationState>> {
        Ok(self.core.end(token)?)
    }

    /// Ends one session: none of its tokens is accepted from now on. Returns how far the revocation has come, as the
    /// other revocations do: it is pending while the store can't be written.
    ///
    /// `end` ends the session of a token.
    pub fn revoke_session(&self, id: &str) -> Result<RevocationState> {
        Ok(self.core.revoke_session(id)?)
    }

    /// Ends every session of a subject that has started until now; a login after this lives.
    pub fn revoke_subject(&self, subject: &str) -> Result<RevocationState> {
        Ok(self.core.revoke_subject(subject)?)
    }

    /// Ends every session of the token's subject but its own, which goes on under a new id.
    #[uniffi::method(default(client))]
    pub fn revoke_others(&self, token: &str, client: Client) -> Result<Issued> {
        Ok(self.core.revoke_others(token, &client.into())?.into())
    }

    /// Ends every session that has started until now.
    pub fn revoke_all(&self) -> Result<RevocationState> {
        Ok(self.core.revoke_all()?)
    }

    /// Refuses every token that was signed with this key: for a key that leaked. A revoked key signs nothing any
    /// more, so rotate the keyring before. A name that the keyring does not have is revoked too, since another server
    /// may have it: `Keyring.has` finds a misspelling.
    pub fn revoke_key(&self, kid: &str) -> Result<RevocationState> {
        Ok(self.core.revoke_key(kid)?)
    }

    /// Checks that a verified session's authentication is recent and strong enough for an action. Fails with
    /// `reauthentication_required`.
    pub fn require(&self, session: Session, step_up: StepUp) -> Result<()> {
        Ok(self.core.require(&session.into(), &step_up.into())?)
    }

    /// A new CSRF token for this session, for a header or a form field: another text each time, good for as long
    /// as the session lives.
    pub fn csrf_token(&self, session: Session) -> Result<String> {
        Ok(self.core.csrf_token(&session.into())?)
    }

    /// Checks a request that may change something: where it came from, and the CSRF token that it brought in a
    /// header or a form field. A safe method passes without one. Fails with `csrf_invalid`.
    pub fn check_csrf(&self, session: Session, request: FetchMetadata, token: Option<String>) -> Result<()> {
        let session = session.into();
        request.with(|request| self.core.check_csrf(&session, request, token.as_deref()))
    }

    /// Tells the observer of a request that the application itself refused as forged, such as one that `check_fetch`
    /// refused; `session` is that of the request, if it has one.
    #[uniffi::method(default(session = None))]
    pub fn csrf_refused(&self, session: Option<Session>) {
        self.core.csrf_refused(session.map(Into::into).as_ref());
    }

    /// Judges a verified session again, without its token, and returns how long it will be accepted from now on
    /// unless something is heard of it: for a WebSocket, a stream, or work that takes long. Fails with `expired`,
    /// `ended`, `revoked`, `superseded` after an elevation, `revocations_stale`.
    pub fn recheck(&self, session: Session) -> Result<Duration> {
        Ok(self.core.recheck(&session.into())?.into())
    }

    /// As `recheck`, on all that the store holds at this moment.
    pub fn recheck_live(&self, session: Session) -> Result<Duration> {
        Ok(self.core.recheck_live(&session.into())?.into())
    }

    /// What is known of revocations, and how old that is: for health checks and metrics.
    pub fn status(&self) -> Status {
        self.core.status().into()
    }

    /// Keeps data of a verified session in the store, in place of those that were there. They live as long as the
    /// session can, and go when it is revoked.
    pub fn put_data(&self, session: Session, data: Vec<u8>) -> Result<()> {
        Ok(self.core.put_data(&session.into(), &data)?)
    }

    /// The data that the store keeps of a verified session.
    pub fn data(&self, session: Session) -> Result<Option<Vec<u8>>> {
        Ok(self.core.data(&session.into())?)
    }

    /// Removes what the store keeps of a session.
    pub fn remove_data(&self, session: Session) -> Result<()> {
        Ok(self.core.remove_data(&session.into())?)
    }

    /// The live sessions of a subject, oldest first, where sessions are listed.
    pub fn sessions_of(&self, subject: &str) -> Result<Vec<ListedSession>> {
        Ok(self.core.sessions_of(subject)?.into_iter().map(Into::into).collect())
    }

    /// The rules that these sessions hold to, all of them filled in.
    pub fn policy(&self) -> Policy {
        self.core.policy().clone().into()
    }

    /// The keys in use.
    pub fn keyring(&self) -> Arc<Keyring> {
        Arc::new(self.core.keyring().into())
    }

    /// Takes other keys into use, at once and for all threads: after a rotation, or when the key file changed.
    pub fn replace_keyring(&self, keyring: Arc<Keyring>) -> Result<()> {
        Ok(self.core.replace_keyring(keyring.now())?)
    }

    /// Whether there is a store, so that sessions can be rotated and revoked.
    pub fn has_store(&self) -> bool {
        self.core.has_store()
    }
}
