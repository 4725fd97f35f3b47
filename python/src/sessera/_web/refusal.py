"""What is answered when a session is refused."""

from __future__ import annotations

#: How many seconds a client is asked to wait for what this server can't tell now.
RETRY_AFTER = 5

#: What a verb raises in a view through no fault of the application's.
OF_THE_TIMES = frozenset(
    {
        "expired",
        "ended",
        "revoked",
        "reused",
        "superseded",
        "binding_mismatch",
        "reauthentication_required",
        "revocations_stale",
        "store_unavailable",
        "csrf_invalid",
    }
)
