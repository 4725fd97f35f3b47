from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from sessera import Keyring, ManualClock, Policy, SqliteStore

from .asgi_site import asgi_site
from .django_site import django_site
from .flask_site import flask_site
from .site import Site

if TYPE_CHECKING:
    from pathlib import Path

MakeSite: TypeAlias = Callable[..., Site]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1_800_000_000)


@pytest.fixture(params=["flask", "asgi", "django"])
def make_site(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
    django_database: None,
) -> Iterator[MakeSite]:
    """Makes the site of a framework, on an SQLite file that the test may break."""
    monkeypatch.chdir(tmp_path)
    undo: list[Callable[[], object]] = []

    def make(policy: Policy | None = None, **more: Any) -> Site:
        settings: dict[str, Any] = {
            "keyring": Keyring.generate("HS256"),
            "store": SqliteStore(tmp_path / "sessera.db"),
            "policy": policy or Policy(),
            **more,
        }
        if request.param == "flask":
            return flask_site(clock, settings)
        if request.param == "asgi":
            return asgi_site(clock, settings)
        from django.contrib.auth.models import User
        from django.test import override_settings

        given = {name.upper(): value for name, value in settings.items()}
        override = override_settings(SESSERA={"ISSUER": "https://shop.example", "CLOCK": clock, **given})
        override.enable()
        undo.append(override.disable)
        found = User.objects.filter(username="ada").first()
        user = found or User.objects.create_user("ada", password="three leaves")
        undo.append(user.delete)
        return django_site(clock)

    yield make
    for step in reversed(undo):
        step()


@pytest.fixture
def site(make_site: MakeSite) -> Site:
    return make_site()
