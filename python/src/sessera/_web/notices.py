"""Warnings that are logged once a process, since every request would repeat them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from logging import Logger


class Notices:
    """The warnings of one application."""

    def __init__(self, logger: Logger) -> None:
        self._logger = logger
        self._given: set[str] = set()

    def was_given(self, topic: str) -> bool:
        """Whether the warning of this topic has been logged."""
        return topic in self._given

    def warn(self, topic: str, message: str, *arguments: object) -> bool:
        """Log a warning, unless one of the same topic has been. Return whether it was logged."""
        if topic in self._given:
            return False
        self._given.add(topic)
        self._logger.warning(message, *arguments)
        return True
