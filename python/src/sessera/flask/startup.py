"""Warnings about settings that do not do what they say, logged when an application is set up."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flask import Flask

    from .settings import Settings

logger = logging.getLogger("sessera.flask")

#: Settings of Flask that Sessera does not read, with those of ours for the same thing.
_IN_PLACE_OF: Mapping[str, tuple[str, ...]] = {
    "SESSION_COOKIE_NAME": ("SESSERA_COOKIE_NAME",),
    "SESSION_COOKIE_DOMAIN": (),
    "SESSION_COOKIE_PATH": (),
    "SESSION_COOKIE_HTTPONLY": (),
    "SESSION_COOKIE_SAMESITE": ("SESSERA_COOKIE_SAMESITE",),
    "SESSION_COOKIE_PARTITIONED": ("SESSERA_COOKIE_PARTITIONED",),
    "PERMANENT_SESSION_LIFETIME": ("SESSERA_IDLE_TIMEOUT", "SESSERA_ABSOLUTE_TIMEOUT"),
    "SESSION_REFRESH_EACH_REQUEST": ("SESSERA_POLICY",),
    "SESSION_TYPE": ("SESSERA_STORE", "SESSERA_DATA"),
    "SESSION_PERMANENT": ("SESSERA_IDLE_TIMEOUT", "SESSERA_ABSOLUTE_TIMEOUT"),
}

#: What holds in place of those that have no counterpart.
_FIXED: Mapping[str, str] = {
    "SESSION_COOKIE_DOMAIN": "the cookie goes to the host that sets it and no other",
    "SESSION_COOKIE_PATH": "the cookie's path is always /",
    "SESSION_COOKIE_HTTPONLY": "the cookie is always HttpOnly",
}


def warn_of_settings(app: Flask, settings: Settings) -> None:
    """Log what is likely to surprise later."""
    without_effect = _without_effect(app, settings)
    if without_effect:
        logger.warning(
            "Settings without effect: %s. The sessions of %s are Sessera's.",
            "; ".join(without_effect),
            app.name,
        )
    issued = "SESSERA_ISSUER" in app.config or app.config.get("SERVER_NAME")
    if not (issued or settings.dev or app.debug or app.testing):
        logger.warning(
            "The issuer of tokens is %s, since neither SESSERA_ISSUER nor SERVER_NAME is set. Set "
            'SESSERA_ISSUER = "https://your.host" now: changing it later logs everybody out.',
            settings.issuer,
        )


def _without_effect(app: Flask, settings: Settings) -> list[str]:
    if settings.former is not None:
        # The interface from before, whose sessions are taken over, still reads them.
        return []
    same: Mapping[str, Callable[[Any], bool]] = {
        "SESSION_COOKIE_NAME": lambda value: value == settings.cookie["name"],
        "SESSION_COOKIE_DOMAIN": lambda value: not value,
        "SESSION_COOKIE_PATH": lambda value: value in (None, "/"),
        "SESSION_COOKIE_HTTPONLY": bool,
        "SESSION_COOKIE_SAMESITE": lambda value: value == settings.cookie["same_site"],
        "SESSION_COOKIE_PARTITIONED": lambda value: bool(value) == settings.cookie["partitioned"],
        "PERMANENT_SESSION_LIFETIME": lambda value: _span(value) == settings.policy.absolute_timeout,
        "SESSION_REFRESH_EACH_REQUEST": bool,
    }
    found = []
    for name, ours in _IN_PLACE_OF.items():
        value = app.config.get(name, app.default_config.get(name))
        by_default = value == app.default_config.get(name)
        chosen = any(setting in app.config for setting in ours)
        if by_default or chosen or (name in same and same[name](value)):
            continue
        found.append(f"{name} ({_FIXED[name]})" if not ours else f"{name} (set {' and '.join(ours)})")
    return found


def _span(value: object) -> object:
    return timedelta(seconds=value) if isinstance(value, int) else value
