from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sessera import Keyring, ManualClock
from tests.django import project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from django.contrib.auth.models import User
    from django.test import Client


@pytest.fixture(autouse=True)
def _database(django_database: None) -> None:
    """Every test here has Django's tables."""


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1_800_000_000)


@pytest.fixture(params=["memory", "sqlite", "data-in-store"])
def config(request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock) -> dict[str, Any]:
    """The setting SESSERA: every rule holds with each store, and wherever the contents are."""
    config: dict[str, Any] = {
        "ISSUER": project.ORIGIN,
        "KEYRING": Keyring.generate("HS256"),
        "STORE": "memory" if request.param == "memory" else tmp_path / "sessera.db",
        "CLOCK": clock,
    }
    return {**config, "DATA": "store"} if request.param == "data-in-store" else config


@pytest.fixture(autouse=True)
def _settings(config: dict[str, Any]) -> Iterator[None]:
    from django.test import override_settings

    with override_settings(SESSERA=config):
        yield


@pytest.fixture
def ada() -> Iterator[User]:
    from django.contrib.auth.models import User

    user = User.objects.create_superuser("ada", password="three leaves")
    yield user
    user.delete()


@pytest.fixture
def browser() -> Client:
    return new_browser()


def new_browser(**options: Any) -> Client:
    from django.test import Client

    return Client(SERVER_NAME="shop.example", headers={"x-forwarded-proto": "https"}, **options)
