"""`flask sessera …`: keys, revocations and questions about tokens, from a terminal."""

from __future__ import annotations

import json
import sys
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import click
from flask.cli import AppGroup

from sessera import Keyring, MemoryStore, SessionError

from .explain import explain
from .keeper import current_keeper
from .listing import sessions_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sessera import KeyInfo

    from .keeper import Keeper
    from .listing import UserSession

group = AppGroup("sessera", help="Keys, revocations, and why a token is good or bad.")
keys = AppGroup("keys", help="The keys that sign and verify tokens.")
revoke = AppGroup("revoke", help="End sessions: their tokens are refused from now on, in every process.")
group.add_command(keys)
group.add_command(revoke)

#: How long keys are kept for verifying, at least.
KEEP = timedelta(days=1)

_OVER = {
    "session": "That session is over.",
    "subject": "All sessions of this subject that began until now are over.",
    "key": "No token of that key is good any more.",
    "all": "All sessions that began until now are over.",
}

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for other programs.")


@keys.command("list")
@as_json
def list_keys(*, as_json: bool) -> None:
    """Show the keys, the one that signs first."""
    keeper = current_keeper()
    _print_keys(keeper, keeper.sessions.keyring, as_json=as_json)


@keys.command("rotate")
@click.option(
    "--publish-for",
    type=click.FloatRange(min=0),
    default=600.0,
    show_default=True,
    metavar="SECONDS",
    help="How long the new key is known before it signs. 0 signs at once.",
)
@click.option(
    "--keep-verifying",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="How long the present key verifies after that.  [default: a day, or the longest session]",
)
@as_json
def rotate_keys(publish_for: float, keep_verifying: float | None, *, as_json: bool) -> None:
    """Add the next key to the key file.

    Running processes pick it up by themselves; nobody is logged out.
    """
    keeper = current_keeper()
    file = keeper.settings.key_file
    if file is None:
        raise click.ClickException(
            "the keys of this application are in no file that it knows: SESSERA_KEYRING is a Keyring; "
            "rotate it where it comes from"
        )
    policy = keeper.settings.policy
    longest = max(policy.absolute_timeout, keeper.settings.remember_for or policy.absolute_timeout)
    keep = max(KEEP, longest + policy.leeway)
    if keep_verifying is not None:
        keep = timedelta(seconds=keep_verifying)
    try:
        ring = Keyring.load(file.path)
        kid = ring.rotate(_now(keeper), publish_for=publish_for, keep_verifying=keep)
        ring.save(file.path)
    except SessionError as error:
        raise click.ClickException(f"{file.path}: {error}") from error
    if not as_json:
        click.echo(f"Added the key {kid} to {file.path}. Running processes pick it up by themselves.\n")
    _print_keys(keeper, ring, as_json=as_json)


# One id in 64 begins with a dash, and is no option.
@revoke.command("session", context_settings={"ignore_unknown_options": True})
@click.argument("id")
@as_json
def revoke_session(id: str, *, as_json: bool) -> None:  # noqa: A002
    """End one session, by its ID (current_session.id, or the id that `explain` shows)."""
    _revoke(lambda sessions: sessions.revoke_session(id), {"revoked": "session", "id": id}, as_json=as_json)


@revoke.command("subject")
@click.argument("subject")
@as_json
def revoke_subject(subject: str, *, as_json: bool) -> None:
    """End all sessions of a SUBJECT that began until now."""
    _revoke(
        lambda sessions: sessions.revoke_subject(subject),
        {"revoked": "subject", "subject": subject},
        as_json=as_json,
    )


@revoke.command("key", context_settings={"ignore_unknown_options": True})
@click.argument("kid")
@click.confirmation_option(prompt="This logs out whoever has a token of that key. Go on?")
@as_json
def revoke_key(kid: str, *, as_json: bool) -> None:
    """End a key that leaked, by its KID: no token that it signed is good any more.

    Rotate first, with --publish-for 0, so that another key signs.
    """
    keeper = current_keeper()
    known = {key.kid: key.state for key in keeper.sessions.keyring.keys(_now(keeper))}
    if kid not in known:
        raise click.ClickException("there is no such key: see `flask sessera keys list`")
    if known[kid] == "signing":
        raise click.ClickException(
            "this key signs: no login would be good. First `flask sessera keys rotate --publish-for 0`"
        )
    _revoke(lambda sessions: sessions.revoke_key(kid), {"revoked": "key", "kid": kid}, as_json=as_json)


@revoke.command("all")
@click.confirmation_option(prompt="This logs everybody out. Go on?")
@as_json
def revoke_all(*, as_json: bool) -> None:
    """End every session that began until now."""
    _revoke(lambda sessions: sessions.revoke_all(), {"revoked": "all"}, as_json=as_json)


@group.command("sessions")
@click.argument("subject")
@as_json
def list_sessions(subject: str, *, as_json: bool) -> None:
    """Show the live sessions of a SUBJECT, oldest first.

    They are listed where SESSERA_LIST_SESSIONS is on.
    """
    try:
        found = sessions_of(subject)
    except SessionError as error:
        raise click.ClickException(f"{error.code}: {error}") from error
    if as_json:
        _print_json([_listed(session) for session in found])
    elif not found:
        click.echo("There are none.")
    else:
        rows: list[tuple[str, ...]] = [("ID", "STARTED", "LAST SEEN", "EXPIRES", "CLIENT", "NETWORK")]
        rows += [tuple(value or "-" for value in _listed(session).values()) for session in found]
        _print_table(rows)


@group.command("explain")
@click.argument("token", required=False)
@as_json
def explain_token(token: str | None, *, as_json: bool) -> None:
    """Tell why a TOKEN is good or bad, step by step.

    Without one, or with -, it is read from standard input, where no list of processes and no history of the
    shell shows it. A whole cookie (name=token) or an Authorization header is taken too. Nothing is changed:
    even a token that was used twice ends no session here.

    The exit status is 0 for a good token and 1 for one that is refused.
    """
    keeper = current_keeper()
    if token in (None, "-"):
        token = click.prompt("Token", hide_input=True) if sys.stdin.isatty() else sys.stdin.read()
    found = explain(_bare(str(token), keeper.cookie.name), keeper.settings)
    if as_json:
        steps = [{"step": step.name, "passed": step.passed, "found": step.found} for step in found.steps]
        _print_json(
            {"good": found.code is None, "code": found.code, "steps": steps, "session": found.session}
        )
    else:
        words = {True: "ok", False: "NO", None: "-"}
        _print_table([(words[step.passed], step.name, step.found) for step in found.steps])
        click.echo()
        for name, value in found.session.items():
            if value not in (None, []):
                shown = ", ".join(value) if isinstance(value, list) else str(value)
                click.echo(f"{name.replace('_', ' '):<17}{_printable(shown)}")
        if found.session:
            click.echo()
        click.echo("The token is good." if found.code is None else f"The token is refused: {found.code}.")
    if found.code is not None:
        raise SystemExit(1)


def _bare(text: str, cookie: str) -> str:
    """Take off what stands before a token where it was copied from."""
    text = text.strip()
    for prefix in ("Cookie:", "Authorization:", "Bearer ", f"{cookie}="):
        if text.lower().startswith(prefix.lower()):
            text = text[len(prefix) :].strip()
    return text


def _printable(text: str) -> str:
    """Write out what a terminal would obey: who signs up may choose a name with such characters."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def _revoke(act: Any, said: dict[str, str], *, as_json: bool) -> None:
    keeper = current_keeper()
    store = keeper.settings.store
    if store is None or isinstance(store, MemoryStore):
        raise click.ClickException(
            "the running processes would not hear of it: "
            + ("SESSERA_STORE is None" if store is None else "SESSERA_STORE is the memory of each process")
        )
    try:
        act(keeper.sessions)
    except SessionError as error:
        raise click.ClickException(f"{error.code}: {error}") from error
    if as_json:
        _print_json(said)
    else:
        click.echo(_OVER[said["revoked"]])


def _print_keys(keeper: Keeper, ring: Keyring, *, as_json: bool) -> None:
    found = ring.keys(_now(keeper))
    if as_json:
        _print_json([_key(info) for info in found])
        return
    rows = [("KEY", "ALGORITHM", "STATE", "SIGNS FROM", "VERIFIES UNTIL")]
    rows += [
        (info.kid, info.algorithm, info.state, _at(info.signs_from) or "-", _at(info.verifies_until) or "-")
        for info in found
    ]
    _print_table(rows)


def _listed(session: UserSession) -> dict[str, str | None]:
    return {
        "id": session.id,
        "started_at": _at(session.started_at),
        "last_seen": _at(session.last_seen),
        "expires_at": _at(session.expires_at),
        "label": session.label,
        "network": session.network,
    }


def _key(info: KeyInfo) -> dict[str, Any]:
    return {
        "kid": info.kid,
        "algorithm": info.algorithm,
        "state": info.state,
        "private": info.private,
        "made_at": _at(info.made_at),
        "signs_from": _at(info.signs_from),
        "verifies_until": _at(info.verifies_until),
    }


def _now(keeper: Keeper) -> datetime:
    return datetime.fromtimestamp(keeper.settings.unix_seconds(), timezone.utc)


def _at(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _print_table(rows: Sequence[tuple[str, ...]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo(line.rstrip())


def _print_json(value: object) -> None:
    click.echo(json.dumps(value, indent=2))
