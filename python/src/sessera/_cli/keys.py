"""`keys …`: the keys that sign and verify tokens."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sessera import Keyring, SessionError
from sessera._web.jwks import Jwks
from sessera._web.keyfile import DEFAULT_ALGORITHM, make_key_file

from .output import CommandError, moment, print_json, print_line, print_table

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable

    from sessera import KeyInfo
    from sessera._web.keeper import Keeper
    from sessera._web.keyfile import KeyFile

#: How long keys are kept for verifying, at least.
KEEP = timedelta(days=1)


def list_keys(keeper: Keeper, options: Namespace) -> None:
    """Show the keys, the one that signs first."""
    _print_keys(keeper, keeper.sessions.keyring, as_json=options.json)


def print_jwks(keeper: Keeper, options: Namespace) -> None:
    """Print the public keys as a JWK Set."""
    print_line(Jwks.of(keeper).body.decode())


def generate_keys(keeper_of: Callable[[], Keeper], options: Namespace) -> None:
    """Make a key file with one new key: at the path that is given, or where the application expects it."""
    if options.file is None:
        file = _key_file(keeper_of())
        path, algorithm = file.path, options.algorithm or file.algorithm
    else:
        path, algorithm = Path(options.file), options.algorithm
    if path.exists():
        raise CommandError(f"{path} exists, and keys are never overwritten: `keys rotate` adds a key to it")
    try:
        make_key_file(path, algorithm or DEFAULT_ALGORITHM)
        ring = Keyring.load(path)
    except OSError as error:
        raise CommandError(f"{path} can't be made: {error}") from error
    except SessionError as error:
        raise CommandError.of(error, f"{path}: ") from error
    (key,) = ring.keys()
    if options.json:
        print_json([_key(key)])
    else:
        print_line(f"Made {path} with the key {key.kid} ({key.algorithm}). Every process and host needs it.")


def rotate_keys(keeper: Keeper, options: Namespace) -> None:
    """Add the next key to the key file. Running processes pick it up by themselves; nobody is logged out."""
    path = _key_file(keeper).path
    settings = keeper._settings
    longest = max(settings.policy.absolute_timeout, settings.remember_for or timedelta(0))
    keep = max(KEEP, longest + settings.policy.leeway)
    if options.keep_verifying is not None:
        keep = timedelta(seconds=options.keep_verifying)
    try:
        ring = Keyring.load(path)
        kid = ring.rotate(_now(keeper), publish_for=options.publish_for, keep_verifying=keep)
        ring.save(path)
    except SessionError as error:
        raise CommandError.of(error, f"{path}: ") from error
    if not options.json:
        signs_from = next(key.signs_from for key in ring.keys(_now(keeper)) if key.kid == kid)
        print_line(f"Added the key {kid} to {path}. Running processes on this host pick it up by themselves.")
        if options.publish_for:
            print_line(
                f"Several hosts: copy the file to each before {moment(signs_from)}, when the key signs."
            )
        else:
            print_line("Several hosts: copy the file to each now, since the key signs already.")
        print_line()
    _print_keys(keeper, ring, as_json=options.json)


def _key_file(keeper: Keeper) -> KeyFile:
    file = keeper._settings.key_file
    if file is None:
        raise CommandError(
            "the keys of this application are in no file that it knows: "
            f"{keeper.setting('KEYRING')} is a Keyring; rotate it where it comes from"
        )
    return file


def _print_keys(keeper: Keeper, ring: Keyring, *, as_json: bool) -> None:
    found = ring.keys(_now(keeper))
    if as_json:
        print_json([_key(info) for info in found])
        return
    rows = [("KEY", "ALGORITHM", "STATE", "SIGNS FROM", "VERIFIES UNTIL")]
    rows += [
        (
            info.kid,
            info.algorithm,
            info.state,
            moment(info.signs_from) or "-",
            moment(info.verifies_until) or "-",
        )
        for info in found
    ]
    print_table(rows)


def _key(info: KeyInfo) -> dict[str, Any]:
    return {
        "kid": info.kid,
        "algorithm": info.algorithm,
        "state": info.state,
        "private": info.private,
        "made_at": moment(info.made_at),
        "signs_from": moment(info.signs_from),
        "verifies_until": moment(info.verifies_until),
    }


def _now(keeper: Keeper) -> datetime:
    return datetime.fromtimestamp(keeper.unix_seconds(), timezone.utc)
