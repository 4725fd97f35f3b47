"""An application of Flask."""

from datetime import timedelta
from uuid import UUID

from flask import Flask, request, session
from typing_extensions import assert_type

from sessera import Event, Issued, Keyring, Sessions
from sessera.flask import (
    Sessera,
    current_session,
    elevate,
    jwks,
    login,
    logout,
    logout_everywhere,
    session_event,
    session_required,
    sessions_of,
)

sessera = Sessera()


def create_app() -> Flask:
    app = Flask(__name__)
    app.config["SESSERA_KEYRING"] = Keyring.generate("HS256")
    sessera.init_app(app)
    assert_type(sessera.sessions, Sessions)
    app.add_url_rule("/.well-known/jwks.json", view_func=jwks)

    @app.post("/login")
    def log_in() -> str:
        issued = login(request.form["name"], {"roles": ["editor"]}, amr=["pwd"])
        assert_type(issued, Issued)
        session["visits"] = 0
        return "Welcome"

    @app.post("/login/<int:user>")
    def log_in_by_number(user: int) -> str:
        return f"{login(user).session.subject} {len(sessions_of(user))} {login(UUID(int=user)).token}"

    @app.get("/profile")
    @session_required
    def profile() -> str:
        assert_type(current_session.subject, str)
        assert_type(current_session.error, str | None)
        return f"{current_session.subject} since {current_session.started_at:%Y}"

    @app.post("/transfer")
    @session_required(fresh=timedelta(minutes=5), acr=["aal2", "aal3"], live=True)
    async def transfer() -> dict[str, str]:
        elevate(claims={"limit": 100}, acr="aal2")
        return {"for": current_session.subject}

    @app.post("/logout")
    def log_out() -> str:
        logout()
        logout_everywhere(keep_current=False)
        return "Bye"

    def note(sender: Flask, event: Event) -> None:
        sender.logger.info("%s %s", event.kind, event.at.isoformat())

    session_event.connect(note, app)
    return app
