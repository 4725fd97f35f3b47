"""One request's dealings with its session: what it brought, and what its response will give back."""

from __future__ import annotations

import json
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from sessera import (
    Client,
    InvalidClaim,
    InvalidConfig,
    Issued,
    ReauthenticationRequired,
    Session,
    SessionError,
    Superseded,
    new_device_secret,
)

from .refusal import cannot_tell

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sessera import Sessions
    from sessera._revocation import RevocationState

    from .keeper import Keeper

#: The subject of visitors who are not logged in, but have something in the session.
ANONYMOUS = "~anonymous"

#: The claim of a session whose user asked to be remembered.
REMEMBERED = "remembered"

#: How many seconds after a request arrived its token is still judged as one that has just arrived.
_PROMPT = 1.0

#: Errors at the door behind which a good session may stand: a newer token is on its way to the client, or
#: this server can't tell. Nothing is set then that would take its place.
_MAY_BE_GOOD = frozenset({"superseded", "revocations_stale", "store_unavailable"})


class Visit:
    """Made when a view first asks for the session; the token is verified then, and only then."""

    #: The session as it stands now, with its token: the one that came, or what a verb made of it.
    session: Session | None = None
    token: str | None = None
    #: The token that the request brought, whether it is accepted or not: what a logout ends.
    brought: str | None = None
    #: Why the token that came was refused.
    error: SessionError | None = None
    #: Whether the token came in `Authorization`; then no cookie is set.
    by_header = False
    #: Whether `token` is one that the client does not have yet.
    pending = False
    #: Whether the client's cookie is to go.
    ended = False
    #: Whether that is because the user logged out.
    logged_out = False
    #: Whether the response's headers are made, so that nothing more can be sent.
    closed = False
    #: A session whose claims were asked for, and the copy that was given.
    shown: tuple[Session, Mapping[str, Any]] | None = None
    #: The device secret of the client, as far as it was asked for, and whether it is one that the client does
    #: not have yet.
    device: str | None = None
    device_pending = False
    _client: Client | None = None
    #: What the store keeps for the session of this id, as far as it was read or written.
    _kept: tuple[str, str | None] | None = None

    def __init__(self, keeper: Keeper, request: Any, since: float) -> None:
        self.keeper = keeper
        self._since = since
        #: As the framework gives it; only the keeper looks into it.
        self.request = request
        self._open(since)
        #: Whether the request brought no session that is good.
        self.new = self.session is None

    def _open(self, since: float) -> None:
        self.keeper.renew_keys(since)
        try:
            self.brought, self.by_header = self.keeper.token_of(self.request)
            if self.brought is not None:
                verify = self.keeper.sessions.verify
                self.session = verify(self.brought, client=self.client, visitors=True)
                self.token = self.brought
        except SessionError as error:
            self.refuse(error)

    def refuse(self, error: SessionError) -> None:
        """Take the session that the request brought for none. The client keeps its cookie."""
        self.session = self.token = None
        self.error = error
        self.keeper.log_refusal(error)

    @property
    def client(self) -> Client:
        """Who sent the request."""
        if self._client is None:
            if self.keeper.device_cookie is not None:
                self.device = self.keeper.device_of(self.request)
            self._client = self.keeper.client_of(self.request, self.device)
        waited = self.keeper.now() - self._since
        return self._client if waited <= _PROMPT else self._client.waiting(waited)

    @property
    def logged_in(self) -> bool:
        """Whether there is a session, and somebody's."""
        return self.session is not None and self.session.subject != ANONYMOUS

    def of_user(self, task: str) -> Session:
        """Give the session of the user who is logged in, for a task that is named: `to elevate`.

        Raises ReauthenticationRequired where nobody is, and what the door said where this server can't tell.
        """
        if cannot_tell(self.error):
            raise self.error
        if self.session is None or not self.logged_in:
            raise ReauthenticationRequired(f"nobody is logged in, so there is nothing {task}")
        return self.session

    @property
    def remembered(self) -> bool:
        """Whether the user asked to be remembered."""
        return self.logged_in and self.session is not None and REMEMBERED in self.session.claims

    @property
    def superseded(self) -> bool:
        """Whether the token was just rotated away, and works only for the rest of its grace."""
        return self.session is not None and self.session.superseded

    @property
    def rotation_due(self) -> bool:
        """Whether a new generation is due, and nothing new is on its way to the client yet."""
        return self.session is not None and self.session.rotation_due and not self.pending

    @property
    def due(self) -> bool:
        """Whether a new token is due, and none is on its way to the client yet."""
        session = self.session
        return session is not None and not self.pending and (session.renew_due or session.rotation_due)

    @property
    def was_overtaken(self) -> bool:
        """Whether a visitor logged in by a faster request, whose cookie is to stay."""
        session = self.session
        return session is not None and not self.logged_in and self.keeper.has_logged_in(session.id)

    @property
    def by_cookie(self) -> bool:
        """Whether the client is given its tokens in a cookie."""
        return not self.by_header and self.keeper.door.takes_cookies

    @property
    def may_begin(self) -> bool:
        """Whether an anonymous session may take the place of what the client holds."""
        if self.error is None:
            # What came along with no cookie says nothing of whether the browser has one.
            return self.by_cookie and not (self.new and self.keeper.may_lack_cookie(self.request))
        # What was revoked just now has that cause: a login that took its place may be on its way.
        on_its_way = isinstance(self.error.__cause__, Superseded)
        return self.by_cookie and self.error.code not in _MAY_BE_GOOD and not on_its_way

    def login(
        self,
        subject: str,
        claims: dict[str, Any],
        acr: str | None,
        amr: tuple[str, ...],
        *,
        contents: str | None,
        remember: bool = False,
        device: bool = True,
    ) -> Issued:
        """Begin a session under a new id; the one that the request came with is over.

        The device secret is a new one too, and none that the client brought.
        """
        kind = self.keeper.remembered if remember else self.keeper.users
        if kind is None:
            raise InvalidConfig("nobody is remembered: SESSERA_REMEMBER_FOR is None")
        sessions = kind.sessions
        visitor = self.session if not self.logged_in else None
        given = device and self.by_cookie and self.keeper.device_cookie is not None
        secret = new_device_secret() if given else None
        client = self.keeper.client_of(self.request, secret)
        issued = sessions.issue(
            subject,
            claims=self._with(claims | {REMEMBERED: True} if remember else claims, contents),
            client=client,
            acr=acr,
            amr=amr,
            replaces=self.ending,
        )
        self._take(self._keeping(issued, contents))
        self._forget_visitor(visitor)
        if visitor is not None:
            self.keeper.note_login_of_visitor(visitor.id)
        self.keeper.warn_of_unknown_facts(issued, client)
        self._client, self.device, self.device_pending = client, secret, given
        return issued

    def elevate(self, claims: dict[str, Any], acr: str | None, amr: tuple[str, ...]) -> Issued:
        """Raise the rights of this session, under a new generation."""
        if self.superseded:
            self.rotate()
        elevate = self._in_flight.elevate
        return self._take(elevate(self._held(), client=self.client, claims=claims, acr=acr, amr=amr))

    def rotate(self) -> Issued:
        """Move on by one generation: to the same token for all requests that ask at once."""
        return self._take(self._in_flight.rotate(self._held(), client=self.client))

    def renew(self, claims: dict[str, Any] | None = None) -> Issued:
        """Move the idle limit on, and put these claims, if any, in the place of those of the session."""
        if claims is not None and self.remembered:
            claims = claims | {REMEMBERED: True}
        if self.logged_in:
            return self._take(self._in_flight.renew(self._held(), client=self.client, claims=claims))
        renewed = self._take(self._in_flight.renew_visitor(self._held(), client=self.client, claims=claims))
        if self.in_store and self._kept is not None and self._kept[1] is not None:
            # What the store keeps of a visitor goes with the idle limit, which has just moved on.
            self.put(self._kept[1])
        return renewed

    def revoke_others(self, *, contents: str | None) -> Issued:
        """End all sessions of this subject but this one, which goes on under a new id."""
        issued = self._in_flight.revoke_others(self._held(), client=self.client)
        return self._take(self._keeping(issued, contents))

    def begin(self, contents: str | None) -> Issued:
        """Begin something for a visitor who is not logged in: a token without rights, which is no session."""
        claims = self._with({}, contents)
        # Bound to no device: it is nobody's, and a logout takes that cookie away.
        self._client = self.keeper.client_of(self.request)
        issued = self.keeper.sessions.issue_visitor(claims=claims, client=self._client)
        return self._take(self._keeping(issued, contents))

    def contents(self) -> object:
        """Give the contents of the session as they were left, as JSON has them; None where there are none."""
        if self.session is None:
            return None
        if self.in_store:
            if self._kept is None or self._kept[0] != self.session.id:
                kept = self.keeper.sessions.data(self.session)
                self._kept = (self.session.id, None if kept is None else kept.decode())
            if self._kept[1] is not None:
                return json.loads(self._kept[1])
        # Also of a token that was issued before the store kept the contents.
        return self.session.claims.get(self.keeper.claim)

    def put(self, contents: str) -> None:
        """Put contents into the store."""
        if self.session is not None:
            self.keeper.sessions.put_data(self.session, contents.encode())
            self._kept = (self.session.id, contents)

    def remove(self) -> None:
        """Take the contents out of the store."""
        if self.session is not None:
            self.keeper.sessions.remove_data(self.session)
            self._kept = (self.session.id, None)

    @property
    def ending(self) -> str | None:
        """The token whose session a logout or a login ends, also one that is refused by now.

        A visitor has none.
        """
        if self.logged_in:
            return self.token
        return self.brought if self.session is None else None

    def revoke(self) -> RevocationState | None:
        """End the session of the token that the request brought; None where there is nothing to end.

        Raises StoreUnavailable or InvalidConfig where the session can't be ended.
        """
        token = self.ending
        if token is None and cannot_tell(self.error):
            raise self.error
        if token is None or not self.keeper.sessions.has_store:
            return None
        try:
            return self.keeper.sessions.end(token)
        except SessionError as error:
            if error.http_status == HTTPStatus.SERVICE_UNAVAILABLE:
                raise
            # Nobody of ours signed it, so no session has it.
            return None

    def end(self) -> None:
        """Let go of the session, and take the cookie from the client."""
        self._forget_visitor(self.session if not self.logged_in else None)
        self.session = self.token = self.brought = self.error = None
        self.pending = self.device_pending = False
        self.ended = True

    def recheck_live(self) -> None:
        """Judge the session again, by all that the store holds at this moment."""
        if self.session is not None:
            self.keeper.in_flight.recheck(self.session, live=True)

    def _forget_visitor(self, visitor: Session | None) -> None:
        """Remove what the store keeps of a visitor. A store that is away keeps it until it expires."""
        if visitor is not None and self.in_store:
            with suppress(SessionError):
                self.keeper.sessions.remove_data(visitor)

    def application_claims(self) -> dict[str, Any]:
        """Give the claims of the session but for the contents of the session."""
        if self.session is None:
            return {}
        own = (self.keeper.claim, REMEMBERED)
        return {name: value for name, value in self.session.claims.items() if name not in own}

    @property
    def in_store(self) -> bool:
        """Whether the contents of the session are in the store, and not in the token."""
        return self.keeper.data_in_store

    @property
    def _in_flight(self) -> Sessions:
        kind = self.keeper.remembered if self.remembered else None
        return (kind or self.keeper.users).in_flight

    def _with(self, claims: dict[str, Any], contents: str | None) -> dict[str, Any]:
        if contents is None or self.in_store:
            return claims
        return claims | {self.keeper.claim: json.loads(contents)}

    def _keeping(self, issued: Issued, contents: str | None) -> Issued:
        """Put the contents into the store before anybody has the token."""
        if contents is not None and self.in_store:
            self.keeper.sessions.put_data(issued.session, contents.encode())
            self._kept = (issued.session.id, contents)
        return issued

    def _take(self, issued: Issued) -> Issued:
        if self.by_cookie:
            # A cookie that browsers would drop is an error here and now, and what was held stays.
            self.keeper.cookie.set_cookie(issued.token)
        self.session, self.token = issued.session, issued.token
        self.error = None
        self.pending = True
        self.ended = False
        return issued

    def _held(self) -> str:
        if self.token is None:
            raise InvalidClaim("there is no session")
        return self.token
