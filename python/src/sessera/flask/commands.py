"""`flask sessera …`: the commands of `python -m sessera`, for the application that `flask` has loaded."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from sessera._cli.main import main

from .keeper import current_keeper


@click.command(
    "sessera",
    short_help="Keys, revocations, and why a token is good or bad.",
    add_help_option=False,
    context_settings={"ignore_unknown_options": True},
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@with_appcontext
def command(arguments: tuple[str, ...]) -> None:
    """Pass everything on: `--help` shows the commands."""
    status = main(arguments, prog="flask sessera", keeper=current_keeper())
    if status:
        raise SystemExit(status)
