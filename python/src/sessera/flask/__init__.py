"""Sessions for Flask that are carried by a signature, and still can be ended at once.

>>> from flask import Flask, session
>>> from sessera import Keyring
>>> from sessera.flask import Sessera, current_session, login, logout, session_required
>>> app = Flask("shop")
>>> app.config["SESSERA_KEYRING"] = Keyring.generate("HS256")
>>> sessera = Sessera(app)
>>> @app.post("/login/<name>")
... def log_in(name):
...     login(name)
...     return f"Welcome {current_session.subject}"
>>> @app.get("/account")
... @session_required
... def account():
...     return f"{current_session.subject} since {current_session.started_at:%Y}"
>>> @app.post("/logout")
... def log_out():
...     logout()
...     return "Bye"
>>> client = app.test_client()
>>> client.get("/account").status
'401 UNAUTHORIZED'
>>> client.post("/login/ada").text
'Welcome ada'
>>> client.get("/account").status
'200 OK'
>>> client.post("/logout").text
'Bye'
>>> client.get("/account").status
'401 UNAUTHORIZED'
"""

from __future__ import annotations

from .csrf import check_csrf, csrf_exempt, csrf_field, csrf_token
from .current import CurrentSession, current_session
from .events import SessionEvent, event_signal, session_event
from .extension import Sessera
from .jwks import jwks
from .listing import ANYONE, UserSession, revoke, sessions_of
from .required import session_required
from .verbs import elevate, login, logout, logout_everywhere

__all__ = [
    "ANYONE",
    "CurrentSession",
    "Sessera",
    "SessionEvent",
    "UserSession",
    "check_csrf",
    "csrf_exempt",
    "csrf_field",
    "csrf_token",
    "current_session",
    "elevate",
    "event_signal",
    "jwks",
    "login",
    "logout",
    "logout_everywhere",
    "revoke",
    "session_event",
    "session_required",
    "sessions_of",
]
