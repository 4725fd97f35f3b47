"""What a view does with the session: log in, elevate, log out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sessera._web import verbs

from .current import open_session

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from sessera import Issued
    from sessera._revocation import RevocationState

    from .session import FlaskSession


def login(
    subject: str | int | UUID,
    claims: Mapping[str, Any] | None = None,
    *,
    acr: str | None = None,
    amr: Sequence[str] = (),
    remember: bool = False,
    device: bool = True,
) -> Issued:
    """Start a session of this subject. Call it when the user has just authenticated.

    The session is always a new one. The one that the request came with is ended, also where it is idle or was
    rotated away, and nothing that the client brought is adopted but the contents of `flask.session`; those of
    another subject are dropped.

    `claims` are signed into the token and can be read by who holds it. `acr` and `amr` say how the user
    authenticated (RFC 8176: `["pwd", "otp"]`).

    With `remember`, for users who ask for it, the session lasts for `SESSERA_REMEMBER_FOR` from now, used or
    not, and its cookie outlives the browser. It is not extended by use: after that time the user logs in
    again. What needs a recent authentication asks for it with `session_required(fresh=…)`.

    The response sets the cookie. A client that keeps its token itself gets it as `token` of the result; where
    `SESSERA_DEVICE_COOKIE` is on, such a client logs in with `device=False`, since its requests bring no
    cookie that the token could be bound to.

    `subject` is the user's id. The session knows it as text: `login(42)` is `login("42")`.

    Raises TypeError for a subject that is no str, int or UUID, InvalidClaim for a claim or a subject that no
    token may carry, TooLarge or CookieInvalid when there is more than a token or a cookie can hold,
    StoreUnavailable when the replaced session can't be revoked, or its contents not be kept, InvalidConfig
    when somebody is to be remembered and the settings say nobody is.

        >>> from flask import Flask, request
        >>> from sessera import Keyring
        >>> from sessera.flask import Sessera, current_session, login
        >>> app = Flask("shop")
        >>> app.config["SESSERA_KEYRING"] = Keyring.generate("HS256")
        >>> sessera = Sessera(app)
        >>> @app.post("/login")
        ... def log_in():
        ...     login("user-42", {"roles": ["editor"]}, amr=["pwd"])
        ...     return current_session.subject
        >>> app.test_client().post("/login").text
        'user-42'
    """
    return verbs.login(_opened(), subject, claims, acr=acr, amr=amr, remember=remember, device=device)


def elevate(
    *,
    claims: Mapping[str, Any] | None = None,
    acr: str | None = None,
    amr: Sequence[str] = (),
) -> Issued:
    """Raise the session's rights. Call it when the user has just authenticated again.

    The session goes on under a new generation, authenticated now; the old token is dead at once. `claims` are
    added to those of the session, or take the place of those of the same name.

    Raises ReauthenticationRequired when nobody is logged in, Superseded when another request elevated or
    rotated the session at the same moment, and InvalidConfig without a store.

        >>> from flask import Flask
        >>> from sessera import Keyring
        >>> from sessera.flask import Sessera, current_session, elevate, login
        >>> app = Flask("shop")
        >>> app.config["SESSERA_KEYRING"] = Keyring.generate("HS256")
        >>> sessera = Sessera(app)
        >>> with app.test_request_context():
        ...     issued = login("user-42", acr="aal1")
        ...     issued = elevate(claims={"role": "admin"}, acr="aal2")
        ...     current_session.claims["role"], current_session.acr, current_session.generation
        ('admin', 'aal2', 1)
    """
    return verbs.elevate(_opened(), claims, acr=acr, amr=amr)


def logout() -> RevocationState | None:
    """End the session: with a store its tokens are refused from now on, wherever they are kept.

    So it is of a session that is idle, or whose token was rotated away. Returns "stored"; "pending" while the
    store can't be written: the session is refused here at once, and other servers follow when the store is
    back; or None where nothing was left to end, and without a store.

    `flask.session` is empty afterwards; what is put into it then (a message, for instance) is kept in a new,
    anonymous session. Without a store only the cookie goes: a token that was copied before, or that a slower
    response to this browser renews, stays good until it expires.

    Raises StoreUnavailable when the session can't be ended; then the client keeps its cookie.
    """
    return verbs.logout(_opened())


def logout_everywhere(*, keep_current: bool = False) -> RevocationState | None:
    """End all sessions of the user who is logged in, on all devices; with `keep_current`, all but this one.

    The kept session goes on under a new id. Returns what `logout` returns; None with `keep_current`.

    Raises ReauthenticationRequired when nobody is logged in, InvalidConfig without a store, StoreUnavailable
    when nothing could be revoked; then nothing has ended, and the client keeps its cookie.
    """
    return verbs.logout_everywhere(_opened(), keep_current=keep_current)


def _opened() -> FlaskSession:
    session = open_session()
    if session.visit.closed:
        raise RuntimeError("the response's headers are made already: the session can't change any more")
    return session
