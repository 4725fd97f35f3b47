"""`flask.session`, carried in the token or kept in the store, and read only when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask.sessions import SessionMixin, session_json_serializer

from sessera._web.contents import Contents

from . import data

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from flask.json.tag import TaggedJSONSerializer

    from .keeper import Keeper


class FlaskSession(Contents, SessionMixin):
    """A dict that looks into the request when it is first used. Flask makes one for each request.

    `modified` and `permanent` are Flask's. `new` says that the request brought no session, or none that is
    good.
    """

    called = "flask.session"

    def __init__(
        self,
        keeper: Keeper,
        environ: WSGIEnvironment,
        serializer: TaggedJSONSerializer = session_json_serializer,
    ) -> None:
        super().__init__(keeper, environ)
        self.keeper = keeper
        self.serializer = serializer

    @property
    def environ(self) -> WSGIEnvironment:
        """What the server says of the request."""
        environ: WSGIEnvironment = self._request
        return environ

    def begun(self) -> None:
        """Take over what the client brought from before, where the settings say so."""
        if self.keeper.settings.former is not None:
            self.keeper.settings.former.take_over(self)

    @property
    def new(self) -> bool:  # type: ignore[override]  # Flask has it as a plain attribute
        """Whether the request brought no session, or none that is good."""
        return self.visit.new

    @property
    def sid(self) -> str:
        """The session's id, as with Flask-Session. It is another one after a login.

        Raises AttributeError where there is no session yet. A visitor's begins at the end of the request that
        puts something into it.
        """
        session = self.visit.session
        if session is None:
            raise AttributeError(
                "there is no session yet, and so no id: it begins with login(), or at the end of a request "
                "that put something into flask.session"
            )
        return session.id

    @property
    def lasting(self) -> bool:
        """Whether the cookie is to outlive the browser."""
        return self.permanent

    def lasted(self, tagged: object) -> bool:
        """Whether contents, as they were left, ask for a cookie that outlives the browser."""
        return isinstance(tagged, dict) and bool(tagged.get("_permanent"))

    @property
    def filled(self) -> bool:
        """Whether there is more than Flask's mark for a permanent session."""
        return any(name != "_permanent" for name in self)

    def encode(self) -> str:
        """Write the contents as JSON, tagged as Flask tags it. Equal contents give equal text.

        Raises TypeError, which names the key of a value that Flask can't tag.
        """
        return self._text(self.serializer.dumps)

    def text_of(self, tagged: object) -> str:
        """Give the text that `encode` gave for contents that have been read."""
        return data.text_of(tagged)

    def decode(self, tagged: object) -> dict[str, Any]:
        """Read the contents, as new objects, so that the claim stays as it was signed."""
        return data.decode(self.serializer, tagged)
