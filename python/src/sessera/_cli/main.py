"""Runs a command."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from sessera import SessionError

from .output import CommandError, printable
from .parser import make_parser, protect_ids
from .target import keeper_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sessera._web.keeper import Keeper


def main(
    arguments: Sequence[str] | None = None, *, prog: str = "python -m sessera", keeper: Keeper | None = None
) -> int:
    """Run a command, and give its exit status; `keeper` is that of the application, where it is known.

    Raises SystemExit where the command line is wrong, and after `--help`.
    """
    parser = make_parser(prog, of_application=keeper is not None)
    options = parser.parse_args(protect_ids(sys.argv[1:] if arguments is None else arguments))

    def find() -> Keeper:
        return keeper_of(options) if keeper is None else keeper

    try:
        if options.without_application:
            status = options.run(find, options)
        else:
            found = find()
            _refuse_missing_keys(found)
            status = options.run(found, options)
        return status or 0
    except (CommandError, SessionError) as failed:
        error = failed if isinstance(failed, CommandError) else CommandError.of(failed)
        sys.stderr.write(f"Error: {printable(str(error))}\n")
        return error.status


def _refuse_missing_keys(keeper: Keeper) -> None:
    """Refuse a key file that is still to be made: a look at it makes none."""
    file = keeper._settings.key_file
    if file is not None and not file.exists:
        raise CommandError(
            f"there is no key file at {file.path} yet: `keys generate` makes it, or the application when it "
            "first uses a session"
        )
