"""A basket on Flask-Session, before the move: every request reads its record from the server's store."""

from __future__ import annotations

from typing import Any

from cachelib import FileSystemCache
from flask import Flask, redirect, request, session
from flask_session import Session


def create_app(folder: str) -> Flask:
    app = Flask(__name__)
    app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=FileSystemCache(folder))
    Session(app)

    @app.post("/login")
    def log_in() -> Any:
        session["user_id"] = request.form["name"]  # check the password first
        return redirect("/")

    @app.post("/basket")
    def add() -> Any:
        session["basket"] = [*session.get("basket", []), request.form["item"]]
        return redirect("/")

    @app.get("/")
    def home() -> Any:
        return {"user": session.get("user_id"), "basket": session.get("basket", [])}

    @app.post("/logout")
    def log_out() -> Any:
        session.clear()
        return redirect("/")

    return app
