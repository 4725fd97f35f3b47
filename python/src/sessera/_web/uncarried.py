"""Names the value in a session that JSON can't carry: by its key, never by what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: Values nested more deeply than this are not searched.
_DEEPEST = 32


def uncarried(called: str, contents: Mapping[Any, Any], dumps: Callable[[Any], object]) -> TypeError:
    """Make the error for contents of which `dumps` failed; `called` is what the application calls them."""
    path, what = _find(contents, dumps, _DEEPEST)
    if what is None:
        return TypeError(f"{called} can't be kept: its values must be what JSON can hold")
    return TypeError(
        f"{called}{path} {what}. Convert it first: a session holds text, numbers, booleans, None, "
        "and lists and dicts of them"
    )


def _find(value: Any, dumps: Callable[[Any], object], depth: int) -> tuple[str, str | None]:
    """Give the path to the part that fails, and what is wrong with it."""
    if depth == 0:
        return "", "is nested too deeply, or holds itself"
    if isinstance(value, dict):
        parts = [(f"[{name!r}]", name, part) for name, part in value.items()]
    elif isinstance(value, (list, tuple)):
        parts = [(f"[{index}]", "", part) for index, part in enumerate(value)]
    else:
        return "", f"is of type {type(value).__name__}, which can't be kept in a session"
    for path, name, part in parts:
        if not isinstance(name, str):
            return "", f"has a key of type {type(name).__name__}: keys must be text"
        if _fails(part, dumps):
            below, what = _find(part, dumps, depth - 1)
            return path + below, what
    return "", None


def _fails(value: Any, dumps: Callable[[Any], object]) -> bool:
    try:
        dumps(value)
    except (TypeError, ValueError, RecursionError):
        return True
    return False
