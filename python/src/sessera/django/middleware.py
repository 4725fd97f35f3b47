"""The middleware, in the place of Django's SessionMiddleware."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import FileResponse, HttpResponse
from django.utils.cache import patch_vary_headers

from sessera import SessionError
from sessera._web.current import CurrentSession
from sessera._web.refusal import OF_THE_TIMES, RETRY_AFTER, cannot_tell

from .keeper import current_keeper
from .store import SessionStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest


class SesseraMiddleware(SessionMiddleware):
    """Django's SessionMiddleware, and what it lacks for these sessions.

    The session knows its client, and two cookies of its name are refused. A session that is used is renewed
    in time, though nothing in it changed. A response that sets the cookie is not to be stored.
    `request.sessera` is the CurrentSession. SessionErrors that a view lets through are answered with 401, 403
    or 503.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        super().__init__(get_response)
        # What is wrong in the settings is an error when the server starts, and not in its first request.
        current_keeper().open()

    def process_request(self, request: HttpRequest) -> None:
        """Give the request its session, which is verified when it is first asked for."""
        session = SessionStore(request.COOKIES.get(settings.SESSION_COOKIE_NAME), environ=request.META)
        request.session = session
        request.sessera = CurrentSession(session)  # type: ignore[attr-defined]

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer a SessionError that a view let through, unless it is the project's own fault."""
        if not isinstance(exception, SessionError) or exception.code not in OF_THE_TIMES:
            return None
        return _refusal(exception)

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Save the session if it changed or is to be renewed, and set or remove the cookie."""
        session = getattr(request, "session", None)
        if not isinstance(session, SessionStore):
            return super().process_response(request, response)
        if session.unknown is not None and response.status_code == HTTPStatus.INTERNAL_SERVER_ERROR:
            # Another middleware asked for the session; what it lets through is 500 by now.
            response = _refusal(session.unknown)
        if session.cannot_tell:
            patch_vary_headers(response, ("Cookie",))
            return response
        if session.accessed and session.renewal_due:
            session.modified = True
        try:
            response = super().process_response(request, response)
        except SessionError as error:
            if not cannot_tell(error):
                raise
            # What the view asked for could not be done, whatever it has answered.
            return _refusal(error)
        name = settings.SESSION_COOKIE_NAME
        if session.pending:
            self._give(session, response)
        elif name in response.cookies and not session.ended:
            # The client has this token, or by now a newer one: a late response must not take that away.
            del response.cookies[name]
        if name in response.cookies:
            current_keeper().check_transport(request)
            response.headers["Cache-Control"] = "no-store"
        elif not session.accessed:
            if response.streaming and not issubclass(type(response), FileResponse):
                # A body that is still to be made may look at the session, too late to say so.
                patch_vary_headers(response, ("Cookie",))
        elif session.logged_in:
            # What was made for a user is not behind the back button once the user has logged out.
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    def _give(self, session: SessionStore, response: HttpResponse) -> None:
        """Give the client its token with an error page too: the one that it has may be dead already."""
        token = session.visit.token
        if settings.SESSION_COOKIE_NAME not in response.cookies and token is not None:
            response.set_cookie(
                settings.SESSION_COOKIE_NAME,
                token,
                max_age=None if session.get_expire_at_browser_close() else session.get_expiry_age(),
                domain=settings.SESSION_COOKIE_DOMAIN,
                path=settings.SESSION_COOKIE_PATH,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=settings.SESSION_COOKIE_HTTPONLY,
                samesite=settings.SESSION_COOKIE_SAMESITE,
            )


def _refusal(error: SessionError) -> HttpResponse:
    current_keeper().logger.info("request refused (%s): %s", error.code, error)
    status = HTTPStatus(error.http_status)
    response = HttpResponse(status.phrase, status=status, content_type="text/plain; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = str(RETRY_AFTER)
    return response
