"""The command line: commands, options, and what `--help` says."""

from __future__ import annotations

import re
from argparse import ArgumentParser, ArgumentTypeError, HelpFormatter, RawDescriptionHelpFormatter
from typing import TYPE_CHECKING, Any

from . import explain, keys, revoke, sessions
from .target import APP

if TYPE_CHECKING:
    from argparse import _SubParsersAction
    from collections.abc import Sequence

#: Stands for the dash that an id begins with: one in 64 does, and is no option.
_DASH = "\0"

#: An id of a session or a key that begins with a dash. No option is as long.
_ID = re.compile(r"-[A-Za-z0-9_-]{21,63}")

_EXPLAIN = """\
Show why a TOKEN is good or bad, step by step.

Without one, or with -, it is read from standard input, where neither the list of processes nor the shell's
history shows it. A whole cookie (name=token) or an Authorization header is taken too. Nothing is changed:
even a token that was used twice ends no session here.

The exit status is 0 for a good token and 1 for one that is refused.
"""

_TARGETS = f"""\
One of these says which application is meant:
  --app module:name   a sessera.asgi.Sessera, an ASGI application with its middleware, or a Flask application
                      (or the environment variable {APP})
  --settings module   a Django project (or DJANGO_SETTINGS_MODULE)
  --keys FILE         no application, only its files; with --store, --issuer and --audience as it has them
"""


def protect_ids(arguments: Sequence[str]) -> list[str]:
    """Keep ids that begin with a dash from being taken for options."""
    return [_DASH + word[1:] if _ID.fullmatch(word) else word for word in arguments]


def make_parser(prog: str, *, of_application: bool) -> ArgumentParser:
    """Make the parser; `of_application` where the application is known already."""
    parser = ArgumentParser(
        prog,
        description="Keys, revocations, and why a token is good or bad.",
        epilog=None if of_application else _TARGETS,
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    if not of_application:
        _add_targets(parser)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_keys(_group(commands, "keys", "The keys that sign and verify tokens."))
    _add_revoke(
        _group(commands, "revoke", "End sessions: their tokens are refused from now on, in every process.")
    )
    command = _command(
        commands,
        "sessions",
        sessions.list_sessions,
        "Show the live sessions of a SUBJECT, oldest first. They are listed where the application says so.",
    )
    command.add_argument("subject", metavar="SUBJECT")
    command = _command(commands, "explain", explain.explain_token, _EXPLAIN)
    command.add_argument("token", metavar="TOKEN", nargs="?", type=_word)
    return parser


def _add_targets(parser: ArgumentParser) -> None:
    parser.add_argument("--app", metavar="MODULE:NAME", help="the application, or its Sessera")
    parser.add_argument("--settings", metavar="MODULE", help="the settings of a Django project")
    parser.add_argument("--keys", metavar="FILE", help="a key file")
    parser.add_argument("--store", metavar="STORE", help="the path of an SQLite file, or the URL of a Redis")
    parser.add_argument("--issuer", metavar="URL", help="the issuer of its tokens")
    parser.add_argument("--audience", metavar="NAME", help="the audience of its tokens")


def _add_keys(commands: _SubParsersAction[ArgumentParser]) -> None:
    _command(commands, "list", keys.list_keys, "Show the keys, the one that signs first.")
    command = _command(
        commands,
        "generate",
        keys.generate_keys,
        "Make a key FILE with one new key. Without one, make the file that the application expects.",
        without_application=True,
    )
    command.add_argument("file", metavar="FILE", nargs="?")
    command.add_argument(
        "--algorithm",
        choices=("HS256", "EdDSA", "ES256"),
        help="HS256 by default, or what the application says; EdDSA or ES256 where other services verify",
    )
    command = _command(
        commands,
        "rotate",
        keys.rotate_keys,
        "Add the next key to the key file. Running processes pick it up by themselves; nobody is logged out.",
    )
    command.add_argument(
        "--publish-for",
        type=_seconds,
        default=600.0,
        metavar="SECONDS",
        help="how long the new key is known before it signs, 600 by default; 0 signs at once",
    )
    command.add_argument(
        "--keep-verifying",
        type=_seconds,
        metavar="SECONDS",
        help="how long the present key verifies after that; a day by default, or the longest session: "
        "30 days where no application is named",
    )
    _command(commands, "jwks", keys.print_jwks, "Print the public keys as a JWK Set, for other services.")


def _add_revoke(commands: _SubParsersAction[ArgumentParser]) -> None:
    command = _command(
        commands,
        "session",
        revoke.revoke_session,
        "End one session, by its ID (current_session.id, or the id that `explain` shows).",
    )
    command.add_argument("id", metavar="ID", type=_word)
    command = _command(
        commands, "subject", revoke.revoke_subject, "End all sessions of a SUBJECT that began until now."
    )
    command.add_argument("subject", metavar="SUBJECT")
    command = _command(
        commands,
        "key",
        revoke.revoke_key,
        "End a key that leaked, by its KID: no token that it signed is good any more. Rotate first, with "
        "--publish-for 0, so that another key signs.",
    )
    command.add_argument("kid", metavar="KID", type=_word)
    command.add_argument("--yes", action="store_true", help="go on without asking")
    command = _command(commands, "all", revoke.revoke_all, "End every session that began until now.")
    command.add_argument("--yes", action="store_true", help="go on without asking")


def _group(
    commands: _SubParsersAction[ArgumentParser], name: str, text: str
) -> _SubParsersAction[ArgumentParser]:
    parser = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
    return parser.add_subparsers(title="commands", metavar="COMMAND", required=True)


def _command(
    commands: _SubParsersAction[ArgumentParser],
    name: str,
    run: Any,
    text: str,
    *,
    without_application: bool = False,
) -> ArgumentParser:
    parser = commands.add_parser(
        name,
        help=text.partition("\n")[0],
        description=text,
        formatter_class=RawDescriptionHelpFormatter if "\n" in text else HelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--json", action="store_true", help="print JSON, for other programs")
    parser.set_defaults(run=run, without_application=without_application)
    return parser


def _word(text: str) -> str:
    return text.replace(_DASH, "-", 1)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise ArgumentTypeError(f"{text!r} is no number of seconds from 0 on")
    return seconds
