"""`revoke …`: end sessions, so that their tokens are refused from now on, in every process."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from sessera import MemoryStore

from .output import CommandError, confirm, print_json, print_line

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable

    from sessera import Sessions
    from sessera._web.keeper import Keeper

_OVER = {
    "session": "That session is over.",
    "subject": "All sessions of this subject that began until now are over.",
    "key": "No token of that key is good any more.",
    "all": "All sessions that began until now are over.",
}


def revoke_session(keeper: Keeper, options: Namespace) -> None:
    """End one session, by its id."""
    said = {"revoked": "session", "id": options.id}
    _revoke(keeper, options, lambda sessions: sessions.revoke_session(options.id), said)


def revoke_subject(keeper: Keeper, options: Namespace) -> None:
    """End all sessions of a subject that began until now."""
    said = {"revoked": "subject", "subject": options.subject}
    _revoke(keeper, options, lambda sessions: sessions.revoke_subject(options.subject), said)


def revoke_key(keeper: Keeper, options: Namespace) -> None:
    """End a key that leaked: no token that it signed is good any more."""
    _ask(options, "This logs out whoever has a token of that key. Go on?")
    now = datetime.fromtimestamp(keeper.unix_seconds(), timezone.utc)
    known = {key.kid: key.state for key in keeper.sessions.keyring.keys(now)}
    if options.kid not in known:
        raise CommandError("there is no such key: see `keys list`")
    if known[options.kid] == "signing":
        raise CommandError("this key signs: no login would be good. First `keys rotate --publish-for 0`")
    said = {"revoked": "key", "kid": options.kid}
    _revoke(keeper, options, lambda sessions: sessions.revoke_key(options.kid), said)


def revoke_all(keeper: Keeper, options: Namespace) -> None:
    """End every session that began until now."""
    _ask(options, "This logs everybody out. Go on?")
    _revoke(keeper, options, lambda sessions: sessions.revoke_all(), {"revoked": "all"})


def _ask(options: Namespace, question: str) -> None:
    if not options.yes and not confirm(question):
        raise CommandError("nothing was revoked")


def _revoke(
    keeper: Keeper, options: Namespace, act: Callable[[Sessions], object], said: dict[str, str]
) -> None:
    store, setting = keeper._settings.store, keeper.setting("STORE")
    if store is None or isinstance(store, MemoryStore):
        raise CommandError(
            "the running processes would not hear of it: "
            + (f"{setting} is None" if store is None else f"{setting} is the memory of each process")
        )
    act(keeper.sessions)
    if options.json:
        print_json(said)
    else:
        print_line(_OVER[said["revoked"]])
