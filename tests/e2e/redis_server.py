"""A real Redis on a free port of loopback, which comes back on it."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from pathlib import Path


class RedisServer:
    """One `redis-server`, with an append-only file, ended by its process id."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("redis-server")
        assert program, "redis-server is missing: apt-get install redis-server"
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port: int = probe.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}"
        self._command = [program, "--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(folder)]
        self._command += ["--appendonly", "yes", "--appendfsync", "always", "--save", ""]
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while self.send("PING") != b"+PONG":
            assert time.monotonic() < deadline, "redis-server does not answer"

    def send(self, *words: str) -> bytes:
        """Sends a command, and gives the first line of the answer."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
                connection.sendall(" ".join(words).encode() + b"\r\n")
                return connection.makefile("rb").readline().strip()
        except ConnectionError:
            return b""

    def speak_tls(self, folder: Path) -> str:
        """Has it speak TLS too, with the certificate in a folder, and gives the URL for that."""
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port: int = probe.getsockname()[1]
        files = ["tls-cert-file", f"{folder}/certificate.pem", "tls-key-file", f"{folder}/key.pem"]
        files += ["tls-ca-cert-file", f"{folder}/certificate.pem", "tls-auth-clients", "no"]
        assert self.send("CONFIG", "SET", *files, "tls-port", str(port)) == b"+OK"
        return f"rediss://localhost:{port}"

    def kill(self) -> None:
        """`kill -9`."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait(timeout=30)
