"""How far a revocation has come."""

from __future__ import annotations

from typing import Literal, TypeAlias

#: `"stored"`: the store has it. `"pending"`: it is in force in this process, and written when the store is
#: back.
#: `"replicated"` and `"confirmed"`: what the call waited for.
RevocationState: TypeAlias = Literal["stored", "pending", "replicated", "confirmed"]
