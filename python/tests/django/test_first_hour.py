"""What goes wrong in the first hour of a Django project, each with a message that says what to do."""

from __future__ import annotations

import json
import logging
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import login
from django.test import override_settings

from sessera import BindingPolicy, InvalidConfig, Keyring, Policy
from sessera.django import SesseraMiddleware, jwks, sessions_of
from sessera.django.keeper import current_keeper
from sessera.django.store import SessionStore
from tests.django import project

if TYPE_CHECKING:
    from pathlib import Path

    from django.contrib.auth.models import User
    from django.http import HttpRequest
    from django.test import Client


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    found = [record for record in caplog.records if record.name == "sessera.django"]
    return [record.getMessage() for record in found if record.levelno == logging.WARNING]


def from_scratch(folder: Path, **members: Any) -> Any:
    """The settings of a project that says nothing of its keys and its store."""
    return override_settings(BASE_DIR=folder, SESSERA={"ISSUER": project.ORIGIN, **members})


@pytest.mark.parametrize(
    ("members", "named"),
    [
        ({"KEYRING": "my-secret"}, r'SESSERA\["KEYRING"\] names no file.*no secret'),
        ({"STORE": "redis//host"}, r'SESSERA\["STORE"\] looks like a URL'),
        ({"ALGORITHM": "RS256"}, r'SESSERA\["ALGORITHM"\] must be HS256'),
        (
            {"KEYRING": Keyring.generate("HS256"), "ALGORITHM": "EdDSA"},
            r'SESSERA\["ALGORITHM"\] is EdDSA, but the keys of SESSERA\["KEYRING"\] are HS256',
        ),
        ({"ISUER": "x"}, r'no setting SESSERA\["ISUER"\]; did you mean SESSERA\["ISSUER"\]\?'),
        ({"SESSERA_STORE": "x"}, r'did you mean SESSERA\["STORE"\]\?'),
        ({"LIST_SESSIONS": "yes"}, r'SESSERA\["LIST_SESSIONS"\] must be True or False'),
    ],
)
def test_a_wrong_member_is_named(tmp_path: Path, members: dict[str, Any], named: str) -> None:
    with from_scratch(tmp_path, **members), pytest.raises(InvalidConfig, match=named):
        current_keeper()
    assert list(tmp_path.iterdir()) == []


def test_a_misspelt_setting_says_what_was_meant() -> None:
    misspelt = override_settings(SESSERA=None, SESERA={"ISSUER": project.ORIGIN})
    with misspelt, pytest.raises(InvalidConfig, match="There is SESERA: did you mean SESSERA"):
        current_keeper()
    flat = override_settings(SESSERA_STORE="memory")
    with flat, pytest.raises(InvalidConfig, match=r'SESSERA_STORE has no effect.*SESSERA\["STORE"\]'):
        current_keeper()


def test_a_flag_of_the_environment_is_read(tmp_path: Path) -> None:
    for text, value in (("1", True), ("false", False)):
        with from_scratch(tmp_path, LIST_SESSIONS=text):
            assert current_keeper()._settings.list_sessions is value


def test_keys_are_made_when_the_server_starts_and_not_before(tmp_path: Path) -> None:
    with from_scratch(tmp_path):
        current_keeper()
        assert list(tmp_path.iterdir()) == []
        SesseraMiddleware(lambda _request: None)  # type: ignore[arg-type, return-value]
        assert {path.name for path in tmp_path.iterdir()} >= {"sessera-keys.json", "sessera.db"}


def test_settings_without_effect_are_named_once(caplog: pytest.LogCaptureFixture) -> None:
    with override_settings(
        SESSION_CACHE_ALIAS="sessions", SESSION_FILE_PATH="/srv/sessions", SESSION_COOKIE_AGE=86400
    ):
        current_keeper()
        current_keeper()
    (line,) = warnings_of(caplog)
    for words in ("SESSION_CACHE_ALIAS", "SESSION_FILE_PATH", "SESSION_COOKIE_AGE", 'SESSERA["POLICY"]'):
        assert words in line


def test_a_short_cookie_age_has_its_effect(caplog: pytest.LogCaptureFixture) -> None:
    with override_settings(SESSION_COOKIE_AGE=3600):
        current_keeper()
    assert warnings_of(caplog) == []


def over(scheme: str, host: str, **headers: str) -> None:
    from django.test import Client

    client = Client(SERVER_NAME=host)
    client.post("/data", {"a": 1}, "application/json", secure=scheme == "https", headers=headers)


@pytest.mark.parametrize(
    ("scheme", "host", "headers", "warnings"),
    [
        ("http", "shop.example", {}, 1),
        ("https", "shop.example", {}, 0),
        ("http", "shop.example", {"origin": "https://shop.example"}, 0),
        ("http", "testserver", {}, 0),
    ],
)
def test_a_secure_cookie_over_plain_http_is_a_warning_once(
    caplog: pytest.LogCaptureFixture, scheme: str, host: str, headers: dict[str, str], warnings: int
) -> None:
    for _ in range(2):
        over(scheme, host, **headers)
    found = warnings_of(caplog)
    assert len(found) == warnings
    for line in found:
        assert "nobody stays logged in" in line
        assert "SESSION_COOKIE_SECURE = False" in line


def test_the_first_unknown_key_of_a_process_is_a_warning(
    browser: Client, caplog: pytest.LogCaptureFixture, config: dict[str, Any]
) -> None:
    browser.post("/data", {"a": 1}, "application/json")
    with override_settings(SESSERA={**config, "KEYRING": Keyring.generate("HS256")}):
        for _ in range(2):
            browser.get("/whoami")
    (line,) = warnings_of(caplog)
    assert "replicas probably have different keys" in line
    assert 'SESSERA["KEYRING"]' in line


def test_a_value_that_json_lacks_is_named_by_its_key() -> None:
    session = SessionStore(environ={})
    session["cart"] = [{"since": datetime(2030, 1, 1, tzinfo=timezone.utc)}]
    with pytest.raises(TypeError, match=r"request\.session\['cart'\]\[0\]\['since'\] is of type datetime"):
        session.save()


def test_the_public_keys_are_published_by_one_line(config: dict[str, Any]) -> None:
    ask = _request
    with override_settings(SESSERA={**config, "KEYRING": Keyring.generate("ES256")}):
        found = jwks(ask())
        assert found.headers["Content-Type"] == "application/jwk-set+json"
        assert [key["alg"] for key in json.loads(found.content)["keys"]] == ["ES256"]
        again = jwks(ask(HTTP_IF_NONE_MATCH=found.headers["ETag"]))
        assert (again.status_code, again.content) == (304, b"")
        assert jwks(ask("POST")).status_code == 405
    with pytest.raises(InvalidConfig, match=r'HS256.*SESSERA\["ALGORITHM"\]'):
        jwks(ask())


def _request(method: str = "GET", **environ: Any) -> HttpRequest:
    from django.test import RequestFactory

    return RequestFactory(**environ).generic(method, "/.well-known/jwks.json")


def test_sessions_are_listed_by_an_id_that_is_a_number(ada: User, config: dict[str, Any]) -> None:
    with override_settings(SESSERA={**config, "LIST_SESSIONS": True}):
        request = _request()
        request.session = SessionStore(environ={})
        login(request, ada)
        assert [one.current for one in sessions_of(request, ada.pk)] == [True]


@pytest.mark.parametrize("entry", ["203.0.113.7:50123", "[2001:db8::1]:443"])
def test_a_network_is_enforced_behind_a_proxy_that_writes_ports(
    browser: Client, config: dict[str, Any], entry: str
) -> None:
    policy = Policy(binding=BindingPolicy(ip="enforce"))
    with override_settings(SESSERA={**config, "TRUSTED_HOPS": 1, "POLICY": policy}):

        def error(address: str) -> Any:
            return browser.get("/whoami", headers={"x-forwarded-for": address}).json()["error"]

        browser.post("/data", {"a": 1}, "application/json", headers={"x-forwarded-for": entry})
        assert error(entry.rpartition(":")[0] + ":1") is None
        assert error("198.51.100.9:50123") == "binding_mismatch"
