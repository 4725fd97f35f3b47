from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from certificate import Certificate
from server import Server

# Headless, in a container as root, and quiet on the network.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # The names behind the proxy of `proxy.py`.
    "--host-resolver-rules=MAP *.example 127.0.0.1",
]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A shop with one worker and a fresh instance folder."""
    server = Server(tmp_path)
    server.start()
    yield server
    server.close()


@pytest.fixture
def two_workers(tmp_path: Path) -> Iterator[Server]:
    """The same shop with two workers, which share what is in the instance folder."""
    server = Server(tmp_path)
    server.start(workers=2)
    yield server
    server.close()


@pytest.fixture(scope="session")
def certificate() -> Certificate:
    """What the browser trusts, for servers behind TLS."""
    return Certificate()


@pytest.fixture(scope="session")
def browser(certificate: Certificate) -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    assert chromium, "chromium is missing: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=[*FLAGS, certificate.flag],
            # What people have: a page that was left is kept as it was, for the back button.
            ignore_default_args=["--disable-back-forward-cache"],
        )
        yield browser
        browser.close()
