"""Tables that are made from the code: settings, error codes, events."""

from __future__ import annotations

import os
import re
from argparse import ArgumentParser, _SubParsersAction
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from unittest import mock

import sessera
from docutils import nodes
from docutils.statemachine import StringList
from sessera._cli.parser import make_parser
from sessera.django import settings as django_settings
from sessera.flask import events, settings
from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sphinx.application import Sphinx


ERRORS = Path(__file__).resolve().parents[2] / "crates" / "sessera" / "src" / "error.rs"

#: A kind of error in the core's source, with the line that documents it.
KIND = re.compile(r"^    /// (.+)\n    (\w+),$", re.MULTILINE)

#: A bar that ends no cell.
BAR = r"\|"


class Table(SphinxDirective):
    """A table of Markdown, from rows of text."""

    columns: ClassVar[tuple[str, ...]]

    def rows(self) -> Iterable[tuple[str, ...]]:
        """Give the rows."""
        raise NotImplementedError

    def run(self) -> list[nodes.Node]:
        """Make the table."""
        lines = [f"| {' | '.join(self.columns)} |", f"|{'---|' * len(self.columns)}"]
        lines += [f"| {' | '.join(cell.replace('|', BAR) for cell in row)} |" for row in self.rows()]
        box = nodes.container()
        self.state.nested_parse(StringList(lines, "generated"), self.content_offset, box)
        return list(box.children)


class FlaskSettings(Table):
    """Every `SESSERA_*` of Flask."""

    columns = ("setting", "default, and what else it may be")

    def rows(self) -> Iterable[tuple[str, ...]]:
        """Give name and default."""
        return _settings(settings.DEFAULTS)


class DjangoSettings(Table):
    """Every member of Django's `SESSERA`."""

    columns = ("member", "default, and what else it may be")

    def rows(self) -> Iterable[tuple[str, ...]]:
        """Give name and default."""
        return _settings(django_settings.DEFAULTS)


class Errors(Table):
    """Every error code, with what the core says of it."""

    columns = ("code", "meaning", "HTTP")

    def rows(self) -> Iterable[tuple[str, ...]]:
        """Give code, meaning and status."""
        for meaning, name in KIND.findall(ERRORS.read_text(encoding="utf-8")):
            error: type[sessera.SessionError] = getattr(sessera, name)
            yield f"`{error.code}`", meaning, str(error.http_status)


class Events(Table):
    """Every kind of event that `sessera.flask` sends."""

    columns = ("kind", "when")

    def rows(self) -> Iterable[tuple[str, ...]]:
        """Give kind and meaning."""
        kinds: Any = events.KINDS
        return [(f"`{kind}`", str(kinds[kind])) for kind in kinds]


class Commands(SphinxDirective):
    """What the commands say of themselves with `--help`."""

    def run(self) -> list[nodes.Node]:
        """Give the options that come first, and a section for each command."""
        found = [("python -m sessera", make_parser("python -m sessera", of_application=False))]
        found += _leaves(make_parser("python -m sessera", of_application=True))
        return [node for path, parser in found for node in _command(path, parser)]


def _leaves(parser: ArgumentParser) -> list[tuple[str, ArgumentParser]]:
    groups = [action for action in parser._actions if isinstance(action, _SubParsersAction)]
    if not groups:
        return [(parser.prog, parser)]
    return [leaf for group in groups for part in group.choices.values() for leaf in _leaves(part)]


def _command(path: str, parser: ArgumentParser) -> list[nodes.Node]:
    # As wide as a page, whatever the terminal is.
    with mock.patch.dict(os.environ, COLUMNS="90"):
        text = parser.format_help()
    return [nodes.rubric(path, path), nodes.literal_block(text, text, language="text")]


def _settings(defaults: Mapping[str, str]) -> Iterable[tuple[str, ...]]:
    return [(f"`{name}`", text) for name, text in defaults.items()]


def setup(app: Sphinx) -> dict[str, bool]:
    """Give the directives their names."""
    app.add_directive("flask-settings", FlaskSettings)
    app.add_directive("django-settings", DjangoSettings)
    app.add_directive("error-codes", Errors)
    app.add_directive("event-kinds", Events)
    app.add_directive("commands", Commands)
    return {"parallel_read_safe": True}
