"""Files of the repository's root as part of a page: what they link to is there, and not on this site."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from sphinx.application import Sphinx

#: A link to a file beside the one that is included.
LINK = re.compile(r"\[([^\]]+)\]\((?!https?:|#)[^)]+\)")


def unlinked(_app: Sphinx, _path: Path, _page: str, content: list[str]) -> None:
    """Leave the text of such links."""
    content[0] = LINK.sub(r"\1", content[0])


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx."""
    app.connect("include-read", unlinked)
    return {"parallel_read_safe": True}
