"""Interpreters of other kinds: a second one in a process is refused, and one without a GIL stays without."""

from __future__ import annotations

import subprocess
import sys
import sysconfig

import pytest

SCRIPT = """
import sessera

try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters

other = interpreters.create()
try:  # it raises before CPython 3.13, and returns what was raised from then on
    failure = interpreters.run_string(other, "import sessera")
    print(failure and failure.formatted)
except RuntimeError as error:
    print(error)
interpreters.destroy(other)

sessions = sessera.Sessions("https://app.example", "web", keyring=sessera.Keyring.generate())
print(sessions.verify(sessions.issue("user-42").token).subject)
"""


def test_a_second_interpreter_is_refused_and_the_first_goes_on() -> None:
    done = subprocess.run(  # noqa: S603  # our own script
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True
    )
    refusal, subject = done.stdout.strip().splitlines()
    assert "ImportError" in refusal
    assert "subinterpreter" in refusal
    assert subject == "user-42"


@pytest.mark.skipif(not sysconfig.get_config_var("Py_GIL_DISABLED"), reason="this Python has a GIL")
def test_an_interpreter_without_a_gil_stays_without() -> None:
    assert "sessera" in sys.modules
    assert not sys._is_gil_enabled()  # type: ignore[attr-defined,unused-ignore]
