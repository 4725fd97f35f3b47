"""What is kept for one application: its sessions, its cookie, its settings."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from contextlib import nullcontext
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from sessera import Cookie, Event, SessionError, Sessions

from .door import Door
from .notices import Notices
from .plain_http import advice, drops_secure_cookies
from .refusal_log import log_refusal
from .settings import DECIDING

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from logging import Logger

    from sessera import Client, Issued, Policy

    from .settings import Settings

#: The longest that browsers keep a cookie, in seconds: 400 days.
LONGEST_COOKIE = 400 * 24 * 60 * 60

#: Where the facts come from that a login may be unable to learn, beside the address, whose absence is noticed
#: when it is read.
_SOURCES = {
    "user_agent": "the request has no User-Agent header",
}

#: How many visitors are remembered who have just logged in, and for how many seconds.
_VISITORS = 10_000
_MINUTE = 60.0

#: What a verb on a request's way out reports again, or reports of a race that it lost, which is no attack.
_NOT_AGAIN = frozenset({"session_refused", "session_use_after_expire", "session_binding_changed"})


class Kind(NamedTuple):
    """The sessions of one kind of user: how far its idle limit moves is for them to say."""

    sessions: Sessions
    #: For the verbs on a request's way out, which report no refusal again. The same where there is no store.
    in_flight: Sessions


class Keeper(ABC):
    """One application's part of a framework's. Made once, used by all threads."""

    #: The application claim that holds the contents of the session.
    claim: str
    #: The setting that lists sessions.
    lists_by: str
    #: The setting for development over plain http, with its value.
    for_plain_http: str
    #: Where refusals are told.
    logger: Logger
    #: Whether an anonymous session without contents stays: forms may hold CSRF tokens of it.
    keeps_visitors = False

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._key_file = settings.key_file
        self._unknown_facts: set[str] = set()
        #: When visitors logged in, by their ids.
        self._logged_in_visitors: dict[str, float] = {}
        clock = settings.clock
        #: Tells the time in seconds, for how long a request takes.
        self.now: Callable[[], float] = time.monotonic if clock is None else lambda: clock.unix_millis / 1000
        self.cookie = Cookie(**settings.cookie)
        self._secure = not settings.cookie.get("dev", False)
        device = settings.device_cookie
        self.device_cookie = None if device is None else Cookie(**device)
        self.door = Door(
            self.cookie,
            settings.locations,
            settings.trusted_hops,
            self.device_cookie,
            settings.same_site,
            self._warn_of_unknown_address,
        )
        self.data_in_store = settings.data_in_store
        #: Warnings that are logged once a process.
        self.notices = Notices(self.logger)
        if settings.backing.is_ready:
            self.open()

    def open(self) -> None:
        """Make the sessions, and with them what is missing of the key file and the store.

        That is done at the first use where the key file is still to be made, and else when the application is
        built. Raises InvalidConfig, which names the setting that is wrong.
        """
        self._settings.backing.open()
        self.all_sessions()

    @cached_property
    def users(self) -> Kind:
        """The sessions of users. Visitors' tokens are issued by them, and are no sessions."""
        return self._kind(self._settings.policy)

    @cached_property
    def remembered(self) -> Kind | None:
        """The sessions of users who asked to be remembered; None where nobody is."""
        if self._settings.remember_for is None:
            return None
        return self._kind(self._settings.policy.remembered_for(self._settings.remember_for))

    @cached_property
    def sessions(self) -> Sessions:
        """The sessions that check the tokens of requests."""
        return self.users.sessions

    @cached_property
    def in_flight(self) -> Sessions:
        """The sessions for tokens of requests that came in a while ago."""
        return self.users.in_flight

    @abstractmethod
    def setting(self, name: str) -> str:
        """Write the name of a setting as the framework does: `KEYRING` is `SESSERA_KEYRING` in Flask."""

    def log_refusal(self, error: SessionError) -> None:
        """Log that a request's token was refused."""
        log_refusal(self.logger, self.notices, self.setting, error)

    def warn_of_plain_http(self, scheme: str, host: str | None, header: Callable[[str], str | None]) -> None:
        """Warn once where a `Secure` cookie is set that the client drops."""
        known = not self._secure or self.notices.was_given("plain http")
        if not known and drops_secure_cookies(scheme, host, header):
            self.notices.warn("plain http", "%s", advice(self.for_plain_http))

    def _warn_of_unknown_address(self) -> None:
        """Warn once where logins are to be bound to a network that this server does not know."""
        mode = self._settings.policy.binding.ip
        if mode in ("enforce", "step_up"):
            hops = self.setting("TRUSTED_HOPS")
            why = (
                f"X-Forwarded-For holds no address where {hops} says that the client's is"
                if self._settings.trusted_hops
                else "the server gives none for its peer, which may be a Unix socket. Count your proxies in "
                f"{hops}"
            )
            self.notices.warn(
                "unknown address",
                "The policy's binding of ip is %s, but the client's address is unknown: %s. Until then no "
                "login is bound to its network.",
                mode,
                why,
            )

    def _kind(self, policy: Policy) -> Kind:
        sessions = self._sessions(policy, observer=self.tell)
        if not sessions.has_store:
            return Kind(sessions, sessions)
        return Kind(sessions, self._sessions(policy, observer=self._tell_outcome))

    def _sessions(self, policy: Policy, *, observer: Callable[[Event], None]) -> Sessions:
        settings = self._settings
        return Sessions(
            settings.issuer,
            settings.audience,
            keyring=settings.keyring,
            policy=policy,
            store=settings.store,
            clock=settings.clock,
            observer=observer,
            sealed=settings.sealed,
            clock_skew=settings.clock_skew,
            longest_session=settings.remember_for,
            list_sessions=settings.list_sessions or None,
            list_networks=settings.list_networks,
            max_sessions=settings.max_sessions,
        )

    def all_sessions(self) -> list[Sessions]:
        """Give every `Sessions` that is in use, for what concerns them all, such as new keys."""
        kinds = (self.users, self.remembered or self.users)
        return list(dict.fromkeys(sessions for kind in kinds for sessions in kind))

    @abstractmethod
    def token_of(self, request: Any) -> tuple[str | None, bool]:
        """Find the token that a request brought, if any, and whether it stood in `Authorization`.

        Raises CookieInvalid when there is more than one.
        """

    def device_of(self, request: Any) -> str | None:
        """Find the device secret that a request brought."""
        return None

    @abstractmethod
    def may_lack_cookie(self, request: Any) -> bool:
        """Whether a browser that has our cookie would have sent this request without it."""

    @abstractmethod
    def client_of(self, request: Any, device: str | None = None) -> Client:
        """Gather what is known of who sent a request, and shows this device secret."""

    @abstractmethod
    def tell(self, event: Event) -> None:
        """Tell the application what happened to a session."""

    def telling(self, kind: str, subject: str, reason: str | None = None) -> AbstractContextManager[None]:
        """Tell what a user did, once it is done: `authn_login_success`, or `session_expired` by a logout."""
        return nullcontext()

    def renew_keys(self, now: float) -> None:
        """Take the keys of the key file into use if it has changed. What is wrong with them is told once."""
        file = self._key_file
        if file is None or not file.is_due(now):
            return
        try:
            keyring = file.newer(now)
            if keyring is None:
                return
            for sessions in self.all_sessions():
                sessions.replace_keyring(keyring)
        except SessionError as error:
            self.logger.error("the key file %s has changed, but can't be used: %s", file.path, error)
        else:
            self.logger.info("the key file %s has changed, and its keys are in use", file.path)

    def note_login_of_visitor(self, sid: str) -> None:
        """Note that a visitor has just logged in: a slower response must not put the visitor's cookie back.

        Visitors leave no marks, so this is known in this process only, and for a minute.
        """
        now = self.now()
        if len(self._logged_in_visitors) >= _VISITORS:
            old = [known for known, since in self._logged_in_visitors.items() if now - since > _MINUTE]
            for known in old or list(self._logged_in_visitors)[: _VISITORS // 2]:
                self._logged_in_visitors.pop(known, None)
        self._logged_in_visitors[sid] = now

    def has_logged_in(self, sid: str) -> bool:
        """Whether the visitor of this id logged in within the last minute, as far as this process knows."""
        since = self._logged_in_visitors.get(sid)
        return since is not None and self.now() - since <= _MINUTE

    def warn_of_unknown_facts(self, issued: Issued, client: Client) -> None:
        """Warn, once for each, of a fact that decides and that this login could not learn."""
        binding = self._settings.policy.binding
        for fact, source in _SOURCES.items():
            if getattr(binding, fact) not in DECIDING or fact in self._unknown_facts:
                continue
            if getattr(self.sessions.inspect(issued.token, client=client).binding, fact) == "unbound":
                self._unknown_facts.add(fact)
                self.logger.warning(
                    "a login is not bound to `%s`, though the binding asks for it: %s", fact, source
                )

    def unix_seconds(self) -> float:
        """Tell the time, by the clock that the sessions go by."""
        return self._settings.unix_seconds()

    def lasting(self, seconds: float) -> int:
        """Give the `Max-Age` of a cookie that is good for so long."""
        return min(max(int(seconds), 1), LONGEST_COOKIE)

    def set_device_cookie(self, secret: str, lasting: float) -> str:
        """Write the `Set-Cookie` line for a device secret."""
        settings = self._settings.device_cookie or {}
        return Cookie(**settings, max_age=self.lasting(lasting)).set_cookie(secret)

    def set_cookie(self, token: str, lasting: float | None) -> str:
        """Write the `Set-Cookie` line for a token.

        `lasting` is in seconds; None is for a cookie that goes with the browser.

        Raises CookieInvalid when the cookie would be over 4096 bytes.
        """
        if lasting is None:
            return self.cookie.set_cookie(token)
        return Cookie(**self._settings.cookie, max_age=self.lasting(lasting)).set_cookie(token)

    def _tell_outcome(self, event: Event) -> None:
        # What is known of revocations is the same for all, and told by those that verify.
        if event.kind not in _NOT_AGAIN and not event.kind.startswith("revocations_"):
            self.tell(event)
