#!/usr/bin/env python3
"""Runs every check of the project, one after another, and closes with a summary.

Usage: scripts/test.py [STEP ...]   with the names of steps to run only these.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"


@dataclass(frozen=True)
class Step:
    """One check: its name, the command, where it runs, and the tool that it may do without."""

    name: str
    command: list[str]
    where: str = "."
    only_with: str = ""


def python(*arguments: str) -> list[str]:
    """A command that runs in the virtual environment."""
    return [str(BIN / "python"), *arguments]


STEPS = [
    Step("fmt", ["cargo", "fmt", "--all", "--check"]),
    Step("clippy", ["cargo", "clippy", "--all-targets", "--quiet", "--", "-D", "warnings"]),
    Step("benches", ["cargo", "clippy", "-p", "sessera-bench", "--quiet", "--", "-D", "warnings"]),
    Step("rust", ["cargo", "test", "--quiet"]),
    Step("fleet", ["cargo", "run", "--quiet", "-p", "sessera-fleet"]),
    Step("doc", ["cargo", "doc", "--no-deps", "--quiet"]),
    Step(
        "deny", ["cargo", "deny", "--offline", "check", "bans", "licenses", "sources"], only_with="cargo-deny"
    ),
    Step("wheel", ["scripts/wheel.sh"]),
    Step("ruff", [str(BIN / "ruff"), "check", "."]),
    Step("format", [str(BIN / "ruff"), "format", "--check", "."]),
    Step("mypy", python("-m", "mypy"), where="python"),
    Step("mypy-examples", ["scripts/mypy-examples.sh"]),
    Step("mypy-e2e", python("-m", "mypy", "--strict", "."), where="tests/e2e"),
    Step("mypy-server", python("-m", "mypy", "--strict", "."), where="tests/session_server"),
    Step("stubtest", python("-m", "mypy.stubtest", "sessera._native"), where="python"),
    Step("pytest", python("-m", "pytest", "-q"), where="python"),
    Step("mypy-docs", python("-m", "mypy", "--strict", "."), where="docs"),
    Step("docs", [str(BIN / "sphinx-build"), "-q", "-E", "-W", "--keep-going", "docs", "target/docs"]),
    Step("docs-run", python("-m", "pytest", "-q"), where="docs"),
    Step("mypy-upstream", python("-m", "mypy", "--strict", "."), where="tests/upstream"),
    Step("upstream", python("tests/upstream/run.py")),
    Step("examples", python("-m", "pytest", "-q"), where="examples"),
    Step("e2e", python("-m", "pytest", "-q"), where="tests/e2e"),
    Step("kotlin", ["scripts/kotlin-test.sh"]),
    Step("swift", ["scripts/swift-test.sh"]),
]


def environment() -> dict[str, str]:
    """The extension module must not need libpython, and warnings of rustdoc are errors."""
    return {**os.environ, "PYO3_BUILD_EXTENSION_MODULE": "1", "RUSTDOCFLAGS": "-D warnings"}


def run(step: Step, place: str) -> tuple[str, float]:
    """Runs one step with its output as it comes, and says how it ended and how long it took."""
    if step.only_with and not shutil.which(step.only_with):
        return "skipped", 0.0
    print(f"\n==> {place} {step.name}: {' '.join(step.command)}", flush=True)
    began = time.monotonic()
    done = subprocess.run(step.command, cwd=ROOT / step.where, env=environment(), check=False)
    return ("passed" if done.returncode == 0 else "failed"), time.monotonic() - began


def main(names: list[str]) -> int:
    unknown = set(names) - {step.name for step in STEPS}
    if unknown:
        print(f"No such step: {', '.join(sorted(unknown))}. Steps: {', '.join(step.name for step in STEPS)}")
        return 2
    chosen = [step for step in STEPS if not names or step.name in names]
    subprocess.run([str(ROOT / "scripts" / "venv.sh")], check=True)
    results = []
    for number, step in enumerate(chosen, 1):
        outcome, seconds = run(step, f"[{number}/{len(chosen)}]")
        results.append((step.name, outcome, seconds))
    print("\nSummary")
    for name, outcome, seconds in results:
        print(f"  {name:<13} {outcome:<8} {seconds:6.1f} s")
    count = {
        word: sum(outcome == word for _, outcome, _ in results) for word in ("passed", "failed", "skipped")
    }
    print(
        f"\nsteps: {count['passed']} passed, {count['failed']} failed, {count['skipped']} skipped", flush=True
    )
    return 1 if count["failed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
