"""The key file that is made at the first start."""

from __future__ import annotations

import base64
import json
import logging
import os
import subprocess
import sys
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import pytest
from flask import Flask

from sessera import InvalidConfig, Keyring, SessionError, Sessions
from sessera._web.keyfile import KeyFile
from sessera.flask import Sessera, login
from tests.flask.browser import error_of, send, set_cookies, subject_of, token_in

if TYPE_CHECKING:
    from pathlib import Path

    from sessera import ManualClock
    from tests.flask.conftest import MakeApp

START = """
import sys
from pathlib import Path
from sessera import Sessions
from sessera._web.keyfile import KeyFile
sys.stdin.readline()
keyring = KeyFile(Path(sys.argv[1]), "keyring").keyring
print(Sessions("http://localhost", "shop", keyring=keyring).issue("ada").token)
"""


def test_workers_that_start_at_once_get_the_same_keys(tmp_path: Path) -> None:
    path = tmp_path / "instance" / "keys.json"
    workers = [
        subprocess.Popen(  # noqa: S603
            [sys.executable, "-c", START, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(8)
    ]
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    tokens = [worker.communicate()[0].strip() for worker in workers]
    sessions = Sessions("http://localhost", "shop", keyring=Keyring.load(path))
    assert [sessions.verify(token).subject for token in tokens] == ["ada"] * len(workers)
    assert os.listdir(path.parent) == ["keys.json"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_there_is_taken_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    Keyring.generate("EdDSA").save(path)
    before = path.read_bytes()
    KeyFile(path, "keyring")
    assert path.read_bytes() == before


def test_a_broken_file_is_an_error_and_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text("{}")
    path.chmod(0o600)
    with pytest.raises(SessionError):
        KeyFile(path, "keyring")
    assert path.read_text() == "{}"


def test_a_broken_file_is_named_with_its_setting(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text("{}")
    path.chmod(0o600)
    app = Flask("shop")
    app.config["SESSERA_KEYRING"] = path
    with pytest.raises(InvalidConfig, match=r"SESSERA_KEYRING: .*keys\.json: "):
        Sessera(app)


def test_a_folder_that_cannot_be_made_names_the_setting(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    app = Flask("shop")
    app.config["SESSERA_KEYRING"] = tmp_path / "file" / "keys.json"
    with pytest.raises(InvalidConfig, match="SESSERA_KEYRING"):
        Sessera(app)


def test_a_running_process_takes_up_a_rotation(make_app: MakeApp, clock: ManualClock, tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    here, there = make_app(KEYRING=path), make_app(KEYRING=path)
    client = here.test_client()
    client.post("/login/ada")
    assert subject_of(send(there, token_in(client))) == "ada"

    ring = Keyring.load(path)
    kid = ring.rotate(datetime.fromtimestamp(clock.unix_millis / 1000, timezone.utc), publish_for=60)
    ring.save(path)
    assert subject_of(client.get("/whoami")) == "ada", "a key that is only published changes nothing"
    clock.advance(61)
    assert subject_of(send(there, token_in(client))) == "ada", "the old key still verifies"
    token = client.post("/login/bob").get_json()["token"]
    assert kid_of(token) == kid
    assert subject_of(send(there, token)) == "bob"
    clock.advance(301)
    (renewed,) = set_cookies(send(there, token))
    assert kid_of(renewed.partition("=")[2]) == kid, "a renewal needs the new key too"


def test_the_file_is_looked_at_once_a_second(make_app: MakeApp, clock: ManualClock, tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    client = make_app(KEYRING=path).test_client()
    client.post("/login/ada")
    client.get("/whoami")
    Keyring.generate("HS256").save(path)
    old = client.post("/login/ada").get_json()["token"]
    clock.advance(1)
    assert error_of(client.get("/whoami")) == "unknown_key"
    assert kid_of(client.post("/login/ada").get_json()["token"]) != kid_of(old)


def test_new_keys_are_taken_up_for_every_kind_of_session(
    make_app: MakeApp, clock: ManualClock, tmp_path: Path
) -> None:
    path = tmp_path / "keys.json"
    app = make_app(KEYRING=path, LIST_SESSIONS=True)

    @app.post("/remember")
    def remember() -> str:
        return login("ada", remember=True).token

    client, visitor = app.test_client(), app.test_client()
    Keyring.generate("HS256").save(path)
    clock.advance(1)
    client.get("/whoami")
    kid = kid_of(client.post("/login/ada").get_json()["token"])
    assert kid_of(client.post("/remember").text) == kid
    clock.advance(301)
    client.get("/whoami")
    assert kid_of(token_in(client)) == kid
    visitor.post("/data", json={"a": 1})
    assert kid_of(token_in(visitor)) == kid


@pytest.mark.parametrize("text", [None, "{}", "", '{"keys": []}'])
def test_a_file_that_goes_bad_is_told_once_and_changes_nothing(
    make_app: MakeApp, clock: ManualClock, tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str | None
) -> None:
    path = tmp_path / "keys.json"
    client = make_app(KEYRING=path).test_client()
    client.post("/login/ada")
    kept = path.read_bytes()
    path.unlink()
    if text is not None:
        path.write_text(text)
        path.chmod(0o600)
    for _ in range(3):
        clock.advance(1)
        assert subject_of(client.get("/whoami")) == "ada"
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert "keys.json" in record.getMessage()
    path.write_bytes(kept)
    clock.advance(1)
    assert subject_of(client.get("/whoami")) == "ada"


def test_keys_that_do_not_fit_are_told_and_the_old_ones_stay(
    make_app: MakeApp, clock: ManualClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "keys.json"
    client = make_app(KEYRING=path).test_client()
    client.post("/login/ada")
    public = Keyring.generate("EdDSA").jwks()
    path.write_text(public)
    path.chmod(0o600)
    clock.advance(1)
    assert subject_of(client.get("/whoami")) == "ada"
    assert "can't be used" in caplog.text


def kid_of(token: str) -> str:
    header = token.split(".")[0]
    kid = json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))["kid"]
    assert isinstance(kid, str)
    return kid
