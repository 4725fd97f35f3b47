"""Runs the examples of these pages, each page from its top to its end.

Python is run, and what stands after a `>>>` prompt is compared. An application may grow from block to block,
as its file does that the reader edits and starts again. Commands after a `$` are run by the page's
own `app`; what is shown below them must be in what they print, `...` standing for anything. What would change
the reader's machine (`pip install`) stands in blocks of the language `sh`, which are not run.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from flask import Flask
from sybil import Example, Sybil
from sybil.parsers.myst import CodeBlockParser, PythonCodeBlockParser


class ConsoleParser(CodeBlockParser):
    """Commands of the page's application."""

    language = "console"

    def evaluate(self, example: Example) -> str | None:
        """Run the commands of a block, and look for what is shown."""
        for command, shown in _commands(str(example.parsed)):
            words = shlex.split(command)
            assert words[0] == "flask", f"not a command of the application: {command}"
            arguments = [word for word in words[1:] if word not in ("--app", "shop")]
            result = example.namespace["app"].test_cli_runner().invoke(args=arguments)
            assert result.exit_code == 0, result.output
            pattern = ".*".join(re.escape(part) for part in shown.split("..."))
            assert re.search(pattern, result.output, re.DOTALL), f"{command} printed:\n{result.output}"
        return None


class NginxParser(CodeBlockParser):
    """A configuration that nginx must accept, where there is one."""

    language = "nginx"

    def evaluate(self, example: Example) -> str | None:
        """Let nginx check it."""
        nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
        if nginx is None:
            return None
        with tempfile.TemporaryDirectory() as folder:
            http = f"http {{ access_log off; {example.parsed} }}"
            file = Path(folder, "nginx.conf")
            file.write_text(f"error_log stderr; pid {folder}/pid; events {{}} {http}", encoding="utf-8")
            command = [nginx, "-t", "-q", "-p", folder, "-c", str(file)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return None


class JavaScriptParser(CodeBlockParser):
    """A script that must be one; browsers run it in tests of their own."""

    language = "js"

    def evaluate(self, example: Example) -> str | None:
        """Let Node read it, where there is one."""
        node = shutil.which("node")
        if node is None:
            return None
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "example.mjs")
            file.write_text(str(example.parsed), encoding="utf-8")
            done = subprocess.run([node, "--check", file], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return None


def _commands(block: str) -> list[tuple[str, str]]:
    found: list[tuple[str, list[str]]] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        else:
            found[-1][1].append(line)
    return [(command, "\n".join(shown).strip()) for command, shown in found]


def _begin(namespace: dict[str, Any]) -> None:
    """Let a page have a folder of its own, where its application keeps keys and store."""
    folder = tempfile.mkdtemp(prefix="sessera-docs-")
    namespace.update(__name__="shop", _folder=folder, _before=Path.cwd(), _check=Flask._check_setup_finished)
    os.chdir(folder)
    # The reader edits the file and starts it again; here it takes further views after its first request.
    Flask._check_setup_finished = lambda _app, _name: None  # type: ignore[assignment, method-assign]


def _end(namespace: dict[str, Any]) -> None:
    Flask._check_setup_finished = namespace["_check"]  # type: ignore[method-assign]
    os.chdir(namespace["_before"])
    shutil.rmtree(namespace["_folder"], ignore_errors=True)


pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(), ConsoleParser(), NginxParser(), JavaScriptParser()],
    patterns=["*.md"],
    excludes=["changelog.md", "security.md", "protocol/*"],
    setup=_begin,
    teardown=_end,
).pytest()
