"""What an application says of its sessions."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from sessera import Client, Cookie, Event, InvalidConfig, Policy, check_fetch
from sessera._web.backing import Backing
from sessera._web.door import LOCATIONS
from sessera._web.keeper import Keeper
from sessera._web.keyfile import key_source
from sessera._web.settings import Settings
from sessera._web.storefile import check_store, store_of
from sessera._web.values import FLAGS, flag_of

from . import scope as asgi
from .jwks import JwksApp

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence
    from datetime import timedelta

    from sessera import Keyring, ManualClock
    from sessera._web.settings import Store

    from .scope import Scope

#: How requests by unsafe methods are guarded.
Csrf: TypeAlias = Literal["origin", "token", "off"]


class Sessera(Keeper):
    """The sessions of one ASGI application: give it to SesseraMiddleware.

    `issuer` and `audience` are in every token. `keyring` is a Keyring, or the path of its file, which is made
    when the server starts and read again when its keys were rotated; `algorithm` is that of the keys that are
    made, "HS256" by default, "EdDSA" or "ES256" where other services verify. `store` is a store, the path of
    an SQLite file, the URL of a Redis, "memory", or None, without which nothing is revoked or rotated.

    `policy` has the limits. `data` says where the contents of `request.session` are: in the "token", or in
    the "store", from which they are read before the application runs. `sealed` hides what tokens say.

    `device_cookie`, such as "__Host-device", names a cookie with a secret to which logins are bound.
    `remember_for` is how long a session of `login(remember=True)` lasts.

    `csrf` guards requests by unsafe methods that come without a bearer token, and WebSockets. "origin", the
    default: what the browser says of where they came from must hold. "token": the header `X-CSRF-Token` must
    hold the session's token as well. "off": the application does it. `trusted_origins` may make them too.

    `locations` are where tokens may stand: "cookie", "header" (`Authorization: Bearer`). `trusted_hops` is
    how many proxies of your own stand before the server, as long as no other middleware reads
    `X-Forwarded-For`.

    `list_sessions` lists each user's sessions in the store, for `CurrentSession.sessions_of`; `list_networks`
    with the network of each, which is personal data. With `max_sessions` a login beyond that many ends the
    user's oldest session. `clock_skew` is how far the clock of each machine may be off: by default the leeway
    of the policy with a Redis, which machines share, and 0 with the others.

    `on_event` is called for each event, from any thread. `dev` is for plain http on your
    own machine.

    Raises InvalidConfig, which names what is wrong.
    """

    claim = "session"
    lists_by = "list_sessions"
    for_plain_http = "dev=True"
    logger = logging.getLogger("sessera.asgi")

    def __init__(
        self,
        issuer: str,
        audience: str,
        *,
        keyring: Keyring | str | os.PathLike[str],
        algorithm: Literal["HS256", "EdDSA", "ES256"] | None = None,
        store: Store | str | os.PathLike[str] | None,
        policy: Policy | None = None,
        data: Literal["token", "store"] = "token",
        sealed: bool = False,
        cookie_name: str = "__Host-session",
        same_site: Literal["Strict", "Lax", "None"] = "Lax",
        partitioned: bool = False,
        device_cookie: str | None = None,
        remember_for: timedelta | None = None,
        csrf: Csrf = "origin",
        trusted_origins: Sequence[str] = (),
        locations: Sequence[str] = LOCATIONS,
        trusted_hops: int = 0,
        clear_site_data: bool = True,
        list_sessions: bool = False,
        list_networks: bool = False,
        max_sessions: int | None = None,
        clock_skew: timedelta | None = None,
        on_event: Callable[[Event], object] | None = None,
        dev: bool = False,
        clock: ManualClock | None = None,
    ) -> None:
        _check_origins(trusted_origins)
        if csrf not in ("origin", "token", "off"):
            raise InvalidConfig('csrf must be "origin", "token" or "off"')
        if data not in ("token", "store"):
            raise InvalidConfig('data must be "token" or "store"')
        if not locations or any(place not in LOCATIONS for place in locations):
            raise InvalidConfig('locations must be "cookie", "header" or both')
        if data == "store" and store is None:
            raise InvalidConfig("data is to be in the store, but there is none")
        keys = key_source(keyring, algorithm, "keyring")
        check_store(store, "store")
        flags = {
            "sealed": sealed,
            "partitioned": partitioned,
            "clear_site_data": clear_site_data,
            "list_sessions": list_sessions,
            "list_networks": list_networks,
            "dev": dev,
        }
        flag = {name: _flag(name, value) for name, value in flags.items()}
        dev = flag["dev"]
        cookie: dict[str, Any] = {
            "same_site": same_site,
            "partitioned": flag["partitioned"],
            "dev": dev,
        }
        device = None if device_cookie is None else {"name": device_cookie, **cookie}
        if device is not None and Cookie(**device).name == Cookie(name=cookie_name, **cookie).name:
            raise InvalidConfig("device_cookie has the name of the session's cookie, which is cookie_name")
        self.csrf = csrf
        self.trusted_origins = list(trusted_origins)
        self.clear_site_data = flag["clear_site_data"]
        self.dev = dev
        self._on_event = on_event
        super().__init__(
            Settings(
                issuer=issuer,
                audience=audience,
                backing=Backing(keys, lambda keyring: store_of(store, keyring, "store")),
                data_in_store=data == "store",
                policy=policy or Policy(),
                sealed=flag["sealed"],
                remember_for=remember_for,
                cookie={"name": cookie_name, **cookie},
                device_cookie=device,
                locations=tuple(locations),
                trusted_hops=trusted_hops,
                list_sessions=flag["list_sessions"],
                list_networks=flag["list_networks"],
                max_sessions=max_sessions,
                clock_skew=clock_skew,
                clock=clock,
            )
        )
        if dev:
            self.logger.warning("dev is set: the cookie is for plain http. Never set it in production.")

    def setting(self, name: str) -> str:
        """Write the name of a setting as an argument of this class."""
        return name.lower()

    def token_of(self, request: Scope) -> tuple[str | None, bool]:
        """Find the token that a request brought, if any, and whether it stood in `Authorization`.

        Raises CookieInvalid when there is more than one.
        """
        return self.door.token_of(asgi.values(request, b"cookie"), asgi.value(request, b"authorization"))

    def device_of(self, request: Scope) -> str | None:
        """Find the device secret that a request brought."""
        return self.door.device_of(asgi.values(request, b"cookie"))

    def may_lack_cookie(self, request: Scope) -> bool:
        """Whether a browser that has our cookie would have sent this request without it."""
        site = asgi.value(request, b"sec-fetch-site")
        return self.door.may_be_left_at_home(request.get("method", "GET"), site)

    def client_of(self, request: Scope, device: str | None = None) -> Client:
        """Gather what is known of who sent a request."""
        peer: Any = request.get("client")
        return self.door.client_of(
            peer[0] if peer else None,
            user_agent=asgi.value(request, b"user-agent"),
            forwarded_for=asgi.values(request, b"x-forwarded-for"),
            device=device,
        )

    def check_transport(self, request: Scope) -> None:
        """Warn once where the client of a request drops the cookie that its response sets."""

        def header(name: str) -> str | None:
            return asgi.value(request, name.encode())

        self.warn_of_plain_http(request.get("scheme", "http"), header("host"), header)

    @property
    def jwks(self) -> JwksApp:
        """The public keys as an ASGI application: `Route("/.well-known/jwks.json", sessera.jwks)`."""
        return JwksApp(self)

    def tell(self, event: Event) -> None:
        """Call `on_event`."""
        if self._on_event is not None:
            self._on_event(event)


def _flag(name: str, value: object) -> bool:
    flag = flag_of(value)
    if flag is None:
        raise InvalidConfig(f"{name} must be {FLAGS}")
    return flag


def _check_origins(origins: Sequence[str]) -> None:
    try:
        check_fetch(method="POST", trusted_origins=origins)
    except (InvalidConfig, TypeError) as error:
        raise InvalidConfig(f"trusted_origins: {error}") from error
