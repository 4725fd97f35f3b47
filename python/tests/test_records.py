"""What is handed out: it shows no secret, is not pickled, and tells what it is."""

from __future__ import annotations

import copy
import gc
import inspect
import json
import pickle
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

import sessera
from sessera import (
    BindingPolicy,
    Client,
    Cookie,
    DpopKey,
    DpopVerifier,
    Event,
    Keyring,
    KeyringFile,
    ManualClock,
    MemoryStore,
    Policy,
    RedisStore,
    Sessions,
    SkippedKey,
    SqliteStore,
    jose,
    new_device_secret,
)

from .conftest import FIREFOX, MakeSessions

SECRET = new_device_secret()
CLAIM = "claim-that-nobody-else-may-read"


@pytest.fixture
def everything(make_sessions: MakeSessions, tmp_path: Path) -> dict[str, object]:
    """An object of every class, and what must be seen of none of them."""
    events: list[Event] = []
    sessions = make_sessions(observer=events.append, list_networks=True)
    client = Client(ip="203.0.113.7", user_agent=FIREFOX, device=SECRET, key="thumbprint-of-a-key")
    issued = sessions.issue("user-42", claims={"note": CLAIM}, client=client)
    sessions.keyring.save(tmp_path / "keys.json")
    key = DpopKey.generate()
    verifier = DpopVerifier()
    proof = verifier.verify(key.proof("GET", "https://a/"), method="GET", url="https://a/")
    objects = [
        sessions, client, issued, issued.session, issued.session.binding, sessions.keyring, sessions.policy,
        sessions.keyring.keys()[0], KeyringFile(tmp_path / "keys.json"), BindingPolicy(), MemoryStore(),
        SqliteStore(tmp_path / "sessions.db"), ManualClock(0), Cookie(), events[0], key, verifier, proof,
        sessions.sessions_of("user-42")[0], sessions.watch(issued.session, print), sessions.status(),
        RedisStore("redis://:a-password@127.0.0.1:1/", secret=b"s" * 32, start="stale"), skipped_key(),
    ]  # fmt: skip
    return {type(it).__name__: it for it in objects} | {"token": issued.token, "sessions": sessions}


def skipped_key() -> SkippedKey:
    keys = json.loads(Keyring.generate("EdDSA").jwks())
    keys["keys"].append({"kty": "AKP", "kid": "theirs"})
    (skipped,) = Keyring.from_public_jwks(json.dumps(keys)).skipped()
    return skipped


def secrets_of(everything: dict[str, object]) -> Iterator[str]:
    token, sessions = everything["token"], everything["sessions"]
    assert isinstance(token, str)
    assert isinstance(sessions, Sessions)
    yield from token.split(".")
    yield from (SECRET, CLAIM, "203.0.113.7", "thumbprint-of-a-key")
    jwks = json.loads(sessions.keyring.private_jwks())
    yield jwks["root"]
    yield jwks["keys"][0]["k"]


def objects_of(everything: dict[str, object]) -> list[object]:
    return [it for name, it in everything.items() if name not in ("token", "sessions")]


def classes() -> list[type]:
    return [it for name in sessera.__all__ if isinstance(it := getattr(sessera, name), type)]


def test_there_is_an_object_of_every_class(everything: dict[str, object]) -> None:
    named = {cls.__name__ for cls in classes() if not issubclass(cls, Exception)}
    assert {type(it).__name__ for it in objects_of(everything)} == named


def test_no_repr_shows_a_secret(everything: dict[str, object]) -> None:
    for it in objects_of(everything):
        for shown in (repr(it), str(it), f"{it}"):
            assert len(shown) < 1000
            assert " at 0x" not in shown
            for secret in secrets_of(everything):
                assert secret not in shown, type(it)


def test_nothing_is_pickled_or_copied(everything: dict[str, object]) -> None:
    for it in objects_of(everything):
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
            with pytest.raises(TypeError, match="pickle"):
                pickle.dumps(it, protocol)
        for duplicate in (copy.copy, copy.deepcopy):
            with pytest.raises(TypeError, match="pickle"):
                duplicate(it)


def test_nothing_is_changed_from_outside(everything: dict[str, object]) -> None:
    for it in objects_of(everything):
        for name in ("anything", "subject", "token", "name"):
            with pytest.raises(AttributeError):
                setattr(it, name, "x")


def test_no_class_may_be_made_by_hand_or_derived_from() -> None:
    for cls in classes():
        if not issubclass(cls, Exception):
            with pytest.raises(TypeError):
                type("Derived", (cls,), {})
    for made in (
        sessera.Session,
        sessera.Issued,
        sessera.Event,
        sessera.Binding,
        sessera.KeyInfo,
        sessera.SkippedKey,
        Keyring,
    ):
        with pytest.raises(TypeError):
            made()


def test_everything_has_a_docstring() -> None:
    public = [
        getattr(sessera, name) for name in sessera.__all__ if name not in {"CSRF_HEADER", "RevocationState"}
    ]
    public += [jose.jws.sign, jose.jws.verify, jose.jwe.seal, jose.jwe.open]
    for it in public:
        assert it.__doc__, it
        if inspect.isclass(it):
            for name, member in vars(it).items():
                if not name.startswith("_") and not isinstance(member, tuple | str | int):
                    assert member.__doc__, f"{it.__name__}.{name}"


def test_an_observer_that_holds_its_sessions_is_collected(make_sessions: MakeSessions) -> None:
    class Application:
        def __init__(self) -> None:
            self.sessions = make_sessions(observer=self.note)

        def note(self, event: Event) -> None:
            pass

    gone = weakref.ref(Application())
    gc.collect()
    assert gone() is None


def test_equal_policies_are_equal_and_unhashable() -> None:
    assert Policy() == Policy()
    assert BindingPolicy() == BindingPolicy()
    assert BindingPolicy() != BindingPolicy.off()
    for it in (Policy(), BindingPolicy()):
        with pytest.raises(TypeError):
            hash(it)
