"""`sessions SUBJECT`: the live sessions of a user."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sessera._web import listing

from .output import moment, print_json, print_line, print_table

if TYPE_CHECKING:
    from argparse import Namespace

    from sessera import ListedSession
    from sessera._web.keeper import Keeper


def list_sessions(keeper: Keeper, options: Namespace) -> None:
    """Show the live sessions of a subject, oldest first."""
    found = listing.sessions_of(keeper, options.subject)
    if options.json:
        print_json([_listed(session) for session in found])
    elif not found:
        print_line("There are none.")
    else:
        rows: list[tuple[str, ...]] = [("ID", "STARTED", "LAST SEEN", "EXPIRES", "CLIENT", "NETWORK")]
        rows += [tuple(value or "-" for value in _listed(session).values()) for session in found]
        print_table(rows)


def _listed(session: ListedSession) -> dict[str, str | None]:
    return {
        "id": session.id,
        "started_at": moment(session.started_at),
        "last_seen": moment(session.last_seen),
        "expires_at": moment(session.expires_at),
        "label": session.label,
        "network": session.network,
    }
