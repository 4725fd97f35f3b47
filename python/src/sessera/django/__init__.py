"""Sessions for Django that are carried by a signature, and still can be ended at once.

In the settings:

```python
SESSION_ENGINE = "sessera.django"
MIDDLEWARE = [..., "sessera.django.SesseraMiddleware", ...]  # in the place of SessionMiddleware
SESSION_COOKIE_NAME = "__Host-session"
SESSION_COOKIE_SECURE = True
SESSERA = {"ISSUER": "https://shop.example"}
```

`request.session`, `login()` and `logout()` of django.contrib.auth, and the admin work as ever. A logout ends
the session itself, so that a copy of the cookie is worth nothing; a changed password ends all other sessions
of its user.
"""

from __future__ import annotations

from sessera._web.current import CurrentSession
from sessera._web.listing import ANYONE, UserSession

from .events import session_event
from .jwks import jwks
from .middleware import SesseraMiddleware
from .store import SessionStore
from .verbs import current_session, elevate, logout_everywhere, revoke, sessions_of

__all__ = [
    "ANYONE",
    "CurrentSession",
    "SesseraMiddleware",
    "SessionStore",
    "UserSession",
    "current_session",
    "elevate",
    "jwks",
    "logout_everywhere",
    "revoke",
    "session_event",
    "sessions_of",
]
