"""What another site causes comes without our cookie: what it begins must not take that one's place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from flask import Flask, render_template_string, session

from sessera.flask import csrf_exempt, login
from tests.flask.browser import set_cookies, subject_of

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from flask.typing import ResponseReturnValue

    from tests.flask.conftest import MakeApp

pytestmark = pytest.mark.parametrize("store", ["memory", "data-in-store"], indirect=True)

FOREIGN = {"Sec-Fetch-Site": "cross-site", "Origin": "https://pay.example"}
OURS = {"Sec-Fetch-Site": "same-origin"}


def with_views(app: Flask) -> Flask:
    @app.route("/back", methods=["GET", "POST"])
    @csrf_exempt
    def back() -> str:
        session["paid"] = True
        return render_template_string("{{ csrf_field() }}")

    @app.post("/in/<subject>")
    @csrf_exempt
    def enter(subject: str) -> str:
        login(subject)
        return ""

    @app.errorhandler(403)
    def refused(_error: Exception) -> ResponseReturnValue:
        return render_template_string("{{ csrf_field() }}"), 403

    return app


def from_elsewhere(app: Flask) -> FlaskClient:
    """What a browser with a good cookie sends where `SameSite` keeps that at home."""
    return app.test_client(use_cookies=False)


@pytest.mark.parametrize("path", ["/back", "/data"])
def test_what_another_site_posts_replaces_no_cookie(make_app: MakeApp, path: str) -> None:
    answer = from_elsewhere(with_views(make_app(CSRF="token"))).post(path, headers=FOREIGN)
    assert answer.status_code == (200 if path == "/back" else 403)
    assert not set_cookies(answer)


def test_a_strict_cookie_is_not_replaced_by_who_follows_a_link(make_app: MakeApp) -> None:
    app = with_views(make_app(CSRF="token", COOKIE_SAMESITE="Strict"))
    assert not set_cookies(from_elsewhere(app).get("/back", headers=FOREIGN))
    assert len(set_cookies(from_elsewhere(app).get("/back", headers=OURS))) == 1


@pytest.mark.parametrize("same_site", ["Lax", "None"])
def test_who_follows_a_link_brings_other_cookies_and_begins(make_app: MakeApp, same_site: str) -> None:
    app = with_views(make_app(CSRF="token", COOKIE_SAMESITE=same_site))
    assert len(set_cookies(from_elsewhere(app).get("/back", headers=FOREIGN))) == 1
    posted = from_elsewhere(app).post("/back", headers=FOREIGN)
    assert len(set_cookies(posted)) == (same_site == "None")


def test_who_has_just_come_from_a_link_can_log_in(make_app: MakeApp) -> None:
    """The form has no token, since no session may begin; the browser says that the page is ours."""
    app = with_views(make_app(CSRF="token", COOKIE_SAMESITE="Strict"))
    client = app.test_client()
    assert 'value=""' in client.get("/back", headers=FOREIGN).text
    for headers in (FOREIGN, {}):
        assert from_elsewhere(app).post("/login/ada", headers=headers).status_code == 403
    assert client.post("/login/ada", headers=OURS).status_code == 200
    assert subject_of(client.get("/whoami")) == "ada"
    assert client.post("/clear", headers=OURS).status_code == 403, "with a session a token is asked for"


def test_a_login_is_meant_wherever_it_comes_from(make_app: MakeApp) -> None:
    """An identity provider posts to us; whoever writes such a view checks what it brings."""
    app = with_views(make_app())
    assert len(set_cookies(from_elsewhere(app).post("/in/ada", headers=FOREIGN))) == 1


def test_a_session_that_came_along_goes_on(make_app: MakeApp) -> None:
    app = with_views(make_app(COOKIE_SAMESITE="None"))
    client = app.test_client()
    client.post("/in/ada")
    client.post("/back", headers=FOREIGN)
    assert client.get("/data").json == {"paid": True}
