"""One small site in each framework, so that one test shows a rule in all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from sessera import ManualClock, Sessions

COOKIE = "__Host-session"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36"


@dataclass(frozen=True)
class Answer:
    """What a browser gets: a status, and what the view returned."""

    status: int
    body: Any


class Browser(Protocol):
    """A browser with one cookie jar."""

    @property
    def token(self) -> str | None:
        """The token in the jar."""

    def get(self, path: str) -> Answer:
        """Send a GET request."""

    def post(self, path: str) -> Answer:
        """Send a POST request."""


@dataclass(frozen=True)
class Site:
    """An application of one framework with the views of these tests.

    `/login`, `/logout`, `/everywhere`, `/others` and `/elevate` call the verbs; `/write` writes the session,
    `/read` reads it; `/slow` waits 20 seconds before it looks at the session.
    """

    name: str
    clock: ManualClock
    sessions: Sessions
    #: Makes a browser that holds a token, and says that it is this one.
    browser: Callable[..., Browser]

    def login(self) -> Browser:
        """Give a browser whose user has just logged in."""
        browser = self.browser()
        assert browser.post("/login").status == 200
        return browser

    def code(self, token: str | None) -> str:
        """What a verify says of a token, without showing it: a code, or "ok"."""
        from sessera import Client, SessionError

        assert token is not None
        try:
            self.sessions.inspect(token, client=Client(user_agent=FIREFOX))
        except SessionError as error:
            return error.code
        return "ok"
