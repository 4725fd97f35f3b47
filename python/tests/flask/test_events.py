"""What happens is signalled, and told to the application's hooks."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flask import Flask, session

from sessera import Event
from sessera.flask import Sessera, SessionEvent, current_session, elevate, event_signal, login, session_event
from sessera.flask.events import KINDS
from tests.flask.browser import COOKIE, send, token_in

if TYPE_CHECKING:
    from sessera import Keyring, ManualClock
    from tests.flask.conftest import MakeApp


def test_events_are_signalled_for_their_application(make_app: MakeApp, clock: ManualClock) -> None:
    app, other = make_app(), make_app()
    seen: list[SessionEvent] = []
    others: list[SessionEvent] = []

    def note(_sender: Flask, event: SessionEvent, **_extra: object) -> None:
        seen.append(event)

    def note_others(_sender: Flask, event: SessionEvent, **_extra: object) -> None:
        others.append(event)

    with session_event.connected_to(note, app), session_event.connected_to(note_others, other):
        client = app.test_client()
        token = client.post("/login/ada").get_json()["token"]
        clock.advance(301)
        client.get("/whoami")
        client.post("/elevate")
        client.post("/logout")
        client.set_cookie(COOKIE, token)
        client.get("/whoami")
    assert [event.kind for event in seen] == [
        "session_created",
        "authn_login_success",
        "session_rotated",
        "privilege_permissions_changed",
        "authn_token_revoked",
        "session_expired",
        "session_refused",
    ]
    assert seen[0].subject == "ada"
    assert seen[-1].reason == "revoked"
    assert not others


def test_a_lost_race_is_not_told_as_a_theft(make_app: MakeApp, clock: ManualClock) -> None:
    app = make_app()
    kinds: list[str] = []

    def note(_sender: Flask, event: SessionEvent, **_extra: object) -> None:
        kinds.append(event.kind)

    @app.post("/slow")
    def slow() -> str:
        assert current_session
        tab = app.test_client()
        tab.set_cookie(COOKIE, token_in(client))
        tab.get("/whoami")
        tab.get("/whoami")
        clock.advance(60)
        session["late"] = True
        return ""

    client = app.test_client()
    client.post("/login/ada")
    clock.advance(301)
    with session_event.connected_to(note, app):
        client.post("/slow")
    assert kinds == ["session_rotated"]


def test_a_kind_has_a_signal_of_its_own(make_app: MakeApp) -> None:
    app, seen = make_app(), list[tuple[str, str | None]]()

    def note(_sender: Flask, event: SessionEvent, **_extra: object) -> None:
        seen.append((event.kind, event.subject))

    with event_signal("authn_login_success").connected_to(note, app):
        client = app.test_client()
        client.post("/data", json={"a": 1})
        client.post("/login/ada")
        client.post("/logout")
    assert seen == [("authn_login_success", "ada")]


def test_every_kind_that_the_core_tells_has_a_signal() -> None:
    core = Path(__file__).resolve().parents[3] / "crates/sessera/src/event.rs"
    told = set(re.findall(r'Self::\w+ => "(\w+)"', core.read_text()))
    assert len(told) >= 12
    assert told | {"authn_login_success", "session_expired"} == set(KINDS)
    assert {event_signal(kind).name for kind in KINDS} == set(KINDS)
    with pytest.raises(ValueError, match="session_made"):
        event_signal("session_made")


@pytest.fixture
def told() -> list[tuple[str, str | None, str | None]]:
    """What the hooks of `hooked` were told: the hook, the subject, the reason."""
    return []


@pytest.fixture
def hooked(make_app: MakeApp, told: list[tuple[str, str | None, str | None]]) -> Flask:
    app = make_app()
    extension = hooks_into(told)
    app.extensions["sessera"]._hooks_of = extension.hooks_of
    return app


def hooks_into(told: list[tuple[str, str | None, str | None]]) -> Sessera:
    extension = Sessera()
    for name in ("login", "logout", "elevate", "revoke", "reuse", "refuse", "client_change", "csrf"):

        def hook(event: SessionEvent, name: str = name) -> None:
            told.append((name, event.subject, event.reason))

        assert getattr(extension, f"on_{name}")(hook) is hook
    return extension


def test_hooks_are_told_of_what_they_are_named_after(
    hooked: Flask, told: list[tuple[str, str | None, str | None]], clock: ManualClock
) -> None:
    def new() -> list[tuple[str, str | None, str | None]]:
        latest, told[:] = told[:], []
        return latest

    client = hooked.test_client()
    client.post("/data", json={"a": 1})
    assert new() == []
    client.post("/login/ada")
    assert new() == [("login", "ada", None)], "a visitor's token is no session that could be revoked"
    client.post("/elevate")
    assert new() == [("elevate", "ada", None)]
    clock.advance(301)
    old = token_in(client)
    client.get("/whoami")
    client.get("/whoami")
    clock.advance(11)
    send(hooked, old)
    assert new() == [("reuse", "ada", None)]
    client.get("/whoami")
    assert new() == [("refuse", "ada", "revoked")]
    client.post("/login/ada", headers={"User-Agent": "curl/8"})
    new()
    client.get("/whoami", headers={"User-Agent": "Firefox/140.0"})
    assert new() == [("client_change", "ada", None)]
    client.post("/data", json={}, headers={"Sec-Fetch-Site": "cross-site"})
    assert new() == [("client_change", "ada", None), ("csrf", "ada", "csrf_invalid")]
    client.post("/logout", headers={"User-Agent": "curl/8"})
    assert new() == [("revoke", "ada", None), ("logout", "ada", "logout")]
    client.post("/logout")
    assert new() == []
    client.post("/data", json={"a": 1})
    client.post("/logout")
    assert new() == [], "a visitor was not logged in"
    client.post("/login/ada")
    clock.advance(1831)
    new()
    client.get("/whoami")
    assert new() == [("refuse", "ada", "expired")]


def test_keeping_one_session_is_neither_a_login_nor_a_logout(
    hooked: Flask, told: list[tuple[str, str | None, str | None]]
) -> None:
    client = hooked.test_client()
    client.post("/login/ada")
    told.clear()
    client.post("/logout-everywhere?keep=1")
    assert told == [("revoke", "ada", None)]
    told.clear()
    client.post("/logout-everywhere")
    assert ("logout", "ada", "logout") in told


def test_a_login_and_a_logout_name_the_session_as_the_others_do(make_app: MakeApp) -> None:
    app, seen = make_app(), list[SessionEvent]()

    def note(_sender: Flask, event: SessionEvent, **_extra: object) -> None:
        seen.append(event)

    with session_event.connected_to(note, app):
        client, other = app.test_client(), app.test_client()
        client.post("/login/ada")
        client.post("/login/bob")
        other.post("/login/eve")
        client.post("/logout")
    names = {(event.kind, event.subject): event.session for event in seen}
    assert names["authn_login_success", "bob"] == names["session_created", "bob"] is not None
    assert names["session_expired", "bob"] == names["session_created", "bob"]
    assert names["authn_login_success", "eve"] != names["authn_login_success", "bob"]


def test_without_a_store_a_logout_is_told_of_no_other_session(make_app: MakeApp) -> None:
    app, seen = make_app(STORE=None), list[SessionEvent]()

    def note(_sender: Flask, event: SessionEvent, **_extra: object) -> None:
        seen.append(event)

    client = app.test_client()
    client.post("/login/ada")
    with event_signal("session_expired").connected_to(note, app):
        app.test_client().post("/login/bob")
        client.post("/logout")
    assert [(event.subject, event.session) for event in seen] == [("ada", None)]


def test_hooks_see_the_new_session_and_may_be_async(keyring: Keyring) -> None:
    app, extension, seen = Flask("shop"), Sessera(), list[object]()
    app.config.update(SESSERA_KEYRING=keyring, SESSERA_STORE="memory", TESTING=True)
    extension.init_app(app)

    @extension.on_login
    async def welcome(event: SessionEvent) -> None:
        seen.append((event.subject, bool(current_session)))

    @extension.on_elevate
    def risen(_event: SessionEvent) -> None:
        seen.append(current_session.subject)

    with app.test_request_context():
        login("ada")
        elevate()
    assert seen == [("ada", True), "ada"]


def test_hooks_are_of_all_applications_of_an_extension(keyring: Keyring) -> None:
    extension, seen = Sessera(), list[str | None]()

    @extension.on_login
    def note(event: SessionEvent) -> None:
        seen.append(event.subject)

    for name in ("shop", "blog"):
        app = Flask(name)
        app.config.update(SESSERA_KEYRING=keyring, SESSERA_STORE="memory", TESTING=True)
        extension.init_app(app)
        with app.test_request_context():
            login(name)
    other = Flask("other")
    other.config.update(SESSERA_KEYRING=keyring, SESSERA_STORE="memory", TESTING=True)
    Sessera(other)
    with other.test_request_context():
        login("other")
    assert seen == ["shop", "blog"]


def test_what_a_hook_raises_is_logged_and_stops_nothing(
    keyring: Keyring, caplog: pytest.LogCaptureFixture
) -> None:
    app, extension, seen = Flask("shop"), Sessera(), list[str]()
    app.config.update(SESSERA_KEYRING=keyring, SESSERA_STORE="memory", TESTING=True)
    extension.init_app(app)

    @extension.on("authn_login_success", "session_created")
    def fail(_event: SessionEvent) -> None:
        raise ZeroDivisionError

    @extension.on_login
    def note(event: SessionEvent) -> None:
        seen.append(event.kind)

    with app.test_request_context():
        login("ada")
        assert current_session.subject == "ada"
    assert seen == ["authn_login_success"]
    failures = [record for record in caplog.records if record.exc_info]
    assert len(failures) == 2


def test_a_hook_for_what_never_happens_is_refused() -> None:
    with pytest.raises(ValueError, match="logged_in"):
        Sessera().on("logged_in")


def test_an_event_says_what_the_core_said() -> None:
    fields = set(SessionEvent.__dataclass_fields__)
    assert fields == {name for name in dir(Event) if not name.startswith("_")}
