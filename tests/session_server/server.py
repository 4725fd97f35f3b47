"""The server for the tests of session clients: README.md says what it answers."""

from __future__ import annotations

import itertools
import os
import socket
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from datetime import timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Flask, Response, jsonify, request
from sessera import Client, Expired, Session, SessionError
from werkzeug.serving import WSGIRequestHandler, make_server

from world import World, Worlds

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

#: Where in a request's environment a forged answer's date is.
DATE = "session_server.date"

worlds = Worlds()
app = Flask(__name__)
session = Blueprint("session", __name__, url_prefix="/<name>/session")
control = Blueprint("control", __name__, url_prefix="/<name>/test")


def authorised(world: World) -> tuple[str, Client]:
    """The token of the request, and the client that came with it."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    proof = request.headers.get("DPoP") if scheme == "DPoP" else None
    return token, world.proven(proof, request.method, request.base_url, token)


def given(name: str, default: Any = None) -> Any:
    """A member of the JSON object that came with the request."""
    return (request.get_json(silent=True) or {}).get(name, default)


@app.before_request
def forge() -> Response | None:
    """Answer as no server should, where a test asked for that."""
    where = request.path.split("/")
    forged = worlds[where[1]].forged(where[-1])
    if forged is None:
        return None
    body = forged["body"].encode()
    parts = slowly(itertools.repeat(body, forged["repeat"]), forged["pause"] / 1000)
    answer = Response(parts, status=forged["status"])
    answer.headers.clear()
    answer.headers.update(forged["headers"])
    # The one who writes the head writes a date of its own, which then is this one.
    request.environ[DATE] = answer.headers.pop("Date", None)
    return answer


def slowly(parts: Iterable[bytes], pause: float) -> Iterator[bytes]:
    """The parts one after another, each followed by a pause of so many seconds."""
    for part in parts:
        yield part
        time.sleep(pause)


@session.post("/login")
def login(name: str) -> Response:
    here = worlds[name]
    here.came("logins")
    client = here.proven(request.headers.get("DPoP"), request.method, request.base_url)
    return jsonify(here.told(here.sessions.issue(given("subject", ""), client=client)))


@session.post("/refresh")
def refresh(name: str) -> Response:
    here = worlds[name]
    here.came("refreshes")
    here.wait()
    if here.takes("unavailable"):
        refused = jsonify(code="store_unavailable")
        refused.status_code = 503
        refused.headers["Retry-After"] = str(here.faults.retry_after)
        return refused
    token, client = authorised(here)
    issued = here.sessions.rotate(token, client=client)
    if here.takes("lose"):
        # What is written afterwards reaches nobody.
        request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    return jsonify(here.told(issued))


@session.post("/logout")
def logout(name: str) -> Response:
    here = worlds[name]
    here.came("logouts")
    here.sessions.revoke_session(verified(here).id)
    return Response(status=204)


@app.get("/<name>/me")
def me(name: str) -> Response:
    here = worlds[name]
    found = verified(here)
    if here.takes("refuse"):
        raise Expired("a clock that is ahead says so")
    return jsonify(subject=found.subject, session=found.id, generation=found.generation)


def verified(world: World) -> Session:
    token, client = authorised(world)
    return world.sessions.verify(token, client=client)


@control.post("/clock")
def move_clock(name: str) -> Response:
    worlds[name].clock.advance(timedelta(milliseconds=given("by", 0)))
    return state(name)


@control.post("/lose")
def lose(name: str) -> Response:
    worlds[name].faults.lose = given("times", 1)
    return state(name)


@control.post("/unavailable")
def unavailable(name: str) -> Response:
    faults = worlds[name].faults
    faults.unavailable, faults.retry_after = given("times", 1), given("retry_after", 1)
    return state(name)


@control.post("/refuse")
def refuse_me(name: str) -> Response:
    worlds[name].faults.refuse = given("times", 1)
    return state(name)


@control.post("/forge")
def forge_answers(name: str) -> Response:
    worlds[name].faults.forged[given("to", "refresh")] = {
        "times": given("times", 1),
        "status": given("status", 200),
        "headers": given("headers", {"Content-Type": "application/json"}),
        "body": given("body", ""),
        "repeat": given("repeat", 1),
        "pause": given("pause", 0),
    }
    return state(name)


@control.post("/hold")
def hold(name: str) -> Response:
    worlds[name].hold()
    return state(name)


@control.post("/release")
def release(name: str) -> Response:
    worlds[name].release()
    return state(name)


@control.post("/revoke")
def revoke(name: str) -> Response:
    worlds[name].sessions.revoke_subject(given("subject", ""))
    return state(name)


@control.get("/state")
def state(name: str) -> Response:
    here = worlds[name]
    counts = {what: here.requests[what] for what in ("logins", "refreshes", "logouts", "strayed", "shown")}
    return jsonify(**counts, held=here.held, now=here.clock.unix_millis, elsewhere=strangers.server_port)


@app.errorhandler(SessionError)
def refuse(error: SessionError) -> Response:
    refused = jsonify(code=error.code)
    refused.status_code = error.http_status
    if refused.status_code == 503:
        refused.headers["Retry-After"] = "1"
    return refused


@app.after_request
def forbid_caches(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


class Handler(WSGIRequestHandler):
    """Its `Date` is the world's time, as on a server whose clock that is; and it keeps no log."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        forged = self.environ.get(DATE)
        if isinstance(forged, str):
            return forged
        return format_datetime(worlds[self.path.split("/")[1]].now, usegmt=True)

    def log_request(self, *_: object) -> None:
        """Lines about requests would only get between those of the tests."""


def stranger(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
    """Another origin, where no token belongs: it counts who comes, and who shows what is not meant for it."""
    here = worlds[environ["PATH_INFO"].split("/")[1]]
    here.came("strayed")
    if "HTTP_AUTHORIZATION" in environ or "HTTP_DPOP" in environ:
        here.came("shown")
    start("200 OK", [("Content-Type", "application/json")])
    return [b"{}"]


strangers = make_server("127.0.0.1", 0, stranger, threaded=True, request_handler=Handler)


def main() -> None:
    app.register_blueprint(session)
    app.register_blueprint(control)
    threading.Thread(target=strangers.serve_forever, daemon=True).start()
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()
    # Requests may still be held: nobody waits for them.
    os._exit(0)


if __name__ == "__main__":
    main()
