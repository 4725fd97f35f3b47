"""What an end user is told when a session is refused: 401, 403 or 503, and nothing of the reason."""

from __future__ import annotations

from flask import Flask
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, HTTPException, ServiceUnavailable, Unauthorized

from sessera import SessionError

from .settings import Settings

#: How many seconds a client is asked to wait for what this server can't tell now.
RETRY_AFTER = 5

#: What a verb raises in a view through no fault of the application's.
_OF_THE_TIMES = frozenset(
    {
        "expired",
        "ended",
        "revoked",
        "reused",
        "superseded",
        "binding_mismatch",
        "reauthentication_required",
        "revocations_stale",
        "store_unavailable",
        "csrf_invalid",
    }
)


def refusal(error: SessionError | None, settings: Settings) -> HTTPException:
    """The HTTP error for a session that was refused, or that is missing."""
    status = 401 if error is None else error.http_status
    if status == 403:
        return Forbidden()
    if status == 503:
        return ServiceUnavailable(retry_after=RETRY_AFTER)
    challenge = WWWAuthenticate("bearer") if "header" in settings.locations else None
    return Unauthorized(www_authenticate=challenge)


def register(app: Flask, settings: Settings) -> None:
    """Answers SessionErrors that views let through, unless the application has a handler for them."""
    handlers = app.error_handler_spec[None][None]
    if SessionError not in handlers:
        app.register_error_handler(SessionError, _answer(app, settings))


def _answer(app: Flask, settings: Settings) -> object:
    def answer(error: SessionError) -> ResponseReturnValue | HTTPException:
        if error.code not in _OF_THE_TIMES:
            raise error
        return app.handle_http_exception(refusal(error, settings))  # type: ignore[return-value]

    return answer
