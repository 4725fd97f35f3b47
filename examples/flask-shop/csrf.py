"""Cross-site request forgery: every form carries a value that only this visitor's session knows.

`SameSite=Lax` on the session cookie already keeps other sites' POSTs out; this is the second lock.
"""

from __future__ import annotations

import secrets

from flask import Flask, abort, request, session
from markupsafe import Markup

_KEY = "csrf"


def token() -> str:
    """The value for this visitor's forms, made at the first form."""
    if _KEY not in session:
        session[_KEY] = secrets.token_urlsafe(24)
    return str(session[_KEY])


def renew() -> None:
    """Forgets the value: whoever planted a cookie before a log-in knows what is in it."""
    session.pop(_KEY, None)


def field() -> Markup:
    """The hidden field of a form."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(_KEY, token())


def _check() -> None:
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    sent, held = request.form.get(_KEY, ""), session.get(_KEY, "")
    if not held or not secrets.compare_digest(sent.encode(), held.encode()):
        abort(403, "That form was not one of ours, or it is too old. Please try again.")


def init_app(app: Flask) -> None:
    """Checks every unsafe request of `app`, and gives its templates `csrf_field()`."""
    app.before_request(_check)
    app.jinja_env.globals["csrf_field"] = field
