"""What an application gave as settings, each taken out as the type that it must have."""

from __future__ import annotations

import difflib
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from sessera import InvalidConfig, SessionError
from sessera._web.values import FLAGS, flag_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

Made = TypeVar("Made")

#: What begins the name of every setting.
PREFIX = "SESSERA_"

#: How alike two names are of which one is a misspelling. `SESSION` and `SESSERA` are 0.57.
_ALIKE = 0.8

#: Longest text, in bytes.
LONGEST_TEXT = 512


class Given:
    """The `SESSERA_*` settings of an application.

    What is wrong raises InvalidConfig, which names the setting.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._given = {name: value for name, value in config.items() if name.startswith(PREFIX)}
        self._others = [name for name in config if isinstance(name, str) and not name.startswith(PREFIX)]

    def __contains__(self, name: str) -> bool:
        return name in self._given

    def refuse_unknown(self, known: Collection[str]) -> None:
        """Refuse names that are no setting's."""
        for name in self._given:
            if name not in known:
                # Compared without what all of them begin with, which is no likeness.
                ends = {one.removeprefix(PREFIX): one for one in known}
                close = difflib.get_close_matches(name.removeprefix(PREFIX), ends, n=1)
                hint = f"; did you mean {ends[close[0]]}?" if close else ""
                raise InvalidConfig(f"there is no setting {name}{hint}")
        for name in self._others:
            if (meant := _misspelt(name, known)) is not None:
                raise InvalidConfig(f"there is no setting {name}; did you mean {meant}?")

    def value(self, name: str, default: Any) -> Any:
        """Give whatever it is."""
        return self._given.get(name, default)

    def text(self, name: str, default: str) -> str:
        """Give a text that is not empty."""
        value = self.value(name, default)
        if not isinstance(value, str) or not 0 < len(value.encode()) <= LONGEST_TEXT:
            raise InvalidConfig(f"{name} must be a text of 1 to {LONGEST_TEXT} bytes")
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        """Give True or False; other values that Python takes for true or false are refused."""
        value = flag_of(self.value(name, default))
        if value is None:
            raise InvalidConfig(f"{name} must be {FLAGS}")
        return value

    def whole(self, name: str, default: int | None, *, least: int, most: int) -> int | None:
        """Give a whole number; None only where that is the default."""
        value = self.value(name, default)
        if value is None and default is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise InvalidConfig(f"{name} must be a whole number from {least} to {most}")
        return value

    def span(
        self, name: str, default: timedelta | None = None, *, least: timedelta = timedelta(seconds=1)
    ) -> timedelta:
        """Give a span of at least a second, or of what is given as the least."""
        value = self.value(name, default)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            seconds = value
            value = checked(name, lambda: timedelta(seconds=seconds))
        if not isinstance(value, timedelta) or value < least:
            from_on = f"from {least.total_seconds():g} seconds on"
            raise InvalidConfig(f"{name} must be a timedelta or a number of seconds, {from_on}")
        return value

    def instance(self, name: str, of: type[Any], default: Any) -> Any:
        """Give an object of this type."""
        value = self.value(name, default)
        if value is not default and not isinstance(value, of):
            raise InvalidConfig(f"{name} must be a {of.__name__}")
        return value


def _misspelt(name: str, known: Collection[str]) -> str | None:
    """Give the setting that a name of another beginning stands for, such as `SESERA_STORE`."""
    begin, line, end = name.partition("_")
    likeness = difflib.SequenceMatcher(None, begin.upper(), PREFIX.rstrip("_")).ratio()
    if not line or likeness < _ALIKE:
        return None
    ends = [one.removeprefix(PREFIX) for one in known]
    close = difflib.get_close_matches(end.upper(), ends, n=1, cutoff=_ALIKE)
    return PREFIX + close[0] if close else None


def checked(name: str, make: Callable[[], Made]) -> Made:
    """Give what `make` makes; if it can't, the error names the setting."""
    try:
        return make()
    except (SessionError, OSError, ValueError, OverflowError, TypeError) as error:
        raise InvalidConfig(f"{name}: {error}") from error
