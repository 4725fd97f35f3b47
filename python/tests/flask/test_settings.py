"""Every setting is checked when the extension is set up, and a wrong one is named."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask, session

from sessera import BindingPolicy, InvalidConfig, Keyring, Policy, SqliteStore
from sessera.flask import Sessera
from sessera.flask.cookies import COOKIES_OF_OTHERS
from sessera.flask.login_manager import LoginManager
from sessera.flask.settings import DEFAULTS, Settings
from tests.flask.browser import error_of, send, set_cookies

if TYPE_CHECKING:
    from pathlib import Path

    from tests.flask.conftest import MakeApp

WRONG: list[tuple[str, Any]] = [
    ("ISSUER", ""),
    ("ISSUER", 1),
    ("ISSUER", "x" * 513),
    ("AUDIENCE", ""),
    ("AUDIENCE", None),
    ("ALGORITHM", "none"),
    ("ALGORITHM", "RS256"),
    ("KEYRING", 1),
    ("KEYRING", ""),
    ("KEYRING", None),
    ("STORE", "redis://localhost"),
    ("STORE", "redis"),
    ("STORE", "redis:6379"),
    ("STORE", "Valkey"),
    ("STORE", "sqlite"),
    ("STORE", "None"),
    ("STORE", "Memory"),
    ("STORE", ":memory:"),
    ("STORE", "/dev/null/sessera.db"),
    ("STORE", "a\0b"),
    ("STORE", ""),
    ("STORE", True),
    ("STORE", object()),
    ("DATA", "cookie"),
    ("DATA", None),
    ("POLICY", {"idle_timeout": 1}),
    ("POLICY", None),
    ("IDLE_TIMEOUT", 0),
    ("IDLE_TIMEOUT", -1),
    ("IDLE_TIMEOUT", "1800"),
    ("IDLE_TIMEOUT", True),
    ("IDLE_TIMEOUT", float("nan")),
    ("IDLE_TIMEOUT", float("inf")),
    ("IDLE_TIMEOUT", timedelta(days=2)),
    ("ABSOLUTE_TIMEOUT", timedelta(minutes=1)),
    ("ABSOLUTE_TIMEOUT", timedelta(days=401)),
    ("BINDING", None),
    ("BINDING", "enforce"),
    ("BINDING", {"ip": "Enforce"}),
    ("BINDING", {"ip": True}),
    ("BINDING", {"ip": ["report"]}),
    ("BINDING", {"address": "report"}),
    ("BINDING", {1: "report"}),
    ("BINDING", {"ipv4_prefix": 7}),
    ("BINDING", {"ipv4_prefix": True}),
    ("BINDING", {"ipv6_prefix": 129}),
    ("REMEMBER_FOR", 0),
    ("REMEMBER_FOR", True),
    ("REMEMBER_FOR", timedelta(hours=11)),
    ("REMEMBER_FOR", timedelta(days=401)),
    ("LIST_SESSIONS", 2),
    ("LIST_NETWORKS", None),
    ("MAX_SESSIONS", 0),
    ("MAX_SESSIONS", True),
    ("MAX_SESSIONS", "3"),
    ("SEALED", "yes"),
    ("COOKIE_NAME", ""),
    ("COOKIE_NAME", "a b"),
    ("COOKIE_NAME", "__Host-"),
    ("COOKIE_NAME", None),
    ("COOKIE_SAMESITE", "lax"),
    ("COOKIE_SAMESITE", None),
    ("COOKIE_PARTITIONED", "yes"),
    ("DEVICE_COOKIE", None),
    ("DEVICE_COOKIE", 2),
    ("DEVICE_COOKIE", ""),
    ("DEVICE_COOKIE", "a b"),
    ("DEVICE_COOKIE", "__Host-session"),
    ("CLEAR_SITE_DATA", 2),
    ("DEV", "yes"),
    ("LOCATIONS", "cookie"),
    ("LOCATIONS", ()),
    ("LOCATIONS", ("cookie", "query")),
    ("LOCATIONS", (["cookie"],)),
    ("CSRF", "on"),
    ("CSRF", None),
    ("CSRF", True),
    ("CSRF", ["token"]),
    ("CSRF_TRUSTED_ORIGINS", "https://pay.example"),
    ("CSRF_TRUSTED_ORIGINS", ("pay.example",)),
    ("CSRF_TRUSTED_ORIGINS", (1,)),
    ("IMPORT_UNTIL", True),
    ("IMPORT_UNTIL", datetime(2030, 1, 1)),  # noqa: DTZ001
    ("IMPORT_UNTIL", datetime(2030, 1, 1, tzinfo=timezone.utc)),  # there is no SECRET_KEY
    ("IMPORT_SUBJECT", "user_id"),
    ("IMPORT_SUBJECT", 1),
    ("IMPORT_SUBJECT", ""),
    ("CLOCK_SKEW", -1),
    ("CLOCK_SKEW", "long"),
    ("TRUSTED_HOPS", -1),
    ("TRUSTED_HOPS", True),
    ("TRUSTED_HOPS", 1.0),
    ("TRUSTED_HOPS", 33),
    ("CLOCK", 0),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_wrong_value_is_an_error_that_names_the_setting(make_app: MakeApp, name: str, value: Any) -> None:
    with pytest.raises(InvalidConfig, match=f"SESSERA_{name}\\b"):
        make_app(**{name: value})


def test_every_setting_has_a_wrong_value_above() -> None:
    assert {f"SESSERA_{name}" for name, _ in WRONG} == set(DEFAULTS)


@pytest.mark.parametrize(
    ("name", "hint"), [("IDLE_TIMOUT", "SESSERA_IDLE_TIMEOUT"), ("COOKIE_SECURE", ""), ("", "")]
)
def test_an_unknown_setting_is_an_error_that_names_it(make_app: MakeApp, name: str, hint: str) -> None:
    with pytest.raises(InvalidConfig, match=f"SESSERA_{name}.*{hint}"):
        make_app(**{name: 1})


def test_a_name_that_is_like_no_setting_is_not_taken_for_one(make_app: MakeApp) -> None:
    with pytest.raises(InvalidConfig, match=r"no setting SESSERA_FOO$"):
        make_app(FOO=1)


def test_a_policy_and_a_timeout_at_once_are_refused(make_app: MakeApp) -> None:
    with pytest.raises(InvalidConfig, match="SESSERA_IDLE_TIMEOUT"):
        make_app(POLICY=Policy(), IDLE_TIMEOUT=60)


@pytest.mark.parametrize(
    ("binding", "named"),
    [
        ({"ip": "no"}, "ip must be one of off, report, step_up, enforce"),
        ({"ipv6_prefix": 8}, "ipv6_prefix must be a whole number from 16 to 128"),
        ({"agent": "off"}, "no 'agent', only device, user_agent, ip, key"),
    ],
)
def test_a_wrong_binding_is_named_to_the_fact(make_app: MakeApp, binding: Any, named: str) -> None:
    with pytest.raises(InvalidConfig, match=named):
        make_app(BINDING=binding)


def test_the_binding_is_the_policys(keyring: Keyring) -> None:
    app = Flask("shop")
    app.config.update(SESSERA_KEYRING=keyring, SESSERA_STORE="memory", SESSERA_IDLE_TIMEOUT=600)
    app.config["SESSERA_BINDING"] = {"ip": "enforce", "user_agent": "off", "ipv4_prefix": 32}
    expected = BindingPolicy(ip="enforce", user_agent="off", ipv4_prefix=32)
    assert Settings.of(app).policy == Policy(idle_timeout=600, binding=expected)
    app.config["SESSERA_BINDING"] = expected
    assert Settings.of(app).policy.binding == expected


def test_a_policy_and_a_binding_at_once_are_refused(make_app: MakeApp) -> None:
    with pytest.raises(InvalidConfig, match="SESSERA_BINDING"):
        make_app(POLICY=Policy(), BINDING={})


def test_sealed_tokens_show_nothing_and_are_the_only_ones_accepted(make_app: MakeApp) -> None:
    open_app, sealed_app = make_app(), make_app(SEALED=True)
    client = sealed_app.test_client()
    token = client.post("/login/ada", json={"role": "editor"}).get_json()["token"]
    assert token.count(".") == 4
    assert client.get("/whoami").get_json()["claims"] == {"role": "editor"}
    assert error_of(send(open_app, token)) == "malformed"
    signed = open_app.test_client().post("/login/ada").get_json()["token"]
    assert error_of(send(sealed_app, signed)) == "malformed"


def test_keys_that_cannot_seal_are_named(make_app: MakeApp) -> None:
    public = Keyring.from_public_jwks(Keyring.generate("EdDSA").jwks())
    with pytest.raises(InvalidConfig, match="SESSERA_SEALED"):
        make_app(KEYRING=public, SEALED=True, BINDING={"device": "off"})


def test_a_device_cookie_that_nobody_looks_at_is_refused(make_app: MakeApp) -> None:
    with pytest.raises(InvalidConfig, match="SESSERA_DEVICE_COOKIE"):
        make_app(DEVICE_COOKIE=True, BINDING={"device": "off"})


@pytest.mark.parametrize("name", ["LIST_SESSIONS", "LIST_NETWORKS", "MAX_SESSIONS"])
def test_a_list_in_no_store_is_refused(make_app: MakeApp, name: str) -> None:
    with pytest.raises(InvalidConfig, match=f"SESSERA_{name} needs a store"):
        make_app(STORE=None, **{name: True if name.startswith("LIST") else 3})


def test_data_in_no_store_are_refused(keyring: Keyring) -> None:
    app = Flask("shop")
    app.config.update(SESSERA_KEYRING=keyring, SESSERA_STORE=None, SESSERA_DATA="store")
    with pytest.raises(InvalidConfig, match="SESSERA_DATA"):
        Sessera(app)


@pytest.mark.parametrize("setting", ["COOKIE_NAME", "DEVICE_COOKIE"])
@pytest.mark.parametrize("other", sorted(COOKIES_OF_OTHERS))
def test_a_cookie_that_has_the_name_of_another_is_refused(
    make_app: MakeApp, setting: str, other: str
) -> None:
    def before(app: Flask) -> None:
        app.config[other] = "__Secure-taken"

    with pytest.raises(InvalidConfig, match=f"SESSERA_{setting}.*{other}"):
        make_app(before=before, **{setting: "__Secure-taken"})
    assert make_app(before=before, **{setting: "__Secure-free"})


def test_no_cookie_has_the_name_of_the_one_that_flask_login_would_set(make_app: MakeApp) -> None:
    app = make_app(COOKIE_NAME="remember_token")
    with pytest.raises(InvalidConfig, match=r"SESSERA_COOKIE_NAME.*REMEMBER_COOKIE_NAME"):
        LoginManager(app)
    with pytest.raises(InvalidConfig, match=r"SESSERA_COOKIE_NAME.*REMEMBER_COOKIE_NAME"):
        make_app(before=LoginManager, COOKIE_NAME="remember_token")
    app = make_app(DEVICE_COOKIE="remember_token")
    with pytest.raises(InvalidConfig, match=r"SESSERA_DEVICE_COOKIE.*REMEMBER_COOKIE_NAME"):
        LoginManager(app)


def test_a_device_cookie_is_not_the_one_of_sessions_that_are_taken_over(make_app: MakeApp) -> None:
    def before(app: Flask) -> None:
        app.secret_key = "x" * 32

    later = datetime.now(timezone.utc) + timedelta(days=1)
    with pytest.raises(InvalidConfig, match=r"SESSERA_DEVICE_COOKIE.*SESSION_COOKIE_NAME"):
        make_app(before=before, IMPORT_UNTIL=later, DEVICE_COOKIE="session")
    assert make_app(before=before, IMPORT_UNTIL=later, COOKIE_NAME="session")


def test_development_and_what_needs_tls_are_refused(make_app: MakeApp) -> None:
    with pytest.raises(InvalidConfig, match="SESSERA_COOKIE_SAMESITE"):
        make_app(DEV=True, COOKIE_SAMESITE="None")
    with pytest.raises(InvalidConfig, match="SESSERA_COOKIE_PARTITIONED"):
        make_app(DEV=True, COOKIE_PARTITIONED=True)


def test_the_defaults(keyring: Keyring, tmp_path: Path) -> None:
    app = Flask("shop", instance_path=str(tmp_path))
    app.config["SESSERA_KEYRING"] = keyring
    settings = Settings.of(app)
    assert (settings.issuer, settings.audience) == ("http://localhost", "shop")
    assert settings.policy == Policy()
    assert isinstance(settings.store, SqliteStore)
    assert settings.store.path == tmp_path / "sessera.db"
    assert settings.locations == ("cookie", "header")
    app.config["SERVER_NAME"] = "shop.example"
    assert Settings.of(app).issuer == "https://shop.example"


@pytest.mark.parametrize("idle", [600, 600.0, timedelta(minutes=10)])
def test_timeouts_are_timedelta_or_seconds(keyring: Keyring, idle: Any) -> None:
    app = Flask("shop")
    app.config.update(SESSERA_KEYRING=keyring, SESSERA_STORE="memory")
    app.config.update(SESSERA_IDLE_TIMEOUT=idle, SESSERA_ABSOLUTE_TIMEOUT=3600)
    assert Settings.of(app).policy == Policy(idle_timeout=600, absolute_timeout=3600)


def test_the_cookie_is_as_the_settings_say(make_app: MakeApp) -> None:
    def cookie(**settings: Any) -> str:
        (line,) = set_cookies(make_app(**settings).test_client().post("/data", json={"a": 1}))
        name, _, rest = line.partition("=")
        return name + rest[rest.index(";") :]

    assert cookie() == "__Host-session; Path=/; Secure; HttpOnly; SameSite=Lax"
    assert cookie(COOKIE_NAME="__Host-shop", COOKIE_SAMESITE="Strict") == (
        "__Host-shop; Path=/; Secure; HttpOnly; SameSite=Strict"
    )
    assert cookie(COOKIE_SAMESITE="None", COOKIE_PARTITIONED=True) == (
        "__Host-session; Path=/; Secure; HttpOnly; SameSite=None; Partitioned"
    )
    assert cookie(DEV=True) == "session; Path=/; HttpOnly; SameSite=Lax"


def test_development_warns_once(make_app: MakeApp, caplog: pytest.LogCaptureFixture) -> None:
    app = make_app(DEV=True)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "SESSERA_DEV" in record.getMessage()
    app.test_client().post("/login/ada")
    assert len(caplog.records) == 1


@pytest.mark.parametrize("algorithm", ["HS256", "EdDSA", "ES256"])
def test_sessera_alone_keeps_its_files_in_the_instance_folder(tmp_path: Path, algorithm: str) -> None:
    def start() -> Flask:
        app = Flask("shop", instance_path=str(tmp_path / "instance"))
        app.config["SESSERA_ALGORITHM"] = algorithm
        Sessera(app)

        @app.get("/count")
        def count() -> list[int]:
            session["count"] = session.get("count", 0) + 1
            return [session["count"]]

        return app

    client = start().test_client()
    assert client.get("/count").json == [1]
    cookie = client.get_cookie("__Host-session")
    assert cookie is not None
    restarted = start().test_client()
    restarted.set_cookie("__Host-session", cookie.value)
    assert restarted.get("/count").json == [2]
    made = {file.name: file.stat().st_mode & 0o777 for file in (tmp_path / "instance").iterdir()}
    database = ("sessera.db", "sessera.db-bell", "sessera.db-shm", "sessera.db-wal")
    assert made == dict.fromkeys(("sessera-keys.json", *database), 0o600)
