"""Puts our LoginManager in the place of Flask-Login's. A plugin of pytest."""

from __future__ import annotations

import flask_login  # type: ignore[import-untyped]
from sessera.flask.login_manager import LoginManager

flask_login.LoginManager = LoginManager
