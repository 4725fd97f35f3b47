"""Beside Flask-WTF: it guards what it guards, and we what it does not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from flask import Blueprint, Flask, render_template_string, session
from flask_wtf import FlaskForm
from flask_wtf.csrf import CSRFProtect
from wtforms import StringField

from sessera.flask import check_csrf, csrf_exempt, csrf_token, login
from sessera.flask.testing import SesseraClient
from tests.flask.test_csrf import EVIL, field_in, with_form

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from tests.flask.conftest import MakeApp

pytestmark = pytest.mark.parametrize("store", ["memory", "data-in-store"], indirect=True)

FOREIGN = {"Sec-Fetch-Site": "cross-site", "Origin": EVIL}


def guarded(make_app: MakeApp, mode: str, **config: Any) -> tuple[Flask, CSRFProtect]:
    """An application that Flask-WTF guards, and that has views which it leaves alone."""
    app = with_form(make_app(CSRF=mode))
    app.secret_key = "x" * 32
    app.config.update(config)
    wtf = CSRFProtect(app)

    @app.post("/hook")
    @wtf.exempt  # type: ignore[untyped-decorator]
    def hook() -> str:
        login("ada")
        session["a"] = 1
        return ""

    hooks = Blueprint("hooks", __name__)
    hooks.add_url_rule("/hooks", view_func=lambda: "", endpoint="any", methods=["POST"])
    wtf.exempt(hooks)
    app.register_blueprint(hooks)
    return app, wtf


def field_of(client: FlaskClient) -> dict[str, str]:
    return {"csrf_token": field_in(client.get("/form"))}


@pytest.mark.parametrize("mode", ["origin", "token", "off"])
def test_where_it_guards_it_keeps_its_place(make_app: MakeApp, mode: str) -> None:
    app, _ = guarded(make_app, mode)
    client = app.test_client()
    assert client.post("/form").status_code == 400, "it refuses in its own way"
    field = field_of(client)
    assert client.post("/form", data=field).status_code == 200
    assert client.post("/form", data=field, headers=FOREIGN).status_code == 200, "and lets through in its own"
    with app.test_request_context():
        assert "." in csrf_token()
        assert session["csrf_token"]


@pytest.mark.parametrize("mode", ["origin", "token"])
@pytest.mark.parametrize("path", ["/hook", "/hooks"])
def test_what_it_exempts_needs_no_token_and_is_still_not_for_other_sites(
    make_app: MakeApp, mode: str, path: str
) -> None:
    app, _ = guarded(make_app, mode)
    client = app.test_client()
    assert client.post(path).status_code == 200, "a webhook says nothing of where it comes from"
    assert client.post(path, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200
    assert client.post(path, headers=FOREIGN).status_code == 403
    assert client.post(path, headers={"Origin": EVIL}).status_code == 403


@pytest.mark.parametrize("mode", ["origin", "token", "off"])
def test_what_both_exempt_is_for_everybody(make_app: MakeApp, mode: str) -> None:
    app, wtf = guarded(make_app, mode)

    @app.post("/pay/return")
    @csrf_exempt
    @wtf.exempt  # type: ignore[untyped-decorator]
    def pay_return() -> str:
        return ""

    assert app.test_client().post("/pay/return", headers=FOREIGN).status_code == 200
    assert app.test_client().post("/hook", headers=FOREIGN).status_code == (200 if mode == "off" else 403)


#: What makes Flask-WTF guard less than all.
LESS: list[dict[str, Any]] = [
    {"WTF_CSRF_CHECK_DEFAULT": False},
    {"WTF_CSRF_ENABLED": False},
    {"WTF_CSRF_METHODS": ["PUT"]},
]


@pytest.mark.parametrize("config", LESS, ids=lambda config: next(iter(config)))
def test_where_it_looks_at_nothing_our_own_check_is_on(make_app: MakeApp, config: dict[str, Any]) -> None:
    app, _ = guarded(make_app, "origin", **config)
    client = app.test_client()
    assert client.post("/form").status_code == 200
    assert client.post("/form", headers=FOREIGN).status_code == 403


@pytest.mark.parametrize("config", LESS, ids=lambda config: next(iter(config)))
def test_a_token_is_asked_for_there_and_that_of_its_pages_is_good(
    make_app: MakeApp, config: dict[str, Any]
) -> None:
    app, _ = guarded(make_app, "token", **config)
    client = app.test_client()
    field = field_of(client)
    assert client.post("/form").status_code == 403
    for data in ({"csrf_token": "x"}, {"csrf_token": field["csrf_token"][:-1]}):
        assert client.post("/form", data=data).status_code == 403
    assert client.post("/form", data=field).status_code == 200
    assert client.post("/form", data=field, headers=FOREIGN).status_code == 403
    for header in ("X-CSRF-Token", "X-CSRFToken"):
        assert client.post("/form", headers={header: field["csrf_token"]}).status_code == 200
    theirs = field_of(app.test_client())
    assert client.post("/form", data=theirs).status_code == 403, "of another session"


def test_a_view_that_calls_it_by_itself_is_guarded_by_both(make_app: MakeApp) -> None:
    app, wtf = guarded(make_app, "token", WTF_CSRF_CHECK_DEFAULT=False)

    @app.post("/careful")
    def careful() -> str:
        wtf.protect()
        check_csrf()
        return ""

    client = app.test_client()
    assert client.post("/careful").status_code == 403
    assert client.post("/careful", data=field_of(client)).status_code == 200


def test_a_hook_that_calls_it_comes_after_our_check(make_app: MakeApp) -> None:
    held: list[CSRFProtect] = []

    def before(app: Flask) -> None:
        # Set up before Sessera, which comes first all the same.
        app.secret_key = "x" * 32
        app.config["WTF_CSRF_CHECK_DEFAULT"] = False
        held.append(CSRFProtect(app))
        app.before_request(held[0].protect)

    app = with_form(make_app(before=before, CSRF="token"))
    client = app.test_client()
    field = field_of(client)
    assert client.post("/form").status_code == 403
    assert client.post("/form", data=field).status_code == 200
    assert client.post("/form", data=field, headers=FOREIGN).status_code == 403


def test_the_name_of_its_field_is_the_applications(make_app: MakeApp) -> None:
    config = {"WTF_CSRF_FIELD_NAME": "proof", "WTF_CSRF_CHECK_DEFAULT": False}
    app, _ = guarded(make_app, "token", **config)
    client = app.test_client()
    found = re.search(r'name="proof" value="([\w.-]+)"', client.get("/form").text)
    assert found is not None
    assert client.post("/form", data={"proof": found[1]}).status_code == 200


def test_without_a_secret_key_it_has_made_no_token(make_app: MakeApp) -> None:
    app, _ = guarded(make_app, "token", WTF_CSRF_ENABLED=False)
    app.secret_key = None
    assert app.test_client().post("/form", data={"csrf_token": "x"}).status_code == 403


def test_the_test_client_of_ours_brings_a_token_where_it_is_switched_off(make_app: MakeApp) -> None:
    app, _ = guarded(make_app, "token", WTF_CSRF_ENABLED=False)
    app.test_client_class = SesseraClient
    assert app.test_client(user="ada").post("/form").status_code == 200
    assert app.test_client(user="ada", csrf=False).post("/form").status_code == 403


def test_what_only_has_its_name_guards_nothing(make_app: MakeApp) -> None:
    app = with_form(make_app(CSRF="token"))
    app.extensions["csrf"] = object()
    client = app.test_client()
    assert client.post("/form").status_code == 403
    assert client.post("/form", data=field_of(client)).status_code == 200


def test_a_form_of_flask_wtf_without_its_guard_brings_both_tokens(make_app: MakeApp) -> None:
    app = make_app(CSRF="token")
    app.secret_key = "x" * 32

    class Form(FlaskForm):  # type: ignore[misc]  # it has no types
        name = StringField()

    @app.route("/wtf", methods=["GET", "POST"])
    def wtf() -> str:
        form = Form()
        text = "<form>{{ form.hidden_tag() }}{{ csrf_field() }}</form>{{ form.validate_on_submit() }}"
        return render_template_string(text, form=form)

    client = app.test_client()
    page = client.get("/wtf").text
    theirs, ours = re.findall(r'name="csrf_token"[^>]* value="([^"]+)"', page)
    assert client.post("/wtf", data={"csrf_token": [theirs, ours]}).text.endswith("True")
    assert client.post("/wtf", data={"csrf_token": [ours]}).text.endswith("False")
    assert client.post("/wtf", data={"csrf_token": [theirs]}).status_code == 403
