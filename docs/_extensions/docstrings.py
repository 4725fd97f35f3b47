"""Docstrings are plain text with `code` in single backquotes, and examples that are indented."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

CODE = re.compile(r"(?<!`)`([^`]+)`(?!`)")
FENCE = re.compile(r"^(\s*)```(\w+)\s*$")
ITEM = re.compile(r"^`[^`]+`: ")


def to_rst(_app: Sphinx, _what: str, _name: str, _object: Any, _options: Any, lines: list[str]) -> None:
    """Make reStructuredText of a docstring, in place."""
    found: list[str] = []
    item = False
    for line in _without_fences(lines):
        begins = ITEM.match(line) is not None
        item = begins or (item and line.strip() != "")
        found += ["", f"- {_text(line)}"] if begins else [f"  {_text(line)}" if item else _text(line)]
    lines[:] = found


def _text(line: str) -> str:
    if line.lstrip().startswith((">>>", "...")):
        return line
    return CODE.sub(r"``\1``", line).replace("**", r"\*\*")


def _without_fences(lines: list[str]) -> list[str]:
    found: list[str] = []
    within = False
    for line in lines:
        if opening := FENCE.match(line):
            within = True
            found += [f".. code-block:: {opening.group(2)}", ""]
        elif within and line.strip() == "```":
            within = False
            found.append("")
        else:
            found.append(f"    {line}" if within else line)
    return found


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx."""
    app.connect("autodoc-process-docstring", to_rst)
    return {"parallel_read_safe": True}
