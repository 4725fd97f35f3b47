"""Puts our session interface into every Flask application that a foreign test makes. A plugin of pytest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask
from sessera import Keyring
from sessera.flask import Sessera

_KEYRING = Keyring.generate("HS256")


def _with_sessera(make: Callable[..., None]) -> Callable[..., None]:
    def make_and_set_up(app: Flask, *args: Any, **kwargs: Any) -> None:
        make(app, *args, **kwargs)
        app.config.update(
            SESSERA_KEYRING=_KEYRING,
            SESSERA_STORE="memory",
            SESSERA_LOCATIONS=("cookie",),  # as with Flask's own
            SESSERA_DEV=True,  # so that the cookie has the name that those tests look for
        )
        Sessera(app)

    return make_and_set_up


Flask.__init__ = _with_sessera(Flask.__init__)  # type: ignore[method-assign]
