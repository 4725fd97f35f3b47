"""The site in Flask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Flask, session

from sessera.flask import Sessera, current_session, elevate, login, logout, logout_everywhere

from .site import COOKIE, FIREFOX, Answer, Site

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from sessera import ManualClock


def flask_site(clock: ManualClock, settings: dict[str, Any]) -> Site:
    app = Flask("site")
    app.testing = True
    app.config.update(
        {f"SESSERA_{name.upper()}": value for name, value in settings.items()}, SESSERA_CLOCK=clock
    )
    sessera = Sessera(app)

    @app.post("/login")
    def log_in() -> str:
        login("ada")
        return "in"

    @app.post("/logout")
    def log_out() -> str:
        return str(logout())

    @app.post("/everywhere")
    def everywhere() -> str:
        return str(logout_everywhere())

    @app.post("/others")
    def others() -> str:
        return str(logout_everywhere(keep_current=True))

    @app.post("/elevate")
    def rise() -> str:
        elevate(claims={"role": "admin"})
        return "up"

    @app.get("/read")
    def read() -> dict[str, Any]:
        if current_session:
            return {"subject": current_session.subject, "generation": current_session.generation}
        return {"subject": None, "error": current_session.error}

    @app.post("/write")
    def write() -> dict[str, Any]:
        session["visits"] = session.get("visits", 0) + 1
        return read()

    @app.post("/slow")
    def slow() -> dict[str, Any]:
        clock.advance(20)
        return read()

    def browser(token: str | None = None, agent: str = FIREFOX) -> _Browser:
        client = app.test_client()
        if token is not None:
            client.set_cookie(COOKIE, token)
        return _Browser(client, agent)

    with app.app_context():
        return Site("flask", clock, sessera.sessions, browser)


class _Browser:
    def __init__(self, client: FlaskClient, agent: str) -> None:
        self._client = client
        self._headers = {"User-Agent": agent}

    @property
    def token(self) -> str | None:
        cookie = self._client.get_cookie(COOKIE)
        return None if cookie is None else cookie.value

    def get(self, path: str) -> Answer:
        return _answer(self._client.get(path, headers=self._headers))

    def post(self, path: str) -> Answer:
        return _answer(self._client.post(path, headers=self._headers))


def _answer(response: TestResponse) -> Answer:
    return Answer(response.status_code, response.get_json() if response.is_json else response.text)
