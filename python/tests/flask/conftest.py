from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from flask import Blueprint, Flask, jsonify, request, session

from sessera import Keyring, ManualClock
from sessera.flask import (
    Sessera,
    current_session,
    elevate,
    login,
    logout,
    logout_everywhere,
    session_required,
)

if TYPE_CHECKING:
    from pathlib import Path

    from flask.typing import ResponseReturnValue

COOKIE = "__Host-session"

MakeApp: TypeAlias = Callable[..., Flask]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1_800_000_000)


@pytest.fixture
def keyring() -> Keyring:
    return Keyring.generate("HS256")


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The instance folder of an application that is no package is below the current one."""
    monkeypatch.chdir(tmp_path)


#: For rules of the token that carries `flask.session`.
data_in_token = pytest.mark.parametrize("store", ["memory", "sqlite"], indirect=True)


@pytest.fixture(params=["memory", "sqlite", "data-in-store"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    """The settings for the store: every rule holds with each of them."""
    if request.param == "memory":
        return {"SESSERA_STORE": "memory"}
    file = {"SESSERA_STORE": tmp_path / "sessera.db"}
    return file if request.param == "sqlite" else {**file, "SESSERA_DATA": "store"}


@pytest.fixture
def make_app(clock: ManualClock, keyring: Keyring, store: dict[str, Any]) -> MakeApp:
    """Makes an application that has views for what the tests do. Settings are keywords, without prefix.

    `before` is done to it first, as whoever set it up before Sessera came would have.
    """

    def make(*, before: Callable[[Flask], object] | None = None, **settings: Any) -> Flask:
        app = Flask("shop")
        if before is not None:
            before(app)
        app.testing = True
        app.config.update(SESSERA_CLOCK=clock, SESSERA_KEYRING=keyring, **store)
        app.config.update({f"SESSERA_{name}": value for name, value in settings.items()})
        if app.config["SESSERA_STORE"] is None:
            app.config.pop("SESSERA_DATA", None)
        Sessera(app)
        app.register_blueprint(views())
        return app

    return make


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return make_app()


def views() -> Blueprint:
    views = Blueprint("views", __name__)

    @views.get("/untouched")
    def untouched() -> str:
        return "untouched"

    @views.get("/whoami")
    def whoami() -> ResponseReturnValue:
        if current_session:
            return jsonify(
                subject=current_session.subject,
                id=current_session.id,
                generation=current_session.generation,
                acr=current_session.acr,
                amr=current_session.amr,
                claims=dict(current_session.claims),
            )
        return jsonify(subject=None, error=current_session.error)

    @views.get("/data")
    def data() -> ResponseReturnValue:
        return jsonify(dict(session))

    @views.post("/data")
    def put() -> ResponseReturnValue:
        session.update(request.get_json())
        return jsonify(dict(session))

    @views.post("/clear")
    def clear() -> str:
        session.clear()
        return "cleared"

    @views.post("/login/<subject>")
    def log_in(subject: str) -> ResponseReturnValue:
        claims = request.get_json(silent=True)
        return jsonify(token=login(subject, claims).token, id=current_session.id)

    @views.post("/elevate")
    @session_required
    def rise() -> str:
        elevate(claims={"role": "admin"}, acr="aal2", amr=["pwd", "otp"])
        return current_session.subject

    @views.post("/logout")
    def log_out() -> str:
        logout()
        return "bye"

    @views.post("/logout-everywhere")
    def log_out_everywhere() -> str:
        logout_everywhere(keep_current="keep" in request.args)
        return "bye"

    @views.get("/private")
    @session_required
    def private() -> str:
        return current_session.subject

    return views
