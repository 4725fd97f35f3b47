"""A notebook for members: Flask-Login as ever, over sessions that can be ended.

Run it with `flask run` in this folder. What differs from plain Flask-Login is marked with `# sessera`.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, abort, flash, redirect, render_template, request, url_for
from flask_login import (
    UserMixin,
    confirm_login,
    current_user,
    fresh_login_required,
    login_required,
    login_user,
    logout_user,
)
from sessera.flask import Sessera, current_session, logout_everywhere  # sessera
from sessera.flask.login_manager import LoginManager  # sessera: in place of flask_login's
from werkzeug.security import check_password_hash, generate_password_hash


class Member(UserMixin):
    def __init__(self, name: str, password: str) -> None:
        self.id = name
        self.password = generate_password_hash(password)
        self.notes: list[str] = []


def create_app(instance_path: str | None = None) -> Flask:
    app = Flask(__name__, instance_path=instance_path)
    app.config.update(
        SESSERA_DEV=True,  # sessera: plain http on your own machine only
        SESSERA_CSRF="token",  # sessera: {{ csrf_field() }} in every form
    )
    Sessera(app)  # sessera: before the manager
    manager = LoginManager(app)
    manager.login_view = "log_in"
    manager.refresh_view = "confirm"

    members = {"ada": Member("ada", "difference engine"), "grace": Member("grace", "nanosecond")}
    manager.user_loader(members.get)

    @app.get("/")
    @login_required
    def notes() -> str:
        return render_template("notes.html", session=current_session)

    @app.post("/notes")
    @login_required
    def add_note() -> Any:
        current_user.notes.append(request.form["text"])
        return redirect(url_for("notes"))

    @app.route("/login", methods=["GET", "POST"])
    def log_in() -> Any:
        if request.method == "GET":
            return render_template("login.html")
        member = members.get(request.form["name"])
        if member is None or not check_password_hash(member.password, request.form["password"]):
            flash("That name and password do not go together.")
            return render_template("login.html"), 401
        login_user(member, remember="remember" in request.form)
        return redirect(url_for("notes"))

    @app.route("/confirm", methods=["GET", "POST"])
    @login_required
    def confirm() -> Any:
        if request.method == "GET":
            return render_template("confirm.html")
        if not check_password_hash(current_user.password, request.form["password"]):
            abort(403)
        confirm_login()  # a new generation: the token from before is dead
        return redirect(url_for("erase"))

    @app.route("/erase", methods=["GET", "POST"])
    @fresh_login_required
    def erase() -> Any:
        if request.method == "GET":
            return render_template("erase.html")
        current_user.notes.clear()
        return redirect(url_for("notes"))

    @app.post("/logout")
    def log_out() -> Any:
        logout_user()  # a copy of the cookie is worth nothing from now on
        return redirect(url_for("log_in"))

    @app.post("/logout-everywhere")
    @login_required
    def log_out_everywhere() -> Any:
        logout_everywhere()  # sessera: Flask-Login has nothing like it
        return redirect(url_for("log_in"))

    return app
