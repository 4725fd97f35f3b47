"""Flask-Login over our sessions: `login_user`, `logout_user`, `current_user` and the decorators stay.

>>> from flask import Flask
>>> from flask_login import UserMixin, current_user, login_required, login_user
>>> from sessera import Keyring
>>> from sessera.flask import Sessera, current_session
>>> from sessera.flask.login_manager import LoginManager  # in place of flask_login's
>>> class User(UserMixin):
...     def __init__(self, id):
...         self.id = id
>>> app = Flask("shop")
>>> app.config["SESSERA_KEYRING"] = Keyring.generate("HS256")
>>> sessera = Sessera(app)
>>> manager = LoginManager(app)
>>> manager.user_loader(User).__name__
'User'
>>> @app.post("/login/<name>")
... def log_in(name):
...     login_user(User(name))
...     return ""
>>> @app.get("/")
... @login_required
... def home():
...     return f"{current_user.id} is {current_session.subject}"
>>> client = app.test_client()
>>> client.get("/").status_code
401
>>> client.post("/login/ada").status_code
200
>>> client.get("/").text
'ada is ada'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import flask_login
from flask import current_app, request, session
from flask_login import (
    session_protected,
    user_accessed,
    user_logged_in,
    user_logged_out,
    user_login_confirmed,
)
from flask_login.config import SESSION_KEYS

from sessera import SessionError
from sessera._web.refusal import cannot_tell

from . import verbs
from .cookies import refuse_name, remember_cookie
from .current import current_session, open_session

if TYPE_CHECKING:
    from flask import Flask, Response

    from .keeper import Keeper

#: What Flask-Login keeps in `flask.session` of who the user is; our token says that, signed and revocable.
_REPLACED = ("_user_id", "_id", "_remember_seconds")


#: Why a session is refused that somebody ended.
_ENDED = ("revoked", "reused")


class LoginManager(flask_login.LoginManager):  # type: ignore[misc]  # it has no types
    """Flask-Login's manager, which finds its user in the session's token.

    - `login_user(user)` is `login(user.get_id())`: a new session, which can be revoked. With `remember` it
      lasts for `SESSERA_REMEMBER_FOR`, whatever `duration` says; there is no second cookie beside it.
    - `logout_user()` is `logout()`; what else is in `flask.session` stays, as Flask-Login has it.
    - `confirm_login()` is `elevate()`: authenticated now, and fresh; the old token is dead.
    - `session_protection` asks the binding: where the client differs a login is no longer fresh ("basic"), or
      the session ends ("strong"). What the policy enforces is refused before that.

    Sessions that Flask-Login began before the move, and its remember cookies, are taken over while
    `SESSERA_IMPORT_UNTIL` says so; the cookies are removed then.
    """

    def init_app(self, app: Flask, add_context_processor: bool = True) -> None:  # noqa: FBT001, FBT002  # theirs
        """Set an application up, before or after Sessera is given it.

        Raises InvalidConfig where REMEMBER_COOKIE_NAME is the name of a cookie of ours.
        """
        keeper: Keeper | None = app.extensions.get("sessera")
        if keeper is not None:
            cookies = keeper.settings.cookie, keeper.settings.device_cookie
            refuse_name(*cookies, remember_cookie(app), "REMEMBER_COOKIE_NAME")
        super().init_app(app, add_context_processor)
        app.extensions["sessera_login_manager"] = self
        user_logged_in.connect(self._begin, app)
        user_logged_out.connect(self._end, app)
        user_login_confirmed.connect(self._confirm, app)

    def _load_user(self) -> None:
        if not current_session:
            # Whom Flask-Login's own ways know: from before the move, or by the request itself.
            self.take_over()
            return
        user_accessed.send(_app())
        user = None
        if not self._session_protection_failed():
            user = None if self._user_callback is None else self._user_callback(current_session.subject)
            if user is None:
                user = self._load_user_from_request(request)
        self._update_request_context_with_user(user)

    def unauthorized(self) -> Any:
        """Send who is not logged in to the login page.

        Raises RevocationsStale or StoreUnavailable where this server can't tell: that is 503, and no log-out.
        """
        error = open_session().visit.error
        if cannot_tell(error):
            raise error
        return super().unauthorized()

    def take_over(self) -> None:
        """Begin a session of ours for whom Flask-Login's own session, or remember cookie, still knows.

        Who is not known now is forgotten: nobody is let in by it later.
        """
        super()._load_user()
        if "_user_id" not in session:
            return
        if not flask_login.current_user.is_authenticated:
            for name in _REPLACED:
                session.pop(name, None)
            return
        visit = open_session().visit
        if visit.may_begin and not visit.closed:
            remembered = remember_cookie(current_app) in request.cookies
            try:
                self._log_in(remember=remembered)
            except SessionError:
                self._update_request_context_with_user()
                raise
            if remembered:
                session["_remember"] = "clear"

    def _begin(self, _app: Flask, **_user: Any) -> None:
        self._log_in(remember=session.pop("_remember", None) == "set")

    def _log_in(self, *, remember: bool) -> None:
        subject, fresh = str(session["_user_id"]), session.get("_fresh", False)
        for name in _REPLACED:
            session.pop(name, None)
        # Where the settings remember nobody, a session is all there is.
        kept = remember and open_session().keeper.settings.remember_for is not None
        verbs.login(subject, remember=kept)
        session["_fresh"] = fresh

    def _end(self, _app: Flask, **_user: Any) -> None:
        if not current_session and not cannot_tell(open_session().visit.error):
            return
        kept = {name: value for name, value in session.items() if name not in SESSION_KEYS}
        clear = session.get("_remember") == "clear"
        verbs.logout()
        session.update(kept)
        if clear:
            session["_remember"] = "clear"

    def _confirm(self, _app: Flask) -> None:
        session.pop("_id", None)
        if current_session and open_session().keeper.sessions.has_store:
            verbs.elevate()

    def _session_protection_failed(self) -> bool:
        if not current_session:
            return "_user_id" in session and bool(super()._session_protection_failed())
        mode = current_app.config.get("SESSION_PROTECTION", self.session_protection)
        if mode not in ("basic", "strong") or not current_session.binding.changed:
            return False
        strong = mode == "strong" and not session.permanent
        if strong:
            verbs.logout()
            session["_remember"] = "clear"
        elif session.get("_fresh") is not False:
            session["_fresh"] = False
        session_protected.send(_app())
        return strong

    def _load_user_from_remember_cookie(self, cookie: str) -> Any:
        """Take a remember cookie from before the move; none is set any more, and none can be revoked."""
        session = open_session()
        settings, error = session.keeper.settings, session.visit.error
        if settings.former is None or settings.unix_seconds() >= settings.former.until:
            return None
        if error is not None and error.code in _ENDED:
            # Who was logged out from elsewhere is not let in again by what lies beside.
            return None
        return super()._load_user_from_remember_cookie(cookie)

    def _update_remember_cookie(self, response: Response) -> Response:
        # The cookie first: to look into the session is to be answered by it.
        if remember_cookie(current_app) in request.cookies and session.pop("_remember", None) == "clear":
            self._clear_cookie(response)
        return response


def _app() -> Flask:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # documented
    return app
