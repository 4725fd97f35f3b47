"""A project of Django's, without which its classes can't be imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import django
from django.conf import settings

if TYPE_CHECKING:
    from sphinx.application import Sphinx

if not settings.configured:
    settings.configure(SESSION_ENGINE="sessera.django", INSTALLED_APPS=["django.contrib.contenttypes"])
    django.setup()


def setup(_app: Sphinx) -> dict[str, bool]:
    """Do nothing more."""
    return {"parallel_read_safe": True}
