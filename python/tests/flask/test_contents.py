"""What Flask, Flask-Session and encoders of JSON expect of `flask.session`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from flask import Flask, jsonify, render_template_string, session

from sessera.flask import current_session, login, sessions_of
from tests.flask.browser import set_cookies, token_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.flask.conftest import MakeApp

VALUES = {"cart": ["tea", {"count": 2}], "name": "ada"}


def raw() -> Any:
    """The object behind Flask's proxy, as templates have it."""
    return session._get_current_object()  # type: ignore[attr-defined]


ENCODERS: dict[str, Callable[[], str]] = {
    "json": lambda: json.dumps(raw()),
    "json-sorted": lambda: json.dumps(raw(), sort_keys=True),
    "json-indent": lambda: json.dumps(raw(), indent=1),
    "json-python": lambda: "".join(json.JSONEncoder().iterencode(raw())),
    "flask": lambda: jsonify(raw()).get_data(as_text=True),
    "dict": lambda: json.dumps(dict(raw())),
    "unpacked": lambda: json.dumps({**raw()}),
    "merged": lambda: json.dumps({} | raw()),
    "copy": lambda: json.dumps(raw().copy()),
    # As Flask before 3.1.3 gives it to every template.
    "template": lambda: render_template_string("{{ contents|tojson }}", contents=raw()),
}


@pytest.mark.parametrize("encoder", ENCODERS)
def test_an_encoder_sees_a_session_that_was_not_read_yet(app: Flask, encoder: str) -> None:
    app.add_url_rule("/encoded", view_func=ENCODERS[encoder])
    client = app.test_client()
    client.post("/data", json=VALUES)
    assert json.loads(client.get("/encoded").text) == VALUES
    assert json.loads(app.test_client().get("/encoded").text) == {}


@pytest.mark.parametrize("name", ["orjson", "msgspec.json"])
def test_an_encoder_in_c_never_writes_an_unread_session_as_empty(app: Flask, name: str) -> None:
    pytest.importorskip(name)
    # There is no orjson for CPython without a GIL.
    module = pytest.importorskip(name)
    encode = getattr(module, "dumps", None) or module.encode

    @app.get("/encoded")
    def encoded() -> bytes:
        with pytest.raises(TypeError):
            encode(raw())
        result: bytes = encode(dict(raw()))
        assert encode(raw()) == result
        return result

    client = app.test_client()
    client.post("/data", json=VALUES)
    assert json.loads(client.get("/encoded").text) == VALUES


def test_a_session_has_the_id_that_flask_session_gives(app: Flask) -> None:
    @app.get("/sid")
    def sid() -> str:
        assert raw().sid == (current_session.id if current_session else raw().sid)
        return str(raw().sid)

    client = app.test_client()
    client.post("/data", json=VALUES)
    visitor = client.get("/sid").text
    assert client.get("/sid").text == visitor
    logged_in = client.post("/login/ada").get_json()["id"]
    assert client.get("/sid").text == logged_in != visitor


def test_a_session_that_has_not_begun_has_no_id(app: Flask) -> None:
    @app.get("/sid")
    def sid() -> str:
        with pytest.raises(AttributeError, match=r"no session yet.*login\(\)"):
            _ = raw().sid
        return "none"

    assert app.test_client().get("/sid").text == "none"


def test_a_change_within_a_list_or_a_dict_is_kept(app: Flask) -> None:
    @app.post("/append")
    def append() -> str:
        session["cart"].append("milk")
        session["cart"][1]["count"] += 1
        return ""

    client = app.test_client()
    client.post("/data", json=VALUES)
    client.post("/append")
    assert client.get("/data").get_json() == {"cart": ["tea", {"count": 3}, "milk"], "name": "ada"}
    client.post("/login/ada")
    client.post("/append")
    assert client.get("/data").get_json()["cart"] == ["tea", {"count": 4}, "milk", "milk"]


def test_a_session_that_is_only_read_sets_no_cookie(app: Flask) -> None:
    client = app.test_client()
    client.post("/data", json=VALUES)
    assert set_cookies(client.get("/data")) == []


@pytest.mark.parametrize("change", ["mark_modified", "modified"])
def test_what_is_marked_as_modified_is_kept(app: Flask, change: str) -> None:
    @app.post("/change")
    def do_change() -> str:
        session["cart"].append("milk")
        if change == "modified":
            session.modified = True
        else:
            raw().mark_modified()
        return ""

    client = app.test_client()
    client.post("/data", json=VALUES)
    client.post("/change")
    assert client.get("/data").get_json()["cart"] == ["tea", {"count": 2}, "milk"]


def test_a_value_that_flask_can_not_tag_is_named_by_its_key(app: Flask) -> None:
    @app.post("/put")
    def put() -> str:
        session["cart"] = ["tea", {"owner": object()}]
        return ""

    with pytest.raises(TypeError, match=r"flask\.session\['cart'\]\[1\]\['owner'\] is of type object"):
        app.test_client().post("/put")


def test_a_value_that_turned_bad_in_place_is_named_too(app: Flask) -> None:
    @app.post("/put")
    def put() -> str:
        session["cart"].append({1, 2})
        return ""

    client = app.test_client()
    client.post("/data", json=VALUES)
    with pytest.raises(TypeError, match=r"flask\.session\['cart'\]\[2\] is of type set"):
        client.post("/put")


def test_a_bad_claim_of_a_login_is_named(app: Flask) -> None:
    with app.test_request_context(), pytest.raises(Exception, match="claim `roles` is of type set") as raised:
        login("ada", {"roles": {"secret"}})
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("user", [42, UUID(int=42)])
def test_a_login_takes_ids_that_are_no_text(make_app: MakeApp, user: int | UUID) -> None:
    app = make_app(LIST_SESSIONS=True)

    @app.post("/login")
    def log_in() -> str:
        login(user)
        return current_session.subject

    client = app.test_client()
    assert client.post("/login").text == str(user)
    assert token_in(client)
    with app.test_request_context():
        assert len(sessions_of(user)) == 1


def test_a_login_without_an_id_names_the_argument(app: Flask) -> None:
    with app.test_request_context(), pytest.raises(TypeError, match="subject is None"):
        login(None)  # type: ignore[arg-type]


def test_a_request_that_never_touches_the_session_reads_nothing(app: Flask) -> None:
    client = app.test_client()
    client.post("/data", json=VALUES)
    answer = client.get("/untouched")
    assert "Vary" not in answer.headers
