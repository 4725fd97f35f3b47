"""The subject of a session: the user's id as text."""

from __future__ import annotations

from uuid import UUID


def subject_of(value: object) -> str:
    """Give the text of a user's id: of a str itself, of an int or a UUID what `str` gives.

    Raises TypeError for anything else. It names the argument's type, and never its value.
    """
    if isinstance(value, str):
        return str(value)
    if isinstance(value, (int, UUID)) and not isinstance(value, bool):
        return str(value)
    if value is None:
        raise TypeError("subject is None: it must be the user's id. Was the user saved, and so given an id?")
    raise TypeError(
        f"subject must be the user's id, a str, an int or a UUID, and not of type {type(value).__name__}. "
        "Pass its text, such as str(user.id)"
    )
