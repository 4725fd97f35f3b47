"""What the tests share: sessions by a clock that only the test moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

import pytest

from sessera import Client, Keyring, ManualClock, MemoryStore, Sessions

ISSUER = "https://app.example"
AUDIENCE = "web"
START = 1_700_000_000
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

MakeSessions: TypeAlias = Callable[..., Sessions]


@pytest.fixture(params=["EdDSA", "ES256", "HS256"])
def algorithm(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def make_sessions(clock: ManualClock) -> MakeSessions:
    def make(algorithm: str = "HS256", **settings: object) -> Sessions:
        settings = {"keyring": Keyring.generate(algorithm), "store": MemoryStore(), "clock": clock} | settings
        return Sessions(ISSUER, AUDIENCE, **settings)  # type: ignore[arg-type]

    return make


@pytest.fixture
def sessions(make_sessions: MakeSessions) -> Sessions:
    return make_sessions()


@pytest.fixture
def client() -> Client:
    return Client(ip="203.0.113.7", user_agent=FIREFOX)


@pytest.fixture(scope="session")
def django_database() -> Iterator[None]:
    """Django's tables, in memory."""
    # Its settings first.
    from django.test.utils import setup_databases, setup_test_environment, teardown_databases

    from tests.django import project  # noqa: F401

    setup_test_environment()
    old = setup_databases(verbosity=0, interactive=False)
    yield
    teardown_databases(old, verbosity=0)
