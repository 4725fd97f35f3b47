"""What is answered when a session is refused."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, TypeGuard

if TYPE_CHECKING:
    from sessera import SessionError

    from .contents import Contents

#: How many seconds a client is asked to wait for what this server can't tell now.
RETRY_AFTER = 5

#: What a verb raises in a view through no fault of the application's.
OF_THE_TIMES = frozenset(
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


def challenge(error: SessionError | None, *, brought: bool) -> str:
    """Write the `WWW-Authenticate` header of a 401 (RFC 6750): why a token that was brought is not enough.

    `brought` says whether the request had a token. A session that is good, but too old or too weak, asks for
    a new authentication (RFC 9470).
    """
    if error is None or not brought:
        return "Bearer"
    strong = error.code != "reauthentication_required"
    return f'Bearer error="{"invalid_token" if strong else "insufficient_user_authentication"}"'


def cannot_tell(error: SessionError | None) -> TypeGuard[SessionError]:
    """Whether this server can't tell, for now, if a session is good: that logs nobody out."""
    return error is not None and error.http_status == HTTPStatus.SERVICE_UNAVAILABLE


def is_of_the_client(error: SessionError, contents: Contents) -> bool:
    """Whether an error that a view let through is to be answered, and is no fault of the application's.

    For what a request brought, such as a token that nobody signed, no code is.
    """
    visit = contents.opened
    return error.code in OF_THE_TIMES or (visit is not None and error is visit.error)
