"""What the profile page tells about the session that the request came with."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from flask import request

from sessera.flask import current_session


_NAMES = {"device": "Device", "user_agent": "User agent", "ip": "IP address", "key": "Proof key"}


def _percent(start: datetime, end: datetime) -> int:
    """How much of a stretch of time is gone."""
    whole = (end - start).total_seconds()
    gone = (datetime.now(timezone.utc) - start).total_seconds()
    return max(0, min(100, round(100 * gone / whole))) if whole > 0 else 100


@dataclass(frozen=True)
class Facts:
    """The session as its token tells it."""

    session: Any
    header: dict[str, Any]
    claims: str
    size: int
    parts: list[tuple[int, int]]
    micros: float

    @property
    def idle_percent(self) -> int:
        return _percent(self.session.issued_at, self.session.expires_at)

    @property
    def life_percent(self) -> int:
        return _percent(self.session.started_at, self.session.ends_at)

    @property
    def verdicts(self) -> list[tuple[str, str]]:
        return [(name, str(getattr(self.session.binding, fact))) for fact, name in _NAMES.items()]


def gather(session: Any, token: str, verify: Any) -> Facts:
    """The facts of `session`, with the time that verifying its `token` once more took."""
    began = time.perf_counter_ns()
    verify(token)
    micros = (time.perf_counter_ns() - began) / 1000
    head, payload, _ = token.split(".")
    size, second = len(token), len(head) + 1
    third = second + len(payload) + 1
    parts = [(0, second), (second, third - second), (third, size - third)]
    header = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    claims = json.dumps(dict(session.claims), indent=2, sort_keys=True, ensure_ascii=False)
    return Facts(session, header, claims, size, parts, micros)


def of_request(sessera: Any) -> Facts:
    """The facts of the session that this request came with."""
    token = request.cookies["session"]
    return gather(current_session, token, sessera.sessions.verify)
