"""Cross-site request forgery: requests that another site makes in the user's name are refused."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, TypeVar

from flask import Blueprint, current_app, request
from markupsafe import Markup

from sessera import CSRF_HEADER, CsrfInvalid, InvalidConfig, check_fetch, is_safe_method
from sessera._web.refusal import cannot_tell

from . import wtf
from .current import open_session
from .keeper import current_keeper

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from sessera._web.visit import Visit

    from .keeper import Keeper
    from .session import FlaskSession

logger = logging.getLogger("sessera.flask")

#: The form field that carries the token; Flask-WTF's has the same name.
FIELD = "csrf_token"

#: Characters of a token.
_LENGTH = 66

_EXEMPT = "_sessera_csrf_exempt"

Exempt = TypeVar("Exempt", bound="Callable[..., Any] | Blueprint")


def csrf_token() -> str:
    """Give a CSRF token of this request's session, for a form field or the header `X-CSRF-Token`.

    Templates have it as a global, and `csrf_field()` beside it. A visitor without a session gets one, so that
    a login form is protected too. Each call gives another text; all of them hold as long as the session,
    and none of them after a login, which is a new session.

    Where the application has Flask-WTF's `CSRFProtect`, it gives one of that one's tokens, which is good with
    both. It is empty where no cookie can carry a session.

        >>> from flask import Flask, render_template_string
        >>> from sessera import Keyring
        >>> from sessera.flask import Sessera
        >>> app = Flask("shop")
        >>> app.config.update(SESSERA_KEYRING=Keyring.generate("HS256"), SESSERA_CSRF="token")
        >>> sessera = Sessera(app)
        >>> @app.route("/name", methods=["GET", "POST"])
        ... def name():
        ...     return render_template_string('<form method="post">{{ csrf_field() }}…</form>')
        >>> client = app.test_client()
        >>> client.post("/name").status
        '403 FORBIDDEN'
        >>> page = client.get("/name").text
        >>> token = page.partition('value="')[2].partition('"')[0]
        >>> client.post("/name", data={"csrf_token": token}).status
        '200 OK'
        >>> client.post("/name", headers={"X-CSRF-Token": token}).status
        '200 OK'
    """
    if wtf.in_place():
        return wtf.new_token()
    return token_for(open_session())


def token_for(session: FlaskSession) -> str:
    """Give a token of this session, which begins if there is none."""
    visit = session.visit
    if visit.session is None:
        if visit.closed:
            raise RuntimeError("the response's headers are made already: ask for csrf_token() before")
        if not visit.may_begin:
            return ""
        visit.begin(None)
    assert visit.session is not None  # noqa: S101  # begun above
    return visit.keeper.sessions.csrf_token(visit.session)


def csrf_field() -> Markup:
    """Give a form its hidden field, with a token; templates have it as a global."""
    name = wtf.field_name() if wtf.in_place() else FIELD
    return Markup('<input type="hidden" name="{}" value="{}">').format(name, csrf_token())


def csrf_exempt(view: Exempt) -> Exempt:
    """Let requests of this view, or of this Blueprint, pass unchecked: a webhook, which brings no session.

    Anywhere among the view's decorators.
    """
    setattr(view, _EXEMPT, True)
    return view


def check_csrf() -> None:
    """Ask this request for a good token, whatever `SESSERA_CSRF` says, and wherever it came from.

    Raises CsrfInvalid, which is answered with 403.
    """
    _check_fetch(current_keeper(), request.method)
    _check_token(open_session().visit)


def guard(app: Flask, keeper: Keeper) -> None:
    """Check what comes to this application, and give its templates `csrf_token()` and `csrf_field()`."""
    app.context_processor(_give_globals)
    if keeper.settings.csrf.checks and keeper.door.takes_cookies:
        # Before the hooks of the application, whenever they were put in: what they do is guarded, too.
        app.before_request_funcs.setdefault(None, []).insert(0, _check)


def _give_globals() -> dict[str, Any]:
    """Give templates their globals, with the first that is rendered.

    Not before: an application may still set how its templates are read, and the environment, once it is
    there, holds the application. Globals, since what a context processor returns is not seen by macros.
    """
    # Not where somebody else's, such as Flask-WTF's, is in place.
    names = current_app.jinja_env.globals
    names.setdefault("csrf_token", csrf_token)
    names.setdefault("csrf_field", csrf_field)
    return {}


def _check() -> None:
    # Most requests end at one of the first two questions, which cost least.
    environ = request.environ
    upgrade = environ.get("HTTP_UPGRADE")
    websocket = upgrade is not None and upgrade.lower() == "websocket"
    if is_safe_method(environ["REQUEST_METHOD"]) and not websocket:
        return
    keeper = current_keeper()
    asks_for_token = keeper.settings.csrf.asks_for_token
    if environ.get("HTTP_SEC_FETCH_SITE") == "same-origin" and not asks_for_token:
        return
    if keeper.door.takes_bearer(environ.get("HTTP_AUTHORIZATION")) or _exempt() or wtf.guards():
        return
    # A page of another site may open a WebSocket, and no page can give that a token.
    _check_fetch(keeper, "POST" if websocket else request.method)
    # What Flask-WTF is told to let through brings no token; that it is for other sites, nobody has said.
    if asks_for_token and not websocket and not wtf.exempts():
        _check_token(open_session().visit)


def _check_fetch(keeper: Keeper, method: str) -> None:
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is None and origin is None:
        return
    trusted = keeper.settings.csrf.trusted_origins
    own = _own_origins(keeper) if site is None else []
    try:
        check_fetch(
            method=method,
            sec_fetch_site=site,
            origin=origin,
            own_origins=own,
            trusted_origins=trusted,
        )
    except CsrfInvalid as error:
        advice = (
            "an origin of yours goes into SESSERA_CSRF_TRUSTED_ORIGINS; "
            "a view that is for all gets sessera.flask's @csrf_exempt"
        )
        raise _refused(error, open_session().visit, advice) from None
    except InvalidConfig:
        # The Host that the request names is none: nothing can be our own origin then.
        unknown = CsrfInvalid("the request's Origin is neither our own nor trusted")
        raise _refused(unknown, open_session().visit, "the Host header is no host") from None


def _own_origins(keeper: Keeper) -> list[str]:
    # The cookie is `Secure` but in development: where this server sees plain http, a proxy ends the TLS.
    scheme = request.scheme if keeper.settings.dev else "https"
    return [f"{scheme}://{request.host}"]


def _check_token(visit: Visit) -> None:
    if is_safe_method(request.method):
        return
    if cannot_tell(visit.error):
        raise visit.error
    if visit.session is None and _says_it_is_ours():
        # It acts for nobody. The form may have been given no token, since nothing begins while a newer
        # session may be on its way to the browser, or one was left at home that is `SameSite`; and who logs
        # in again is not to be told to reload.
        return
    if wtf.in_place() and visit.session is not None and wtf.brings_token():
        return
    token = request.headers.get(CSRF_HEADER) or _token_in_form()
    if not token:
        missing = CsrfInvalid("the request brought no CSRF token")
        advice = (
            "put {{ csrf_field() }} into the form, or send csrf_token() in the header X-CSRF-Token; "
            "@csrf_exempt is for views that no browser calls"
        )
        raise _refused(missing, visit, advice)
    if visit.session is None:
        unknown = CsrfInvalid("the request brought a CSRF token, but no session that is good")
        raise _refused(unknown, visit, "its session has expired, or the cookie did not come along")
    try:
        visit.keeper.sessions.check_csrf(visit.session, method=request.method, token=token)
    except CsrfInvalid as error:
        _log(error, "it is from another session; a login begins a new one")
        raise


def _says_it_is_ours() -> bool:
    """Whether the browser says, of a request that `_check_fetch` let pass, that a page of ours sent it."""
    site = request.headers.get("Sec-Fetch-Site")
    return site == "same-origin" or (site is None and "Origin" in request.headers)


def _token_in_form() -> str | None:
    """Find our token in the form; one of Flask-WTF's forms may bring its own beside it, by the same name."""
    tokens = request.form.getlist(FIELD)
    return next((token for token in tokens if len(token) == _LENGTH), tokens[0] if tokens else None)


def _refused(error: CsrfInvalid, visit: Visit, advice: str) -> CsrfInvalid:
    visit.keeper.sessions.csrf_refused(visit.session)
    _log(error, advice)
    return error


def _log(error: CsrfInvalid, advice: str) -> None:
    logger.warning("request to %s refused (%s): %s: %s", request.endpoint, error.code, error, advice)


def _exempt() -> bool:
    view = current_app.view_functions.get(request.endpoint or "")
    if getattr(view, _EXEMPT, False):
        return True
    return any(getattr(current_app.blueprints[name], _EXEMPT, False) for name in request.blueprints)
