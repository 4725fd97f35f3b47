"""The `SESSERA_*` settings of an application, checked once, when the extension is set up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sessera import InvalidConfig, ManualClock, Sessions
from sessera._web import settings as shared
from sessera._web.backing import Backing
from sessera._web.door import LOCATIONS
from sessera._web.keyfile import key_source
from sessera._web.storefile import check_default_store, check_store, default_store, store_of

from .cookies import device_cookie, refuse_names_of_others, session_cookie
from .csrf_rules import CsrfRules
from .former import Former
from .given import PREFIX, Given, checked
from .lifetimes import policy_of, remember_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Flask

    from sessera import Keyring

#: More proxies than this are a mistake.
MOST_HOPS = 32

#: A limit beyond this is a mistake.
MOST_SESSIONS = 10_000

#: Every setting, with what it is when the application says nothing.
DEFAULTS: Mapping[str, str] = {
    "SESSERA_ISSUER": "`https://` and SERVER_NAME; `http://localhost` without one",
    "SESSERA_AUDIENCE": "the application's name; two of one name take each other's tokens if they share keys",
    "SESSERA_ALGORITHM": '"HS256"; "EdDSA" or "ES256" where others verify: of keys made at first use',
    "SESSERA_KEYRING": "the file `sessera-keys.json` in the instance folder, made at first use;"
    " a path, a Keyring",
    "SESSERA_STORE": "the SQLite file `sessera.db` in the instance folder; a store, a path,"
    ' the URL of a Redis, "memory", None',
    "SESSERA_DATA": '"token": it carries flask.session; "store": the store keeps it, under the session\'s id',
    "SESSERA_POLICY": "Policy()",
    "SESSERA_IDLE_TIMEOUT": "that of Policy(): 30 minutes",
    "SESSERA_ABSOLUTE_TIMEOUT": "that of Policy(): 12 hours",
    "SESSERA_BINDING": "that of Policy(); a dict of facts (device, user_agent, ip, key) to off, report,"
    " step_up or enforce, and of ipv4_prefix and ipv6_prefix to bits",
    "SESSERA_REMEMBER_FOR": "30 days: how long a session of login(remember=True) lasts; None for nobody's",
    "SESSERA_LIST_SESSIONS": "False; True lists each user's sessions in the store, for `sessions_of`",
    "SESSERA_LIST_NETWORKS": "False; True lists them with the network of each, which is personal data",
    "SESSERA_MAX_SESSIONS": "None: any number; a login beyond that many ends the user's oldest session",
    "SESSERA_SEALED": "False; True encrypts tokens, so that only this application can read them",
    "SESSERA_COOKIE_NAME": '"__Host-session"',
    "SESSERA_COOKIE_SAMESITE": '"Lax"; "Strict" or "None"',
    "SESSERA_COOKIE_PARTITIONED": "False",
    "SESSERA_DEVICE_COOKIE": "False; True binds logins to a secret in a cookie `__Host-device`; or its name",
    "SESSERA_CLEAR_SITE_DATA": "True: a logout empties the browser's cache and storage of this origin",
    "SESSERA_DEV": "False; True is for development over plain http",
    "SESSERA_LOCATIONS": '("cookie", "header")',
    "SESSERA_CSRF": '"origin": no unsafe request from another site; "token": one of the session, too; "off"',
    "SESSERA_CSRF_TRUSTED_ORIGINS": "(): origins of other sites that may make unsafe requests",
    "SESSERA_IMPORT_UNTIL": "None; a datetime with a time zone: until then the sessions of the interface that"
    " was in place before, Flask's own or Flask-Session's, are taken over",
    "SESSERA_IMPORT_SUBJECT": "None; the name in such a session, or a function of it, that tells whose it is",
    "SESSERA_TRUSTED_HOPS": "0: the client's address is `request.remote_addr`; leave it so with ProxyFix",
    "SESSERA_CLOCK_SKEW": "None: the leeway of 30 seconds with a Redis, 0 with any other store;"
    " how far the clock of each machine may be off",
    "SESSERA_CLOCK": "the system's; a ManualClock for tests",
}


@dataclass(frozen=True, kw_only=True)
class Settings(shared.Settings):
    """Settings that were checked."""

    clear_site_data: bool
    dev: bool
    csrf: CsrfRules
    former: Former | None

    @classmethod
    def of(cls, app: Flask) -> Settings:
        """Read the settings of an application.

        Raises InvalidConfig, which names the setting that is unknown or wrong.
        """
        given = Given(app.config)
        given.refuse_unknown(DEFAULTS)
        dev = given.flag("SESSERA_DEV", default=False)
        backing = _backing(given, app)
        keyring = backing.sample()
        data_in_store = _data_in_store(given)
        policy = policy_of(given, keyring)
        cookie = session_cookie(given, dev=dev)
        device = device_cookie(given, cookie, policy)
        former = Former.of(given, app)
        refuse_names_of_others(app, cookie, device, former=former.cookie_name(app) if former else None)
        settings = cls(
            issuer=given.text("SESSERA_ISSUER", _default_issuer(app)),
            audience=given.text("SESSERA_AUDIENCE", app.name),
            backing=backing,
            data_in_store=data_in_store,
            policy=policy,
            remember_for=remember_for(given, policy, keyring),
            sealed=_sealed(given, keyring),
            **_list(given),
            cookie=cookie,
            device_cookie=device,
            clear_site_data=given.flag("SESSERA_CLEAR_SITE_DATA", default=True),
            dev=dev,
            locations=_locations(given),
            csrf=CsrfRules.of(
                given.value("SESSERA_CSRF", "origin"), given.value("SESSERA_CSRF_TRUSTED_ORIGINS", ())
            ),
            former=former,
            clock_skew=_clock_skew(given),
            trusted_hops=given.whole("SESSERA_TRUSTED_HOPS", 0, least=0, most=MOST_HOPS) or 0,
            clock=given.instance("SESSERA_CLOCK", ManualClock, None),
        )
        if backing.is_ready:
            # Last, so that settings that are refused leave no database behind.
            backing.open()
        return settings


def _default_issuer(app: Flask) -> str:
    server_name = app.config.get("SERVER_NAME")
    return f"https://{server_name}" if server_name else "http://localhost"


def _backing(given: Given, app: Flask) -> Backing:
    """Find the keys and the store, and check both as far as that is possible without making any."""
    algorithm = given.text("SESSERA_ALGORITHM", "") if "SESSERA_ALGORITHM" in given else None
    value = given.value("SESSERA_KEYRING", Path(app.instance_path, "sessera-keys.json"))
    keys = key_source(value, algorithm, "SESSERA_KEYRING")
    if "SESSERA_STORE" not in given:
        path = Path(app.instance_path, "sessera.db")
        check_default_store(path)
        return Backing(keys, lambda _: default_store(path))
    store = given.value("SESSERA_STORE", None)
    check_store(store)
    return Backing(keys, lambda keyring: store_of(store, keyring))


def _list(given: Given) -> dict[str, Any]:
    most = given.whole("SESSERA_MAX_SESSIONS", None, least=1, most=MOST_SESSIONS)
    settings = {
        "SESSERA_LIST_SESSIONS": given.flag("SESSERA_LIST_SESSIONS", default=False),
        "SESSERA_LIST_NETWORKS": given.flag("SESSERA_LIST_NETWORKS", default=False),
        "SESSERA_MAX_SESSIONS": most,
    }
    for name, value in settings.items():
        if value and given.value("SESSERA_STORE", ...) is None:
            raise InvalidConfig(f"{name} needs a store, but SESSERA_STORE is None")
    return {name.removeprefix(PREFIX).lower(): value for name, value in settings.items()}


def _sealed(given: Given, keyring: Keyring) -> bool:
    sealed = given.flag("SESSERA_SEALED", default=False)
    if sealed:
        # Whether the keys can seal, only the sessions can tell.
        checked("SESSERA_SEALED", lambda: Sessions("a", "b", keyring=keyring, sealed=True))
    return sealed


def _clock_skew(given: Given) -> timedelta | None:
    unset = given.value("SESSERA_CLOCK_SKEW", None) is None
    return None if unset else given.span("SESSERA_CLOCK_SKEW", least=timedelta(0))


def _data_in_store(given: Given) -> bool:
    value = given.text("SESSERA_DATA", "token")
    if value not in ("token", "store"):
        raise InvalidConfig('SESSERA_DATA must be "token" or "store"')
    if value == "store" and given.value("SESSERA_STORE", ...) is None:
        raise InvalidConfig('SESSERA_DATA is "store", but SESSERA_STORE is None')
    return value == "store"


def _locations(given: Given) -> tuple[str, ...]:
    value = given.value("SESSERA_LOCATIONS", LOCATIONS)
    if not isinstance(value, (tuple, list)) or not value or any(place not in LOCATIONS for place in value):
        raise InvalidConfig('SESSERA_LOCATIONS must be a tuple of "cookie", "header" or both')
    return tuple(place for place in LOCATIONS if place in value)
