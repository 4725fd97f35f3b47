"""What happens to sessions, as a signal."""

from __future__ import annotations

from blinker import Namespace

_signals = Namespace()

session_event = _signals.signal("session-event")
"""Sent for each event, by the application, with the Event as `event`.

    >>> from flask import Flask
    >>> from sessera.flask import session_event
    >>> app = Flask("shop")
    >>> @session_event.connect_via(app)
    ... def note(app, event, **extra):
    ...     app.logger.info("%s %s %s", event.kind, event.subject, event.reason)
"""
