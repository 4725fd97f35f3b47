"""The same basket on Sessera, which takes over the sessions that Flask-Session has begun.

The lines that changed are marked with `# sessera`; those that go when the move is over with `# until then`.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from cachelib import FileSystemCache
from flask import Flask, redirect, request, session
from flask_session import Session
from sessera.flask import Sessera, current_session, login, logout  # sessera

#: When the last session of Flask-Session has expired anyway.
MOVED = datetime(2030, 1, 1, tzinfo=timezone.utc)


def create_app(folder: str, instance_path: str | None = None, until: datetime = MOVED) -> Flask:
    app = Flask(__name__, instance_path=instance_path)
    app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=FileSystemCache(folder))  # until then
    Session(app)  # until then: it reads what it wrote
    app.config.update(
        SESSERA_DATA="store",  # sessera: what is in flask.session stays on the server, as it was
        SESSERA_DEV=True,  # sessera: plain http on your own machine only
        SESSERA_COOKIE_NAME="__Host-basket",  # sessera: another name than the one before
        SESSERA_IMPORT_UNTIL=until,  # until then
        SESSERA_IMPORT_SUBJECT="user_id",  # until then: who was logged in stays logged in
    )
    Sessera(app)  # sessera: after Session, whose place it takes

    @app.post("/login")
    def log_in() -> Any:
        login(request.form["name"])  # sessera
        return redirect("/")

    @app.post("/basket")
    def add() -> Any:
        session["basket"] = [*session.get("basket", []), request.form["item"]]
        return redirect("/")

    @app.get("/")
    def home() -> Any:
        user = current_session.subject if current_session else None  # sessera
        return {"user": user, "basket": session.get("basket", [])}

    @app.post("/logout")
    def log_out() -> Any:
        logout()  # sessera
        return redirect("/")

    return app
