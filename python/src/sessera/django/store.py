"""`request.session`: the session engine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.sessions.backends.base import SessionBase, UpdateError

from sessera import Expired, InvalidClaim, SessionError
from sessera._web.refusal import cannot_tell
from sessera._web.settle import rotate
from sessera._web.uncarried import uncarried
from sessera._web.visit import ANONYMOUS, Visit

from . import expiry
from .keeper import Brought, current_keeper

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sessera._revocation import RevocationState

#: What another request did meanwhile that this one can't undo: Django answers 400, or goes on.
_OVER = frozenset({"revoked", "expired", "ended", "reused"})

#: The end of a race, or a store that is away: the session stays as it is, and so does the cookie.
_NOT_NOW = frozenset({"superseded", "store_unavailable", "revocations_stale"})


class SessionStore(SessionBase):
    """A session in a signed token. `session_key` is the token; the id is `request.sessera.id`.

    The subject is the id of the user whom django.contrib.auth logged in. What is in the session travels in
    the token, or is kept in the store: `SESSERA["DATA"]`. It must be what SESSION_SERIALIZER makes JSON of.
    """

    def __init__(self, session_key: str | None = None, *, environ: Mapping[str, Any] | None = None) -> None:
        super().__init__(session_key)
        self._keeper = current_keeper()
        self._brought = Brought(session_key, environ)
        self._since = self._keeper.now()
        self._visit: Visit | None = None
        #: What was raised where this server could not tell what the session is.
        self.unknown: SessionError | None = None
        self._login = False
        self._cycled = False
        self._ends_others = False
        #: How far the end of a session has come that was deleted or flushed: "stored", "pending", or None.
        self.revocation: RevocationState | None = None

    @property
    def visit(self) -> Visit:
        """The dealings with the session that was brought, which begin here: the token is verified.

        Raises StoreUnavailable where the contents are in a store that can't be read.
        """
        self.accessed = True
        if self._visit is None:
            visit = Visit(self._keeper, self._brought, self._since)
            try:
                self._hold_to_expiry(visit)
            except SessionError as error:
                self.unknown = error
                raise
            self._visit = visit
        return self._visit

    def _hold_to_expiry(self, visit: Visit) -> None:
        session, now = visit.session, self._keeper.unix_seconds()
        if session is not None and expiry.is_over(session, visit.contents(), now):
            visit.session = visit.token = None
            visit.error = Expired("the end is reached that set_expiry() set")

    @property
    def cannot_tell(self) -> bool:
        """Whether the session was asked for, and this server still can't tell what it is."""
        return self.unknown is not None if self._visit is None else cannot_tell(self._visit.error)

    @property
    def logged_in(self) -> bool:
        """Whether the session is somebody's, as far as it was asked for."""
        return self._visit is not None and self._visit.logged_in

    @property
    def pending(self) -> bool:
        """Whether there is a token that the client does not have yet."""
        return self._visit is not None and self._visit.pending

    @property
    def ended(self) -> bool:
        """Whether the session was ended here, so that the client's cookie is to go."""
        return self._visit is not None and self._visit.ended

    @property
    def renewal_due(self) -> bool:
        """Whether the session is used, and ought to get a new token though nothing in it changed."""
        visit = self._visit
        if visit is None or visit.session is None:
            return False
        now = self._keeper.unix_seconds()
        due = (
            visit.session.renew_due
            or visit.session.rotation_due
            or expiry.is_due(visit.session, visit.contents(), now)
        )
        return due or visit.pending

    def load(self) -> dict[str, Any]:
        """Verify the token, and give the contents; none where it is refused.

        Raises RevocationsStale or StoreUnavailable where this server can't tell: a good session must not look
        like none, for which Django would ask its user to log in again.
        """
        visit = self.visit
        if cannot_tell(visit.error):
            self.unknown = visit.error
            raise visit.error
        if visit.session is None:
            self._session_key = None
            return {}
        contents = visit.contents()
        if not isinstance(contents, dict):
            return {}
        return dict(self.serializer().loads(_text(contents).encode("latin-1")))

    def __setitem__(self, key: str, value: Any) -> None:
        """Set a value, and notice what django.contrib.auth says by it: a login, or another password."""
        if key == SESSION_KEY:
            self._login = True
        if key == HASH_SESSION_KEY and self._cycled and self.get(key) not in (None, value):
            self._ends_others = not self._is_fallback(self[key])
        super().__setitem__(key, value)

    def save(self, must_create: bool = False) -> None:  # noqa: FBT001, FBT002  # Django's signature
        """Put the session into a new token, as far as there is something new to say.

        Raises UpdateError where the session was ended meanwhile, as by a log-out in another tab;
        InvalidClaim, TooLarge or CookieInvalid where no token or no cookie can carry the contents.
        """
        data = self._contents(empty=must_create)
        ends_others = self._ends_others
        try:
            self._save(data, create=must_create)
        except SessionError as error:
            if error.code in _OVER and not must_create:
                self.visit.session = self.visit.token = None
                self.visit.error = error
                raise UpdateError from error
            lost = self.visit.in_store and error.code == "store_unavailable"
            # The user must not be told of a login, or of the end of the other sessions, that did not happen.
            if lost or ends_others or self._login or error.code not in _NOT_NOW:
                raise
            self._keeper.logger.info("session not saved (%s): %s", error.code, error)
        self._session_key = self.visit.token or self._session_key

    def _save(self, data: dict[str, Any], *, create: bool) -> None:
        visit, text = self.visit, self._written(data)
        subject = str(data.get(SESSION_KEY) or ANONYMOUS)
        if subject == ANONYMOUS and visit.error is not None and visit.error.code in _NOT_NOW:
            # A good session may stand behind it, of which an anonymous one must not take the place.
            raise visit.error
        if subject == ANONYMOUS and visit.was_overtaken and not create:
            self._keeper.logger.info("session not saved: this visitor has just logged in")
        elif subject == ANONYMOUS and visit.session is None and not create and not visit.may_begin:
            self._keeper.logger.info("session not saved: the request can't be given a new cookie")
        elif subject == ANONYMOUS and (create or visit.session is None or visit.logged_in):
            visit.begin(text)
        elif create or visit.session is None or self._login or subject != visit.session.subject:
            visit.login(subject, {}, None, (), contents=text)
        elif self._ends_others:
            visit.revoke_others(contents=text)
            self._put(visit, text)
        else:
            self._go_on(visit, text)
        self._login = self._cycled = self._ends_others = False

    def _go_on(self, visit: Visit, text: str) -> None:
        changed = text != _text(visit.contents() or {})
        if changed and visit.in_store:
            visit.put(text)
        cycled = self._cycled and self._keeper.sessions.has_store
        if cycled or visit.rotation_due:
            rotate(visit)
        if changed and not visit.in_store:
            self._put(visit, text)
        elif self.renewal_due and not visit.pending:
            visit.renew()

    def _put(self, visit: Visit, text: str) -> None:
        if visit.in_store:
            visit.put(text)
        else:
            visit.renew({**visit.application_claims(), self._keeper.claim: json.loads(text)})

    def _contents(self, *, empty: bool = False) -> dict[str, Any]:
        contents: dict[str, Any] = self._get_session(no_load=empty)  # type: ignore[attr-defined]  # of the base
        return contents

    def end_others(self) -> None:
        """End all other sessions of this subject when the session is saved; it goes on under a new id."""
        self._contents()
        self._ends_others = self.modified = True

    def cycle_key(self) -> None:
        """Go on with another token, when the session is saved: the old one works for the grace only.

        At a login the session is a new one, of which the old token is refused at once.
        """
        self._contents()
        self._cycled = self.modified = True

    def create(self) -> None:
        """Begin a new, empty session at once."""
        self._session_cache: dict[str, Any] = {}
        self.save(must_create=True)
        self.modified = True

    def delete(self, session_key: str | None = None) -> None:
        """Revoke the session, or the one of this token.

        It is ended also where it is idle or was rotated away. `revocation` says how far that has come.

        Raises StoreUnavailable when it can't be ended.
        """
        if session_key is None or session_key == self._brought.token:
            visit = self.visit
            self.revocation = visit.revoke()
            visit.end()
            visit.logged_out = True
        else:
            self.revocation = Visit(self._keeper, Brought(session_key), self._since).revoke()

    def flush(self) -> None:
        """Revoke the session, and go on with none: what `logout()` does."""
        super().flush()
        self._login = self._cycled = self._ends_others = False

    def exists(self, session_key: str) -> bool:
        """Whether this token is accepted."""
        return Visit(self._keeper, Brought(session_key), self._since).session is not None

    @classmethod
    def clear_expired(cls) -> None:
        """Do nothing: a token that expired is kept nowhere, and the store forgets by itself."""

    async def aload(self) -> dict[str, Any]:
        """See `load`."""
        return await sync_to_async(self.load)()

    async def asave(self, must_create: bool = False) -> None:  # noqa: FBT001, FBT002
        """See `save`."""
        await sync_to_async(self.save)(must_create=must_create)

    async def acycle_key(self) -> None:
        """See `cycle_key`."""
        await sync_to_async(self.cycle_key)()

    async def aset(self, key: str, value: Any) -> None:
        """See `__setitem__`."""
        await sync_to_async(self.__setitem__)(key, value)

    async def acreate(self) -> None:
        """See `create`."""
        await sync_to_async(self.create)()

    async def adelete(self, session_key: str | None = None) -> None:
        """See `delete`."""
        await sync_to_async(self.delete)(session_key)

    async def aflush(self) -> None:
        """See `flush`."""
        await sync_to_async(self.flush)()

    async def aexists(self, session_key: str) -> bool:
        """See `exists`."""
        return await sync_to_async(self.exists)(session_key)

    @classmethod
    async def aclear_expired(cls) -> None:
        """See `clear_expired`."""

    def get_session_cookie_age(self) -> int:
        """Give the age of the cookie: that of Django's settings, and never past the end of the session."""
        age = int(settings.SESSION_COOKIE_AGE)
        visit = self._visit
        if visit is None or visit.session is None:
            return age
        return max(0, min(age, int(visit.session.ends_at.timestamp() - self._keeper.unix_seconds())))

    def _written(self, data: dict[str, Any]) -> str:
        dumps = self.serializer().dumps
        try:
            text = dumps(data).decode("latin-1")
        except (TypeError, RecursionError) as error:
            raise uncarried("request.session", data, dumps) from error
        try:
            return _text(json.loads(text))
        except ValueError:
            raise InvalidClaim("SESSION_SERIALIZER must make JSON") from None

    def _is_fallback(self, session_hash: str) -> bool:
        """Whether the hash is of the same password, under a SECRET_KEY from before: nobody is logged out."""
        if not settings.SECRET_KEY_FALLBACKS or BACKEND_SESSION_KEY not in self:
            return False
        user: Any = get_user_model()._default_manager.filter(pk=self[SESSION_KEY]).first()
        return user is not None and session_hash in set(user.get_session_auth_fallback_hash())


def _text(value: object) -> str:
    """Write a value as JSON, always in the same way."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True)
