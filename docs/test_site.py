"""The site that `sphinx-build` made: whoever reads it asks no other server for anything."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest
import sessera

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


def _errors() -> list[type[sessera.SessionError]]:
    public = [getattr(sessera, name) for name in sessera.__all__]
    return [found for found in public if isinstance(found, type) and issubclass(found, sessera.SessionError)]


@pytest.mark.parametrize(
    ("page", "module"),
    [
        ("core", "sessera"),
        ("flask", "sessera.flask"),
        ("asgi", "sessera.asgi"),
        ("asgi", "sessera.fastapi"),
        ("django", "sessera.django"),
    ],
)
def test_every_public_name_is_in_the_reference(page: str, module: str) -> None:
    text = (SITE / "reference" / f"{page}.html").read_text(encoding="utf-8")
    elsewhere = {error.__name__ for error in _errors()} | {"jose", "CSRF_HEADER"}
    if module in ("sessera.fastapi", "sessera.django"):
        elsewhere |= {"CurrentSession"}
    if module in ("sessera.asgi", "sessera.django"):
        elsewhere |= {"ANYONE", "UserSession"}
    wanted = set(importlib.import_module(module).__all__) - elsewhere
    assert [name for name in sorted(wanted) if f'id="{module}.{name}"' not in text] == []


def test_every_error_code_is_in_its_table() -> None:
    text = (SITE / "reference" / "errors.html").read_text(encoding="utf-8")
    codes = [error.code for error in _errors() if error is not sessera.SessionError]
    assert [code for code in codes if f">{code}<" not in text] == []
