"""A request that never asks for its session pays nothing for it, and its response says nothing of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from flask import (
    Flask,
    Response,
    abort,
    copy_current_request_context,
    current_app,
    redirect,
    render_template_string,
    request,
    send_file,
    session,
    stream_with_context,
)

from sessera.flask import current_session, login
from sessera.flask.keeper import Keeper
from tests.flask.browser import COOKIE, send, set_cookies
from tests.flask.conftest import data_in_token

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask.typing import ResponseReturnValue

    from sessera import ManualClock
    from tests.flask.conftest import MakeApp

#: What a response depends on where a token may stand in either.
BOTH = "Cookie, Authorization"


def test_an_untouched_request_verifies_nothing(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def looked(_self: Keeper, _environ: object) -> None:
        raise AssertionError("the session was looked at")

    monkeypatch.setattr(Keeper, "token_of", looked)
    assert send(app, "x.y.z", "/untouched").text == "untouched"


@pytest.mark.parametrize("token", ["x.y.z", ""])
def test_an_untouched_request_adds_no_header(app: Flask, token: str) -> None:
    headers = send(app, token, "/untouched").headers
    assert not {"Vary", "Set-Cookie", "Cache-Control"} & set(headers.keys())


def test_a_template_that_does_not_ask_for_the_session_is_no_touch(make_app: MakeApp) -> None:
    app = make_app()

    @app.get("/page")
    def page() -> str:
        return render_template_string("hello")

    @app.get("/greeting")
    def greeting() -> str:
        return render_template_string("{% if current_session %}hello{% endif %}")

    assert "Vary" not in send(app, "x.y.z", "/page").headers
    assert send(app, "x.y.z", "/greeting").headers["Vary"] == BOTH


@pytest.mark.parametrize("path", ["/whoami", "/data", "/private"])
def test_a_touched_request_varies_by_both_places_of_a_token(app: Flask, path: str) -> None:
    for token in ("x.y.z", ""):
        response = send(app, token, path)
        assert response.headers["Vary"] == BOTH
        assert not set_cookies(response)
        assert "Cache-Control" not in response.headers


@pytest.mark.parametrize(
    ("locations", "vary"),
    [(("cookie",), "Cookie"), (("header",), "Authorization"), (("header", "cookie"), BOTH)],
)
def test_a_response_varies_by_where_a_token_is_looked_for(
    make_app: MakeApp, locations: tuple[str, ...], vary: str
) -> None:
    app = make_app(LOCATIONS=locations)

    @app.get("/stream")
    def stream() -> Response:
        return Response(stream_with_context(str(bool(current_session)) for _ in range(1)))

    bearer = {"Authorization": "Bearer x"}
    for headers in ({}, bearer, {**bearer, "Cookie": f"{COOKIE}=y"}):
        for path in ("/whoami", "/stream"):
            response = app.test_client(use_cookies=False).get(path, headers=headers)
            assert (bool(response.text), response.headers["Vary"]) == (True, vary)


def test_what_varies_already_is_kept(make_app: MakeApp) -> None:
    app = make_app()

    @app.get("/vary/<path:value>")
    def vary(value: str) -> ResponseReturnValue:
        response = Response("")
        for line in value.split("/"):
            response.headers.add("Vary", line)
        return current_app.make_response((response, {"X-Known": str(bool(current_session))}))

    for given, expected in [
        ("Accept-Encoding", "Accept-Encoding, Cookie, Authorization"),
        ("Accept-Encoding/Accept", "Accept-Encoding, Accept, Cookie, Authorization"),
        ("cookie", "cookie, Authorization"),
        ("authorization, cookie", "authorization, cookie"),
        ("X-Cookie-Law", "X-Cookie-Law, Cookie, Authorization"),
        ("*", "*"),
    ]:
        headers = app.test_client().get(f"/vary/{given}").headers
        assert ", ".join(headers.getlist("Vary")) == expected


def test_asking_for_names_only_is_a_touch(make_app: MakeApp) -> None:
    app = make_app()

    @app.get("/has")
    def has() -> list[bool]:
        return ["a" in session]

    @app.get("/count")
    def count() -> list[int]:
        return [len(session)]

    for path in ("/has", "/count"):
        assert app.test_client().get(path).headers["Vary"] == BOTH


def test_a_response_with_a_cookie_is_not_stored(app: Flask) -> None:
    for path, method in [("/data", "POST"), ("/login/ada", "POST"), ("/logout", "POST")]:
        response = app.test_client().open(path, method=method, json={"a": 1})
        assert len(set_cookies(response)) == 1
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Vary"] == BOTH


def test_a_page_for_a_user_is_not_stored_unless_the_view_says_so(make_app: MakeApp) -> None:
    app = make_app()

    @app.get("/mine")
    def mine() -> ResponseReturnValue:
        name = current_session.subject if current_session else "nobody"
        return name, 200, {"Cache-Control": "private, max-age=60"}

    client = app.test_client()
    assert "Cache-Control" not in client.get("/whoami").headers
    client.post("/login/ada")
    assert client.get("/whoami").headers["Cache-Control"] == "no-store"
    assert client.get("/mine").headers["Cache-Control"] == "private, max-age=60"
    assert "Cache-Control" not in client.get("/untouched").headers
    client.post("/logout")
    assert "Cache-Control" not in client.get("/whoami").headers


def test_no_store_overrides_what_the_view_said(make_app: MakeApp) -> None:
    app = make_app()

    @app.get("/cached")
    def cached() -> ResponseReturnValue:
        session["a"] = 1
        return "", 200, {"Cache-Control": "public, max-age=60"}

    assert app.test_client().get("/cached").headers.getlist("Cache-Control") == ["no-store"]


ANSWERS: dict[str, tuple[Callable[[], ResponseReturnValue], int]] = {
    "redirect": (lambda: redirect("/login"), 302),
    "not found": (lambda: abort(404), 404),
    "refused": (lambda: abort(403), 403),
    "no content": (lambda: ("", 204), 204),
    "failure": (lambda: str(1 // 0), 500),
    "stream": (lambda: Response(stream_with_context(iter(["a", "b"]))), 200),
    "file": (lambda: send_file(__file__), 200),
    "unchanged file": (lambda: send_file(__file__, etag="same"), 304),
    "part of a file": (lambda: send_file(__file__, max_age=60), 206),
    "unchanged page": (lambda: tagged().make_conditional(request), 304),
}


def tagged() -> Response:
    response = Response("page", headers={"Cache-Control": "public, max-age=60"})
    response.set_etag("same")
    return response


@data_in_token
@pytest.mark.parametrize("what", ANSWERS)
def test_every_answer_of_a_view_that_used_the_session_says_so(
    make_app: MakeApp, clock: ManualClock, what: str
) -> None:
    app = make_app()
    app.testing = False
    answer, status = ANSWERS[what]

    @app.get("/reads")
    def reads() -> ResponseReturnValue:
        assert current_session
        return answer()

    @app.get("/writes")
    def writes() -> ResponseReturnValue:
        session["a"] = what
        return answer()

    client = app.test_client()
    client.post("/login/ada")
    headers = {"If-None-Match": '"same"'} if status == 304 else {}
    if status == 206:
        headers["Range"] = "bytes=0-9"

    response = client.get("/reads", headers=headers)
    assert response.status_code == status
    assert response.headers["Vary"] == BOTH
    assert not set_cookies(response)
    own = "file" in what or what == "unchanged page"
    assert (response.headers["Cache-Control"] == "no-store") != own, (
        "who says how long it may be kept is right"
    )
    response.close()

    response = client.get("/writes", headers=headers)
    assert response.status_code == status
    assert response.headers["Vary"] == BOTH
    assert response.headers.getlist("Cache-Control") == ["no-store"]
    assert len(set_cookies(response)) == 1
    response.close()
    assert client.get("/data").json == {"a": what}

    clock.advance(301)
    response = client.get("/reads", headers=headers)
    assert response.headers.getlist("Cache-Control") == ["no-store"]
    assert len(set_cookies(response)) == 1
    response.close()


def test_a_body_that_is_made_later_may_use_the_session_and_says_so_before(make_app: MakeApp) -> None:
    app, seen = make_app(), list[object]()

    @app.get("/stream")
    def stream() -> Response:
        def parts() -> Iterator[str]:
            yield current_session.subject if current_session else "nobody"
            with pytest.raises(RuntimeError, match="headers"):
                login("eve")
            seen.append("refused")

        return Response(stream_with_context(parts()))

    client = app.test_client()
    assert client.get("/stream").text == "nobody"
    client.post("/login/ada")
    response = client.get("/stream")
    assert (response.text, response.headers["Vary"]) == ("ada", "Cookie, Authorization")
    assert not set_cookies(response)
    assert seen == ["refused"] * 2


def test_what_comes_after_the_response_is_told_that_it_is_too_late(make_app: MakeApp) -> None:
    app, seen = make_app(), list[str]()

    @app.teardown_request
    def after(_error: BaseException | None) -> None:
        try:
            login("eve")
        except RuntimeError as error:
            seen.append(str(error))

    for path in ("/untouched", "/whoami"):
        app.test_client().get(path)
    assert ["headers are made already" in error for error in seen] == [True, True]


def test_a_body_that_comes_from_an_iterator_of_any_kind_says_so_before(make_app: MakeApp) -> None:
    app = make_app()

    @app.get("/mapped")
    def mapped() -> Response:
        @copy_current_request_context
        def part(_number: int) -> str:
            return current_session.subject

        return Response(map(part, range(2)))

    client = app.test_client()
    client.post("/login/ada")
    response = client.get("/mapped")
    assert (response.text, response.headers["Vary"]) == ("adaada", "Cookie, Authorization")


@pytest.mark.parametrize("kind", ["file", "static", "page", "missing"])
def test_what_cannot_depend_on_the_session_is_left_alone(
    make_app: MakeApp, tmp_path: Path, kind: str
) -> None:
    app = make_app()
    app.static_folder = str(tmp_path)
    (tmp_path / "a.css").write_text("body {}")

    @app.get("/file")
    def file() -> Response:
        return send_file(tmp_path / "a.css")

    path = {"file": "/file", "static": "/static/a.css", "page": "/untouched", "missing": "/missing"}[kind]
    client = app.test_client()
    client.post("/login/ada")
    response = client.get(path)
    assert response.status_code == (404 if kind == "missing" else 200)
    assert "Vary" not in response.headers
    assert response.headers.get("Cache-Control") != "no-store"
    response.close()


@pytest.mark.parametrize("status", [302, 304, 404, 500])
def test_every_status_gets_the_headers(make_app: MakeApp, status: int) -> None:
    app = make_app()

    @app.get("/answer")
    def answer() -> ResponseReturnValue:
        session["a"] = 1
        return "", status

    response = app.test_client().get("/answer")
    assert response.status_code == status
    assert len(set_cookies(response)) == 1
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Vary"] == BOTH


def test_an_unhandled_error_keeps_what_was_put_in_before(make_app: MakeApp) -> None:
    app = make_app()
    app.testing = False

    @app.get("/fails")
    def fails() -> str:
        session["a"] = 1
        raise ZeroDivisionError

    client = app.test_client()
    assert client.get("/fails").status_code == 500
    assert client.get("/data").json == {"a": 1}
