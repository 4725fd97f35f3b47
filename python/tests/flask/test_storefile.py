"""The store that an application gets: by default a file that all its processes share."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask

from sessera import InvalidConfig, Keyring, MemoryStore, SqliteStore
from sessera.flask import Sessera
from sessera.flask.settings import Settings
from tests.flask.browser import send, subject_of, token_in

if TYPE_CHECKING:
    from pathlib import Path

    from tests.flask.conftest import MakeApp

START = """
import sys
from flask import Flask
from sessera.flask import Sessera, current_session
sys.stdin.readline()
app = Flask("shop", instance_path=sys.argv[1])
Sessera(app)
with app.test_request_context(headers={"Cookie": sys.stdin.readline().strip()}):
    print(current_session.error, flush=True)
"""


def settings_of(folder: Path, **settings: Any) -> Settings:
    app = Flask("shop", instance_path=str(folder))
    app.config["SESSERA_KEYRING"] = Keyring.generate("HS256")
    app.config.update(settings)
    return Settings.of(app)


def test_workers_that_start_at_once_share_the_store(tmp_path: Path) -> None:
    folder = tmp_path / "instance"
    workers = [
        subprocess.Popen(  # noqa: S603
            [sys.executable, "-c", START, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(8)
    ]
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    app = Flask("shop", instance_path=str(folder))
    sessera = Sessera(app)
    issued = sessera_sessions(app, sessera).issue("ada")
    sessera_sessions(app, sessera).revoke_session(issued.session.id)
    for worker in workers:
        answer, _ = worker.communicate(f"__Host-session={issued.token}\n")
        assert answer.strip() == "revoked"


def sessera_sessions(app: Flask, sessera: Sessera) -> Any:
    with app.app_context():
        return sessera.sessions


def test_a_logout_in_one_process_holds_in_the_other(make_app: MakeApp, tmp_path: Path) -> None:
    here, there = (make_app(STORE=str(tmp_path / "shared.db")) for _ in range(2))
    client = here.test_client()
    client.post("/login/ada")
    token = token_in(client)
    assert subject_of(send(there, token)) == "ada"
    client.post("/logout")
    assert send(there, token, "/private").status_code == 401


def test_each_kind_of_value_is_taken(tmp_path: Path) -> None:
    def store(value: object) -> object:
        return settings_of(tmp_path, SESSERA_STORE=value).store

    assert store(None) is None
    assert isinstance(store("memory"), MemoryStore)
    memory, file = MemoryStore(), SqliteStore(tmp_path / "a.db")
    assert store(memory) is memory
    assert store(file) is file
    for path in (tmp_path / "new" / "b.db", str(tmp_path / "b.db")):
        opened = store(path)
        assert isinstance(opened, SqliteStore)
        assert str(opened.path) == str(path)


def test_an_instance_folder_that_cannot_be_written_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidConfig, match=r"SESSERA_STORE: .*sessera\.db.*writable.*another file.*memory"):
        settings_of(tmp_path / "file")
    app = Flask("shop", instance_path=str(tmp_path / "file"))
    with pytest.raises(InvalidConfig, match=r"SESSERA_KEYRING: .*sessera-keys\.json.*writable.*another path"):
        Sessera(app)


def test_a_file_of_another_kind_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "sessera.db").write_text("somebody's notes, which are long enough to be no database" * 20)
    before = (tmp_path / "sessera.db").read_bytes()
    with pytest.raises(InvalidConfig, match="SESSERA_STORE"):
        settings_of(tmp_path)
    assert (tmp_path / "sessera.db").read_bytes() == before


def test_wrong_settings_leave_no_database_behind(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig, match="SESSERA_TRUSTED_HOPS"):
        settings_of(tmp_path, SESSERA_TRUSTED_HOPS=-1)
    assert list(tmp_path.iterdir()) == []
