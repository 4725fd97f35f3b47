"""What a request brought: its token, and who sent it."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sessera import Client, Cookie, CookieInvalid, SessionError, client_address, is_safe_method

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: Where a token may stand in a request.
LOCATIONS = ("cookie", "header")


@dataclass(frozen=True)
class Door:
    """Where tokens are looked for, and how many proxies of our own stand before the server."""

    cookie: Cookie
    locations: Sequence[str] = LOCATIONS
    trusted_hops: int = 0
    device_cookie: Cookie | None = None
    same_site: str = "Lax"
    #: Called where a request's address is unknown.
    address_unknown: Callable[[], object] = lambda: None
    #: Whether a token may come in the cookie, and whether in `Authorization`.
    takes_cookies: bool = field(init=False)
    takes_headers: bool = field(init=False)
    #: The headers of a request that say whose session it is, and so what its response depends on.
    varies_by: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        # Here, and no properties, because every request asks.
        object.__setattr__(self, "takes_cookies", "cookie" in self.locations)
        object.__setattr__(self, "takes_headers", "header" in self.locations)
        cookies = self.takes_cookies or self.device_cookie is not None
        names = ("Cookie",) * cookies + ("Authorization",) * self.takes_headers
        object.__setattr__(self, "varies_by", names)

    def token_of(self, cookies: Sequence[str], authorization: str | None) -> tuple[str | None, bool]:
        """Find the token that a request brought, if any, and whether it stood in `Authorization`.

        `cookies` are the `Cookie` headers, of which HTTP/2 allows several.

        Raises CookieInvalid when there is more than one token.
        """
        token = self.cookie.read(*cookies) if cookies and self.takes_cookies else None
        if authorization and self.takes_bearer(authorization):
            if token is not None:
                raise CookieInvalid("the request brought a cookie and a bearer token at once")
            return authorization.partition(" ")[2].strip(" "), True
        return token, False

    def may_be_left_at_home(self, method: str, sec_fetch_site: str | None) -> bool:
        """Whether a browser that has our cookie sends such a request without it, for its `SameSite`.

        As far as the browser says that another site caused the request: older ones don't.
        """
        if sec_fetch_site != "cross-site" or self.same_site == "None":
            return False
        return self.same_site == "Strict" or not is_safe_method(method)

    def takes_bearer(self, authorization: str | None) -> bool:
        """Whether this header brings a token that counts: no browser sends one by itself."""
        if not authorization or not self.takes_headers:
            return False
        return authorization.partition(" ")[0].lower() == "bearer"

    def device_of(self, cookies: Sequence[str]) -> str | None:
        """Find the device secret that a request brought; None also where there is more than one."""
        if self.device_cookie is None or not cookies:
            return None
        try:
            return self.device_cookie.read(*cookies)
        except SessionError:
            return None

    def client_of(
        self,
        peer: str | None,
        *,
        user_agent: str | None,
        forwarded_for: Sequence[str] = (),
        device: str | None = None,
    ) -> Client:
        """Gather what is known of who sent a request: the address of the peer, and some headers."""
        address = client_address(peer, forwarded_for, self.trusted_hops) if self.trusted_hops else peer
        if address:
            # ProxyFix, and servers behind it, may give an address with a port, or what is none.
            with contextlib.suppress(ValueError):
                return Client(ip=address, user_agent=user_agent or None, device=device)
        self.address_unknown()
        return Client(user_agent=user_agent or None, device=device)
