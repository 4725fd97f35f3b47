"""The README's Flask example, run as it stands there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from flask import Flask

README = Path(__file__).resolve().parents[2] / "README.md"


def test_the_flask_example_works_as_it_stands(tmp_path: Path) -> None:
    found = re.search(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    example = found.group(1).replace("Flask(__name__)", "Flask('readme', instance_path=folder)")
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
