"""Log lines for refused tokens: a WARNING where the deployment is likely misconfigured, INFO otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from logging import Logger

    from sessera import SessionError

    from .notices import Notices

#: What a refusal says about the deployment, by its code. `{}` stands for the setting that is named.
_MEANINGS = {
    "unknown_key": (
        "KEYRING",
        (
            "No key of this process has signed it. If users are being logged out, the replicas probably have "
            "different keys: give all of them the same key file ({}). Later tokens with an unknown key are "
            "logged at INFO."
        ),
    ),
    "wrong_issuer": (
        "ISSUER",
        (
            "This application's key has signed it, but for another issuer. Was {} changed, or does it differ "
            "between processes? Tokens of the earlier issuer stay refused, and their users have to log in "
            "again."
        ),
    ),
    "wrong_audience": (
        "AUDIENCE",
        (
            "This application's key has signed it, but for another audience. Either {} was changed, or "
            "another application uses the same keys and cookie name: give each application its own cookie "
            "name."
        ),
    ),
}

#: Codes that a stranger can cause at will: the signature was not verified. One warning a process is enough.
_BEFORE_THE_SIGNATURE = frozenset({"unknown_key"})


def log_refusal(logger: Logger, notices: Notices, setting: Callable[[str], str], error: SessionError) -> None:
    """Log that a request's token was refused. `setting` gives the framework's name for a setting."""
    meaning = _MEANINGS.get(error.code)
    if meaning is not None:
        name, text = meaning
        advice = text.format(setting(name))
        if notices.warn(f"refused: {error.code}", "session refused (%s): %s. %s", error.code, error, advice):
            return
        if error.code not in _BEFORE_THE_SIGNATURE:
            logger.warning("session refused (%s): %s", error.code, error)
            return
    logger.info("session refused (%s): %s", error.code, error)
