"""What the profile page tells about the session that the request came with."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from flask import current_app, request
from sessera import Client, Session, Sessions

_NAMES = {"device": "Device", "user_agent": "User agent", "ip": "IP address", "key": "Proof key"}


@dataclass(frozen=True)
class Facts:
    """A session as its token tells it, and what verifying that token took."""

    session: Session
    micros: float
    header: dict[str, Any]
    size: int
    parts: list[tuple[int, int]]
    """Where header, payload and signature begin, and how long each is."""

    @property
    def claims(self) -> str:
        return json.dumps(dict(self.session.claims), indent=2, sort_keys=True, ensure_ascii=False)

    @property
    def idle_percent(self) -> int:
        return _percent(self.session.issued_at, self.session.expires_at)

    @property
    def life_percent(self) -> int:
        return _percent(self.session.started_at, self.session.ends_at)

    @property
    def verdicts(self) -> list[tuple[str, str]]:
        return [(name, str(getattr(self.session.binding, fact))) for fact, name in _NAMES.items()]


def of_request(sessions: Sessions) -> Facts:
    """Verifies the request's token once more, with a clock in hand, and takes it apart."""
    token = request.cookies[current_app.session_interface.get_cookie_name(current_app)]
    client = Client(ip=request.remote_addr, user_agent=request.user_agent.string)
    began = time.perf_counter_ns()
    session = sessions.verify(token, client=client)
    micros = (time.perf_counter_ns() - began) / 1000
    head, payload, signature = token.split(".")
    starts = (0, len(head) + 1, len(head) + len(payload) + 2)
    parts = list(zip(starts, (len(head), len(payload), len(signature)), strict=True))
    return Facts(session, micros, json.loads(_decoded(head)), len(token), parts)


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _percent(start: datetime, end: datetime) -> int:
    """How much of a stretch of time is gone."""
    whole = (end - start).total_seconds()
    gone = (datetime.now(timezone.utc) - start).total_seconds()
    return max(0, min(100, round(100 * gone / whole))) if whole > 0 else 100
