"""The examples of the READMEs, run as they stand there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

ROOT = Path(__file__).resolve().parents[2]
READMES = [ROOT / "README.md", ROOT / "python" / "README.md"]


def examples_of(readme: Path) -> list[str]:
    return re.findall(r"```python\n(.*?)```", readme.read_text(encoding="utf-8"), re.DOTALL)


def test_the_package_works_as_its_readme_says() -> None:
    names: dict[str, Any] = {}
    others = examples_of(READMES[1])[1:]
    assert len(others) == 2
    for example in others:
        exec(compile(example, "README.md", "exec"), names)  # noqa: S102  # our own text
    names["sessions"].revoke_all()


@pytest.mark.parametrize("readme", READMES, ids=["project", "package"])
def test_the_flask_example_works_as_it_stands(readme: Path, tmp_path: Path) -> None:
    example = examples_of(readme)[0].replace("Flask(__name__)", "Flask('readme', instance_path=folder)")
    names: dict[str, Any] = {"folder": str(tmp_path)}
    exec(compile(example, "README.md", "exec"), names)  # noqa: S102  # our own text
    app: Flask = names["app"]
    browser = app.test_client()
    https = {"base_url": "https://app.example"}
    assert browser.get("/profile", **https).status_code == 401
    assert browser.post("/login", data={"name": "ada"}, **https).text == "Welcome"
    assert browser.get("/profile", **https).text == "ada, visit 1"
    assert browser.get("/profile", **https).text == "ada, visit 2"
    kept = browser.get_cookie("__Host-session", domain="app.example")
    assert kept is not None
    assert browser.post("/logout", **https).text == "Bye"
    browser.set_cookie("__Host-session", kept.value, domain="app.example", secure=True)
    assert browser.get("/profile", **https).status_code == 401
