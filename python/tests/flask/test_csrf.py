"""What another site makes a browser send is refused; what our own pages send is not."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

import pytest
from flask import (
    Blueprint,
    Flask,
    Response,
    render_template,
    render_template_string,
    request,
    stream_with_context,
)
from jinja2 import DictLoader

from sessera import CsrfInvalid, Event, RevocationsStale
from sessera.flask import (
    check_csrf,
    csrf_exempt,
    csrf_token,
    current_session,
    session_event,
    session_required,
)
from sessera.flask.csrf import _LENGTH
from sessera.flask.keeper import Keeper
from tests.flask.browser import COOKIE, send, set_cookies, subject_of, token_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from sessera import ManualClock
    from tests.flask.conftest import MakeApp

pytestmark = pytest.mark.parametrize("store", ["memory", "data-in-store"], indirect=True)

EVIL = "https://evil.example"


def with_form(app: Flask) -> Flask:
    @app.route("/form", methods=["GET", "POST"])
    def form() -> str:
        return render_template_string('<form method="post">{{ csrf_field() }}</form>')

    return app


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return with_form(make_app(CSRF="token"))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def field_in(response: TestResponse) -> str:
    found = re.search(r'name="csrf_token" value="([\w.-]+)"', response.text)
    assert found is not None
    return found[1]


def log_in(client: FlaskClient, subject: str = "ada") -> TestResponse:
    token = field_in(client.get("/form"))
    response = client.post(f"/login/{subject}", headers={"X-CSRF-Token": token})
    assert response.status_code == 200
    return response


@pytest.fixture
def events(app: Flask) -> Iterator[list[Event]]:
    seen: list[Event] = []

    def note(_app: Flask, event: Event) -> None:
        seen.append(event)

    with session_event.connected_to(note, app):
        yield seen


def test_a_form_that_we_gave_passes_and_one_without_the_field_does_not(client: FlaskClient) -> None:
    log_in(client)
    field = field_in(client.get("/form"))
    assert client.post("/form", data={"csrf_token": field}).status_code == 200
    for data in ({}, {"csrf_token": ""}, {"csrf_token": "x"}, {"csrf_token": field[:-1] + "~"}):
        response = client.post("/form", data=data)
        assert response.status_code == 403
        assert "csrf" not in response.text.lower()
    assert subject_of(client.get("/whoami")) == "ada"


def test_a_macro_has_it_too_and_its_templates_are_read_as_the_application_says(app: Flask) -> None:
    app.jinja_env.loader = DictLoader(
        {
            "forms.html": "{% macro form() %}{{ csrf_field() }}{% endmacro %}",
            "page.html": '{% import "forms.html" as forms %}{{ forms.form() }}',
        }
    )

    @app.get("/macro")
    def macro() -> str:
        return render_template("page.html")

    assert field_in(app.test_client().get("/macro"))


def test_setting_it_up_does_not_make_the_applications_templates_yet(make_app: MakeApp) -> None:
    app = make_app(CSRF="token")
    app.config["TEMPLATES_AUTO_RELOAD"] = True
    assert app.jinja_env.auto_reload


def test_a_script_sends_it_in_the_header(client: FlaskClient) -> None:
    log_in(client)
    field = field_in(client.get("/form"))
    assert client.post("/data", json={"a": 1}, headers={"X-CSRF-Token": field}).status_code == 200
    assert client.post("/data", json={"a": 1}).status_code == 403


def test_a_token_in_a_cookie_or_in_the_url_counts_for_nothing(client: FlaskClient) -> None:
    log_in(client)
    field = field_in(client.get("/form"))
    client.set_cookie("csrf_token", field)
    client.set_cookie("X-CSRF-Token", field)
    assert client.post("/form", query_string={"csrf_token": field}).status_code == 403


def test_reading_needs_no_token(client: FlaskClient) -> None:
    for method in ("GET", "HEAD", "OPTIONS"):
        assert client.open("/whoami", method=method).status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_every_unsafe_method_needs_one(app: Flask, method: str) -> None:
    app.add_url_rule("/any", view_func=lambda: "", endpoint="any", methods=[method])
    assert app.test_client().open("/any", method=method).status_code == 403


def test_the_token_of_another_session_is_refused(app: Flask, client: FlaskClient) -> None:
    log_in(client)
    other = app.test_client()
    log_in(other, "bob")
    theirs = field_in(other.get("/form"))
    assert client.post("/form", data={"csrf_token": theirs}).status_code == 403
    assert other.post("/form", data={"csrf_token": theirs}).status_code == 200


def test_a_login_form_is_covered_too(client: FlaskClient) -> None:
    assert client.post("/login/mallory").status_code == 403
    planted = field_in(client.get("/form"))
    assert client.post("/login/ada", headers={"X-CSRF-Token": planted}).status_code == 200
    assert client.post("/form", data={"csrf_token": planted}).status_code == 403, "a login is a new session"


@pytest.mark.parametrize("seconds", [0, 60, 31 * 60])
def test_who_was_just_logged_out_elsewhere_can_log_in_again_from_our_page(
    app: Flask, client: FlaskClient, clock: ManualClock, seconds: int
) -> None:
    log_in(client)
    other = app.test_client()
    log_in(other)
    other.post("/logout-everywhere", headers={"X-CSRF-Token": field_in(other.get("/form"))})
    form = re.search(r'value="([\w.-]*)"', client.get("/form").text)
    assert form is not None
    clock.advance(seconds)
    refused = app.test_client()
    refused.set_cookie(COOKIE, token_in(client))
    data = {"csrf_token": form[1]}
    if not form[1]:
        for headers in ({}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": EVIL}, {"Sec-Fetch-Site": "none"}):
            assert refused.post("/login/eve", data=data, headers=headers).status_code == 403
    same_origin = {"Sec-Fetch-Site": "same-origin"}
    assert client.post("/login/ada", data=data, headers=same_origin).status_code == 200
    assert subject_of(client.get("/whoami")) == "ada"
    assert client.post("/form", headers=same_origin).status_code == 403, "with a session a token is asked for"


def test_a_form_of_a_session_that_expired_leads_to_the_login(client: FlaskClient, clock: ManualClock) -> None:
    log_in(client)
    field = field_in(client.get("/form"))
    clock.advance(31 * 60)
    for headers in ({"Sec-Fetch-Site": "same-origin"}, {"Origin": "https://localhost"}):
        assert client.post("/elevate", data={"csrf_token": field}, headers=headers).status_code == 401
    pay = {"Sec-Fetch-Site": "cross-site", "Origin": "https://pay.example"}
    assert client.post("/elevate", data={"csrf_token": field}, headers=pay).status_code == 403


def test_tokens_stay_good_over_rotation(client: FlaskClient, clock: Any) -> None:
    log_in(client)
    field = field_in(client.get("/form"))
    clock.advance(400)
    client.get("/whoami")
    assert client.get("/whoami").get_json()["generation"] == 1
    assert client.post("/form", data={"csrf_token": field}).status_code == 200


def test_a_visitors_session_outlives_its_contents(client: FlaskClient) -> None:
    field = field_in(client.get("/form"))
    headers = {"X-CSRF-Token": field}
    client.post("/data", json={"message": "hello"}, headers=headers)
    client.post("/clear", headers=headers)
    assert client.get("/data").json == {}
    assert client.post("/form", data={"csrf_token": field}).status_code == 200


def test_a_visitor_gets_one_cookie_and_not_one_a_page(client: FlaskClient) -> None:
    assert len(set_cookies(client.get("/form"))) == 1
    assert not set_cookies(client.get("/form"))
    assert not set_cookies(client.get("/untouched"))


def test_two_texts_of_one_page_differ(client: FlaskClient) -> None:
    first, second = (field_in(client.get("/form")) for _ in range(2))
    assert first != second


def test_a_bearer_token_needs_none(client: FlaskClient, app: Flask) -> None:
    token = log_in(client).get_json()["token"]
    bearer = app.test_client(use_cookies=False)
    headers = {"Authorization": f"Bearer {token}", "Sec-Fetch-Site": "cross-site", "Origin": EVIL}
    assert bearer.post("/data", json={"a": 1}, headers=headers).status_code == 200


def test_a_header_that_does_not_count_exempts_nothing(make_app: MakeApp) -> None:
    app = with_form(make_app(CSRF="token", LOCATIONS=("cookie",)))
    client = app.test_client()
    log_in(client)
    for value in ("Bearer x", f"Bearer {token_in(client)}"):
        assert client.post("/form", headers={"Authorization": value}).status_code == 403
    assert client.post("/form", headers={"Authorization": "Basic YTpi"}).status_code == 403


def test_a_cookie_with_a_bearer_token_beside_it_acts_for_nobody(client: FlaskClient) -> None:
    log_in(client)

    headers = {"Authorization": "Bearer x"}
    assert client.post("/elevate", headers=headers).status_code == 401


@pytest.mark.parametrize("mode", ["origin", "token"])
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": ""}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "https://pay.example"}, 200),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "https://localhost"}, 403),
        ({"Origin": "https://localhost"}, 200),
        ({"Origin": "https://pay.example"}, 200),
        ({"Origin": "http://localhost"}, 403),
        ({"Origin": EVIL}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": EVIL, "Host": "evil.example:443:1"}, 403),
        ({}, 200),
    ],
)
def test_where_a_request_came_from_is_asked_in_both_modes(
    make_app: MakeApp, mode: str, headers: dict[str, str], status: int
) -> None:
    app = with_form(make_app(CSRF=mode, CSRF_TRUSTED_ORIGINS=("https://pay.example",)))
    client = app.test_client()
    log_in(client)
    field = field_in(client.get("/form"))
    assert client.post("/form", data={"csrf_token": field}, headers=headers).status_code == status


def test_by_default_another_site_is_refused_and_our_pages_need_nothing(make_app: MakeApp) -> None:
    client = make_app().test_client()
    assert client.post("/login/ada").status_code == 200
    assert client.post("/data", json={"a": 1}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert client.post("/login/mallory", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert client.get("/data", headers={"Sec-Fetch-Site": "cross-site"}).json == {}
    assert subject_of(client.get("/whoami")) == "ada"


def test_by_default_a_request_pays_nothing_for_it(make_app: MakeApp) -> None:
    app = make_app()

    @app.post("/untouched")
    def untouched() -> str:
        return ""

    client = app.test_client()
    client.post("/login/ada")
    response = client.post("/untouched", headers={"Sec-Fetch-Site": "same-origin"})
    assert "Vary" not in response.headers


def test_in_development_our_origin_is_the_one_of_the_request(make_app: MakeApp) -> None:
    client = make_app(DEV=True).test_client()
    assert client.post("/login/ada", headers={"Origin": "http://localhost"}).status_code == 200
    assert client.post("/login/ada", headers={"Origin": "https://localhost"}).status_code == 403


def test_off_is_off_but_a_view_may_ask(make_app: MakeApp) -> None:
    app = with_form(make_app(CSRF="off"))

    @app.route("/careful", methods=["GET", "POST"])
    def careful() -> str:
        check_csrf()
        return ""

    client = app.test_client()
    assert client.post("/login/ada", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200
    assert client.get("/careful").status_code == 200
    assert client.post("/careful").status_code == 403
    field = {"csrf_token": field_in(client.get("/form"))}
    assert client.post("/careful", data=field).status_code == 200
    assert client.post("/careful", data=field, headers={"Origin": EVIL}).status_code == 403


def test_exempt_views_are_left_alone_wherever_the_decorator_stands(app: Flask) -> None:
    @app.post("/hook/above")
    @csrf_exempt
    @session_required
    def above() -> str:
        return ""

    @app.post("/hook/below")
    @session_required
    @csrf_exempt
    def below() -> str:
        return ""

    client = app.test_client()
    log_in(client)
    foreign = {"Sec-Fetch-Site": "cross-site", "Origin": EVIL}
    assert client.post("/hook/above", headers=foreign).status_code == 200
    assert client.post("/hook/below", headers=foreign).status_code == 200
    assert client.post("/data", json={}, headers=foreign).status_code == 403


def test_a_blueprint_is_exempt_as_a_whole_with_what_is_nested_in_it(make_app: MakeApp) -> None:
    app = make_app(CSRF="token")
    hooks, inner = csrf_exempt(Blueprint("hooks", __name__)), Blueprint("inner", __name__)
    for blueprint in (hooks, inner):
        blueprint.add_url_rule(f"/{blueprint.name}", view_func=lambda: "", endpoint="x", methods=["POST"])
    hooks.register_blueprint(inner)
    app.register_blueprint(hooks)
    client = app.test_client()
    assert client.post("/hooks").status_code == client.post("/inner").status_code == 200
    assert client.post("/clear").status_code == 403


def test_a_request_that_no_view_takes_is_guarded_too(client: FlaskClient) -> None:
    # The hooks of the application run for it, and may act.
    assert client.post("/nowhere").status_code == 403
    assert client.get("/nowhere").status_code == 404


def test_a_refusal_is_an_event_and_a_line_that_says_what_to_do(
    client: FlaskClient, events: list[Event], caplog: pytest.LogCaptureFixture
) -> None:
    log_in(client)
    foreign = {"Sec-Fetch-Site": "cross-site", "Origin": EVIL}
    with caplog.at_level(logging.WARNING, logger="sessera"):
        client.post("/form", data={"csrf_token": "secret-text"})
        client.post("/form")
        client.post("/form", headers=foreign)
        client.delete_cookie(COOKIE)
        client.post("/form", headers=foreign)
        client.post("/form", data={"csrf_token": "secret-text"})
    told = [(event.kind, event.subject, event.reason) for event in events if event.kind == "malicious_csrf"]
    ada, nobody = ("malicious_csrf", "ada", "csrf_invalid"), ("malicious_csrf", None, "csrf_invalid")
    assert told == [ada, ada, ada, nobody, nobody]
    assert len(caplog.records) == 5
    for part in ("csrf_field()", "X-CSRF-Token", "@csrf_exempt", "SESSERA_CSRF_TRUSTED_ORIGINS"):
        assert part in caplog.text
    for part in ("secret-text", "evil.example"):
        assert part not in caplog.text


def test_an_application_answers_in_its_own_words(app: Flask) -> None:
    @app.errorhandler(CsrfInvalid)
    def answer(_error: CsrfInvalid) -> tuple[str, int]:
        return "again, please", 403

    assert app.test_client().post("/form").text == "again, please"


def test_the_form_is_read_only_where_the_header_is_missing(app: Flask) -> None:
    @app.post("/raw")
    def raw() -> str:
        return request.get_data(as_text=True)

    client = app.test_client()
    headers = {"X-CSRF-Token": field_in(client.get("/form"))}
    assert client.post("/raw", data={"a": "1"}, headers=headers).text == "a=1"


def test_a_session_that_cannot_be_judged_is_503_and_not_403(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def token_of(_self: Keeper, _environ: object) -> None:
        raise RevocationsStale("x")

    field = field_in(client.get("/form"))
    monkeypatch.setattr(Keeper, "token_of", token_of)
    assert client.post("/form", data={"csrf_token": field}).status_code == 503
    page = client.get("/form")
    assert 'value=""' in page.text
    assert not set_cookies(page), "nothing takes the place of what may be a good session"


def test_a_stream_that_has_begun_says_that_it_is_too_late(app: Flask) -> None:
    @app.get("/stream")
    def stream() -> Response:
        def parts() -> Iterator[str]:
            assert not current_session
            yield "a"
            yield csrf_token()

        assert not current_session
        return Response(stream_with_context(parts()))

    with pytest.raises(RuntimeError, match="headers are made already"):
        _ = app.test_client().get("/stream").text


def test_without_cookies_there_is_nothing_to_guard(make_app: MakeApp) -> None:
    app = with_form(make_app(CSRF="token", LOCATIONS=("header",)))
    assert app.test_client().post("/form", headers={"Origin": EVIL}).status_code == 200


def test_a_copied_session_in_another_process_knows_the_tokens(make_app: MakeApp) -> None:
    here, there = (with_form(make_app(CSRF="token")) for _ in range(2))
    client = here.test_client()
    field = field_in(client.get("/form"))
    response = there.test_client(use_cookies=False).post(
        "/form", data={"csrf_token": field}, headers={"Cookie": f"{COOKIE}={token_in(client)}"}
    )
    assert response.status_code == 200
    assert send(there, token_in(client), "/form", "POST").status_code == 403


def test_our_tokens_are_known_by_their_length(app: Flask) -> None:
    assert len(field_in(app.test_client().get("/form"))) == _LENGTH


WEBSOCKET = {"Upgrade": "websocket", "Connection": "Upgrade"}


@pytest.mark.parametrize("mode", ["origin", "token"])
def test_a_page_of_another_site_opens_no_websocket_with_our_cookie(make_app: MakeApp, mode: str) -> None:
    app = make_app(CSRF=mode)
    app.add_url_rule("/ws", view_func=lambda: str(bool(current_session)), endpoint="ws", websocket=True)
    client, stranger = app.test_client(), app.test_client(use_cookies=False)
    with client.session_transaction() as session:
        session["seen"] = True
    ours: list[dict[str, str]] = [{"Origin": "https://localhost"}, {"Sec-Fetch-Site": "same-origin"}, {}]
    for headers in ours:
        assert client.get("/ws", headers={**WEBSOCKET, **headers}).status_code == 200
    foreign = {"Origin": EVIL}, {"Sec-Fetch-Site": "same-site", "Origin": "https://blog.localhost"}
    for headers in foreign:
        assert client.get("/ws", headers={**WEBSOCKET, **headers}).status_code == 403
        bearer = {"Authorization": "Bearer x"}
        assert stranger.get("/ws", headers={**WEBSOCKET, **headers, **bearer}).status_code == 200


def test_it_is_asked_before_any_hook_of_the_applications(make_app: MakeApp) -> None:
    ran: list[str] = []

    def before(app: Flask) -> None:
        app.before_request(lambda: ran.append("before"))

    app = make_app(before=before)
    app.before_request(lambda: ran.append("after"))
    client = app.test_client()
    assert client.post("/login/ada", headers={"Origin": EVIL}).status_code == 403
    assert ran == []
    assert client.post("/login/ada").status_code == 200
    assert ran == ["before", "after"]
