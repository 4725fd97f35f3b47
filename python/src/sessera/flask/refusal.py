"""What an end user is told when a session is refused: 401, 403 or 503, and nothing of the reason."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import current_app, has_request_context
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, HTTPException, ServiceUnavailable, Unauthorized

from sessera import SessionError
from sessera._web.refusal import OF_THE_TIMES, RETRY_AFTER, challenge

from .current import open_session

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask, Response
    from flask.typing import ResponseReturnValue

    from .settings import Settings

#: What somebody is told whose page waited too long; nothing that would help another site.
_RELOAD = "This was not sent from a page of ours, or from one that is too old. Reload the page and try again."


#: Headers that go with a body, or with what its view has done.
_OF_THE_BODY = (
    "Accept-Ranges",
    "Content-Disposition",
    "Content-Encoding",
    "Content-Range",
    "ETag",
    "Last-Modified",
    "Location",
)

#: Headers that the session has written already.
_OF_THE_SESSION = ("Set-Cookie", "Vary")

logger = logging.getLogger("sessera.flask")


def refusal(error: SessionError | None, settings: Settings) -> HTTPException:
    """Give the HTTP error for a session that was refused, or that is missing."""
    status = HTTPStatus.UNAUTHORIZED if error is None else error.http_status
    if status == HTTPStatus.FORBIDDEN:
        forged = error is not None and error.code == "csrf_invalid"
        return Forbidden(_RELOAD if forged else None)
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        return ServiceUnavailable(retry_after=RETRY_AFTER)
    if "header" not in settings.locations:
        return Unauthorized()
    return Unauthorized(www_authenticate=_Bearer(challenge(error, brought=_brought())))


class _Bearer(WWWAuthenticate):
    """A challenge as it is written: Werkzeug would leave out the quotes that RFC 6750 shows."""

    def __init__(self, header: str) -> None:
        super().__init__("bearer")
        self._header = header

    def to_header(self) -> str:
        """Give the header's value."""
        return self._header


def _brought() -> bool:
    """Whether this request brought a token."""
    session = open_session() if has_request_context() else None
    visit = None if session is None else session.opened
    return visit is not None and (visit.session is not None or visit.error is not None)


def answer_instead(response: Response, error: SessionError, settings: Settings) -> None:
    """Make a response that is already there the answer to an error, which comes too late to be raised."""
    answer = current_app.make_response(current_app.handle_http_exception(refusal(error, settings)))
    logger.warning("request failed (%s): %s", error.code, error)
    close = getattr(response.response, "close", None)
    if callable(close):
        close()
    for name in _OF_THE_BODY:
        response.headers.pop(name, None)
    response.status = answer.status
    response.direct_passthrough = False
    response.set_data(answer.get_data())
    for name, value in answer.headers.items():
        if name not in _OF_THE_SESSION:
            response.headers[name] = value
    response.headers["Cache-Control"] = "no-store"


def register(app: Flask, settings: Settings) -> None:
    """Answer SessionErrors that views let through, unless the application has a handler for them."""
    handlers = app.error_handler_spec[None][None]
    if SessionError not in handlers:
        app.register_error_handler(SessionError, _answer(settings))


def _answer(settings: Settings) -> Callable[[SessionError], ResponseReturnValue]:
    def answer(error: SessionError) -> ResponseReturnValue:
        if error.code not in OF_THE_TIMES:
            raise error
        answered = current_app.handle_http_exception(refusal(error, settings))
        return answered.get_response() if isinstance(answered, HTTPException) else answered

    return answer
