"""What goes wrong in the first hour with an ASGI application, and what encoders see of `request.session`."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from sessera import BindingPolicy, InvalidConfig, Keyring, MemoryStore, Policy
from sessera.asgi import Sessera, SesseraMiddleware, current_session
from tests.asgi.conftest import browser

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response

    from tests.asgi.conftest import MakeApp

VALUES = {"cart": ["tea", {"count": 2}], "name": "ada"}


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


async def _json(request: Request) -> Response:
    return JSONResponse(request.session)


async def _dumps(request: Request) -> Response:
    return PlainTextResponse(json.dumps(request.session))


async def _scope(request: Request) -> Response:
    # As Starlette handed it out before it called `mark_accessed`.
    return PlainTextResponse(json.dumps(request.scope["session"]))


async def _msgspec(request: Request) -> Response:
    return PlainTextResponse(msgspec.json.encode(request.session))


async def _orjson(request: Request) -> Response:
    return PlainTextResponse(sys.modules["orjson"].dumps(request.session))


async def _append(request: Request) -> Response:
    request.session["cart"].append("milk")
    return PlainTextResponse("")


async def _mark(request: Request) -> Response:
    request.session.mark_modified()  # type: ignore[attr-defined]  # Starlette says that it is a dict
    return PlainTextResponse("")


async def _bad(request: Request) -> Response:
    request.session["tags"] = {"secret"}
    return PlainTextResponse("")


@pytest.mark.parametrize("encoder", [_json, _dumps, _scope, _msgspec, _orjson])
def test_an_encoder_sees_a_session_that_was_not_read_yet(make_app: MakeApp, encoder: Any) -> None:
    if encoder is _orjson:
        pytest.importorskip("orjson")
    app = make_app([Route("/encoded", encoder)])
    client = browser(app)
    client.post("/data", json=VALUES)
    assert client.get("/encoded").json() == VALUES
    assert browser(app).get("/encoded").json() == {}


def test_a_session_that_is_not_handed_out_costs_nothing(make_app: MakeApp) -> None:
    client = browser(make_app(data="token"))
    client.post("/data", json=VALUES)
    assert "vary" not in client.get("/untouched").headers


@pytest.mark.parametrize("change", [_append, _mark])
def test_changes_within_and_marks_are_kept(make_app: MakeApp, change: Any) -> None:
    client = browser(make_app([Route("/change", change, methods=["POST"])]))
    client.post("/data", json=VALUES)
    client.post("/change")
    expected = [*VALUES["cart"], "milk"] if change is _append else VALUES["cart"]
    assert client.get("/data").json()["cart"] == expected


def test_a_value_that_json_lacks_is_named_by_its_key(make_app: MakeApp) -> None:
    client = browser(make_app([Route("/bad", _bad, methods=["POST"])]))
    with pytest.raises(TypeError, match=r"request\.session\['tags'\] is of type set") as raised:
        client.post("/bad")
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("user", [42, UUID(int=42)])
def test_a_login_takes_ids_that_are_no_text(make_app: MakeApp, user: int | UUID) -> None:
    async def log_in(request: Request) -> Response:
        session = current_session(request)
        await session.login(user)
        listed = await session.sessions_of(user)
        return PlainTextResponse(f"{session.subject} {len(listed)}")

    app = make_app([Route("/log-in", log_in, methods=["POST"])], list_sessions=True)
    assert browser(app).post("/log-in").text == f"{user} 1"


def test_a_secure_cookie_over_plain_http_is_a_warning_once(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    client = TestClient(make_app())  # by default http://testserver
    for _ in range(2):
        client.post("/login/ada")
    (line,) = warnings_of(caplog)
    for words in ("plain http", "nobody stays logged in", "dev=True", "https:// base URL"):
        assert words in line


@pytest.mark.parametrize(
    ("base_url", "headers"),
    [
        ("https://testserver", {}),
        ("http://testserver", {"x-forwarded-proto": "https"}),
        ("http://localhost:8000", {}),
    ],
)
def test_a_cookie_that_is_kept_is_no_warning(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture, base_url: str, headers: dict[str, str]
) -> None:
    TestClient(make_app(), base_url=base_url, headers=headers).post("/login/ada")
    assert warnings_of(caplog) == []


def test_development_over_plain_http_is_no_warning(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app(dev=True)
    caplog.clear()
    TestClient(app).post("/login/ada")
    assert warnings_of(caplog) == []


def test_building_an_application_makes_no_keys(tmp_path: Path) -> None:
    sessera = Sessera("https://app.example", "web", keyring=tmp_path / "keys.json", store=tmp_path / "a.db")
    app = Starlette(routes=[Route("/", _json)])
    app.add_middleware(SesseraMiddleware, sessera=sessera)
    assert list(tmp_path.iterdir()) == []
    with TestClient(app, base_url="https://app.example"):
        assert {path.name for path in tmp_path.iterdir()} >= {"keys.json", "a.db"}


def test_keys_are_made_at_the_first_use_without_a_lifespan(tmp_path: Path) -> None:
    sessera = Sessera("https://app.example", "web", keyring=tmp_path / "keys.json", store="memory")
    app = Starlette(routes=[Route("/", _json)])
    app.add_middleware(SesseraMiddleware, sessera=sessera)
    client = TestClient(app, base_url="https://app.example")
    client.get("/nowhere")
    assert list(tmp_path.iterdir()) == []
    client.get("/")
    client.get("/", headers={"cookie": "__Host-session=a.b.c"})
    assert [path.name for path in tmp_path.iterdir()] == ["keys.json"]


def test_a_store_that_is_away_stops_the_start_of_a_server(tmp_path: Path) -> None:
    sessera = Sessera(
        "https://app.example", "web", keyring=tmp_path / "keys.json", store="redis://127.0.0.1:1"
    )
    app = SesseraMiddleware(Starlette(), sessera)
    sent: list[Any] = []

    async def receive() -> dict[str, str]:
        return {"type": "lifespan.startup"}

    async def send(message: Any) -> None:
        sent.append(message)

    async def start() -> None:
        await app({"type": "lifespan"}, receive, send)

    asyncio.run(start())
    (message,) = sent
    assert message["type"] == "lifespan.startup.failed"
    assert "store: no session store at that URL" in message["message"]


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"keyring": "my-secret"}, r"keyring names no file.*no secret"),
        ({"store": "redis//host"}, "store looks like a URL"),
        ({"algorithm": "RS256"}, "algorithm must be HS256"),
        ({"keyring": Keyring.generate("HS256"), "algorithm": "EdDSA"}, "algorithm is EdDSA, but the keys"),
        ({"dev": "no"}, "dev must be True or False"),
        ({"list_sessions": 2}, "list_sessions must be True or False"),
    ],
)
def test_a_wrong_argument_is_named(wrong: dict[str, Any], named: str) -> None:
    arguments: dict[str, Any] = {"keyring": Keyring.generate("HS256"), "store": MemoryStore(), **wrong}
    with pytest.raises(InvalidConfig, match=named):
        Sessera("https://app.example", "web", **arguments)


def test_a_flag_that_says_false_in_text_is_false() -> None:
    sessera = Sessera(
        "https://app.example",
        "web",
        keyring=Keyring.generate("HS256"),
        store="memory",
        dev="0",  # type: ignore[arg-type]
    )
    assert sessera.dev is False


def test_the_first_unknown_key_of_a_process_is_a_warning(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    token = browser(make_app()).post("/login/ada").json()["token"]
    other = browser(make_app())
    caplog.clear()
    for _ in range(2):
        other.get("/whoami", headers={"authorization": f"Bearer {token}"})
    (line,) = warnings_of(caplog)
    assert "replicas probably have different keys" in line
    assert "(keyring)" in line


def test_a_refused_token_says_so_in_the_challenge(make_app: MakeApp) -> None:
    app = make_app()
    client = browser(app)
    assert client.get("/private").headers["www-authenticate"] == "Bearer"
    refused = client.get("/private", headers={"authorization": "Bearer a.b.c"})
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, 'Bearer error="invalid_token"')


def test_a_session_that_is_too_old_asks_for_a_new_authentication(make_app: MakeApp, clock: Any) -> None:
    client = browser(make_app())
    client.post("/login/ada")
    clock.advance(900)
    weak = client.get("/fresh")
    assert weak.status_code == 401
    assert weak.headers["www-authenticate"] == 'Bearer error="insufficient_user_authentication"'


def test_the_public_keys_are_published_by_one_line(tmp_path: Path, clock: Any) -> None:
    path = tmp_path / "keys.json"
    sessera = Sessera(
        "https://app.example", "web", keyring=path, algorithm="EdDSA", store="memory", clock=clock
    )
    app = Starlette(routes=[Route("/.well-known/jwks.json", sessera.jwks)])
    client = TestClient(app)
    found = client.get("/.well-known/jwks.json")
    assert found.headers["content-type"] == "application/jwk-set+json"
    assert found.headers["cache-control"] == "public, max-age=300"
    assert [key["alg"] for key in found.json()["keys"]] == ["EdDSA"]
    assert "d" not in found.json()["keys"][0]
    again = client.get("/.well-known/jwks.json", headers={"if-none-match": found.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.head("/.well-known/jwks.json").content == b""
    assert client.post("/.well-known/jwks.json").status_code == 405
    ring = Keyring.load(path)
    published = ring.rotate()
    ring.save(path)
    clock.advance(2)
    after = client.get("/.well-known/jwks.json", headers={"if-none-match": found.headers["etag"]})
    assert after.status_code == 200
    assert published in [key["kid"] for key in after.json()["keys"]]


def test_keys_that_are_no_public_ones_can_not_be_published() -> None:
    sessera = Sessera("https://app.example", "web", keyring=Keyring.generate("HS256"), store="memory")
    app = FastAPI()
    app.routes.append(Route("/jwks", sessera.jwks))
    with pytest.raises(InvalidConfig, match=r'HS256.*algorithm = "EdDSA"'):
        TestClient(app).get("/jwks")


@pytest.mark.parametrize("entry", ["203.0.113.7:50123", "[2001:db8::1]:443"])
def test_a_network_is_enforced_behind_a_proxy_that_writes_ports(make_app: MakeApp, entry: str) -> None:
    app = make_app(trusted_hops=1, policy=Policy(binding=BindingPolicy(ip="enforce")))
    client = browser(app)
    client.post("/login/ada", headers={"x-forwarded-for": f"6.6.6.6, {entry}"})
    other_port = entry.rpartition(":")[0] + ":1"
    assert client.get("/whoami", headers={"x-forwarded-for": other_port}).json()["subject"] == "ada"
    moved = client.get("/whoami", headers={"x-forwarded-for": "198.51.100.9:50123"})
    assert moved.json()["error"] == "binding_mismatch"


def test_a_network_that_is_unknown_is_a_warning_where_it_is_enforced(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    client = browser(make_app(trusted_hops=2, policy=Policy(binding=BindingPolicy(ip="enforce"))))
    for _ in range(2):
        client.post("/login/ada", headers={"x-forwarded-for": "203.0.113.7"})
    (line,) = warnings_of(caplog)
    for words in ("binding of ip is enforce", "X-Forwarded-For", "trusted_hops", "no login is bound"):
        assert words in line
    assert "203.0.113.7" not in line
