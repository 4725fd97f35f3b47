"""`flask.session`, carried in the token or kept in the store, and read only when it is asked for."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from flask.sessions import SessionMixin, session_json_serializer

from .data import decode
from .visit import Visit

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed.wsgi import WSGIEnvironment
    from flask.json.tag import TaggedJSONSerializer

    from .keeper import Keeper


class FlaskSession(dict[str, Any], SessionMixin):
    """A dict that looks into the request when it is first used. Flask makes one for each request.

    `modified` and `permanent` are Flask's. `new` says that the request brought no session, or none that is
    good.
    """

    modified = False
    accessed = False
    _visit: Visit | None = None
    _loaded = False

    def __init__(
        self,
        keeper: Keeper,
        environ: WSGIEnvironment,
        serializer: TaggedJSONSerializer = session_json_serializer,
    ) -> None:
        self._keeper = keeper
        self._environ = environ
        self._since = keeper.now()
        self.serializer = serializer

    @property
    def visit(self) -> Visit:
        """The request's dealings with its session, which begin here: the token is verified."""
        if self._visit is None:
            self.accessed = True
            self._visit = Visit(self._keeper, self._environ, self._since)
        return self._visit

    @property
    def opened(self) -> Visit | None:
        """As `visit`, but None where nobody has asked yet."""
        return self._visit

    @property
    def new(self) -> bool:  # type: ignore[override]  # Flask has it as a plain attribute
        """Whether the request brought no session, or none that is good."""
        return self.visit.new

    def load(self) -> None:
        """Take the contents out of the token, or out of the store.

        Raises StoreUnavailable where they are in a store that can't be read.
        """
        if not self._loaded:
            if (tagged := self.visit.contents()) is not None:
                dict.update(self, decode(self.serializer, tagged))
            self._loaded = True

    def forget(self) -> None:
        """Be empty, without a look at what there was."""
        dict.clear(self)
        self._loaded = self.modified = True

    def __reduce__(self) -> tuple[type[dict[str, Any]], tuple[dict[str, Any]]]:
        """Make copies plain dicts."""
        return dict, (dict(self),)


def _loaded_first(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def read(self: FlaskSession, *args: Any, **kwargs: Any) -> Any:
        self.load()
        return method(self, *args, **kwargs)

    return read


def _modifying(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def write(self: FlaskSession, *args: Any, **kwargs: Any) -> Any:
        self.load()
        result = method(self, *args, **kwargs)
        self.modified = True
        return result

    return write


def _resizing(method: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a method that changed nothing if there are as many entries as before."""

    @wraps(method)
    def write(self: FlaskSession, *args: Any, **kwargs: Any) -> Any:
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
        setattr(FlaskSession, _name, _wrap(getattr(dict, _name)))
