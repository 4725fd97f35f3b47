"""What each verb does with each state of a token: the table of docs/outages.md is made here.

`SESSERA_WRITE=1` writes docs/_tables/endings.inc anew; without it the file must be what the frameworks do.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pytest

from sessera import Client, Policy

from .site import CHROME, FIREFOX

if TYPE_CHECKING:
    from sessera import ManualClock

    from .conftest import MakeSite
    from .site import Browser, Site

TABLE = Path(__file__).parents[3] / "docs" / "_tables" / "endings.inc"

VERBS = {
    "logout": "/logout",
    "login": "/login",
    "logout_everywhere": "/everywhere",
    "elevate": "/elevate",
    "revoke_others": "/others",
}

#: Makes a browser whose token is in a state, and the newest token of its session.
State: TypeAlias = Callable[["Site", "ManualClock", Path], "tuple[Browser, str]"]


def good(site: Site, _clock: ManualClock, _store: Path) -> tuple[Browser, str]:
    browser = site.login()
    return browser, str(browser.token)


def idle(site: Site, clock: ManualClock, _store: Path) -> tuple[Browser, str]:
    browser = site.login()
    clock.advance(20 * 60)
    kept = site.sessions.renew(str(browser.token), client=Client(user_agent=FIREFOX)).token
    clock.advance(11 * 60)
    return browser, kept


def _rotated(site: Site) -> tuple[Browser, str]:
    browser = site.login()
    newest = site.sessions.rotate(str(browser.token), client=Client(user_agent=FIREFOX)).token
    site.browser(token=newest).get("/read")
    return browser, newest


def rotated_away(site: Site, clock: ManualClock, _store: Path) -> tuple[Browser, str]:
    browser, newest = _rotated(site)
    clock.advance(11)
    return browser, newest


def in_the_grace(site: Site, _clock: ManualClock, _store: Path) -> tuple[Browser, str]:
    return _rotated(site)


def bound_elsewhere(site: Site, _clock: ManualClock, _store: Path) -> tuple[Browser, str]:
    token = str(site.login().token)
    return site.browser(token=token, agent=CHROME), token


def store_away(site: Site, _clock: ManualClock, store: Path) -> tuple[Browser, str]:
    browser = site.login()
    store.unlink()
    return browser, str(browser.token)


STATES: dict[str, State] = {
    "good": good,
    "idle": idle,
    "rotated away": rotated_away,
    "in the grace": in_the_grace,
    "bound elsewhere": bound_elsewhere,
    "store away": store_away,
}

TOLD = {200: "done", 401: "401: log in", 403: "403", 503: "503: try again"}


def outcome(
    make_site: MakeSite, clock: ManualClock, store: Path, state: str, verb: str
) -> tuple[str, str, str]:
    """What the user is told, whether the browser keeps a token, and which sessions are left."""
    site = make_site(Policy(binding={"user_agent": "enforce"}))
    other = str(site.login().token)
    browser, newest = STATES[state](site, clock, store)
    answer = browser.post(VERBS[verb])
    told = TOLD[answer.status]
    if answer.body == "pending":
        told = "done, pending"
    cookie = "none" if browser.token is None else "a token"
    left = [name for name, token in (("this", newest), ("others", other)) if site.code(token) == "ok"]
    return told, cookie, ", ".join(left) or "nothing"


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("state", STATES)
def test_every_framework_does_what_the_table_says(
    make_site: MakeSite, clock: ManualClock, tmp_path: Path, state: str, verb: str
) -> None:
    found = outcome(make_site, clock, tmp_path / "sessera.db", state, verb)
    line = f"| {state} | `{verb}` | {' | '.join(found)} |"
    if os.environ.get("SESSERA_WRITE") == "1":
        _write(line, state, verb)
    assert line in TABLE.read_text(encoding="utf-8").splitlines()


def _write(line: str, state: str, verb: str) -> None:
    head = ["| the token is | the view calls | the user is told | the browser keeps | accepted afterwards |"]
    head.append("|---|---|---|---|---|")
    known = TABLE.read_text(encoding="utf-8").splitlines() if TABLE.exists() else []
    rows = {tuple(row.split(" | ")[:2]): row for row in known if row.startswith("| ") and row != head[0]}
    rows[f"| {state}", f"`{verb}`"] = line
    order = [(f"| {a}", f"`{b}`") for a in STATES for b in VERBS]
    lines = [*head, *(rows[key] for key in order if key in rows)]
    TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")
