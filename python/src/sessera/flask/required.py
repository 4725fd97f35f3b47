"""Views for users who are logged in, and strongly or recently enough."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

from flask import current_app, request

from sessera import InvalidConfig, ReauthenticationRequired, SessionError

from .current import open_session
from .refusal import refusal

if TYPE_CHECKING:
    from datetime import timedelta

    from sessera._web.visit import Visit

View = TypeVar("View", bound=Callable[..., Any])


@overload
def session_required(view: View, /) -> View: ...


@overload
def session_required(
    *,
    fresh: timedelta | float | None = None,
    acr: str | Sequence[str] | None = None,
    amr: Sequence[str] = (),
    live: bool = False,
    optional: bool = False,
) -> Callable[[View], View]: ...


def session_required(
    view: View | None = None,
    /,
    *,
    fresh: timedelta | float | None = None,
    acr: str | Sequence[str] | None = None,
    amr: Sequence[str] = (),
    live: bool = False,
    optional: bool = False,
) -> View | Callable[[View], View]:
    """Let only users into the view who are logged in. With or without parentheses, below `@app.route`.

    `fresh`: they authenticated at most this long ago, a timedelta or seconds. `acr`: as one of these.
    `amr`: by all of these methods. `live`: the token is checked against all that the store holds at this
    moment, for the few views where even a second is too late. `optional`: who is not logged in gets in too,
    and finds `current_session` false; what else is asked for is asked of those who are logged in. A bearer
    token that is no good is refused all the same: who sends one wants to be told.

    A request by OPTIONS passes: browsers ask so before a request from another origin, and send no cookie and
    no token (a CORS preflight). It matters where the view takes OPTIONS itself; there `current_session` may
    be false.

    Others get 401, or 503 with `Retry-After` where this server can't tell. An application answers otherwise,
    by sending people to its login page for instance, with `@app.errorhandler(401)`. Where the authentication
    is too old or too weak ReauthenticationRequired is raised, which has a handler of its own if the
    application registers one, and is 401 otherwise.

        >>> from flask import Flask
        >>> from sessera import Keyring
        >>> from sessera.flask import Sessera, session_required
        >>> app = Flask("shop")
        >>> app.config["SESSERA_KEYRING"] = Keyring.generate("HS256")
        >>> sessera = Sessera(app)
        >>> @app.get("/account")
        ... @session_required
        ... def account():
        ...     return "yours"
        >>> app.test_client().get("/account").status_code
        401
    """
    step_up = {"max_age": fresh, "acr": acr, "amr": list(amr)} if fresh is not None or acr or amr else None

    def decorate(view: View) -> View:
        if inspect.iscoroutinefunction(view):

            @wraps(view)
            async def guarded_async(*args: Any, **kwargs: Any) -> Any:
                _admit(step_up, live=live, optional=optional)
                return await view(*args, **kwargs)

            return cast("View", guarded_async)

        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            _admit(step_up, live=live, optional=optional)
            return current_app.ensure_sync(view)(*args, **kwargs)

        return cast("View", guarded)

    return decorate if view is None else decorate(view)


def _admit(step_up: dict[str, Any] | None, *, live: bool, optional: bool) -> None:
    if request.method == "OPTIONS":
        return
    session = open_session()
    visit, settings = session.visit, session.keeper.settings
    if live and visit.logged_in:
        _look_again(visit)
    if not visit.logged_in or visit.session is None:
        if optional and (visit.error is None or not visit.by_header):
            return
        if isinstance(visit.error, ReauthenticationRequired):
            raise visit.error
        raise refusal(visit.error, settings) from visit.error
    if step_up is not None:
        visit.keeper.sessions.require(visit.session, **step_up)


def _look_again(visit: Visit) -> None:
    try:
        visit.recheck_live()
    except InvalidConfig:
        raise
    except SessionError as error:
        visit.refuse(error)
