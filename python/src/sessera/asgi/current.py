"""The session of a request or a WebSocket, and what an application does with it."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from sessera import ReauthenticationRequired
from sessera._web import current, listing, verbs
from sessera._web.listing import Owner, UserSession

from .origin import check_origin

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, MutableMapping, Sequence
    from datetime import timedelta
    from uuid import UUID

    from sessera import Issued, SessionError
    from sessera._revocation import RevocationState
    from sessera._web.contents import Contents

    from .scope import Scope
    from .sessera import Sessera

T = TypeVar("T")


class HasScope(Protocol):
    """A request or a WebSocket, of Starlette for instance."""

    @property
    def scope(self) -> MutableMapping[str, Any]:
        """The ASGI scope."""


def current_session(connection: HasScope | MutableMapping[str, Any]) -> CurrentSession:
    """Give the session of a request or a WebSocket, or of an ASGI scope; it is false where it is nobody's.

    Raises RuntimeError where SesseraMiddleware is not in place.
    """
    scope: Any = connection if isinstance(connection, dict) else getattr(connection, "scope", connection)
    try:
        session: CurrentSession = scope["sessera"]
    except KeyError:
        raise RuntimeError(
            "SesseraMiddleware is not in place: app.add_middleware(SesseraMiddleware, …)"
        ) from None
    return session


class CurrentSession(current.CurrentSession):
    """The session of a request or a WebSocket. False where nobody is logged in.

    Then `error` says why a token was refused, and asking for `subject`, `id` or another fact raises
    AttributeError. What writes to the store runs in a thread, and so has to be awaited.
    """

    def __init__(self, contents: Contents, scope: Scope, sessera: Sessera) -> None:
        super().__init__(contents)
        self._session_contents = contents
        self.scope = scope
        #: The application's sessions, for what has no shorthand here.
        self.sessera = sessera

    def require(
        self,
        *,
        fresh: timedelta | float | None = None,
        acr: str | Sequence[str] | None = None,
        amr: Sequence[str] = (),
    ) -> None:
        """Go on only for users who are logged in, and recently or strongly enough.

        `fresh`: they authenticated at most this long ago, a timedelta or seconds. `acr`: as one of these.
        `amr`: by all of these methods.

        Raises the SessionError for which the token was refused, or ReauthenticationRequired. Where nobody
        catches it the middleware answers with 401, 403 or 503.
        """
        visit = self._visit
        if visit.error is not None:
            raise visit.error
        if not self:
            raise ReauthenticationRequired("nobody is logged in")
        if fresh is not None or acr or amr:
            self.sessera.sessions.require(self._session, max_age=fresh, acr=acr, amr=list(amr))

    async def require_live(self) -> None:
        """As `require`, on all that the store holds at this moment, for where even a second is too late."""
        self.require()
        await _in_thread(self._visit.recheck_live)

    async def login(
        self,
        subject: str | int | UUID,
        claims: Mapping[str, Any] | None = None,
        *,
        acr: str | None = None,
        amr: Sequence[str] = (),
        remember: bool = False,
        device: bool = True,
    ) -> Issued:
        """Start a session of this subject. Call it when the user has just authenticated.

        The session is always a new one; the one that the request came with is revoked. `claims` are signed
        into the token and can be read by who holds it. The response sets the cookie; a client that keeps its
        token itself gets it as `token` of the result, and logs in with `device=False` where there is a device
        cookie. With `remember` the session lasts for `remember_for`, used or not.

        `subject` is the user's id. The session knows it as text: `login(42)` is `login("42")`.

        Raises TypeError for a subject that is no str, int or UUID, InvalidClaim, TooLarge, CookieInvalid,
        StoreUnavailable, or InvalidConfig where nobody is remembered.
        """
        log_in = partial(verbs.login, acr=acr, amr=amr, remember=remember, device=device)
        return await _in_thread(partial(log_in, self._open(), subject, claims))

    async def elevate(
        self, *, claims: Mapping[str, Any] | None = None, acr: str | None = None, amr: Sequence[str] = ()
    ) -> Issued:
        """Raise the session's rights. Call it when the user has just authenticated again.

        Raises ReauthenticationRequired when nobody is logged in, Superseded when another request was first,
        InvalidConfig without a store.
        """
        return await _in_thread(partial(verbs.elevate, self._open(), claims, acr=acr, amr=amr))

    async def rotate(self) -> Issued:
        """Move the session on by a generation: the old token works only for the grace from now on.

        The middleware does so by itself when a renewal is due.

        Raises ReauthenticationRequired when nobody is logged in, InvalidConfig without a store.
        """
        contents = self._open()
        contents.visit.of_user("to rotate")
        return await _in_thread(contents.visit.rotate)

    async def logout(self) -> RevocationState | None:
        """End the session: with a store its tokens are refused from now on, wherever they are kept.

        So it is of a session that is idle or was rotated away. Returns "stored", "pending" while the store
        can't be written (other servers follow when it is back), or None where nothing was left to end.

        Raises StoreUnavailable when the session can't be ended; then the client keeps its cookie.
        """
        return await _in_thread(partial(verbs.logout, self._open()))

    async def logout_everywhere(self, *, keep_current: bool = False) -> RevocationState | None:
        """End all sessions of the user who is logged in; with `keep_current`, all but this one.

        Returns what `logout` returns; None with `keep_current`.

        Raises ReauthenticationRequired when nobody is logged in, InvalidConfig without a store,
        StoreUnavailable when nothing could be revoked.
        """
        return await _in_thread(partial(verbs.logout_everywhere, self._open(), keep_current=keep_current))

    async def sessions_of(self, subject: str | int | UUID | None = None) -> list[UserSession]:
        """List the live sessions of a subject, oldest first; without one, of the user who is logged in.

        Raises InvalidConfig unless `list_sessions` is on, StoreUnavailable, and ReauthenticationRequired when
        nobody is named and nobody is logged in.
        """
        visit = self._visit
        owner = visit.of_user("to list").subject if subject is None else subject
        here = self.id if self else None
        listed = await _in_thread(partial(listing.sessions_of, self.sessera, owner))
        return [UserSession.of(record, here) for record in listed]

    async def revoke(self, sid: str, *, of: str | int | UUID | Owner | None = Owner.CURRENT) -> bool:
        """End one of the user's sessions by its id: none of its tokens is accepted from now on.

        False where it is none of theirs, and nothing ends. `of` names another user, for administrators;
        `ANYONE` is whoever it belongs to, for administrators too; None is nobody, to whom no session belongs.
        This request's own ends as with `logout`.

        Raises InvalidConfig unless `list_sessions` is on, StoreUnavailable, and ReauthenticationRequired when
        nobody is named and nobody is logged in.
        """
        owner = self._visit.of_user("to end").subject if of is Owner.CURRENT else of
        if of is Owner.CURRENT and self.id == sid:
            await self.logout()
            return True
        if not await _in_thread(partial(listing.may_end, self.sessera, sid, owner)):
            return False
        if self and self.id == sid:
            await self.logout()
        else:
            await _in_thread(partial(self.sessera.sessions.revoke_session, sid))
        return True

    async def ended(self) -> SessionError:
        """Wait until the session is over, and tell why: for a stream of events that must not outlive it.

        WebSockets are closed by the middleware itself. It hears within a second of a revocation, by this
        process or another.

        Raises AttributeError when nobody is logged in.
        """
        return await self.sessera.sessions.ended(self._session)

    @property
    def by_cookie(self) -> bool:
        """Whether the request brought a token, in the cookie."""
        return self._visit.token is not None and not self._visit.by_header

    @property
    def csrf_token(self) -> str:
        """The token for a form or a header of this session's pages; empty where there is no session.

        Each call gives another text; all of them hold as long as the session.
        """
        session = self._visit.session
        return "" if session is None else self.sessera.sessions.csrf_token(session)

    def check_csrf(self, token: str | None) -> None:
        """Check the request's origin, and the token that a form or a header brought.

        A request that came with a bearer token, or by a safe method, needs none; nor does one without a
        session, of which the origin is checked.

        Raises CsrfInvalid, for which the middleware answers with 403.
        """
        visit = self._visit
        if visit.by_header:
            return
        check_origin(self.scope, self.sessera, method=self.scope["method"])
        if visit.session is not None:
            self.sessera.sessions.check_csrf(visit.session, method=self.scope["method"], token=token)

    def _open(self) -> Contents:
        if self._visit.closed:
            raise RuntimeError("the response has begun, or is a WebSocket: the session can't change any more")
        return self._session_contents


async def _in_thread(call: Callable[[], T]) -> T:
    return await asyncio.to_thread(call)
