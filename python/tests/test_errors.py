"""Every error code has a class, and every class is what is raised."""

from __future__ import annotations

import base64
import json
import pickle
from collections.abc import Callable

import pytest

import sessera
from sessera import (
    Client,
    Cookie,
    Keyring,
    ManualClock,
    MemoryStore,
    Policy,
    Session,
    SessionError,
    Sessions,
    new_device_secret,
)
from sessera.jose import jws

from .conftest import AUDIENCE, ISSUER, START

CODES = [
    "malformed",
    "too_large",
    "unsupported_algorithm",
    "unknown_key",
    "bad_signature",
    "wrong_type",
    "wrong_issuer",
    "wrong_audience",
    "invalid_claim",
    "not_yet_valid",
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
    "cookie_invalid",
    "invalid_key",
    "invalid_config",
    "randomness_unavailable",
]

UNREACHABLE = {"revocations_stale", "store_unavailable", "randomness_unavailable"}
"""What a store in memory and a working system can't cause."""


class Deployment:
    """A Sessions, and what it takes to break each of its rules."""

    def __init__(self) -> None:
        self.clock = ManualClock(START)
        self.keyring = Keyring.generate("HS256")
        self.sessions = self.for_whom(ISSUER, AUDIENCE)
        self.issued = self.sessions.issue("user-42")
        self.token = self.issued.token

    def for_whom(self, issuer: str, audience: str) -> Sessions:
        return Sessions(
            issuer,
            audience,
            keyring=self.keyring,
            store=MemoryStore(),
            clock=self.clock,
            policy=Policy(idle_timeout=3600, absolute_timeout=3600),
        )

    def verify_after(self, seconds: int) -> Session:
        self.clock.advance(seconds)
        return self.sessions.verify(self.token)

    def with_header(self, **header: str) -> None:
        encoded = base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")
        self.sessions.verify(encoded + self.token[self.token.index(".") :])

    def expired(self) -> None:
        sessions = Sessions(ISSUER, AUDIENCE, keyring=self.keyring, clock=self.clock)
        token = sessions.issue("user-42").token
        self.clock.advance(1830)
        sessions.verify(token)

    def too_early(self) -> None:
        self.clock.set(START - 31)
        self.sessions.verify(self.token)

    def revoked(self) -> None:
        self.sessions.revoke_session(self.issued.session.id)
        self.sessions.verify(self.token)

    def reused(self) -> None:
        self.sessions.verify(self.sessions.rotate(self.token).token)
        self.verify_after(10)

    def superseded(self) -> None:
        self.sessions.elevate(self.token)
        self.sessions.verify(self.token)

    def on_another_device(self) -> None:
        token = self.sessions.issue("user-42", client=Client(device=new_device_secret())).token
        self.sessions.verify(token, client=Client(device=new_device_secret()))


BREAKS: dict[str, Callable[[Deployment], object]] = {
    "malformed": lambda it: it.sessions.verify("no token"),
    "too_large": lambda it: it.sessions.verify("a" * 4097),
    "unsupported_algorithm": lambda it: it.with_header(alg="none", kid="a", typ="session+jwt"),
    "unknown_key": lambda it: it.with_header(alg="HS256", kid="a", typ="session+jwt"),
    "bad_signature": lambda it: it.sessions.verify(it.token[:-43] + "A" * 43),
    "wrong_type": lambda it: it.sessions.verify(jws.sign(b"{}", "other+jwt", it.keyring)),
    "wrong_issuer": lambda it: it.for_whom("https://other.example", AUDIENCE).verify(it.token),
    "wrong_audience": lambda it: it.for_whom(ISSUER, "api").verify(it.token),
    "invalid_claim": lambda it: it.sessions.issue("user-42", claims={"sub": "root"}),
    "not_yet_valid": Deployment.too_early,
    "expired": Deployment.expired,
    "ended": lambda it: it.verify_after(3630),
    "revoked": Deployment.revoked,
    "reused": Deployment.reused,
    "superseded": Deployment.superseded,
    "binding_mismatch": Deployment.on_another_device,
    "reauthentication_required": lambda it: it.sessions.require(it.issued.session, acr="aal3"),
    "csrf_invalid": lambda it: it.sessions.check_csrf(it.issued.session, method="POST", token=None),
    "cookie_invalid": lambda it: Cookie().set_cookie("a;b"),
    "invalid_key": lambda it: Keyring.from_jwks('{"keys":[]}'),
    "invalid_config": lambda it: it.for_whom("", AUDIENCE),
}


def class_of(code: str) -> type[SessionError]:
    cls: type[SessionError] = getattr(sessera, "".join(word.capitalize() for word in code.split("_")))
    assert issubclass(cls, SessionError)
    return cls


def test_every_code_has_an_exported_class_and_there_are_no_others() -> None:
    classes = {class_of(code) for code in CODES}
    assert classes == set(SessionError.__subclasses__())
    assert {cls.code for cls in classes} == set(CODES)
    assert {cls.__name__ for cls in classes} <= set(sessera.__all__)


def test_an_error_tells_an_end_user_no_more_than_a_status() -> None:
    status = {code: class_of(code).http_status for code in CODES}
    assert {code for code in CODES if status[code] == 403} == {"csrf_invalid"}
    unwell = {
        "revocations_stale",
        "store_unavailable",
        "randomness_unavailable",
        "invalid_key",
        "invalid_config",
    }
    assert {code for code in CODES if status[code] == 503} == unwell
    assert set(status.values()) == {401, 403, 503}


def test_the_base_class_has_what_every_class_has() -> None:
    assert (SessionError.code, SessionError.http_status) == ("session_error", 401)
    assert SessionError("why").message == "why"
    assert SessionError.code not in CODES


def test_every_rule_that_can_be_broken_here_is() -> None:
    assert set(CODES) - set(BREAKS) == UNREACHABLE


@pytest.mark.parametrize("code", BREAKS)
def test_a_broken_rule_raises_the_class_of_its_code(code: str) -> None:
    deployment = Deployment()
    with pytest.raises(SessionError) as raised:
        BREAKS[code](deployment)
    error = raised.value
    assert type(error) is class_of(code)
    assert error.code == code
    assert error.message == str(error) == error.args[0]
    assert deployment.token not in repr(error)


def test_the_cause_of_an_error_goes_along() -> None:
    with pytest.raises(sessera.InvalidClaim) as raised:
        Deployment().sessions.issue("user-42", claims={"a": "x" * 2000})
    assert isinstance(raised.value.__cause__, SessionError)


def test_an_error_crosses_between_processes() -> None:
    error = pickle.loads(pickle.dumps(sessera.Expired("idle for too long")))  # noqa: S301
    assert type(error) is sessera.Expired
    assert (error.code, error.message) == ("expired", "idle for too long")
