"""Connections that stay open, one to each worker, so that a test chooses who answers."""

from __future__ import annotations

import http.client
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from urllib.parse import urlsplit

from typing_extensions import Self

from visitor import Answer


class Line:
    """A connection to one worker."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
        self.worker = self.send("GET", "/").worker

    def send(self, method: str, path: str, cookie: str = "") -> Answer:
        """One request, which nobody but this worker answers."""
        self._connection.request(method, path, headers={"Cookie": cookie} if cookie else {})
        response = self._connection.getresponse()
        return Answer(response.status, response.headers, response.read().decode())

    def log_in(self) -> str:
        """Starts a session, and returns its cookie."""
        answer = self.send("POST", "/login/mara")
        assert answer.status == 200, answer.text
        return answer.headers["Set-Cookie"].partition(";")[0]

    def status(self, cookie: str) -> int:
        """What this worker says to the cookie."""
        answer = self.send("GET", "/private", cookie)
        assert answer.worker == self.worker, "the connection has moved"
        return answer.status

    def log_out(self, cookie: str) -> None:
        """Ends the session of the cookie."""
        assert self.send("POST", "/logout", cookie).status == 200

    def close(self) -> None:
        """Hangs up."""
        self._connection.close()


class Lines(list[Line]):
    """A line to each worker of a server."""

    def __init__(self, url: str, workers: int) -> None:
        super().__init__()
        with ThreadPoolExecutor(8) as pool:
            for _ in range(500):
                for line in pool.map(Line, [url] * 8):
                    if line.worker in {known.worker for known in self}:
                        line.close()
                    else:
                        self.append(line)
                if len(self) == workers:
                    return
        raise RuntimeError(f"only {len(self)} of {workers} workers have answered")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for line in self:
            line.close()
