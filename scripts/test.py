#!/usr/bin/env python3
"""Runs every check of the project, one after another, and closes with a summary.

Usage: scripts/test.py [STEP ...]   with the names of steps to run only these.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"


@dataclass(frozen=True)
class Tests:
    """How a tool says how many tests passed."""

    line: re.Pattern[str]
    # Of a tool that counts its suites first and then all of them: the last word is the largest.
    repeats: bool = False

    def passed(self, lines: list[str]) -> int:
        """The number of tests that passed, by what was printed."""
        numbers = [int(found[1]) for line in lines if (found := self.line.search(line))]
        return max(numbers, default=0) if self.repeats else sum(numbers)


CARGO = Tests(re.compile(r"^test result: ok\. (\d+) passed"))
PYTEST = Tests(re.compile(r"(?:^|, )(\d+) passed.* in [\d.]+s"))
JUNIT = Tests(re.compile(r"Tests run: (\d+), Failures: 0, Errors: 0"), repeats=True)
XCTEST = Tests(re.compile(r"Executed (\d+) tests?, with 0 failures"), repeats=True)


@dataclass(frozen=True)
class Step:
    """One check: its name, the command, where it runs, the tool that it may do without, and its tests."""

    name: str
    command: list[str]
    where: str = "."
    only_with: str = ""
    tests: Tests | None = None


def python(*arguments: str) -> list[str]:
    """A command that runs in the virtual environment."""
    return [str(BIN / "python"), *arguments]


STEPS = [
    Step("fmt", ["cargo", "fmt", "--all", "--check"]),
    Step("clippy", ["cargo", "clippy", "--all-targets", "--quiet", "--", "-D", "warnings"]),
    Step("benches", ["cargo", "clippy", "-p", "sessera-bench", "--quiet", "--", "-D", "warnings"]),
    Step("rust", ["cargo", "test", "--quiet"], tests=CARGO),
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
    Step("pytest", python("-m", "pytest", "-q"), where="python", tests=PYTEST),
    Step("mypy-docs", python("-m", "mypy", "--strict", "."), where="docs"),
    Step("docs", [str(BIN / "sphinx-build"), "-q", "-E", "-W", "--keep-going", "docs", "target/docs"]),
    Step("docs-run", python("-m", "pytest", "-q"), where="docs", tests=PYTEST),
    Step("mypy-upstream", python("-m", "mypy", "--strict", "."), where="tests/upstream"),
    Step("upstream", python("tests/upstream/run.py"), tests=PYTEST),
    Step("examples", python("-m", "pytest", "-q"), where="examples", tests=PYTEST),
    Step("e2e", python("-m", "pytest", "-q"), where="tests/e2e", tests=PYTEST),
    Step("kotlin", ["scripts/kotlin-test.sh"], tests=JUNIT),
    Step("swift", ["scripts/swift-test.sh"], tests=XCTEST),
]


def environment() -> dict[str, str]:
    """The extension module must not need libpython, and warnings of rustdoc are errors."""
    return {**os.environ, "PYO3_BUILD_EXTENSION_MODULE": "1", "RUSTDOCFLAGS": "-D warnings"}


@dataclass(frozen=True)
class Result:
    """How a step ended."""

    step: Step
    outcome: str
    seconds: float = 0.0
    tests: int | None = None

    def __str__(self) -> str:
        tests = "" if self.tests is None else f"  {self.tests:>5} tests"
        return f"  {self.step.name:<13} {self.outcome:<8} {self.seconds:6.1f} s{tests}"


def run(step: Step, place: str) -> Result:
    """Runs one step with its output as it comes, and says how it ended and how long it took."""
    if step.only_with and not shutil.which(step.only_with):
        return Result(step, "skipped")
    print(f"\n==> {place} {step.name}: {' '.join(step.command)}", flush=True)
    began = time.monotonic()
    status, lines = execute(step)
    tests = step.tests.passed(lines) if step.tests else None
    # A tool that found no tests has tested nothing, whatever it says.
    outcome = "passed" if status == 0 and tests != 0 else "failed"
    return Result(step, outcome, time.monotonic() - began, tests)


def execute(step: Step) -> tuple[int, list[str]]:
    """The exit status, and the lines of a step whose tests are counted."""
    lines: list[str] = []

    def pass_on(output: IO[str]) -> None:
        for line in output:
            print(line, end="", flush=True)
            lines.append(line)

    where, wanted = ROOT / step.where, subprocess.PIPE if step.tests else None
    process = subprocess.Popen(
        step.command, cwd=where, env=environment(), stdout=wanted, text=True, errors="replace"
    )
    if process.stdout is None:
        return process.wait(), lines
    reader = threading.Thread(target=pass_on, args=[process.stdout], daemon=True)
    reader.start()
    status = process.wait()
    # The last lines; but a compiler's daemon may keep the output open for as long as it lives.
    reader.join(timeout=10)
    return status, lines


def main(names: list[str]) -> int:
    unknown = set(names) - {step.name for step in STEPS}
    if unknown:
        print(f"No such step: {', '.join(sorted(unknown))}. Steps: {', '.join(step.name for step in STEPS)}")
        return 2
    chosen = [step for step in STEPS if not names or step.name in names]
    subprocess.run([str(ROOT / "scripts" / "venv.sh")], check=True)
    results = []
    for number, step in enumerate(chosen, 1):
        results.append(run(step, f"[{number}/{len(chosen)}]"))
    print("\nSummary", *results, sep="\n")
    count = {
        word: sum(result.outcome == word for result in results) for word in ("passed", "failed", "skipped")
    }
    tests = sum(result.tests or 0 for result in results)
    print(
        f"\nsteps: {count['passed']} passed, {count['failed']} failed, {count['skipped']} skipped;"
        f" tests: {tests} passed",
        flush=True,
    )
    return 1 if count["failed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
