"""An app as a real process: gunicorn on a loopback port that stays the same over restarts."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path

SHOP = Path(__file__).resolve().parents[2] / "examples" / "flask-shop" / "app.py"
PLAIN = Path(__file__).resolve().parent / "plain.py"


class Server:
    """One app with its own instance folder.

    The listening socket belongs to this class and is handed down, so a client that comes while the server
    starts is kept waiting by the kernel, and the port stays the same: nothing here sleeps or polls.
    """

    def __init__(self, folder: Path, app: Path = SHOP, **settings: object) -> None:
        """Settings are the app's, in capitals and without their prefix."""
        self.folder = folder
        named = {f"FLASK_SESSERA_{name}": json.dumps(value) for name, value in settings.items()}
        self.environment = {**os.environ, **named, "SHOP_INSTANCE": str(folder / "instance")}
        self._app = app
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._process: subprocess.Popen[bytes] | None = None
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self, *, workers: int = 1, preload: bool = False) -> None:
        """Starts gunicorn; its log goes to `server.log` in the folder.

        With `preload` the app is made once, before the workers are forked off.
        """
        descriptor = self._listener.fileno()
        command = [
            sys.executable,
            "-m",
            "gunicorn",
            "--bind",
            f"fd://{descriptor}",
            "--workers",
            str(workers),
        ]
        command += ["--threads", "4", "--keep-alive", "60", "--no-control-socket", "--log-level", "warning"]
        command += ["--preload"] if preload else []
        command += [f"{self._app.stem}:app"]
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=self._app.parent,
                env=self.environment,
                pass_fds=[descriptor],
                start_new_session=True,
                stdout=log,
                stderr=log,
            )
        self._wait(self._process)

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        """Waits for the first answer, or for the end of a server that can't start."""
        ended = os.pidfd_open(process.pid)
        try:
            with socket.create_connection(("127.0.0.1", self.port)) as probe:
                probe.sendall(b"HEAD / HTTP/1.0\r\n\r\n")
                ready, _, _ = select.select([probe.fileno(), ended], [], [], 60)
                answered = probe.fileno() in ready
        finally:
            os.close(ended)
        if not answered:
            self.close()
            raise RuntimeError((self.folder / "server.log").read_text())

    def kill(self) -> None:
        """`kill -9` of the master and its workers: no chance to save anything."""
        process, self._process = self._process, None
        if process is not None:
            # Its own process group, made at the start: master and workers, and nobody else.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=30)

    def close(self) -> None:
        """Ends it. Also the hard way: a graceful end waits for the connections that browsers keep."""
        self.kill()
        self._listener.close()
