"""What goes wrong in the first hour: settings, files, schemes; each message says what to do."""

from __future__ import annotations

import logging
import os
import threading
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask, session
from flask.cli import FlaskGroup

from sessera import InvalidConfig, Keyring, SqliteStore
from sessera.flask import Sessera
from tests.flask.browser import send, subject_of, token_in

if TYPE_CHECKING:
    from pathlib import Path

    from tests.flask.conftest import MakeApp

SAFARI = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.5 Safari/605.1.15"
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36"


def plain_app(folder: Path, **settings: Any) -> Flask:
    app = Flask("shop", instance_path=str(folder / "instance"))
    app.config.update(settings)
    Sessera(app)

    @app.get("/untouched")
    def untouched() -> str:
        return "untouched"

    @app.get("/count")
    def count() -> list[int]:
        session["count"] = session.get("count", 0) + 1
        return [session["count"]]

    return app


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


def test_building_an_application_makes_no_keys(tmp_path: Path) -> None:
    app = plain_app(tmp_path)
    routes = app.test_cli_runner().invoke(FlaskGroup(create_app=lambda: app), ["routes"])
    assert "count" in routes.output
    app.test_client().get("/untouched")
    assert list(tmp_path.iterdir()) == []
    assert app.test_client().get("/count").json == [1]
    made = {file.name for file in (tmp_path / "instance").iterdir()}
    assert {"sessera-keys.json", "sessera.db"} <= made


def test_requests_that_come_first_together_use_the_same_keys(tmp_path: Path) -> None:
    apps = [plain_app(tmp_path, SESSERA_STORE="memory") for _ in range(2)]
    clients = [app.test_client() for app in apps for _ in range(8)]
    ready = threading.Barrier(len(clients))

    def ask(client: Any) -> None:
        ready.wait()
        client.get("/count")

    threads = [threading.Thread(target=ask, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for client in clients:
        for app in apps:
            other = app.test_client()
            other.set_cookie("__Host-session", token_in(client))
            assert other.get("/count").json == [2]


def test_a_missing_key_file_that_cannot_be_made_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "instance").write_text("a file")
    with pytest.raises(InvalidConfig, match=r"SESSERA_KEYRING: no key file at .*writable.*keys generate"):
        plain_app(tmp_path)
    with pytest.raises(InvalidConfig, match=r"SESSERA_STORE: no session database at .*writable"):
        plain_app(tmp_path, SESSERA_KEYRING=str(tmp_path / "keys.json"))
    assert [path.name for path in tmp_path.iterdir()] == ["instance"]


def test_a_folder_that_is_read_only_stops_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Root, who runs these tests in CI, may write everywhere.
    monkeypatch.setattr(os, "access", lambda *_arguments, **_options: False)
    with pytest.raises(InvalidConfig, match=r"SESSERA_KEYRING: .*read-only for this process"):
        plain_app(tmp_path)


def test_wrong_settings_are_refused_before_there_are_keys(tmp_path: Path) -> None:
    wrong = {"SEALED": "yes", "IDLE_TIMEOUT": "0", "STORE": "redis", "ALGORITHM": "RS256"}
    for name, value in wrong.items():
        with pytest.raises(InvalidConfig, match=f"SESSERA_{name}"):
            plain_app(tmp_path, **{f"SESSERA_{name}": value})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("value", ["my-secret", "s3cr3t/with+base64==", "x" * 5000, "dev", "a\0b"])
def test_a_secret_is_no_key_file_and_is_not_repeated(tmp_path: Path, value: str) -> None:
    with pytest.raises(InvalidConfig, match=r"SESSERA_KEYRING .*no secret.*Keyring") as raised:
        plain_app(tmp_path, SESSERA_KEYRING=value)
    assert value not in str(raised.value)
    assert list(tmp_path.iterdir()) == []


def test_keys_as_text_name_the_constructor(tmp_path: Path) -> None:
    ring = Keyring.generate("EdDSA")
    (key,) = ring.keys()
    values: list[Any] = [ring.private_jwks(), {"keys": []}, ring.private_pem(key.kid)]
    for value in values:
        with pytest.raises(InvalidConfig, match=r"SESSERA_KEYRING holds keys.*Keyring\.from_jwks"):
            plain_app(tmp_path, SESSERA_KEYRING=value)


@pytest.mark.parametrize(
    "value",
    [
        "redis//host",
        "redis:/host:6379",
        "redis:host",
        "redis.internal",
        "localhost:6379",
        "cache:6379/0",
        "postgres:db",
        "https:/host",
        "my-secret",
        "sqlite:///sessera.db",
    ],
)
def test_a_mistyped_url_is_no_database(tmp_path: Path, value: str) -> None:
    before = set(os.listdir())
    with pytest.raises(InvalidConfig, match="SESSERA_STORE") as raised:
        plain_app(tmp_path, SESSERA_STORE=value)
    assert value not in str(raised.value)
    assert set(os.listdir()) == before


def test_a_path_object_and_a_file_that_exists_may_have_any_name(tmp_path: Path) -> None:
    keys, store = tmp_path / "keys", tmp_path / "store"
    for _ in range(2):
        app = plain_app(tmp_path, SESSERA_KEYRING=keys, SESSERA_STORE=store)
        assert app.test_client().get("/count").json == [1]
    app = plain_app(tmp_path, SESSERA_KEYRING=str(keys), SESSERA_STORE=str(store))
    assert app.test_client().get("/count").json == [1]


def test_keys_of_another_algorithm_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    Keyring.generate("HS256").save(path)
    with pytest.raises(InvalidConfig, match=r"SESSERA_ALGORITHM is EdDSA, but the keys .* are HS256.*log in"):
        plain_app(tmp_path, SESSERA_KEYRING=path, SESSERA_ALGORITHM="EdDSA")
    with pytest.raises(InvalidConfig, match="SESSERA_ALGORITHM is ES256"):
        plain_app(tmp_path, SESSERA_KEYRING=Keyring.generate("EdDSA"), SESSERA_ALGORITHM="ES256")
    for algorithm in ({}, {"SESSERA_ALGORITHM": "HS256"}):
        plain_app(tmp_path, SESSERA_KEYRING=path, **algorithm)


@pytest.mark.parametrize("name", ["SESERA_STORE", "SESSRA_STORE", "sessera_store", "SESSERA_STOER"])
def test_a_misspelt_name_says_what_was_meant(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidConfig, match=f"no setting {name}; did you mean SESSERA_STORE"):
        plain_app(tmp_path, **{name: "memory"})


@pytest.mark.parametrize("name", ["SESSION_STORE", "SERVER_STORE", "SESSIONS_DATA", "SESSERATI_LOGO"])
def test_names_of_others_are_left_alone(tmp_path: Path, name: str) -> None:
    plain_app(tmp_path, **{name: 1})


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", True), ("true", True), ("True", True), ("0", False), ("false", False), ("FALSE", False)],
)
def test_a_flag_of_the_environment_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, value: object
) -> None:
    monkeypatch.setenv("FLASK_SESSERA_LIST_SESSIONS", text)
    monkeypatch.setenv("FLASK_SESSERA_DEVICE_COOKIE", text)
    app = Flask("shop", instance_path=str(tmp_path))
    app.config.from_prefixed_env()
    Sessera(app)
    settings = app.extensions["sessera"].settings
    assert settings.list_sessions is value
    assert (settings.device_cookie is not None) is value


def test_a_text_that_is_no_flag_says_what_is(tmp_path: Path) -> None:
    for value in ("yes", "on", "", 2, None, 1.0):
        with pytest.raises(InvalidConfig, match=r"SESSERA_LIST_SESSIONS must be True or False \(in an"):
            plain_app(tmp_path, SESSERA_LIST_SESSIONS=value)


def test_settings_without_effect_are_named_once_with_ours(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    plain_app(
        tmp_path,
        TESTING=True,
        SESSION_COOKIE_NAME="shop",
        SESSION_COOKIE_DOMAIN=".shop.example",
        SESSION_COOKIE_SAMESITE="Strict",
        PERMANENT_SESSION_LIFETIME=3600,
        SESSION_TYPE="redis",
    )
    (line,) = warnings_of(caplog)
    for words in (
        "SESSION_COOKIE_NAME (set SESSERA_COOKIE_NAME)",
        "SESSION_COOKIE_DOMAIN (the cookie goes to the host",
        "SESSION_COOKIE_SAMESITE (set SESSERA_COOKIE_SAMESITE)",
        "PERMANENT_SESSION_LIFETIME (set SESSERA_IDLE_TIMEOUT and SESSERA_ABSOLUTE_TIMEOUT)",
        "SESSION_TYPE (set SESSERA_STORE and SESSERA_DATA)",
    ):
        assert words in line


def test_settings_that_ask_for_what_is_done_anyway_are_not_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    plain_app(
        tmp_path,
        TESTING=True,
        SESSION_COOKIE_SECURE=True,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_NAME="shop",
        SESSERA_COOKIE_NAME="__Host-shop",
        PERMANENT_SESSION_LIFETIME=12 * 3600,
    )
    assert warnings_of(caplog) == []


def test_an_issuer_that_nobody_chose_is_named_at_the_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    plain_app(tmp_path)
    (line,) = warnings_of(caplog)
    assert "http://localhost" in line
    assert "SESSERA_ISSUER" in line
    assert "SERVER_NAME" in line
    assert "logs everybody out" in line


@pytest.mark.parametrize(
    "settings",
    [
        {"SESSERA_ISSUER": "https://shop.example"},
        {"SERVER_NAME": "shop.example"},
        {"TESTING": True},
        {"DEBUG": True},
    ],
)
def test_an_issuer_that_was_chosen_is_fine(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, settings: dict[str, Any]
) -> None:
    plain_app(tmp_path, **settings)
    assert warnings_of(caplog) == []


def over(app: Flask, base_url: str, **headers: str) -> None:
    app.test_client().get("/count", base_url=base_url, headers=headers)


@pytest.fixture
def served(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Flask:
    app = plain_app(tmp_path, SESSERA_ISSUER="https://shop.example")
    assert caplog.records == []
    return app


def test_a_secure_cookie_over_plain_http_is_a_warning_once(
    served: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        over(served, "http://192.168.0.7:5000")
    (line,) = warnings_of(caplog)
    for words in ("plain http", "nobody stays logged in", "SESSERA_DEV = True", "X-Forwarded-Proto: https"):
        assert words in line


@pytest.mark.parametrize(
    ("base_url", "headers"),
    [
        ("https://shop.example", {}),
        ("http://shop.example", {"X-Forwarded-Proto": "https"}),
        ("http://shop.example", {"X-Forwarded-Proto": "https, http"}),
        ("http://shop.example", {"Forwarded": "for=203.0.113.7; proto=https"}),
        ("http://shop.example", {"X-Forwarded-Ssl": "on"}),
        ("http://shop.example", {"Origin": "https://shop.example"}),
        ("http://shop.example", {"Referer": "https://shop.example/login"}),
        ("http://shop.example", {"Sec-Fetch-Site": "same-origin"}),
        ("http://localhost:5000", {}),
        ("http://127.0.0.1:5000", {"User-Agent": CHROME}),
        ("http://[::1]:5000", {}),
        ("http://shop.localhost", {}),
    ],
)
def test_a_cookie_that_is_kept_is_no_warning(
    served: Flask, caplog: pytest.LogCaptureFixture, base_url: str, headers: dict[str, str]
) -> None:
    over(served, base_url, **headers)
    assert warnings_of(caplog) == []


@pytest.mark.parametrize(
    ("base_url", "headers"),
    [
        ("http://shop.example", {"X-Forwarded-Proto": "http"}),
        ("http://shop.example", {"Origin": "http://shop.example"}),
        ("http://localhost.example", {}),
        ("http://localhost:5000", {"User-Agent": SAFARI}),
    ],
)
def test_a_cookie_that_is_dropped_is_a_warning(
    served: Flask, caplog: pytest.LogCaptureFixture, base_url: str, headers: dict[str, str]
) -> None:
    over(served, base_url, **headers)
    assert len(warnings_of(caplog)) == 1


def test_development_over_plain_http_is_no_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    app = plain_app(tmp_path, SESSERA_DEV=True)
    caplog.clear()
    over(app, "http://192.168.0.7:5000")
    assert warnings_of(caplog) == []


def test_the_first_unknown_key_of_a_process_is_a_warning(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    one, other = make_app(), make_app(KEYRING=Keyring.generate("HS256"))
    token = one.test_client().post("/login/ada").get_json()["token"]
    caplog.clear()
    for _ in range(3):
        assert subject_of(send(other, token)) is None
    refused = [record for record in caplog.records if "unknown_key" in record.getMessage()]
    assert [record.levelno for record in refused] == [logging.WARNING, logging.INFO, logging.INFO]
    assert "replicas probably have different keys" in refused[0].getMessage()
    assert "SESSERA_KEYRING" in refused[0].getMessage()
    assert token not in caplog.text


@pytest.mark.parametrize(("setting", "code"), [("ISSUER", "wrong_issuer"), ("AUDIENCE", "wrong_audience")])
def test_a_token_of_our_key_for_another_name_is_a_warning(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture, setting: str, code: str
) -> None:
    caplog.set_level(logging.INFO)
    token = make_app().test_client().post("/login/ada").get_json()["token"]
    other = make_app(**{setting: "https://other.example"})
    caplog.clear()
    for _ in range(2):
        send(other, token)
    refused = [record for record in caplog.records if code in record.getMessage()]
    assert [record.levelno for record in refused] == [logging.WARNING, logging.WARNING]
    assert f"SESSERA_{setting}" in refused[0].getMessage()
    assert f"SESSERA_{setting}" not in refused[1].getMessage()


def test_other_refusals_stay_at_info(make_app: MakeApp, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    send(make_app(), "no.token")
    (record,) = [record for record in caplog.records if "malformed" in record.getMessage()]
    assert record.levelno == logging.INFO


def test_a_store_is_opened_at_the_start_where_there_are_keys(tmp_path: Path, keyring: Keyring) -> None:
    plain_app(tmp_path, SESSERA_KEYRING=keyring)
    assert isinstance(SqliteStore(tmp_path / "instance" / "sessera.db"), SqliteStore)
    with pytest.raises(InvalidConfig, match="SESSERA_STORE: no session store at that URL"):
        plain_app(tmp_path, SESSERA_KEYRING=keyring, SESSERA_STORE="redis://127.0.0.1:1")


def test_a_store_that_is_away_at_the_first_use_is_503(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app = plain_app(tmp_path, SESSERA_STORE="redis://127.0.0.1:1", TESTING=True)
    for _ in range(2):
        caplog.clear()
        answer = app.test_client().get("/count")
        assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
        assert "SESSERA_STORE: no session store at that URL" in caplog.text
