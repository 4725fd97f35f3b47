"""`flask.session` works as Flask documents it."""

from __future__ import annotations

import copy
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from flask import Flask, flash, get_flashed_messages, session
from markupsafe import Markup

from sessera import CookieInvalid, InvalidClaim, TooLarge
from sessera._web.contents import MODIFYING, READING, RESIZING
from sessera.flask.session import FlaskSession
from tests.flask.browser import has_cookie, set_cookies, token_in
from tests.flask.conftest import data_in_token

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.flask.conftest import MakeApp

VALUES: list[Any] = [
    datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc),
    ("a", 1),
    b"\x00\xff",
    Markup("<b>"),
    UUID(int=7),
    {" t": [1]},
    {" di": {"x": b"y"}},
    [{"a": ("b", [b"c"])}],
    {"one": 1},
    1.5,
    None,
    True,
    "é\U0001f600",
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_comes_back_as_it_was_put_in(app: Flask, value: Any) -> None:
    client = app.test_client()
    with client.session_transaction() as data:
        data["value"] = value
    with client.session_transaction() as data:
        assert data["value"] == value
        assert type(data["value"]) is type(value)


def test_a_sole_key_that_looks_like_a_tag_survives(app: Flask) -> None:
    client = app.test_client()
    with client.session_transaction() as data:
        data[" t"] = [1]
    with client.session_transaction() as data:
        assert dict(data) == {" t": [1]}


def test_visitors_who_are_not_logged_in_keep_their_data(app: Flask) -> None:
    client = app.test_client()
    client.post("/data", json={"cart": ["tea"]})
    assert client.get("/data").json == {"cart": ["tea"]}
    assert client.get("/whoami").json == {"subject": None, "error": None}


def test_visitors_get_no_cookie_before_something_is_put_in(app: Flask) -> None:
    client = app.test_client()
    for path in ("/untouched", "/data", "/whoami"):
        assert not set_cookies(client.get(path))
    client.post("/data", json={})
    assert not has_cookie(client)


def test_an_emptied_session_of_a_visitor_loses_its_cookie(app: Flask) -> None:
    client = app.test_client()
    client.post("/data", json={"a": 1})
    assert has_cookie(client)
    client.post("/clear")
    assert not has_cookie(client)


def test_an_emptied_session_of_a_user_keeps_the_login(app: Flask) -> None:
    client = app.test_client()
    client.post("/data", json={"a": 1})
    client.post("/login/ada")
    client.post("/clear")
    assert client.get("/data").json == {}
    assert client.get("/whoami").json["subject"] == "ada"  # type: ignore[index]


def test_permanent_alone_gives_a_visitor_no_session(make_app: MakeApp) -> None:
    app = make_app()

    @app.before_request
    def permanent() -> None:
        session.permanent = True

    client = app.test_client()
    assert not set_cookies(client.get("/untouched"))
    client.post("/data", json={"a": 1})
    assert has_cookie(client)
    assert not set_cookies(client.get("/untouched"))


def test_modified_says_whether_something_changed(app: Flask) -> None:
    def modifies(action: Callable[[], object]) -> bool:
        session.modified = False
        action()
        return session.modified

    with app.test_request_context():
        assert not session.modified
        assert not modifies(lambda: session.get("a"))
        assert not modifies(lambda: session.pop("a", None))
        assert modifies(lambda: session.setdefault("a", 1))
        assert not modifies(lambda: session.setdefault("a", 2))
        assert modifies(lambda: session.pop("a"))
        assert modifies(lambda: session.update(b=1))
        assert modifies(session.clear)


@data_in_token
def test_putting_in_what_is_there_already_sets_no_cookie(app: Flask) -> None:
    client = app.test_client()
    client.post("/data", json={"a": 1, "b": [1]})
    assert not set_cookies(client.post("/data", json={"a": 1, "b": [1]}))
    assert set_cookies(client.post("/data", json={"a": True}))


def test_new_says_that_no_good_session_came(make_app: MakeApp) -> None:
    app = make_app()

    @app.get("/new")
    def new() -> list[bool]:
        return [session.new]

    client = app.test_client()
    assert client.get("/new").json == [True]
    client.post("/data", json={"a": 1})
    assert client.get("/new").json == [False]


def test_flash_works(make_app: MakeApp) -> None:
    app = make_app()

    @app.post("/flash")
    def put() -> str:
        flash("saved", "good")
        return ""

    @app.get("/flashed")
    def take() -> list[Any]:
        return [list(message) for message in get_flashed_messages(with_categories=True)]

    client = app.test_client()
    client.post("/flash")
    assert client.get("/flashed").json == [["good", "saved"]]
    assert client.get("/flashed").json == []


def test_every_method_of_a_dict_looks_into_the_token_first(app: Flask) -> None:
    ours = {*READING, *MODIFYING, *RESIZING}
    about_no_contents = {
        "__class__", "__class_getitem__", "__delattr__", "__dir__", "__doc__", "__format__", "__ge__",
        "__getattribute__", "__getstate__", "__gt__", "__hash__", "__init__", "__init_subclass__", "__le__",
        "__lt__", "__new__", "__reduce__", "__reduce_ex__", "__setattr__", "__sizeof__", "__str__",
        "__subclasshook__", "fromkeys",
    }  # fmt: skip
    assert set(dir(dict)) == ours | about_no_contents | ({"__getstate__"} & set(dir(dict)))

    client = app.test_client()
    client.post("/data", json={"a": 1})
    environ = {"HTTP_COOKIE": f"__Host-session={token_in(client)}"}

    def fresh() -> FlaskSession:
        with app.test_request_context(environ_overrides=environ) as context:
            opened = app.session_interface.open_session(app, context.request)
            assert isinstance(opened, FlaskSession)
            return opened

    def or_in_place(data: FlaskSession) -> Any:
        data |= {"b": 2}
        return dict(data)

    assert fresh()["a"] == 1
    assert "a" in fresh()
    assert list(fresh()) == ["a"]
    assert len(fresh()) == 1
    assert fresh()
    assert fresh() == {"a": 1}
    assert fresh() == {"a": 1}
    assert fresh() | {"b": 2} == {"a": 1, "b": 2}
    assert {"b": 2} | fresh() == {"a": 1, "b": 2}
    assert repr(fresh()) == str(fresh()) == "{'a': 1}"
    assert list(reversed(fresh())) == ["a"]
    assert fresh().copy() == copy.copy(fresh()) == copy.deepcopy(fresh()) == {"a": 1}
    assert type(copy.copy(fresh())) is dict
    assert fresh().get("a") == 1
    assert list(fresh().items()) == [("a", 1)]
    assert list(fresh().keys()) == ["a"]
    assert list(fresh().values()) == [1]
    assert dict(fresh()) == {**fresh()} == {"a": 1}
    assert fresh().popitem() == ("a", 1)
    assert fresh().pop("a") == 1
    assert fresh().setdefault("a", 2) == 1
    assert or_in_place(fresh()) == {"a": 1, "b": 2}


def test_the_cookie_goes_with_the_browser_unless_the_session_is_permanent(make_app: MakeApp) -> None:
    app = make_app(ABSOLUTE_TIMEOUT=36_000)
    app.permanent_session_lifetime = 5

    @app.post("/permanent/<how>")
    def permanent(how: str) -> str:
        session.permanent = how == "yes"
        return ""

    client = app.test_client()
    (plain,) = set_cookies(client.post("/data", json={"a": 1}))
    assert "Max-Age" not in plain
    assert "Expires" not in plain
    (lasting,) = set_cookies(client.post("/permanent/yes"))
    assert lasting.endswith("; Max-Age=36000")
    (plain,) = set_cookies(client.post("/permanent/no"))
    assert "Max-Age" not in plain


@data_in_token
def test_a_cookie_over_4096_bytes_is_an_error_that_says_so(app: Flask) -> None:
    client = app.test_client()
    client.post("/data", json={"a": 1})
    with pytest.raises((TooLarge, CookieInvalid), match="4096"):
        client.post("/data", json={f"k{number}": "x" * 1000 for number in range(4)})
    assert client.get("/data").json == {"a": 1}


@pytest.mark.parametrize("size", range(2700, 3000, 4))
def test_at_the_limit_the_data_is_kept_or_the_view_fails(app: Flask, size: int) -> None:
    app.testing = False
    client = app.test_client()
    data = {f"k{at}": "x" * min(1000, size - at) for at in range(0, size, 1000)}
    response = client.post("/data", json=data)
    assert client.get("/data").json == (data if response.status_code == 200 else {})
    assert response.status_code in {200, 500}


@data_in_token
def test_what_no_token_can_carry_is_an_error_and_the_old_data_stays(app: Flask) -> None:
    client = app.test_client()
    client.post("/data", json={"a": 1})
    deep: Any = []
    for _ in range(10):
        deep = [deep]
    with pytest.raises(InvalidClaim, match=r"flask\.session"):
        client.post("/data", json={"deep": deep})
    assert client.get("/data").json == {"a": 1}


@data_in_token
def test_in_production_an_error_while_saving_answers_500_and_keeps_the_session(app: Flask) -> None:
    app.testing = False
    client = app.test_client()
    client.post("/data", json={"a": 1})
    response = client.post("/data", json={"long": "x" * 5000})
    assert response.status_code == 500
    assert not set_cookies(response)
    assert client.get("/data").json == {"a": 1}
