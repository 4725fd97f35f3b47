"""The least app that has a login: all settings but the one for plain http are the defaults."""

from __future__ import annotations

import os

from flask import Flask, Response
from sessera.flask import Sessera, current_session, login, logout, session_required

app = Flask(__name__, instance_path=os.environ["SHOP_INSTANCE"])
app.config["SESSERA_DEV"] = True
app.config.from_prefixed_env()
Sessera(app)


@app.after_request
def add_worker(response: Response) -> Response:
    response.headers["X-Worker"] = str(os.getpid())
    return response


@app.get("/")
def home() -> str:
    return "open"


@app.post("/login/<name>")
def log_in(name: str) -> str:
    login(name)
    return current_session.id


@app.get("/private")
@session_required
def private() -> str:
    return current_session.id


@app.post("/logout")
@session_required
def log_out() -> str:
    logout()
    return "bye"
