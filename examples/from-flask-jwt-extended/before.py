"""An API on Flask-JWT-Extended, before the move: access and refresh tokens, and a blocklist."""

from __future__ import annotations

from typing import Any

from flask import Flask, jsonify, request
from flask_jwt_extended import (
    JWTManager,
    create_access_token,
    create_refresh_token,
    get_jwt,
    get_jwt_identity,
    jwt_required,
)


def create_app() -> Flask:
    app = Flask(__name__)
    app.config["JWT_SECRET_KEY"] = "a secret that every server has to know"
    jwt = JWTManager(app)
    blocked: set[str] = set()  # in a real application a Redis, asked by every request

    @jwt.token_in_blocklist_loader
    def is_blocked(_header: Any, payload: Any) -> bool:
        return payload["jti"] in blocked

    @app.post("/login")
    def log_in() -> Any:
        name = request.json["name"] if request.json else ""  # check the password first
        return jsonify(
            access_token=create_access_token(name, fresh=True, additional_claims={"role": "editor"}),
            refresh_token=create_refresh_token(name, additional_claims={"role": "editor"}),
        )

    @app.post("/refresh")
    @jwt_required(refresh=True)
    def refresh() -> Any:
        return jsonify(access_token=create_access_token(get_jwt_identity()))

    @app.get("/me")
    @jwt_required()
    def me() -> Any:
        return jsonify(name=get_jwt_identity(), role=get_jwt().get("role"))

    @app.delete("/account")
    @jwt_required(fresh=True)
    def delete_account() -> Any:
        return jsonify(deleted=get_jwt_identity())

    @app.post("/logout")
    @jwt_required()
    def log_out() -> Any:
        blocked.add(get_jwt()["jti"])  # the refresh token is still good
        return jsonify(ok=True)

    return app
