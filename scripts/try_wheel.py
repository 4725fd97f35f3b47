"""Whether the installed package works: keys, tokens, stores, threads. Needs nothing besides it."""

import platform
import sys
import sysconfig
import tempfile
import threading
from pathlib import Path

import sessera

for algorithm in ("EdDSA", "ES256", "HS256"):
    with tempfile.TemporaryDirectory() as folder:
        keyring = sessera.Keyring.generate(algorithm)
        keyring.save(Path(folder) / "keys.json")
        store = sessera.SqliteStore(Path(folder) / "sessions.db")
        for sealed in (False, True):
            sessions = sessera.Sessions(
                "https://app.example",
                "web",
                keyring=sessera.Keyring.load(Path(folder) / "keys.json"),
                store=store,
                sealed=sealed,
            )
            issued = sessions.issue("user-42", claims={"roles": ["editor"]})
            rotated = sessions.rotate(issued.token)
            assert sessions.verify(rotated.token).claims["roles"] == ["editor"]
            ended = threading.Event()
            sessions.watch(rotated.session, lambda _, ended=ended: ended.set())
            sessions.revoke_subject("user-42")
            try:
                sessions.verify(rotated.token)
            except sessera.Revoked:
                assert ended.wait(60)
            else:
                raise AssertionError(algorithm)
        del sessions, store

free_threaded = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
if free_threaded:
    assert not sys._is_gil_enabled(), "the module turned the GIL on"
kind = " free-threaded" if free_threaded else ""
print(f"works on CPython {platform.python_version()}{kind}, {platform.machine()}: {sessera.__file__}")
