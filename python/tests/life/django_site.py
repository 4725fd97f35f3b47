"""The site in Django: the project of its own tests, by other names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.django import project

from .site import COOKIE, FIREFOX, Answer, Site

if TYPE_CHECKING:
    from sessera import ManualClock

#: What these tests call by another name.
PATHS = {
    "/read": "/life/read",
    "/write": "/life/write",
    "/slow": "/life/slow",
    "/logout": "/life/logout",
    "/everywhere": "/logout-everywhere",
}


def django_site(clock: ManualClock) -> Site:
    from sessera.django.keeper import current_keeper

    project.life_clock = clock

    def browser(token: str | None = None, agent: str = FIREFOX) -> _Browser:
        from django.test import Client

        headers = {"x-forwarded-proto": "https", "user-agent": agent}
        client = Client(SERVER_NAME="shop.example", headers=headers)
        if token is not None:
            client.cookies[COOKIE] = token
        return _Browser(client)

    return Site("django", clock, current_keeper().sessions, browser)


class _Browser:
    def __init__(self, client: Any) -> None:
        self._client = client

    @property
    def token(self) -> str | None:
        cookie = self._client.cookies.get(COOKIE)
        return cookie.value if cookie is not None and cookie.value else None

    def get(self, path: str) -> Answer:
        return _answer(self._client.get(PATHS.get(path, path)))

    def post(self, path: str) -> Answer:
        if path == "/login":
            return _answer(self._client.post("/login", {"name": "ada", "password": "three leaves"}))
        if path == "/others":
            path = "/everywhere?keep"
        name, _, query = path.partition("?")
        return _answer(self._client.post(PATHS.get(name, name) + (f"?{query}" if query else "")))


def _answer(response: Any) -> Answer:
    is_json = response.headers.get("content-type", "").startswith("application/json")
    return Answer(
        response.status_code, json.loads(response.content) if is_json else response.content.decode()
    )
