"""Beside Flask-WTF: what its `CSRFProtect` checks is left to it, and its tokens are good with us too."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from flask import current_app, request

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What is said in the application's configuration where Flask-WTF has set nothing there.
_METHODS = ("POST", "PUT", "PATCH", "DELETE")


def in_place() -> bool:
    """Whether the application has a `CSRFProtect`; then the tokens of its pages are Flask-WTF's."""
    return _guard() is not None


def guards() -> bool:
    """Whether Flask-WTF checks this request before the view gets it: not where that is only set up."""
    if _guard() is None:
        return False
    config = current_app.config
    switched_on = config.get("WTF_CSRF_ENABLED", True) and config.get("WTF_CSRF_CHECK_DEFAULT", True)
    return bool(switched_on) and request.method in config.get("WTF_CSRF_METHODS", _METHODS) and not exempts()


def exempts() -> bool:
    """Whether the view, or its Blueprint, is one that the application has told Flask-WTF to let through."""
    guard: Any = _guard()
    view = current_app.view_functions.get(request.endpoint or "")
    if guard is None or view is None:
        return False
    blueprint = current_app.blueprints.get(request.blueprint or "")
    if blueprint is not None and blueprint in getattr(guard, "_exempt_blueprints", ()):
        return True
    name = f"{view.__module__}.{getattr(view, '__name__', '')}"
    return name in getattr(guard, "_exempt_views", ())


def field_name() -> str:
    """Give the name of the form field that Flask-WTF looks for."""
    return str(current_app.config.get("WTF_CSRF_FIELD_NAME", "csrf_token"))


def new_token() -> str:
    """Give one of Flask-WTF's tokens, which is bound to `flask.session`."""
    from flask_wtf.csrf import generate_csrf

    return str(generate_csrf())


def brings_token() -> bool:
    """Whether this request brings a token of Flask-WTF's that is good for its session."""
    from flask_wtf.csrf import validate_csrf
    from wtforms import ValidationError

    for token in _tokens():
        try:
            validate_csrf(token)
        except ValidationError:
            continue
        except RuntimeError:
            # There is no secret key, and so no token that Flask-WTF has made.
            return False
        return True
    return False


def _tokens() -> Iterator[str]:
    for header in current_app.config.get("WTF_CSRF_HEADERS", ()):
        if token := request.headers.get(header):
            yield token
    yield from request.form.getlist(field_name())


def _guard() -> object | None:
    """Find Flask-WTF's guard; another extension may have its name."""
    guard = current_app.extensions.get("csrf")
    if guard is None or (module := sys.modules.get("flask_wtf.csrf")) is None:
        return None
    return guard if isinstance(guard, module.CSRFProtect) else None
