"""What an application gave as settings, each taken out as the type that it must have."""

from __future__ import annotations

import difflib
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from sessera import InvalidConfig, SessionError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

Made = TypeVar("Made")

#: What begins the name of every setting.
PREFIX = "SESSERA_"

#: Longest text, in bytes.
LONGEST_TEXT = 512


class Given:
    """The `SESSERA_*` settings of an application.

    What is wrong raises InvalidConfig, which names the setting.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._given = {name: value for name, value in config.items() if name.startswith(PREFIX)}

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
        """Give True or False, and nothing that is as good as that."""
        value = self.value(name, default)
        if not isinstance(value, bool):
            # Flask reads variables of the environment as JSON, in which these words are small.
            hint = "; in a variable of the environment, true or false" if isinstance(value, str) else ""
            raise InvalidConfig(f"{name} must be True or False{hint}")
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


def checked(name: str, make: Callable[[], Made]) -> Made:
    """Give what `make` makes; if it can't, the error names the setting."""
    try:
        return make()
    except (SessionError, OSError, ValueError, OverflowError, TypeError) as error:
        raise InvalidConfig(f"{name}: {error}") from error
