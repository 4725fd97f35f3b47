"""`explain TOKEN`: why a token is good or bad, step by step."""

from __future__ import annotations

import getpass
import sys
from typing import TYPE_CHECKING

from sessera._web.explain import explain

from .output import REFUSED, print_json, print_line, print_table

if TYPE_CHECKING:
    from argparse import Namespace

    from sessera._web.explain import Explanation
    from sessera._web.keeper import Keeper


def explain_token(keeper: Keeper, options: Namespace) -> int:
    """Tell why a token is good or bad. The exit status is 0 for a good one and 1 for one that is refused."""
    token = options.token
    if token in (None, "-"):
        token = getpass.getpass("Token: ") if sys.stdin.isatty() else sys.stdin.read()
    found = explain(_bare(str(token), keeper.cookie.name), keeper._settings)
    if options.json:
        steps = [{"step": step.name, "passed": step.passed, "found": step.found} for step in found.steps]
        print_json({"good": found.code is None, "code": found.code, "steps": steps, "session": found.session})
    else:
        _print(found)
    return 0 if found.code is None else REFUSED


def _print(found: Explanation) -> None:
    words = {True: "ok", False: "NO", None: "-"}
    print_table([(words[step.passed], step.name, step.found) for step in found.steps])
    print_line()
    for name, value in found.session.items():
        if value not in (None, []):
            shown = ", ".join(value) if isinstance(value, list) else str(value)
            print_line(f"{name.replace('_', ' '):<17}{shown}")
    if found.session:
        print_line()
    print_line("The token is good." if found.code is None else f"The token is refused: {found.code}.")


def _bare(text: str, cookie: str) -> str:
    """Take off what stands before a token where it was copied from."""
    text = text.strip()
    for prefix in ("Cookie:", "Authorization:", "Bearer ", f"{cookie}="):
        if text.lower().startswith(prefix.lower()):
            text = text[len(prefix) :].strip()
    return text
