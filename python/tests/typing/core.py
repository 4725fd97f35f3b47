"""The core, as an application uses it."""

from datetime import datetime, timedelta
from typing import Any

from typing_extensions import assert_type

from sessera import (
    Client,
    Expired,
    Issued,
    Keyring,
    MemoryStore,
    Policy,
    Revoked,
    Session,
    SessionError,
    Sessions,
    SqliteStore,
)


def make(path: str | None) -> Sessions:
    store = SqliteStore(path) if path else MemoryStore()
    policy = Policy(idle_timeout=timedelta(minutes=15), absolute_timeout=3600, binding={"ip": "enforce"})
    return Sessions(
        "https://app.example",
        "web",
        keyring=Keyring.generate("EdDSA"),
        policy=policy.replace(grace=5),
        store=store,
        observer=lambda event: print(event.kind, event.subject or ""),  # noqa: T201
    )


def use(sessions: Sessions, client: Client) -> None:
    issued = sessions.issue("user-42", claims={"roles": ["editor"]}, client=client, amr=["pwd"])
    assert_type(issued, Issued)
    session = sessions.verify(issued.token, client=client)
    assert_type(session, Session)
    assert_type(session.subject, str)
    assert_type(session.generation, int)
    assert_type(session.expires_at, datetime)
    assert_type(session.claims["roles"], Any)
    for listed in sessions.sessions_of("user-42"):
        assert_type(listed.last_seen, datetime)
    sessions.revoke_session(session.id)


def why(sessions: Sessions, token: str) -> str | None:
    try:
        sessions.verify(token)
    except (Expired, Revoked) as error:
        assert_type(error.http_status, int)
        return error.code
    except SessionError as error:
        assert_type(error.message, str)
        return error.message
    return None


async def wait(sessions: Sessions, session: Session) -> str:
    return (await sessions.ended(session)).code
