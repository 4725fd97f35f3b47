"""The cookies, as the settings say, and that none of them has the name of another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sessera import Cookie, InvalidConfig
from sessera._web.values import flag_of

from .given import Given, checked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Flask

    from sessera import Policy

#: The cookie of the device secret, unless it is named otherwise.
DEVICE_COOKIE = "__Host-device"

#: The settings by which other extensions name cookies of theirs.
COOKIES_OF_OTHERS = (
    "CSRF_COOKIE_NAME",
    "JWT_ACCESS_COOKIE_NAME",
    "JWT_ACCESS_CSRF_COOKIE_NAME",
    "JWT_REFRESH_COOKIE_NAME",
    "JWT_REFRESH_CSRF_COOKIE_NAME",
    "REMEMBER_COOKIE_NAME",
)


def session_cookie(given: Given, *, dev: bool) -> Mapping[str, Any]:
    """Put the session's cookie together.

    Raises InvalidConfig, which names the setting that is wrong.
    """
    settings: dict[str, Any] = {"name": given.text("SESSERA_COOKIE_NAME", "__Host-session")}
    # One after the other, so that what is refused is known by its name.
    checked("SESSERA_COOKIE_NAME", lambda: Cookie(**settings))
    settings["dev"] = dev
    settings["same_site"] = given.text("SESSERA_COOKIE_SAMESITE", "Lax")
    checked("SESSERA_COOKIE_SAMESITE", lambda: Cookie(**settings))
    settings["partitioned"] = given.flag("SESSERA_COOKIE_PARTITIONED", default=False)
    checked("SESSERA_COOKIE_PARTITIONED", lambda: Cookie(**settings))
    return settings


def device_cookie(given: Given, session: Mapping[str, Any], policy: Policy) -> Mapping[str, Any] | None:
    """Put the cookie of the device secret together; None where there is none.

    Raises InvalidConfig, which names the setting that is wrong.
    """
    name = "SESSERA_DEVICE_COOKIE"
    value = given.value(name, None)
    flag = flag_of(value)
    value = value if flag is None else flag
    if value is False or name not in given:
        return None
    if value is not True and (not isinstance(value, str) or not value):
        raise InvalidConfig(f"{name} must be True, False, or the cookie's name")
    if policy.binding.device == "off":
        raise InvalidConfig(f"{name} is on, but the policy doesn't look at it: its binding of device is off")
    settings = {**session, "name": DEVICE_COOKIE if value is True else value}
    cookie = checked(name, lambda: Cookie(**settings))
    if cookie.name == Cookie(**session).name:
        raise InvalidConfig(f"{name} has the name of the session's cookie")
    return settings


def refuse_names_of_others(
    app: Flask, session: Mapping[str, Any], device: Mapping[str, Any] | None, *, former: str | None
) -> None:
    """Refuse a cookie of the name that another extension was given, or that sessions from before have.

    Raises InvalidConfig.
    """
    for setting in COOKIES_OF_OTHERS:
        if setting in app.config:
            refuse_name(session, device, str(app.config[setting]), setting)
    if hasattr(app, "login_manager"):
        refuse_name(session, device, remember_cookie(app), "REMEMBER_COOKIE_NAME")
    if former is not None:
        # The session's own may have that name, and takes its place.
        refuse_name(None, device, former, "SESSION_COOKIE_NAME")


def refuse_name(
    session: Mapping[str, Any] | None, device: Mapping[str, Any] | None, name: str, setting: str
) -> None:
    """Refuse cookies of a name that this setting gives to another.

    Raises InvalidConfig.
    """
    for ours, cookie in (("SESSERA_COOKIE_NAME", session), ("SESSERA_DEVICE_COOKIE", device)):
        if cookie is not None and Cookie(**cookie).name == name:
            raise InvalidConfig(
                f"{ours} and {setting} name one cookie: each would take the other's for its own"
            )


def remember_cookie(app: Flask) -> str:
    """Give the name of the cookie by which Flask-Login remembers users."""
    return str(app.config.get("REMEMBER_COOKIE_NAME", "remember_token"))
