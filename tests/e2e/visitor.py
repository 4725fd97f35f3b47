"""A browser without a window: keeps cookies, fills in the forms' hidden field, follows nothing by itself."""

from __future__ import annotations

import http.client
import re
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urlsplit

_FIELD = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def worker(self) -> int:
        """The process that answered."""
        return int(self.headers["X-Worker"])

    def fact(self, name: str) -> str:
        """A fact of the profile page, by the id of its element."""
        found = re.search(rf'id="{name}"[^>]*>([^<]*)<', self.text)
        assert found, f"the page does not tell {name}"
        return found[1]


@dataclass
class Visitor:
    """Somebody at the shop. A copy of `cookies` is what a thief of cookies has."""

    url: str
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str) -> Answer:
        return self._send("GET", path)

    def post(self, path: str, form_on: str = "/", **fields: str) -> Answer:
        """Sends a form, with the hidden field of the page that it is on."""
        return self._send("POST", path, {**fields, "csrf_token": self.form_field(form_on)})

    def form_field(self, form_on: str) -> str:
        """The hidden field of the forms on a page."""
        found = _FIELD.search(self.get(form_on).text)
        assert found, f"{form_on} has no form"
        return found[1]

    def send_bare(self, path: str, **fields: str) -> Answer:
        """Sends a form as another site would: without the hidden field, or with one that it made up."""
        return self._send("POST", path, fields)

    def log_in(self, name: str = "mara", password: str = "three leaves") -> None:
        answer = self.post("/login", "/login", name=name, password=password)
        assert answer.status == 302, answer.text

    def twin(self) -> Visitor:
        """Another client with the same cookies: they were copied."""
        return Visitor(self.url, dict(self.cookies))

    def _send(self, method: str, path: str, fields: dict[str, str] | None = None) -> Answer:
        headers = {}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if fields is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        # A connection for each request, so that any worker may take it.
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        try:
            body = urlencode(fields) if fields is not None else None
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        self._keep(response.headers)
        return Answer(response.status, response.headers, text)

    def _keep(self, headers: http.client.HTTPMessage) -> None:
        for line in headers.get_all("Set-Cookie", []):
            for name, morsel in SimpleCookie(line).items():
                if morsel["max-age"] == "0" or not morsel.value:
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
