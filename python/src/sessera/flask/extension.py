"""The extension itself."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from .commands import command
from .csrf import guard
from .current import current_session
from .hooks import Hooks
from .interface import SesseraInterface
from .keeper import Keeper, current_keeper
from .proxies import refuse_two_counts
from .refusal import register
from .settings import Settings
from .startup import warn_of_settings

if TYPE_CHECKING:
    from flask import Flask

    from sessera import Sessions

logger = logging.getLogger("sessera.flask")


class Sessera(Hooks):
    """Sessions in signed tokens for Flask: `Sessera(app)`, or `init_app` for application factories.

    It takes the place of Flask's own sessions; `flask.session` keeps working. One object may serve several
    applications. All settings are `SESSERA_*` in `app.config`; see `sessera.flask.settings`.

    Keys and store are files in the instance folder, made when a session is first used and shared by all
    processes of the host, whether each loads the application or they are forked off one that did: a logout in
    one of them holds in all others, and over restarts. Such a folder must be writable, and on a local file
    system.

    Raises InvalidConfig, which names the setting that is unknown or wrong.

        >>> from flask import Flask, session
        >>> from sessera import Keyring
        >>> from sessera.flask import Sessera
        >>> app = Flask("shop")
        >>> app.config["SESSERA_KEYRING"] = Keyring.generate("HS256")
        >>> sessera = Sessera(app)
        >>> @app.post("/cart/<item>")
        ... def put(item):
        ...     session["cart"] = [*session.get("cart", []), item]
        ...     return session["cart"]
        >>> client = app.test_client()
        >>> client.post("/cart/tea").json
        ['tea']
        >>> client.post("/cart/milk").json
        ['tea', 'milk']
    """

    def __init__(self, app: Flask | None = None) -> None:
        super().__init__()
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Set an application up. Its settings must be in place."""
        if "sessera" in app.extensions:
            raise RuntimeError("Sessera was set up on this application before")
        settings = Settings.of(app)
        refuse_two_counts(app, settings.trusted_hops)
        warn_of_settings(app, settings)
        keeper = Keeper(app, settings, self.hooks_of)
        app.extensions["sessera"] = keeper
        app.session_interface = SesseraInterface(keeper)
        app.context_processor(lambda: {"current_session": current_session})
        register(app, settings)
        guard(app, keeper)
        app.cli.add_command(command)
        if settings.dev:
            logger.warning(
                "SESSERA_DEV is set: the cookie of %s is for plain http. Never set it in production.",
                app.name,
            )

    @property
    def sessions(self) -> Sessions:
        """The Sessions of the current application, for what has no shorthand, such as `revoke_session`."""
        return current_keeper().sessions
