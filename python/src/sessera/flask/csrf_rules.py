"""What the settings say about requests that other sites cause."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

from sessera import InvalidConfig, check_fetch

if TYPE_CHECKING:
    from collections.abc import Sequence

MODES = ("origin", "token", "off")


@dataclass(frozen=True)
class CsrfRules:
    """What is asked of requests by unsafe methods that a browser may have been made to send."""

    mode: Literal["origin", "token", "off"]
    trusted_origins: Sequence[str]

    @classmethod
    def of(cls, mode: object, trusted_origins: object) -> CsrfRules:
        """Check the settings.

        Raises InvalidConfig, which names the one that is wrong.
        """
        if mode not in MODES:
            raise InvalidConfig('SESSERA_CSRF must be "origin", "token" or "off"')
        name = "SESSERA_CSRF_TRUSTED_ORIGINS"
        if not isinstance(trusted_origins, (tuple, list)):
            raise InvalidConfig(f'{name} must be a tuple of origins, such as "https://pay.example"')
        try:
            check_fetch(method="POST", trusted_origins=trusted_origins)
        except (InvalidConfig, TypeError) as error:
            raise InvalidConfig(f"{name}: {error}") from error
        return cls(cast("Literal['origin', 'token', 'off']", mode), tuple(trusted_origins))

    @property
    def checks(self) -> bool:
        """Whether anything is checked."""
        return self.mode != "off"

    @property
    def asks_for_token(self) -> bool:
        """Whether a request must bring a token of its session."""
        return self.mode == "token"
