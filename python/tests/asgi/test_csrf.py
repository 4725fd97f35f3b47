"""Requests and WebSockets that another site causes are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from sessera.asgi import current_session
from tests.asgi.conftest import ORIGIN, browser

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

    from tests.asgi.conftest import MakeApp

PAY = "https://pay.example"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "none"}, 200),
        ({"origin": ORIGIN}, 200),
        ({"sec-fetch-site": "cross-site", "origin": PAY}, 200),
        ({"sec-fetch-site": "cross-site", "origin": "https://evil.example"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "http://app.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "https://evil.example", "host": "no host"}, 403),
    ],
)
def test_an_unsafe_request_is_judged_by_where_it_came_from(
    make_app: MakeApp, headers: dict[str, str], status: int
) -> None:
    client = browser(make_app(trusted_origins=[PAY]))
    client.post("/login/ada")
    response = client.post("/data", json={"a": 1}, headers=headers)
    assert response.status_code == status
    assert client.get("/data").json() == ({"a": 1} if status == 200 else {})


def test_safe_methods_bearer_tokens_and_off_are_let_through(make_app: MakeApp) -> None:
    evil = {"sec-fetch-site": "cross-site"}
    app = make_app()
    token = browser(app).post("/login/ada").json()["token"]
    assert browser(app).get("/whoami", headers=evil).status_code == 200
    bearer = browser(app, authorization=f"Bearer {token}", **evil)
    assert bearer.post("/untouched").status_code == 200
    assert browser(make_app(csrf="off")).post("/untouched", headers=evil).status_code == 200
    assert browser(app).post("/untouched", headers=evil).status_code == 403


def test_behind_a_proxy_that_ends_tls_the_own_origin_is_https(make_app: MakeApp) -> None:
    inside = TestClient(make_app(), base_url="http://app.example")
    assert inside.post("/untouched", headers={"origin": ORIGIN}).status_code == 200
    plain = {"origin": "http://app.example"}
    assert inside.post("/untouched", headers=plain).status_code == 403
    assert (
        TestClient(make_app(dev=True), base_url="http://app.example")
        .post("/untouched", headers=plain)
        .status_code
        == 200
    )


def test_where_a_token_is_asked_for_it_must_be_of_this_session(make_app: MakeApp) -> None:
    async def form(request: Request) -> Response:
        return PlainTextResponse(current_session(request).csrf_token)

    app = make_app(routes=[Route("/form", form)], csrf="token")
    client, other = browser(app), browser(app)
    for each in (client, other):
        assert each.get("/form").text == ""
        each.post("/login/ada")
    assert client.post("/untouched").status_code == 403
    mine, theirs = client.get("/form").text, other.get("/form").text
    assert client.post("/untouched", headers={"x-csrf-token": theirs}).status_code == 403
    assert client.post("/untouched", headers={"x-csrf-token": mine}).status_code == 200
    from_elsewhere = {"x-csrf-token": mine, "sec-fetch-site": "cross-site"}
    assert client.post("/untouched", headers=from_elsewhere).status_code == 403


def test_a_form_brings_its_token_to_the_application(make_app: MakeApp) -> None:
    async def form(request: Request) -> Response:
        session = current_session(request)
        if request.method == "POST":
            session.check_csrf((await request.body()).decode())
            return PlainTextResponse("done")
        return PlainTextResponse(session.csrf_token)

    client = browser(make_app(routes=[Route("/form", form, methods=["GET", "POST"])]))
    client.post("/login/ada")
    token = client.get("/form").text
    assert client.post("/form", content=token).text == "done"
    assert client.post("/form", content="").status_code == 403
    bearer = browser(client.app, authorization="Bearer x.y.z")  # type: ignore[arg-type]
    assert bearer.post("/form").text == "done"


def test_an_anonymous_session_needs_its_token_too(make_app: MakeApp) -> None:
    async def put(request: Request) -> Response:
        request.session["cart"] = ["tea"]
        return PlainTextResponse("")

    client = browser(make_app(routes=[Route("/put", put)], csrf="token"))
    client.get("/put")
    assert client.post("/clear").status_code == 403


def test_the_refusal_says_nothing_of_the_reason(app: Starlette) -> None:
    response = browser(app).post("/untouched", headers={"sec-fetch-site": "cross-site"})
    assert response.text == "Forbidden"
    assert response.headers["cache-control"] == "no-store"
