"""What Flask calls at the beginning and at the end of each request."""

from __future__ import annotations

from types import GeneratorType
from typing import TYPE_CHECKING

from flask.sessions import SessionInterface, SessionMixin, session_json_serializer

from sessera import SessionError
from sessera._web.refusal import cannot_tell

from .refusal import answer_instead
from .saving import save, vary
from .session import FlaskSession

if TYPE_CHECKING:
    from flask import Flask, Request, Response

    from .keeper import Keeper


class SesseraInterface(SessionInterface):
    """Flask's sessions, in signed tokens. `Sessera` puts it in place."""

    #: Tags the values that JSON has no type for; more are added by its `register`, as with Flask's own.
    serializer = session_json_serializer

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    def open_session(self, app: Flask, request: Request) -> FlaskSession:
        """Do nothing yet: a request that never asks for its session pays nothing for it."""
        return FlaskSession(self._keeper, request.environ, self.serializer)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write the headers that the session asks for; none if nobody touched it.

        What the store could not keep is answered with 503, whatever the view has said.

        A body that is still to be generated may touch it, too late to say so: then it is said beforehand.
        """
        if not isinstance(session, FlaskSession):
            return
        if session.accessed:
            try:
                save(session, response)
            except SessionError as error:
                if not cannot_tell(error):
                    raise
                answer_instead(response, error, self._keeper.settings)
            return
        if _is_made_later(response):
            vary(response, self._keeper.door.varies_by)
        session.close()

    def get_cookie_name(self, app: Flask) -> str:
        """Give the cookie's name as browsers see it."""
        return self._keeper.cookie.name

    def get_cookie_domain(self, app: Flask) -> None:
        """Give None: the cookie goes to the host that set it, and no other."""

    def get_cookie_path(self, app: Flask) -> str:
        """Give `/`, always."""
        return "/"

    def get_cookie_httponly(self, app: Flask) -> bool:
        """Give True, always."""
        return True

    def get_cookie_secure(self, app: Flask) -> bool:
        """Give True but for development."""
        return not self._keeper.settings.dev

    def get_cookie_samesite(self, app: Flask) -> str:
        """Give what `SESSERA_COOKIE_SAMESITE` says."""
        return str(self._keeper.settings.cookie["same_site"])

    def get_cookie_partitioned(self, app: Flask) -> bool:
        """Give what `SESSERA_COOKIE_PARTITIONED` says."""
        return bool(self._keeper.settings.cookie["partitioned"])


def _is_made_later(response: Response) -> bool:
    """Tell whether the application's own code may run while the body is sent: not that of a file."""
    if isinstance(response.response, GeneratorType):
        return True
    sized = "Content-Length" in response.headers
    return response.is_streamed and not sized and not response.direct_passthrough
