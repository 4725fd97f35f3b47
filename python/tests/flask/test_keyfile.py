"""The key file that is made at the first start."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from flask import Flask

from sessera import InvalidConfig, Keyring, SessionError, Sessions
from sessera._web.keyfile import keyring_at
from sessera.flask import Sessera

if TYPE_CHECKING:
    from pathlib import Path

START = """
import sys
from pathlib import Path
from sessera import Sessions
from sessera._web.keyfile import keyring_at
sys.stdin.readline()
keyring = keyring_at(Path(sys.argv[1]), "HS256")
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
    keyring_at(path, "HS256")
    assert path.read_bytes() == before


def test_a_broken_file_is_an_error_and_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text("{}")
    path.chmod(0o600)
    with pytest.raises(SessionError):
        keyring_at(path, "HS256")
    assert path.read_text() == "{}"


def test_a_folder_that_cannot_be_made_names_the_setting(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    app = Flask("shop")
    app.config["SESSERA_KEYRING"] = tmp_path / "file" / "keys.json"
    with pytest.raises(InvalidConfig, match="SESSERA_KEYRING"):
        Sessera(app)
