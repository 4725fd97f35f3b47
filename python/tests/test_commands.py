"""`python -m sessera …`: the same commands for ASGI, Django, Flask, and for files alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from sessera import Client, Keyring, Sessions, SqliteStore

if TYPE_CHECKING:
    from pathlib import Path

SHOP = """
from starlette.applications import Starlette
from sessera.asgi import Sessera, SesseraMiddleware
sessera = Sessera("https://shop.example", "web", keyring="keys.json", store="sessions.db", list_sessions=True)
app = Starlette()
app.add_middleware(SesseraMiddleware, sessera=sessera)
wrapped = SesseraMiddleware(Starlette(), sessera)
nothing = Starlette()
def create():
    return app
"""

FLASK = """
from flask import Flask
from sessera.flask import Sessera
app = Flask("web", instance_path=__import__("os").getcwd())
app.config["SESSERA_ISSUER"] = "https://shop.example"
app.config.update(SESSERA_KEYRING="keys.json", SESSERA_STORE="sessions.db")
Sessera(app)
"""

DJANGO = """
SECRET_KEY = "for other uses"
SESSION_ENGINE = "sessera.django"
SESSION_COOKIE_NAME, SESSION_COOKIE_SECURE = "__Host-session", True
SESSERA = {"ISSUER": "https://shop.example", "AUDIENCE": "web"}
SESSERA |= {"KEYRING": "keys.json", "STORE": "sessions.db"}
"""

FILES = (
    "--keys",
    "keys.json",
    "--store",
    "sessions.db",
    "--issuer",
    "https://shop.example",
    "--audience",
    "web",
)

TARGETS = {
    "sessera": ("--app", "shop:sessera"),
    "asgi": ("--app", "shop:app"),
    "wrapped": ("--app", "shop:wrapped"),
    "factory": ("--app", "shop:create"),
    "flask": ("--app", "flask_shop:app"),
    "django": ("--settings", "django_shop"),
    "files": FILES,
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in {"shop": SHOP, "flask_shop": FLASK, "django_shop": DJANGO}.items():
        (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    for name in ("DJANGO_SETTINGS_MODULE", "SESSERA_APP"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def run(*arguments: str, given: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603
        [sys.executable, "-m", "sessera", *arguments],
        input=given,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environ},
    )


def printed(*arguments: str, given: str = "") -> Any:
    result = run(*arguments, "--json", given=given)
    assert result.returncode in (0, 1), result.stderr
    return json.loads(result.stdout)


def issued(user: str = "ada") -> tuple[Sessions, str]:
    ring, store = Keyring.load("keys.json"), SqliteStore("sessions.db")
    sessions = Sessions("https://shop.example", "web", keyring=ring, store=store, list_sessions=True)
    return sessions, sessions.issue(user, client=Client()).token


@pytest.mark.parametrize("target", TARGETS)
def test_every_kind_of_application_has_every_command(target: str) -> None:
    which = TARGETS[target]
    (made,) = printed("keys", "generate", "keys.json", "--algorithm", "EdDSA")
    sessions, token = issued()
    assert printed(*which, "explain", given=token)["good"] is True
    old, new = printed(*which, "keys", "rotate")
    assert (old["kid"], old["state"], new["state"]) == (made["kid"], "signing", "published")
    jwks = json.loads(run(*which, "keys", "jwks").stdout)
    assert [key["kid"] for key in jwks["keys"]] == [old["kid"], new["kid"]]
    assert printed(*which, "revoke", "subject", "ada") == {"revoked": "subject", "subject": "ada"}
    explained = run(*which, "explain", "-", given=f"Bearer {token}")
    assert (explained.returncode, "refused: revoked" in explained.stdout) == (1, True)
    _, other = issued("bob")
    sid = sessions.verify(other).id
    if target not in ("flask", "django"):
        assert [one["id"] for one in printed(*which, "sessions", "bob")] == [sid]
    printed(*which, "revoke", "session", sid)
    assert printed(*which, "explain", given=other)["code"] == "revoked"


def test_a_variable_may_name_the_application() -> None:
    run("keys", "generate", "keys.json")
    assert run("keys", "list", SESSERA_APP="shop:app").returncode == 0
    assert run("keys", "list", DJANGO_SETTINGS_MODULE="django_shop").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("keys", "list"), "name the application: --app module:name"),
        (("--app", "shop", "keys", "list"), "--app must be module:name"),
        (("--app", "nowhere:app", "keys", "list"), "No module named 'nowhere'"),
        (("--app", "shop:nobody", "keys", "list"), "has no attribute 'nobody'"),
        (("--app", "shop:nothing", "keys", "list"), "shop:nothing has no sessions of Sessera"),
        (("--settings", "nowhere", "keys", "list"), "settings nowhere can't be loaded"),
        (("--app", "shop:app", "--keys", "keys.json", "keys", "list"), "name two applications"),
    ],
)
def test_an_application_that_is_not_found_is_2(arguments: tuple[str, ...], message: str) -> None:
    result = run(*arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert message in result.stderr


def test_what_is_wrong_with_the_files_is_1(folder: Path) -> None:
    missing = run(*FILES, "keys", "list")
    assert (missing.returncode, "no key file at keys.json" in missing.stderr) == (1, True)
    assert not (folder / "keys.json").exists()
    secret = run("--keys", "my-secret", "keys", "list")
    assert (secret.returncode, "--keys names no file" in secret.stderr) == (1, True)
    run("keys", "generate", "keys.json")
    alone = run("--keys", "keys.json", "revoke", "all", "--yes")
    assert (alone.returncode, "--store is None" in alone.stderr) == (1, True)


def test_without_a_yes_nothing_is_revoked() -> None:
    run("keys", "generate", "keys.json")
    sessions, token = issued()
    assert run(*FILES, "revoke", "all", given="no\n").returncode == 1
    assert sessions.verify(token).subject == "ada"
    assert run(*FILES, "revoke", "all", given="y\n").returncode == 0
    assert printed(*FILES, "explain", given=token)["code"] == "revoked"


def test_a_key_file_is_private_and_is_never_overwritten(folder: Path) -> None:
    path = folder / "sub" / "keys.json"
    assert run("keys", "generate", str(path)).returncode == 0
    before = path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    again = run("keys", "generate", str(path))
    assert (again.returncode, "never overwritten" in again.stderr) == (1, True)
    assert path.read_bytes() == before


def test_a_key_of_files_alone_verifies_for_the_longest_session() -> None:
    run("keys", "generate", "keys.json")
    old, new = printed(*FILES, "keys", "rotate")
    begin, end = (datetime.fromisoformat(at.rstrip("Z")) for at in (new["signs_from"], old["verifies_until"]))
    assert end - begin == timedelta(days=30, seconds=30)
