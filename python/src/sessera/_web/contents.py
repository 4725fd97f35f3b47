"""What an application keeps in a session: read from the token or the store when it is asked for."""

from __future__ import annotations

import json
from copy import deepcopy
from functools import wraps
from typing import TYPE_CHECKING, Any

from .uncarried import uncarried
from .visit import Visit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .keeper import Keeper


#: Values that can be changed without the session being told.
_MUTABLE = (list, dict)

#: Writes JSON without a look at the order of names or at what frameworks add to it.
_PLAIN = json.JSONEncoder(separators=(",", ":")).encode

#: The key of the one entry of contents that were not read yet. It is no text, and so no key of JSON.
_NOT_READ = object()


class Contents(dict[str, Any]):
    """A dict that looks into the request when it is first used. One is made for each request."""

    #: What the application knows it by.
    called = "the session"
    accessed = False
    _modified = False
    _visit: Visit | None = None
    _closed = False
    _loaded = False

    def __init__(self, keeper: Keeper, request: Any) -> None:
        self._keeper = keeper
        self._request = request
        self._since = keeper.now()
        # Encoders in C look at the dict itself, and write an empty one as {}. With this entry they ask for
        # its items, which are read then, or they refuse a key that is no text. None of them writes {}.
        dict.__setitem__(self, _NOT_READ, None)  # type: ignore[misc]  # that is its point

    @property
    def visit(self) -> Visit:
        """The request's dealings with its session, which begin here: the token is verified."""
        if self._visit is None:
            self.accessed = True
            self._visit = Visit(self._keeper, self._request, self._since)
            self._visit.closed = self._closed
            self.begun()
        return self._visit

    def begun(self) -> None:
        """Be told that the visit has just begun."""

    @property
    def opened(self) -> Visit | None:
        """As `visit`, but None where nobody has asked yet."""
        return self._visit

    def close(self) -> None:
        """Let nothing be changed any more, now that no response can tell of it."""
        self._closed = True
        if self._visit is not None:
            self._visit.closed = True

    @property
    def modified(self) -> bool:
        """Whether the contents were changed, also within a list or a dict among them."""
        return self._modified or self._changed_within()

    @modified.setter
    def modified(self, modified: bool) -> None:
        self._modified = modified

    def _changed_within(self) -> bool:
        """Compare the contents with those that were read, where they hold what can be changed in place."""
        if not self._loaded or self._visit is None or self._visit.session is None:
            return False
        if not any(isinstance(value, _MUTABLE) for value in dict.values(self)):
            return False
        read = self._visit.contents() or {}
        try:
            # Most contents need no tags, and are the same JSON before and after.
            return _PLAIN(dict.copy(self)) != _PLAIN(read) and self.encode() != self.text_of(read)
        except (TypeError, ValueError, RecursionError):
            return self._changed_text(read)

    def _changed_text(self, read: object) -> bool:
        try:
            return self.encode() != self.text_of(read)
        except TypeError:
            # It was JSON when it was read. What it is now is for the end of the request to refuse.
            return True

    def mark_accessed(self) -> None:
        """Read the contents. Starlette calls it before it hands out `request.session`."""
        self.load()

    def mark_modified(self) -> None:
        """Keep the contents as they are now, as Starlette's own session does."""
        self.load()
        self.modified = True

    @property
    def lasting(self) -> bool:
        """Whether the cookie is to outlive the browser."""
        return False

    def lasted(self, tagged: object) -> bool:
        """Whether contents, as they were left, ask for a cookie that outlives the browser."""
        return False

    @property
    def filled(self) -> bool:
        """Whether there is anything to keep."""
        return len(self) > 0

    def encode(self) -> str:
        """Write the contents as JSON. Equal contents give equal text.

        Raises TypeError, which names the key of a value that JSON can't carry.
        """
        return self._text(text_of)

    def _text(self, dumps: Callable[[dict[str, Any]], str]) -> str:
        contents = dict(self)
        try:
            return dumps(contents)
        except (TypeError, ValueError, RecursionError) as error:
            raise uncarried(self.called, contents, dumps) from error

    def text_of(self, tagged: object) -> str:
        """Give the text that `encode` gave for contents that have been read."""
        return text_of(tagged)

    def decode(self, tagged: object) -> dict[str, Any]:
        """Read the contents, as new objects, so that the claim stays as it was signed."""
        return deepcopy(tagged) if isinstance(tagged, dict) else {}

    def load(self) -> None:
        """Take the contents out of the token, or out of the store.

        Raises StoreUnavailable where they are in a store that can't be read.
        """
        if not self._loaded:
            tagged = self.visit.contents()
            dict.clear(self)
            if tagged is not None:
                dict.update(self, self.decode(tagged))
            self._loaded = True

    def adopt(self, contents: Mapping[str, Any]) -> None:
        """Have these contents, and none of the token or of the store."""
        dict.clear(self)
        dict.update(self, contents)
        self._loaded = self.modified = True

    def forget(self) -> None:
        """Be empty, without a look at what there was."""
        self.adopt({})

    def __reduce__(self) -> tuple[type[dict[str, Any]], tuple[dict[str, Any]]]:
        """Make copies plain dicts."""
        return dict, (dict(self),)


def text_of(value: object) -> str:
    """Write a value as JSON, always in the same way."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def _loaded_first(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def read(self: Contents, *args: Any, **kwargs: Any) -> Any:
        if not self._loaded:
            self.load()
        return method(self, *args, **kwargs)

    return read


def _modifying(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def write(self: Contents, *args: Any, **kwargs: Any) -> Any:
        self.load()
        result = method(self, *args, **kwargs)
        self.modified = True
        return result

    return write


def _resizing(method: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a method that changed nothing if there are as many entries as before."""

    @wraps(method)
    def write(self: Contents, *args: Any, **kwargs: Any) -> Any:
        self.load()
        before = dict.__len__(self)
        result = method(self, *args, **kwargs)
        if dict.__len__(self) != before:
            self.modified = True
        return result

    return write


READING = (
    "__contains__",
    "__eq__",
    "__getitem__",
    "__iter__",
    "__len__",
    "__ne__",
    "__or__",
    "__repr__",
    "__reversed__",
    "__ror__",
    "copy",
    "get",
    "items",
    "keys",
    "values",
)
MODIFYING = ("__delitem__", "__ior__", "__setitem__", "clear", "popitem", "update")
RESIZING = ("pop", "setdefault")

for _wrap, _names in ((_loaded_first, READING), (_modifying, MODIFYING), (_resizing, RESIZING)):
    for _name in _names:
        setattr(Contents, _name, _wrap(getattr(dict, _name)))
