"""Hearing of the end of a session while nothing verifies its token: WebSockets, streams, long work."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from types import SimpleNamespace
from typing import TYPE_CHECKING, ClassVar, NoReturn, final
from weakref import WeakKeyDictionary, ref

from sessera._native import Session, SessionError, Sessions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from typing_extensions import Self

SHORTEST_WAIT = 0.01
"""Seconds between two looks at least, so that a clock which stands still keeps no thread busy."""


@final
class Watch:
    """A session that is watched: what `Sessions.watch` returns.

    It is over when it has fired, with `cancel()`, and with the `with` block that it was made for.
    """

    INTERVAL: ClassVar[float] = 1.0
    """Seconds within which the watching thread hears of a revocation, by this process or another."""

    __slots__ = ("__weakref__", "_error", "_on_end", "_session", "_watcher")

    def __init__(self, watcher: _Watcher, session: Session, on_end: Callable[[SessionError], object]) -> None:
        self._watcher = watcher
        self._session = session
        self._on_end = on_end
        self._error: SessionError | None = None

    @property
    def error(self) -> SessionError | None:
        """Why the session is over, once that is known."""
        return self._error

    @property
    def active(self) -> bool:
        """Whether the end of the session is still waited for."""
        return self._watcher.holds(self)

    @property
    def session(self) -> Session:
        """The session as it was verified or renewed last."""
        return self._session

    def renewed(self, session: Session) -> None:
        """Goes on with a newer state of the session, after a renewal that moved its expiry.

        A rotation is heard of without it. Raises `ValueError` for another session.
        """
        if session.id != self._session.id:
            msg = "a watch goes on with its own session"
            raise ValueError(msg)
        self._session = session

    def check(self) -> bool:
        """Looks now, on this thread, and says whether the session is still watched and lives.

        For a test that moved its clock, and for an action that even a second of delay is too much for.
        """
        self._watcher.look_at([self])
        return self.active

    def cancel(self) -> None:
        """Ends the watch: `on_end` is not called any more, unless that is under way."""
        self._watcher.drop(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.cancel()

    def __repr__(self) -> str:
        return f"<Watch of {self._session!r}>"

    def __init_subclass__(cls) -> None:
        msg = "type 'Watch' is not an acceptable base type"
        raise TypeError(msg)

    def __reduce__(self) -> NoReturn:
        msg = "cannot pickle 'Watch' object"
        raise TypeError(msg)

    def _fire(self, error: SessionError) -> None:
        self._error = error
        try:
            self._on_end(error)
        except Exception as raised:  # noqa: BLE001  # the others are still to be told
            report = {"exc_type": type(raised), "exc_value": raised, "exc_traceback": raised.__traceback__}
            sys.unraisablehook(SimpleNamespace(**report, err_msg=None, object=self._on_end))


class _Watcher:
    """The watches of one `Sessions`, which it does not keep alive, and their thread while there are any."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = ref(sessions)
        self.start_over()

    def start_over(self) -> None:
        """Watches nothing: as new, and in a process that was forked."""
        # Held while the sessions are asked, so that no fork comes between.
        self.turn = threading.Condition(threading.RLock())
        self._watches: dict[Watch, None] = {}
        self._thread: threading.Thread | None = None
        self._added = False

    def add(self, watch: Watch) -> None:
        with self.turn:
            self._watches[watch] = None
            self._added = True
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="sessera-watch", daemon=True)
                self._thread.start()
            self.turn.notify()

    def drop(self, watch: Watch) -> None:
        with self.turn:
            self._watches.pop(watch, None)
            if not self._watches:
                self.turn.notify()

    def holds(self, watch: Watch) -> bool:
        with self.turn:
            return watch in self._watches

    def look_at(self, watches: Iterable[Watch]) -> float:
        """Fires those whose session is over, and returns the seconds until the next look is due."""
        due = Watch.INTERVAL
        ended: list[tuple[Watch, SessionError]] = []
        with self.turn:
            sessions = self._sessions()
            if sessions is None:
                return due
            for watch in watches:
                # Of several threads that find an end, one tells.
                if watch not in self._watches:
                    continue
                try:
                    due = min(due, sessions.recheck(watch.session).total_seconds())
                except SessionError as error:
                    del self._watches[watch]
                    ended.append((watch, error))
            # The thread keeps no sessions alive while it waits.
            del sessions
        for watch, reason in ended:
            watch._fire(reason)
        return max(due, SHORTEST_WAIT)

    def _run(self) -> None:
        turn = self.turn
        while True:
            with turn:
                self._added = False
                watches = list(self._watches)
            due = self.look_at(watches)
            with turn:
                if not self._watches or self._sessions() is None:
                    self._watches.clear()
                    self._thread = None
                    return
                if not self._added:
                    turn.wait(due)


_watchers: WeakKeyDictionary[Sessions, _Watcher] = WeakKeyDictionary()
_registry = threading.RLock()


def watch(sessions: Sessions, session: Session, on_end: Callable[[SessionError], object]) -> Watch:
    """See `Sessions.watch`."""
    with _registry:
        watcher = _watchers.get(sessions)
        if watcher is None:
            watcher = _watchers[sessions] = _Watcher(sessions)
    watch = Watch(watcher, session, on_end)
    watcher.add(watch)
    return watch


async def ended(sessions: Sessions, session: Session) -> SessionError:
    """See `Sessions.ended`."""
    import asyncio

    loop = asyncio.get_running_loop()
    end: asyncio.Future[SessionError] = loop.create_future()

    def tell(error: SessionError) -> None:
        if not end.done():
            end.set_result(error)

    def on_end(error: SessionError) -> None:
        # A loop that was closed meanwhile has nobody who waits.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(tell, error)

    with watch(sessions, session, on_end):
        return await end


# A thread does not live on in the child of a fork, but the locks that it held there would stay locked. So no
# fork happens while one is in the middle of something; and the child watches nothing, since what its parent
# watches is its parent's to end.
_held: list[_Watcher] = []


def _before_fork() -> None:
    _registry.acquire()
    _held[:] = _watchers.values()
    for watcher in _held:
        watcher.turn.acquire()


def _after_fork_in_parent() -> None:
    for watcher in _held:
        watcher.turn.release()
    _held.clear()
    _registry.release()


def _after_fork_in_child() -> None:
    for watcher in _held:
        watcher.start_over()
    _held.clear()
    _registry.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork_in_parent,
        after_in_child=_after_fork_in_child,
    )
