"""What commands print, and how they fail."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from sessera import SessionError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

#: Exit statuses: a token or an action was refused; the command line is wrong; the store can't be reached.
REFUSED, USAGE, UNAVAILABLE = 1, 2, 3

_UNAVAILABLE = frozenset({"store_unavailable", "revocations_stale"})


class CommandError(Exception):
    """A command that can't do what it is asked. The message says what to do."""

    def __init__(self, message: str, status: int = REFUSED) -> None:
        super().__init__(message)
        self.status = status

    @classmethod
    def of(cls, error: SessionError, where: str = "") -> CommandError:
        """Take over an error of the library, with its code."""
        # A store that can't be reached is named as the setting that says where it is.
        codes = {error.code, getattr(error.__cause__, "code", None)}
        status = UNAVAILABLE if codes & _UNAVAILABLE else REFUSED
        return cls(f"{where}{error.code}: {error}", status)


def print_json(value: object) -> None:
    """Print JSON, for other programs."""
    print_line(json.dumps(value, indent=2))


def print_table(rows: Sequence[tuple[str, ...]]) -> None:
    """Print rows, each column as wide as its widest cell."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print_line(line.rstrip())


def print_line(text: str = "") -> None:
    """Print a line."""
    sys.stdout.write(f"{printable(text)}\n")


def printable(text: str) -> str:
    """Write out what a terminal would obey: users choose names with such characters."""
    return "".join(
        letter if letter.isprintable() or letter == "\n" else ascii(letter)[1:-1] for letter in text
    )


def moment(at: datetime | None) -> str | None:
    """Write an instant in UTC."""
    return None if at is None else f"{at:%Y-%m-%dT%H:%M:%SZ}"


def confirm(question: str) -> bool:
    """Ask for a yes."""
    sys.stderr.write(f"{question} [y/N]: ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
