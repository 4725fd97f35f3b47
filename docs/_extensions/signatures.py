"""Signatures with types for the native module: from its stub, which the tests compare with the module."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sessera

if TYPE_CHECKING:
    from sphinx.application import Sphinx

#: The stub's own short names.
MEANINGS = {
    "_Span": "timedelta | float",
    "_Mode": "str",
    "_Algorithm": "str",
    "_Verdict": "str",
    "_BindingSettings": "dict[str, Any]",
    "Unpack[_PolicySettings]": "Any",
}

STUB = Path(sessera.__file__).parent / "_native.pyi"


def from_stub(
    _app: Sphinx, what: str, name: str, _object: Any, _options: Any, _signature: Any, _returns: Any
) -> tuple[str, str | None] | None:
    """Give the signature that the stub has; None where it has none, and Sphinx's own remains."""
    path = name.removeprefix("sessera.")
    function = _functions().get(f"{path}.__new__" if what == "class" else path)
    if function is None:
        return None
    if what == "class":
        return f"({_arguments(function)})", None
    if what in ("function", "method"):
        return f"({_arguments(function)})", _readable(function.returns)
    return None


def type_of_property(
    _app: Sphinx, what: str, name: str, _object: Any, _options: Any, lines: list[str]
) -> None:
    """Begin a property's docstring with its type."""
    function = _functions().get(name.removeprefix("sessera."))
    if what in ("property", "attribute") and function is not None:
        lines[:1] = [f"*{_readable(function.returns)}* · {lines[0] if lines else ''}"]


@cache
def _module() -> ast.Module:
    return ast.parse(STUB.read_text(encoding="utf-8"))


@cache
def _functions() -> dict[str, ast.FunctionDef]:
    found: dict[str, ast.FunctionDef] = {}
    for node in _module().body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = node
        elif isinstance(node, ast.ClassDef):
            methods = (part for part in node.body if isinstance(part, ast.FunctionDef))
            found |= {f"{node.name}.{method.name}": method for method in methods}
    return found


def _arguments(function: ast.FunctionDef) -> str:
    arguments = _readable(function.args) or ""
    for first in ("self", "cls"):
        if arguments == first:
            return ""
        arguments = arguments.removeprefix(f"{first}, ").removeprefix("/, ")
    return arguments


def _readable(node: ast.AST | None) -> str | None:
    """Write a part of the stub, with its own short names spelled out."""
    if node is None:
        return None
    text = ast.unparse(node)
    for name, meaning in MEANINGS.items():
        text = text.replace(name, meaning)
    return text


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx."""
    app.connect("autodoc-process-signature", from_stub)
    app.connect("autodoc-process-docstring", type_of_property)
    return {"parallel_read_safe": True}
