"""The contents of `flask.session` as a claim, by Flask's own rules for values that JSON has no type for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import json

if TYPE_CHECKING:
    from flask.json.tag import TaggedJSONSerializer

#: The application claim that holds the contents of `flask.session`.
CLAIM = "flask"


def text_of(tagged: object) -> str:
    """Give the text that `encode` gave for a claim that has been read."""
    return json.dumps(tagged, separators=(",", ":"))


def decode(serializer: TaggedJSONSerializer, tagged: object) -> dict[str, Any]:
    """Read the data of a claim, as new objects, so that the claim stays as it was signed."""
    data = _untag(serializer, tagged)
    return data if isinstance(data, dict) else {}


def _untag(serializer: TaggedJSONSerializer, value: Any) -> Any:
    if isinstance(value, dict):
        return serializer.untag({name: _untag(serializer, part) for name, part in value.items()})
    if isinstance(value, list):
        return [_untag(serializer, part) for part in value]
    return value
