"""The `SESSERA_*` settings of an application, checked once, when the extension is set up."""

from __future__ import annotations

import difflib
import logging
import os
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sessera import Cookie, InvalidConfig, Keyring, ManualClock, Policy, SessionError, Sessions
from sessera._web import settings as shared
from sessera._web.door import LOCATIONS

from .csrf_rules import CsrfRules
from .keyfile import keyring_at
from .storefile import default_store, store_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flask import Flask

    from sessera._web.settings import Store

logger = logging.getLogger("sessera.flask")

#: Longest text, in bytes.
LONGEST_TEXT = 512

#: More proxies than this are a mistake.
MOST_HOPS = 32

#: Every setting, with what it is when the application says nothing.
DEFAULTS: Mapping[str, str] = {
    "SESSERA_ISSUER": "`https://` and SERVER_NAME; `http://localhost` without one",
    "SESSERA_AUDIENCE": "the application's name",
    "SESSERA_ALGORITHM": '"HS256"; "EdDSA" or "ES256" where others verify: of the keyring of the first start',
    "SESSERA_KEYRING": "the file `sessera-keys.json` in the instance folder, made at first start",
    "SESSERA_STORE": 'the SQLite file `sessera.db` in the instance folder; a store, a path, "memory", None',
    "SESSERA_DATA": '"token": it carries flask.session; "store": the store keeps it, under the session\'s id',
    "SESSERA_POLICY": "Policy()",
    "SESSERA_IDLE_TIMEOUT": "that of Policy(): 30 minutes",
    "SESSERA_ABSOLUTE_TIMEOUT": "that of Policy(): 12 hours",
    "SESSERA_COOKIE_NAME": '"__Host-session"',
    "SESSERA_COOKIE_SAMESITE": '"Lax"; "Strict" or "None"',
    "SESSERA_COOKIE_PARTITIONED": "False",
    "SESSERA_CLEAR_SITE_DATA": "True: a logout empties the browser's cache and storage of this origin",
    "SESSERA_DEV": "False; True is for development over plain http",
    "SESSERA_LOCATIONS": '("cookie", "header")',
    "SESSERA_CSRF": '"origin": no unsafe request from another site; "token": one of the session, too; "off"',
    "SESSERA_CSRF_TRUSTED_ORIGINS": "(): origins of other sites that may make unsafe requests",
    "SESSERA_TRUSTED_HOPS": "0: the client's address is `request.remote_addr`",
    "SESSERA_CLOCK": "the system's; a ManualClock for tests",
}


@dataclass(frozen=True, kw_only=True)
class Settings(shared.Settings):
    """Settings that were checked."""

    clear_site_data: bool
    dev: bool
    csrf: CsrfRules

    @classmethod
    def of(cls, app: Flask) -> Settings:
        """Read the settings of an application.

        Raises InvalidConfig, which names the setting that is unknown or wrong.
        """
        given = _Given(app.config)
        given.refuse_unknown()
        dev = given.flag("SESSERA_DEV", default=False)
        keyring = _keyring(given, app)
        data_in_store = _data_in_store(given)
        return cls(
            issuer=given.text("SESSERA_ISSUER", _default_issuer(app)),
            audience=given.text("SESSERA_AUDIENCE", app.name),
            keyring=keyring,
            data_in_store=data_in_store,
            policy=_policy(given, keyring),
            cookie=_cookie(given, dev=dev),
            clear_site_data=given.flag("SESSERA_CLEAR_SITE_DATA", default=True),
            dev=dev,
            locations=_locations(given),
            csrf=CsrfRules.of(
                given.value("SESSERA_CSRF", "origin"), given.value("SESSERA_CSRF_TRUSTED_ORIGINS", ())
            ),
            trusted_hops=_trusted_hops(given),
            clock=given.instance("SESSERA_CLOCK", ManualClock, None),
            # Last, so that settings that are refused leave no database behind.
            store=_store(given, app),
        )


class _Given:
    """The settings that the application gave, taken out one by one, each as the type that it must have."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._given = {name: value for name, value in config.items() if name.startswith("SESSERA_")}

    def __contains__(self, name: str) -> bool:
        return name in self._given

    def refuse_unknown(self) -> None:
        for name in self._given:
            if name not in DEFAULTS:
                close = difflib.get_close_matches(name, DEFAULTS, n=1)
                hint = f"; did you mean {close[0]}?" if close else ""
                raise InvalidConfig(f"there is no setting {name}{hint}")

    def value(self, name: str, default: Any) -> Any:
        return self._given.get(name, default)

    def text(self, name: str, default: str) -> str:
        value = self.value(name, default)
        if not isinstance(value, str) or not 0 < len(value.encode()) <= LONGEST_TEXT:
            raise InvalidConfig(f"{name} must be a text of 1 to {LONGEST_TEXT} bytes")
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        value = self.value(name, default)
        if not isinstance(value, bool):
            raise InvalidConfig(f"{name} must be True or False")
        return value

    def instance(self, name: str, of: type[Any], default: Any) -> Any:
        value = self.value(name, default)
        if value is not default and not isinstance(value, of):
            raise InvalidConfig(f"{name} must be a {of.__name__}")
        return value


def _default_issuer(app: Flask) -> str:
    server_name = app.config.get("SERVER_NAME")
    return f"https://{server_name}" if server_name else "http://localhost"


def _keyring(given: _Given, app: Flask) -> Keyring:
    algorithm = given.text("SESSERA_ALGORITHM", "HS256")
    if algorithm not in ("HS256", "EdDSA", "ES256"):
        raise InvalidConfig("SESSERA_ALGORITHM must be HS256, EdDSA or ES256")
    value = given.value("SESSERA_KEYRING", Path(app.instance_path, "sessera-keys.json"))
    if isinstance(value, Keyring):
        return value
    if not isinstance(value, (str, os.PathLike)) or not os.fspath(value):
        raise InvalidConfig("SESSERA_KEYRING must be a Keyring, or the path of its file")
    path = Path(os.fsdecode(value))
    try:
        return keyring_at(path, algorithm)
    except OSError as error:
        otherwise = "make that folder writable for the application, or give SESSERA_KEYRING another path"
        raise InvalidConfig(f"SESSERA_KEYRING: no key file at {path}: {error}; {otherwise}") from error
    except (SessionError, ValueError) as error:
        raise InvalidConfig(f"SESSERA_KEYRING: {error}") from error


def _store(given: _Given, app: Flask) -> Store | None:
    if "SESSERA_STORE" not in given:
        return default_store(app)
    return store_of(given.value("SESSERA_STORE", None))


def _data_in_store(given: _Given) -> bool:
    value = given.text("SESSERA_DATA", "token")
    if value not in ("token", "store"):
        raise InvalidConfig('SESSERA_DATA must be "token" or "store"')
    if value == "store" and given.value("SESSERA_STORE", ...) is None:
        raise InvalidConfig('SESSERA_DATA is "store", but SESSERA_STORE is None')
    return value == "store"


def _policy(given: _Given, keyring: Keyring) -> Policy:
    timeouts = [name for name in ("SESSERA_IDLE_TIMEOUT", "SESSERA_ABSOLUTE_TIMEOUT") if name in given]
    policy = Policy()
    if "SESSERA_POLICY" in given:
        if timeouts:
            raise InvalidConfig(f"SESSERA_POLICY says what {timeouts[0]} says again: keep one of them")
        policy = given.instance("SESSERA_POLICY", Policy, ...)
    spans: dict[str, Any] = {
        name.removeprefix("SESSERA_").lower(): _span(name, given.value(name, None)) for name in timeouts
    }
    policy = policy.replace(**spans)
    # Whether the rules fit each other and the keys, only the sessions can tell.
    _checked(
        " and ".join(timeouts) or "SESSERA_POLICY", lambda: Sessions("a", "b", keyring=keyring, policy=policy)
    )
    return policy


def _span(name: str, value: object) -> timedelta:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        seconds = value
        value = _checked(name, lambda: timedelta(seconds=seconds))
    if not isinstance(value, timedelta) or value < timedelta(seconds=1):
        raise InvalidConfig(f"{name} must be a timedelta or a number of seconds, from 1 second on")
    return value


def _cookie(given: _Given, *, dev: bool) -> Mapping[str, Any]:
    settings: dict[str, Any] = {"name": given.text("SESSERA_COOKIE_NAME", "__Host-session")}
    # One after the other, so that what is refused is known by its name.
    _checked("SESSERA_COOKIE_NAME", lambda: Cookie(**settings))
    settings["dev"] = dev
    settings["same_site"] = given.text("SESSERA_COOKIE_SAMESITE", "Lax")
    _checked("SESSERA_COOKIE_SAMESITE", lambda: Cookie(**settings))
    settings["partitioned"] = given.flag("SESSERA_COOKIE_PARTITIONED", default=False)
    _checked("SESSERA_COOKIE_PARTITIONED", lambda: Cookie(**settings))
    return settings


def _locations(given: _Given) -> tuple[str, ...]:
    value = given.value("SESSERA_LOCATIONS", LOCATIONS)
    if not isinstance(value, (tuple, list)) or not value or any(place not in LOCATIONS for place in value):
        raise InvalidConfig('SESSERA_LOCATIONS must be a tuple of "cookie", "header" or both')
    return tuple(place for place in LOCATIONS if place in value)


def _trusted_hops(given: _Given) -> int:
    value = given.value("SESSERA_TRUSTED_HOPS", 0)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MOST_HOPS:
        raise InvalidConfig(f"SESSERA_TRUSTED_HOPS must be a whole number from 0 to {MOST_HOPS}")
    return value


def _checked(name: str, make: Callable[[], Any]) -> Any:
    """Give what `make` makes; if it can't, the error names the setting."""
    try:
        return make()
    except (SessionError, OSError, ValueError, OverflowError, TypeError) as error:
        raise InvalidConfig(f"{name}: {error}") from error
