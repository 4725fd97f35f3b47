"""Values of settings as people write them, in a file or in an environment variable."""

from __future__ import annotations

_FLAGS = {"true": True, "1": True, "false": False, "0": False}

#: How a message names what `flag_of` takes.
FLAGS = "True or False (in an environment variable: true, false, 1 or 0)"


def flag_of(value: object) -> bool | None:
    """Read True, False, 1, 0, or one of these as text; None for anything else, which has no clear meaning."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and value in (0, 1):
        return bool(value)
    return _FLAGS.get(value.strip().lower()) if isinstance(value, str) else None
