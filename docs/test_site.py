"""The site that `sphinx-build` made: whoever reads it asks no other server for anything."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

SITE = Path(__file__).resolve().parents[1] / "target" / "docs"

#: What a browser loads by itself, from elsewhere.
LOADED = re.compile(
    r"""<(?:script|img|iframe|source|video|audio)\b[^>]*\ssrc=["']?(?:https?:)?//"""
    r"""|<link\b(?=[^>]*\brel=["']?(?:stylesheet|preload|preconnect|icon))[^>]*\shref=["']?(?:https?:)?//"""
    r"""|@import\s+(?:url\()?["']?(?:https?:)?//"""
    r"""|url\(["']?(?:https?:)?//""",
    re.IGNORECASE,
)


@pytest.mark.parametrize(
    "outside",
    [
        '<script defer src="https://cdn.example/x.js">',
        '<link rel="stylesheet" href="//fonts.example/a.css">',
        "@import url(https://fonts.example/a.css)",
        "src: url('http://fonts.example/a.woff2')",
    ],
)
def test_what_is_loaded_from_elsewhere_is_recognised(outside: str) -> None:
    assert LOADED.search(outside)


def test_nothing_is_loaded_from_elsewhere() -> None:
    pages = [*SITE.rglob("*.html"), *SITE.rglob("*.css")]
    assert SITE / "index.html" in pages, "build it first: make docs"
    assert [page.name for page in pages if LOADED.search(page.read_text(encoding="utf-8"))] == []
