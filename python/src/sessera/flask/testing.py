"""A test client that is somebody: `app.test_client(user="user-42")`.

Name it once, in the fixture that makes the application under test, and leave settings and views as they are.

>>> from flask import Flask, session
>>> from sessera import Keyring
>>> from sessera.flask import Sessera, current_session, session_required
>>> from sessera.flask.testing import SesseraClient
>>> app = Flask("shop")
>>> app.config.update(SESSERA_KEYRING=Keyring.generate("HS256"), SESSERA_STORE="memory", SESSERA_CSRF="token")
>>> sessera = Sessera(app)
>>> @app.post("/greeting")
... @session_required(acr="aal2")
... def greet():
...     return f"{current_session.subject} {current_session.claims['role']} {session['cart']}"
>>> app.test_client_class = SesseraClient
>>> with app.test_client(user="user-42", claims={"role": "admin"}, acr="aal2", session={"cart": 2}) as client:
...     client.post("/greeting").text
'user-42 admin 2'
>>> app.test_client().post("/greeting").status_code
401
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask.testing import FlaskClient

from sessera import CSRF_HEADER, is_safe_method
from sessera._web import verbs

from .csrf import token_for
from .session import FlaskSession

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import TypeVar

    from werkzeug.test import TestResponse

    from sessera import Issued

    from .keeper import Keeper

    Result = TypeVar("Result")

_CSRF = "HTTP_" + CSRF_HEADER.upper().replace("-", "_")


class SesseraClient(FlaskClient):
    """Flask's test client, which also logs in and out without a form.

    `user` is the subject it begins with, None for a visitor; `claims`, `acr`, `amr` and `session` are those
    of `log_in`. Its unsafe requests bring the CSRF token that a page of the application would have given it;
    with `csrf=False` they come without, as from another site. (Where Flask-WTF guards the application, its
    `WTF_CSRF_ENABLED` is for tests.)

    Its cookies and tokens are real ones: a test revokes and expires them as an application and time would.
    With `use_cookies=False` the token goes into `Authorization`.
    """

    def __init__(
        self,
        *args: Any,
        user: str | None = None,
        claims: Mapping[str, Any] | None = None,
        acr: str | None = None,
        amr: Sequence[str] = (),
        session: Mapping[str, Any] | None = None,
        csrf: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.csrf = csrf
        if user is not None:
            self.log_in(user, claims, acr=acr, amr=amr, session=session)
        elif session:
            contents = session
            self._with_session(lambda session: session.update(contents))

    def log_in(
        self,
        user: str,
        claims: Mapping[str, Any] | None = None,
        *,
        acr: str | None = None,
        amr: Sequence[str] = (),
        session: Mapping[str, Any] | None = None,
    ) -> Issued:
        """Begin a session of this subject, as `sessera.flask.login` does; `session` goes to `flask.session`.

        Raises as `login`.
        """

        def act(opened: FlaskSession) -> Issued:
            # A token in a header comes without a cookie that it could be bound to.
            device = self._cookies is not None
            issued = verbs.login(opened, user, claims, acr=acr, amr=amr, device=device)
            opened.update(session or {})
            return issued

        issued = self._with_session(act)
        if self._cookies is None:
            self.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {issued.token}"
        return issued

    def log_out(self) -> None:
        """End the session, as `sessera.flask.logout` does: its token is refused from now on."""
        self._with_session(verbs.logout)
        self.environ_base.pop("HTTP_AUTHORIZATION", None)

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Send a request, and with one that is unsafe the CSRF token of the session."""
        if is_safe_method(kwargs.get("method", "GET")) or not self._brings_token:
            return super().open(*args, **kwargs)
        token = self._with_session(token_for)
        # A header that the test gives itself goes before what is here.
        self.environ_base[_CSRF] = token
        try:
            return super().open(*args, **kwargs)
        finally:
            del self.environ_base[_CSRF]

    @property
    def _brings_token(self) -> bool:
        keeper: Keeper | None = self.application.extensions.get("sessera")
        asked_for = keeper is not None and keeper.settings.csrf.asks_for_token
        return self.csrf and asked_for and self._cookies is not None

    def _with_session(self, act: Callable[[FlaskSession], Result]) -> Result:
        """Do something to the session in a request of its own, and keep the cookies of the response."""
        if self._cookies is None:
            with self.application.test_request_context(environ_base=self.environ_base) as context:
                return act(_ours(context.session))
        with self.session_transaction(environ_base=self.environ_base) as session:
            return act(_ours(session))


def _ours(session: object) -> FlaskSession:
    if not isinstance(session, FlaskSession):
        raise TypeError("this application was not given to Sessera: call Sessera(app), or init_app(app)")
    return session
