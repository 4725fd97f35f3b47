"""What must not pass a type checker: each line needs its `type: ignore`, or that is an error itself."""

from sessera import Keyring, Policy, Sessions
from sessera.asgi import Sessera, current_session
from sessera.flask import current_session as current
from sessera.flask import login, session_required


def misuse(sessions: Sessions) -> None:
    sessions.issue(42)  # type: ignore[arg-type]
    sessions.verify(b"token")  # type: ignore[arg-type]
    sessions.issue("ada", roles=["editor"])  # type: ignore[call-arg]
    Policy(on_reuse="ignore")  # type: ignore[arg-type]
    Policy(30)  # type: ignore[call-arg]
    login("ada", claims=["editor"])  # type: ignore[arg-type]
    session_required(fresh="5 minutes")  # type: ignore[call-overload]
    current.subject = "bob"  # type: ignore[misc]
    Sessera("https://app.example", "web", keyring=Keyring.generate(), store=None, csrf="no")  # type: ignore[arg-type]
    current_session(None)  # type: ignore[arg-type]
