"""What the tests see of a response, and do with a token, as a browser or a thief would."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

COOKIE = "__Host-session"


def set_cookies(response: TestResponse) -> list[str]:
    return response.headers.getlist("Set-Cookie")


def token_in(client: FlaskClient) -> str:
    """The token that the browser holds."""
    cookie = client.get_cookie(COOKIE)
    assert cookie is not None
    return cookie.value


def has_cookie(client: FlaskClient) -> bool:
    return client.get_cookie(COOKIE) is not None


def send(app: Flask, token: str, path: str = "/whoami", method: str = "GET") -> TestResponse:
    """One request that shows this token, from a client that keeps nothing."""
    client = app.test_client(use_cookies=False)
    return client.open(path, method=method, headers={"Cookie": f"{COOKIE}={token}"})


def subject_of(response: TestResponse) -> str | None:
    body = response.get_json()
    subject = body["subject"]
    assert subject is None or isinstance(subject, str)
    return subject


def error_of(response: TestResponse) -> str | None:
    error = response.get_json()["error"]
    assert error is None or isinstance(error, str)
    return error
