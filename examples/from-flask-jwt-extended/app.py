"""The same API on Sessera: one token, which is renewed and can be revoked.

| Flask-JWT-Extended | here |
|---|---|
| `create_access_token(identity, additional_claims=…)` | `login(subject, claims).token` |
| `create_refresh_token`, `@jwt_required(refresh=True)` | none: `rotate()` while the session lives |
| `@jwt_required()`, `optional=True` | `@session_required`, `optional=True` |
| `fresh=True` | `@session_required(fresh=timedelta(minutes=10))` |
| `get_jwt_identity()`, `get_jwt()` | `current_session.subject`, `current_session.claims` |
| a blocklist, and `token_in_blocklist_loader` | `logout()`, `logout_everywhere()` |
| `JWT_TOKEN_LOCATION` | `SESSERA_LOCATIONS` |
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Flask, jsonify, request
from sessera import Client
from sessera.flask import Sessera, current_session, login, logout, logout_everywhere, session_required


def create_app(instance_path: str | None = None) -> Flask:
    app = Flask(__name__, instance_path=instance_path)
    app.config["SESSERA_LOCATIONS"] = ["header"]  # as before: no cookie, and so no CSRF
    sessera = Sessera(app)

    @app.post("/login")
    def log_in() -> Any:
        name = request.json["name"] if request.json else ""  # check the password first
        return jsonify(access_token=login(name, {"role": "editor"}).token)

    @app.post("/refresh")
    @session_required
    def refresh() -> Any:
        # The same session in its next generation; the token of this request dies after a few seconds' grace.
        token = request.headers["Authorization"].split()[1]
        client = Client(ip=request.remote_addr, user_agent=request.user_agent.string)
        return jsonify(access_token=sessera.sessions.rotate(token, client=client).token)

    @app.get("/me")
    @session_required
    def me() -> Any:
        return jsonify(name=current_session.subject, role=current_session.claims["role"])

    @app.delete("/account")
    @session_required(fresh=timedelta(minutes=10))
    def delete_account() -> Any:
        return jsonify(deleted=current_session.subject)

    @app.post("/logout")
    @session_required
    def log_out() -> Any:
        logout()  # every token of this session is dead, in every process
        return jsonify(ok=True)

    @app.post("/logout-everywhere")
    @session_required
    def log_out_everywhere() -> Any:
        logout_everywhere()
        return jsonify(ok=True)

    return app
