"""What happens to sessions, as a signal."""

from __future__ import annotations

from django.dispatch import Signal

session_event = Signal()
"""Sent for each event, by the class SessionStore, with the Event as `event`."""
