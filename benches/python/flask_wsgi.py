"""What a session costs a Flask request: WSGI calls in a loop, no sockets, contenders in turn.

Run it with `make bench-python`, on a machine that has nothing else to do. It needs `redis-server`, for the
contenders that keep something there. A figure is what a call takes over the same application with a session
interface that does nothing, in time of the thread: the best of all rounds, and the median beside it. Waiting
for Redis is not in it, which is in favour of those who wait.
"""

from __future__ import annotations

import contextlib
import cProfile
import logging
import pstats
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import redis
from flask import Flask, session
from flask.sessions import SessionInterface, SessionMixin
from flask_jwt_extended import JWTManager, create_access_token, get_jwt_identity, jwt_required
from flask_login import LoginManager, UserMixin, current_user, login_required, login_user
from flask_session import Session
from sessera.flask import Sessera, current_session, login, session_required

ROUNDS, TURN_NS = 600, 500_000
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

PEER = {"REMOTE_ADDR": "203.0.113.7"}

Call = Callable[[], bytes]


class NoSession(dict[str, Any], SessionMixin):
    """Nothing, and the same for every request."""


class NoInterface(SessionInterface):
    """The floor: a session interface that does nothing."""

    nothing = NoSession()

    def open_session(self, app: Flask, request: Any) -> NoSession:
        return self.nothing

    def save_session(self, app: Flask, session: SessionMixin, response: Any) -> None:
        pass


class User(UserMixin):
    """A user that Flask-Login need not load from anywhere."""

    id = "ada"


def new_app(name: str) -> Flask:
    app = Flask(name)
    app.secret_key = "a secret that is long enough for every contender"
    app.add_url_rule("/untouched", view_func=lambda: "untouched", endpoint="untouched")
    return app


def floor() -> Flask:
    app = new_app("floor")
    app.session_interface = NoInterface()
    return app


def sessera(folder: Path, **settings: object) -> Flask:
    app = new_app("sessera")
    app.config.update(SESSERA_KEYRING=folder / "keys.json", SESSERA_STORE=folder / "sessera.db")
    app.config.update({f"SESSERA_{name}": value for name, value in settings.items()})
    Sessera(app)

    @app.post("/login")
    def log_in() -> str:
        login("ada", {"roles": ["editor"]})
        session["name"] = "ada"
        return "in"

    @app.get("/subject")
    def subject() -> str:
        return current_session.subject

    @app.get("/required")
    @session_required
    def required() -> str:
        return current_session.subject

    @app.get("/data")
    def data() -> str:
        return str(session["name"])

    return app


def flask_default(name: str = "flask") -> Flask:
    app = new_app(name)

    @app.post("/login")
    def log_in() -> str:
        session["name"] = "ada"
        return "in"

    @app.get("/data")
    def data() -> str:
        return str(session["name"])

    return app


def flask_login() -> Flask:
    app = new_app("flask-login")
    manager = LoginManager(app)
    manager.user_loader(lambda _: User())

    @app.post("/login")
    def log_in() -> str:
        login_user(User())
        return "in"

    @app.get("/required")
    @login_required
    def required() -> str:
        return str(current_user.id)

    return app


def flask_session(server: redis.Redis) -> Flask:
    app = flask_default("flask-session")
    app.config.update(SESSION_TYPE="redis", SESSION_REDIS=server)
    Session(app)
    return app


def flask_jwt_extended(server: redis.Redis | None) -> tuple[Flask, dict[str, str]]:
    app = new_app("flask-jwt-extended")
    manager = JWTManager(app)
    if server is not None:
        manager.token_in_blocklist_loader(lambda _, payload: server.exists(payload["jti"]) == 1)

    @app.get("/required")
    @jwt_required()
    def required() -> str:
        return str(get_jwt_identity())

    with app.app_context():
        token = create_access_token("ada", additional_claims={"roles": ["editor"]})
    return app, {"HTTP_AUTHORIZATION": f"Bearer {token}"}


@contextlib.contextmanager
def redis_server() -> Iterator[redis.Redis]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        command = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", folder]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            client = redis.Redis(port=port)
            deadline = time.monotonic() + 10
            while True:
                try:
                    client.ping()
                    break
                except redis.ConnectionError:
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.02)
            yield client
        finally:
            process.terminate()
            process.wait(timeout=10)


def wsgi_call(app: Flask, path: str, headers: dict[str, str] | None = None) -> Call:
    """One request of a browser that has logged in, if there is a login, straight into the application."""
    client = app.test_client()
    if "log_in" in app.view_functions:
        assert client.post("/login", headers={"User-Agent": FIREFOX}, environ_overrides=PEER).text == "in"
    cookies = "; ".join(f"{cookie.key}={cookie.value}" for cookie in client._cookies.values())
    with app.test_request_context(path, headers={"User-Agent": FIREFOX}) as context:
        environ = dict(context.request.environ)
    environ.update({"HTTP_COOKIE": cookies} if cookies else {}, **(headers or {}))
    environ.update(PEER)

    def start_response(status: str, _headers: object, _error: object = None) -> None:
        assert status == "200 OK", status

    def call() -> bytes:
        body = app(environ.copy(), start_response)
        try:
            return b"".join(body)
        finally:
            body.close()

    assert call() == {"/untouched": b"untouched"}.get(path, b"ada"), call()
    return call


def measure(contenders: dict[str, Call]) -> dict[str, tuple[float, float]]:
    """Best and median microseconds of a call, for each contender: they take turns."""
    rounds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(ROUNDS):
        for name, call in contenders.items():
            calls = int(TURN_NS / (rounds[name][0] * 1000)) if rounds[name] else 10
            for _ in range(3):
                call()  # What the contender before has left in the caches is nobody's.
            began = time.thread_time_ns()
            for _ in range(max(1, calls)):
                call()
            rounds[name].append((time.thread_time_ns() - began) / max(1, calls) / 1000)
    return {name: (min(times), statistics.median(times)) for name, times in rounds.items()}


def main() -> None:
    logging.disable()
    peers = ("flask", "werkzeug", "flask-login", "flask-session", "flask-jwt-extended", "redis")
    print(f"CPython {sys.version.split()[0]}, " + ", ".join(f"{name} {version(name)}" for name in peers))
    with tempfile.TemporaryDirectory() as folder, redis_server() as server:
        ours = sessera(Path(folder))
        device = sessera(Path(folder), DEVICE_COOKIE=True)
        jwt, bearer = flask_jwt_extended(None)
        listed, listed_bearer = flask_jwt_extended(server)
        contenders = {
            "no session": wsgi_call(floor(), "/untouched"),
            "Sessera, view does not touch it": wsgi_call(ours, "/untouched"),
            "Sessera, current_session.subject": wsgi_call(ours, "/subject"),
            "Sessera, @session_required": wsgi_call(ours, "/required"),
            "Sessera, flask.session": wsgi_call(ours, "/data"),
            "Sessera, device cookie too": wsgi_call(device, "/subject"),
            "Flask's own, view does not touch it": wsgi_call(flask_default(), "/untouched"),
            "Flask's own, flask.session": wsgi_call(flask_default(), "/data"),
            "Flask-Login": wsgi_call(flask_login(), "/required"),
            "Flask-Session on Redis, not touched": wsgi_call(flask_session(server), "/untouched"),
            "Flask-Session on Redis": wsgi_call(flask_session(server), "/data"),
            "Flask-JWT-Extended": wsgi_call(jwt, "/required", bearer),
            "Flask-JWT-Extended, blocklist in Redis": wsgi_call(listed, "/required", listed_bearer),
        }
        if "--profile" in sys.argv:
            profile(contenders["Sessera, current_session.subject"])
            return
        figures = measure(contenders)
    (floor_best, floor_median), *_ = figures.values()
    print(f"{'':<42} {'over the floor, µs':>20} {'median':>10} {'of Flask':>10}")
    flask = figures["Flask's own, flask.session"][0] - floor_best
    for name, (best, median) in figures.items():
        if name == "no session":
            print(f"{name:<42} {best:>20.1f} {median:>10.1f}   (the floor itself)")
        else:
            over = best - floor_best
            print(f"{name:<42} {over:>+20.1f} {median - floor_median:>+10.1f} {over / flask:>9.2f}×")


def profile(call: Call) -> None:
    """Show where the time goes."""
    profiler = cProfile.Profile()
    with profiler:
        for _ in range(20_000):
            call()
    pstats.Stats(profiler).strip_dirs().sort_stats("tottime").print_stats("sessera|Sessera|Cookie|Client", 40)


if __name__ == "__main__":
    main()
