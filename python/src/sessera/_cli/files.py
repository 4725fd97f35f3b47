"""The target of commands that name no application: a key file, and a store."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sessera import Client, Policy
from sessera._web.backing import Backing
from sessera._web.keeper import Keeper
from sessera._web.keyfile import key_source
from sessera._web.settings import Settings
from sessera._web.storefile import check_store, store_of

if TYPE_CHECKING:
    from argparse import Namespace

    from sessera import Event

#: The longest session that is expected: as long as Flask remembers users by default. The application's own
#: limits are not known here, and a key that goes too early logs out whoever has a token of it.
LONGEST_SESSION = timedelta(days=30)

#: What tokens are compared with where no command does so.
_ANY = "any"


class Files(Keeper):
    """A key file and a store, as an application would use them."""

    claim = "session"
    lists_by = "the application's list of sessions"
    for_plain_http = ""
    logger = logging.getLogger("sessera")

    @classmethod
    def of(cls, options: Namespace) -> Files:
        """Take them from the command line.

        Raises InvalidConfig, which names the option.
        """
        keys, store = key_source(options.keys, None, "--keys"), options.store
        check_store(store, "--store")
        return cls(
            Settings(
                issuer=options.issuer or _ANY,
                audience=options.audience or _ANY,
                backing=Backing(keys, lambda keyring: store_of(store, keyring, "--store")),
                data_in_store=False,
                policy=Policy(),
                remember_for=LONGEST_SESSION,
                list_sessions=store is not None,
                cookie={},
                locations=("cookie", "header"),
                trusted_hops=0,
                clock=None,
            )
        )

    def setting(self, name: str) -> str:
        """Write the name of the option."""
        return "--keys" if name == "KEYRING" else f"--{name.lower()}"

    def token_of(self, request: Any) -> tuple[str | None, bool]:
        """Find no token: there are no requests."""
        return None, False

    def may_lack_cookie(self, request: Any) -> bool:
        """Whether a request may lack its cookie: there are none."""
        return False

    def client_of(self, request: Any, device: str | None = None) -> Client:
        """Know nothing of who sent a request."""
        return Client()

    def tell(self, event: Event) -> None:
        """Tell nobody: the application's own processes do."""
