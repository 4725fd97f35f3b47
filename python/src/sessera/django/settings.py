"""The setting `SESSERA`, and Django's own for sessions, checked when a session is first asked for."""

from __future__ import annotations

import logging
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings as django

from sessera import Cookie, InvalidConfig, ManualClock, Policy
from sessera._web.backing import Backing
from sessera._web.keyfile import key_source
from sessera._web.settings import Settings
from sessera._web.storefile import check_store, store_of
from sessera._web.values import FLAGS, flag_of

if TYPE_CHECKING:
    from collections.abc import Mapping

logger = logging.getLogger("sessera.django")

#: Every member of `SESSERA`, with what it is when the project says nothing.
DEFAULTS: Mapping[str, str] = {
    "ISSUER": "none: it must be given, such as `https://shop.example`",
    "AUDIENCE": '"django"',
    "ALGORITHM": '"HS256"; "EdDSA" or "ES256" where others verify: of the keys that are made at first use',
    "KEYRING": "the file `sessera-keys.json` in BASE_DIR, made when the server starts; a Keyring, a path",
    "STORE": 'the SQLite file `sessera.db` in BASE_DIR; a store, a path, a URL of Redis, "memory", None',
    "DATA": '"token": it carries request.session; "store": the store keeps it, under the session\'s id',
    "POLICY": "Policy()",
    "LIST_SESSIONS": "False; True lists each user's sessions in the store, for `sessions_of`",
    "LIST_NETWORKS": "False; True lists them with the network of each, which is personal data",
    "MAX_SESSIONS": "None: any number; a login beyond that many ends the user's oldest session",
    "SEALED": "False; True hides what the token says",
    "TRUSTED_HOPS": "0: the client's address is REMOTE_ADDR",
    "CLOCK_SKEW": "None: the leeway of 30 seconds with a Redis, 0 with any other store; a timedelta",
    "CLOCK": "the system's; a ManualClock for tests",
}


def settings_of_project() -> Settings:
    """Read the settings.

    Raises InvalidConfig, which names the one that is wrong.
    """
    given = _given()
    data = given.get("DATA", "token")
    if data not in ("token", "store"):
        raise InvalidConfig('SESSERA["DATA"] must be "token" or "store"')
    store = given.get("STORE", ...)
    if store is None and data == "store":
        raise InvalidConfig('SESSERA["DATA"] is "store", but SESSERA["STORE"] is None')
    keys = key_source(
        given["KEYRING"] if "KEYRING" in given else _beside("sessera-keys.json", "KEYRING"),
        given.get("ALGORITHM"),
        'SESSERA["KEYRING"]',
    )
    store = _beside("sessera.db", "STORE") if store is ... else store
    check_store(store, 'SESSERA["STORE"]')
    _warn_of_unused(given)
    return Settings(
        issuer=_typed(given, "ISSUER", str, None),
        audience=_typed(given, "AUDIENCE", str, "django"),
        backing=Backing(keys, lambda keyring: store_of(store, keyring, 'SESSERA["STORE"]')),
        data_in_store=data == "store",
        policy=_typed(given, "POLICY", Policy, Policy()),
        sealed=_flag(given, "SEALED"),
        **_list(given, stored=store is not None),
        cookie=_cookie(),
        locations=("cookie",),
        trusted_hops=_typed(given, "TRUSTED_HOPS", int, 0),
        clock_skew=given.get("CLOCK_SKEW") and _typed(given, "CLOCK_SKEW", timedelta, None),
        clock=given.get("CLOCK") and _typed(given, "CLOCK", ManualClock, None),
    )


def _given() -> dict[str, Any]:
    given = getattr(django, "SESSERA", None)
    if not isinstance(given, dict):
        raise InvalidConfig(
            f'the setting SESSERA is missing: SESSERA = {{"ISSUER": "https://shop.example"}}{_misspelt()}'
        )
    for name in given:
        if name not in DEFAULTS:
            close = get_close_matches(str(name).upper().removeprefix("SESSERA_"), DEFAULTS, n=1)
            hint = f'; did you mean SESSERA["{close[0]}"]?' if close else ""
            raise InvalidConfig(f'there is no setting SESSERA["{name}"]{hint}')
    for name in dir(django):
        if name.startswith("SESSERA_"):
            member = name.removeprefix("SESSERA_")
            raise InvalidConfig(f'{name} has no effect in Django: write it as SESSERA["{member}"]')
    return given


def _misspelt() -> str:
    """Name a setting that is likely meant to be SESSERA."""
    dicts = [name for name in dir(django) if name.isupper() and isinstance(getattr(django, name), dict)]
    close = get_close_matches("SESSERA", dicts, n=1, cutoff=0.8)
    return f". There is {close[0]}: did you mean SESSERA?" if close else ""


def _flag(given: dict[str, Any], name: str) -> bool:
    flag = flag_of(given.get(name, False))
    if flag is None:
        raise InvalidConfig(f'SESSERA["{name}"] must be {FLAGS}')
    return flag


def _warn_of_unused(given: dict[str, Any]) -> None:
    """Log which of Django's own settings for sessions this engine does not read, or only in part."""
    unused = {
        "SESSION_CACHE_ALIAS": 'set SESSERA["STORE"]',
        "SESSION_FILE_PATH": 'set SESSERA["STORE"]',
        "SESSION_SAVE_EVERY_REQUEST": 'a session in use is renewed by itself, see SESSERA["POLICY"]',
    }
    policy = given.get("POLICY", Policy())
    if isinstance(policy, Policy) and policy.absolute_timeout.total_seconds() < django.SESSION_COOKIE_AGE:
        unused["SESSION_COOKIE_AGE"] = (
            'sessions end earlier: set SESSERA["POLICY"] = Policy(idle_timeout=…, absolute_timeout=…)'
        )
    found = [f"{name} ({instead})" for name, instead in unused.items() if django.is_overridden(name)]
    if found:
        logger.warning("Settings without effect: %s.", "; ".join(found))


def _typed(given: dict[str, Any], name: str, of: type[Any], default: Any) -> Any:
    value = given.get(name, default)
    if not isinstance(value, of) or value == "" or (of is int and isinstance(value, bool)):
        raise InvalidConfig(f'SESSERA["{name}"] must be a {of.__name__}')
    return value


def _beside(name: str, setting: str) -> Path:
    base = getattr(django, "BASE_DIR", None)
    if base is None:
        raise InvalidConfig(f'there is no BASE_DIR: say in SESSERA["{setting}"] where the file is')
    return Path(base, name)


def _list(given: dict[str, Any], *, stored: bool) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "LIST_SESSIONS": _flag(given, "LIST_SESSIONS"),
        "LIST_NETWORKS": _flag(given, "LIST_NETWORKS"),
        "MAX_SESSIONS": given.get("MAX_SESSIONS"),
    }
    if settings["MAX_SESSIONS"] is not None and _typed(given, "MAX_SESSIONS", int, None) < 1:
        raise InvalidConfig('SESSERA["MAX_SESSIONS"] must be a whole number from 1 on, or None')
    for name, value in settings.items():
        if value and not stored:
            raise InvalidConfig(f'SESSERA["{name}"] needs a store, but SESSERA["STORE"] is None')
    return {name.lower(): value for name, value in settings.items()}


def _cookie() -> dict[str, Any]:
    """Django's own settings for the cookie, as far as reading it and its size depend on them."""
    name, secure = django.SESSION_COOKIE_NAME, django.SESSION_COOKIE_SECURE
    if name.startswith("__") and not secure:
        raise InvalidConfig(f"a cookie of the name {name} must be secure: SESSION_COOKIE_SECURE = True")
    # Without one, browsers take it for "Lax", or some day will.
    same_site = str(django.SESSION_COOKIE_SAMESITE or "Lax").capitalize()
    if same_site == "None" and not secure:
        raise InvalidConfig(
            "SESSION_COOKIE_SAMESITE is None, which browsers take from secure cookies only: "
            "SESSION_COOKIE_SECURE = True"
        )
    _refuse_names_of_others(name)
    cookie: dict[str, Any] = {"dev": not secure}
    parts = {
        "name": name,
        "domain": django.SESSION_COOKIE_DOMAIN or None,
        "path": django.SESSION_COOKIE_PATH,
        "same_site": same_site,
    }
    # One after the other, so that what is refused is known by its name.
    for part, value in parts.items():
        cookie[part] = value
        try:
            Cookie(**cookie)
        except (InvalidConfig, TypeError) as error:
            setting = "SAMESITE" if part == "same_site" else part.upper()
            raise InvalidConfig(f"SESSION_COOKIE_{setting}: {error}") from error
    return cookie


def _refuse_names_of_others(name: str) -> None:
    """Refuse a cookie of a name that Django, or a part of it that is in use, gives to another."""
    others = {"LANGUAGE_COOKIE_NAME": django.LANGUAGE_COOKIE_NAME}
    if not django.CSRF_USE_SESSIONS:
        others["CSRF_COOKIE_NAME"] = django.CSRF_COOKIE_NAME
    if "django.contrib.messages" in django.INSTALLED_APPS:
        others["django.contrib.messages"] = "messages"
    for setting, taken in others.items():
        if name == taken:
            raise InvalidConfig(
                f"SESSION_COOKIE_NAME and {setting} name one cookie: each would take the other's for its own"
            )
