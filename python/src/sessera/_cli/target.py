"""Which application the commands are about."""

from __future__ import annotations

import importlib
import inspect
import os
import sys
from typing import TYPE_CHECKING, Any

from sessera._web.keeper import Keeper

from .output import USAGE, CommandError

if TYPE_CHECKING:
    from argparse import Namespace

#: The variable in which Django looks for the module of its settings.
_DJANGO = "DJANGO_SETTINGS_MODULE"

#: The variable that may stand for `--app`.
APP = "SESSERA_APP"

_WHICH = (
    "name the application: --app module:name (ASGI, or Flask), --settings module (Django; or "
    f"{_DJANGO}), or --keys FILE, and --store where there is one"
)


def keeper_of(options: Namespace) -> Keeper:
    """Find what the options name.

    Raises CommandError or SessionError, which says what is missing or wrong.
    """
    given = [name for name in ("app", "settings", "keys") if getattr(options, name) is not None]
    if len(given) > 1:
        raise CommandError(f"--{given[0]} and --{given[1]} name two applications: keep one of them", USAGE)
    if options.keys is not None:
        from .files import Files

        return Files.of(options)
    if options.app is not None:
        return _of_object(_imported(options.app), options.app)
    if options.settings is not None or (_DJANGO in os.environ and APP not in os.environ):
        return _of_django(options.settings)
    if APP in os.environ:
        return _of_object(_imported(os.environ[APP]), os.environ[APP])
    raise CommandError(_WHICH, USAGE)


def _imported(path: str) -> Any:
    module, colon, name = path.partition(":")
    if not colon or not module or not name:
        raise CommandError(f"--app must be module:name, such as shop:app, and not {path}", USAGE)
    # As with `flask --app` and `uvicorn`, the module may be in the current folder.
    sys.path.insert(0, os.getcwd())
    try:
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise CommandError(f"--app {path}: {error}", USAGE) from error
    return found() if inspect.isfunction(found) else found


def _of_object(found: Any, path: str) -> Keeper:
    """Find the sessions in a Sessera, an application that has its middleware, or a Flask application."""
    if isinstance(found, Keeper):
        return found
    extensions = getattr(found, "extensions", None)
    if isinstance(extensions, dict) and isinstance(extensions.get("sessera"), Keeper):
        keeper: Keeper = extensions["sessera"]
        return keeper
    if isinstance(own := getattr(found, "sessera", None), Keeper):
        return own
    for middleware in getattr(found, "user_middleware", ()):
        if isinstance(own := getattr(middleware, "kwargs", {}).get("sessera"), Keeper):
            return own
    raise CommandError(
        f"{path} has no sessions of Sessera: name the sessera.asgi.Sessera, the application that has its "
        "middleware, or the Flask application that was given to sessera.flask.Sessera",
        USAGE,
    )


def _of_django(module: str | None) -> Keeper:
    if module is not None:
        os.environ[_DJANGO] = module
    sys.path.insert(0, os.getcwd())
    try:
        import django

        django.setup()
        from sessera.django.keeper import current_keeper
    except ImportError as error:
        raise CommandError(f"the settings {os.environ[_DJANGO]} can't be loaded: {error}", USAGE) from error
    return current_keeper()
