"""The vectors that every language runs: `tests/vectors/README.md` explains them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from sessera import (
    Client,
    Cookie,
    DpopVerifier,
    Issued,
    Keyring,
    ManualClock,
    MemoryStore,
    Policy,
    Session,
    SessionError,
    Sessions,
    client_address,
)
from sessera.jose import jwe, jws

Json: TypeAlias = dict[str, Any]
Take: TypeAlias = Callable[[Sessions, Json], Json]

VECTORS = Path(__file__).parents[2] / "tests" / "vectors"
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
INSTANTS = ("issued_at", "rotated_at", "started_at", "authenticated_at", "expires_at", "ends_at")
FACTS = ("device", "user_agent", "ip", "key")


def cases() -> Iterator[Any]:
    for path in sorted(VECTORS.glob("*.json")):
        file = json.loads(path.read_text(encoding="utf-8"))
        for case in file["cases"]:
            yield pytest.param(file, case, id=f"{path.stem}-{case['name']}")


@pytest.mark.parametrize(("file", "case"), list(cases()))
def test_every_vector_holds(file: Json, case: Json) -> None:
    clock = ManualClock(0)
    sessions = build(file, case, clock)
    for nth, step in enumerate(case["steps"], start=1):
        clock.set(timedelta(milliseconds=step.get("now", 0)))
        try:
            led_to = TAKE[step["do"]](sessions, step)
        except SessionError as error:
            led_to = {"code": error.code}
        expected: Json = step["expect"]
        # What is random is not stated, and where only the outcome counts, no session is.
        for name in {"token", "session"} - expected.keys():
            led_to.pop(name, None)
        if "session" in expected and "id" not in expected["session"]:
            led_to.get("session", {}).pop("id", None)
        assert led_to == expected, f"step {nth}"


def test_there_are_vectors_for_every_call() -> None:
    called = {step["do"] for case in cases() for step in case.values[1]["steps"]}
    assert called == TAKE.keys()


def build(file: Json, case: Json, clock: ManualClock) -> Sessions:
    return Sessions(
        file["issuer"],
        file["audience"],
        keyring=Keyring.from_jwks(file["keys"]),
        policy=Policy(**case.get("policy", {})),
        store=MemoryStore() if case.get("store", True) else None,
        clock=clock,
        sealed=case.get("sealed", False),
    )


def client_of(step: Json) -> Client:
    facts = dict(step.get("client", {}))
    return Client(waited=timedelta(milliseconds=facts.pop("waited", 0)), **facts)


def verify(sessions: Sessions, step: Json) -> Session:
    return sessions.verify(step["token"], client=client_of(step))


def issued(issued: Issued) -> Json:
    return {"token": issued.token, "session": facts(issued.session)}


def facts(session: Session) -> Json:
    instants = {name: (getattr(session, name) - EPOCH) // timedelta(milliseconds=1) for name in INSTANTS}
    names = ("subject", "id", "generation", "acr", "superseded", "renew_due", "rotation_due")
    return {
        **{name: getattr(session, name) for name in names},
        **instants,
        "amr": list(session.amr),
        "claims": dict(session.claims),
        "binding": {fact: getattr(session.binding, fact) for fact in FACTS},
    }


def arguments(step: Json, *names: str) -> Json:
    given: Json = step.get("with", {})
    assert given.keys() <= set(names), "the vectors state an argument that this call does not take"
    return given


def take_issue(sessions: Sessions, step: Json) -> Json:
    given = dict(arguments(step, "subject", "claims", "acr", "amr"))
    return issued(sessions.issue(given.pop("subject"), client=client_of(step), **given))


def take_verify(sessions: Sessions, step: Json) -> Json:
    arguments(step)
    return {"session": facts(verify(sessions, step))}


def take_renew(sessions: Sessions, step: Json) -> Json:
    client = client_of(step)
    return issued(sessions.renew(step["token"], client=client, **arguments(step, "claims")))


def take_rotate(sessions: Sessions, step: Json) -> Json:
    arguments(step)
    return issued(sessions.rotate(step["token"], client=client_of(step)))


def take_elevate(sessions: Sessions, step: Json) -> Json:
    client = client_of(step)
    given = arguments(step, "claims", "acr", "amr")
    return issued(sessions.elevate(step["token"], client=client, **given))


def take_end(sessions: Sessions, step: Json) -> Json:
    arguments(step)
    state = sessions.end(step["token"])
    return {} if state is None else {"text": state}


def take_issue_visitor(sessions: Sessions, step: Json) -> Json:
    return issued(sessions.issue_visitor(client=client_of(step), **arguments(step, "claims")))


def take_verify_visitor(sessions: Sessions, step: Json) -> Json:
    arguments(step)
    session = sessions.verify(step["token"], client=client_of(step), visitors=True)
    if session.subject != "~anonymous":
        return {"code": "wrong_type"}
    return {"session": facts(session)}


def take_renew_visitor(sessions: Sessions, step: Json) -> Json:
    return issued(sessions.renew_visitor(step["token"], client=client_of(step), **arguments(step, "claims")))


def take_revoke_session(sessions: Sessions, step: Json) -> Json:
    sessions.revoke_session(arguments(step, "id")["id"])
    return {}


def take_revoke_subject(sessions: Sessions, step: Json) -> Json:
    sessions.revoke_subject(arguments(step, "subject")["subject"])
    return {}


def take_revoke_all(sessions: Sessions, step: Json) -> Json:
    arguments(step)
    sessions.revoke_all()
    return {}


def take_revoke_key(sessions: Sessions, step: Json) -> Json:
    sessions.revoke_key(arguments(step, "id")["id"])
    return {}


def take_revoke_others(sessions: Sessions, step: Json) -> Json:
    arguments(step)
    return issued(sessions.revoke_others(step["token"], client=client_of(step)))


def take_open_jws(sessions: Sessions, step: Json) -> Json:
    typ = arguments(step, "typ")["typ"]
    now = EPOCH + timedelta(milliseconds=step["now"])
    return {"text": jws.verify(step["token"], typ, sessions.keyring, now).decode()}


def take_open_jwe(sessions: Sessions, step: Json) -> Json:
    typ = arguments(step, "typ")["typ"]
    return {"text": jwe.open(step["token"], typ, sessions.keyring).decode()}


def take_require(sessions: Sessions, step: Json) -> Json:
    given = dict(arguments(step, "max_age", "acrs", "amr"))
    sessions.require(verify(sessions, step), acr=given.pop("acrs", None), **given)
    return {}


def take_check_csrf(sessions: Sessions, step: Json) -> Json:
    given = dict(
        arguments(step, "method", "csrf", "sec_fetch_site", "origin", "own_origins", "trusted_origins")
    )
    sessions.check_csrf(verify(sessions, step), token=given.pop("csrf", None), **given)
    return {}


def take_read_cookie(_: Sessions, step: Json) -> Json:
    value = Cookie().read(arguments(step, "text")["text"])
    return {} if value is None else {"text": value}


def take_set_cookie(_: Sessions, step: Json) -> Json:
    return {"text": Cookie().set_cookie(arguments(step, "text")["text"])}


def take_client_address(_: Sessions, step: Json) -> Json:
    given = arguments(step, "peer", "forwarded_for", "trusted_hops")
    address = client_address(given["peer"], given.get("forwarded_for", []), given.get("trusted_hops", 0))
    return {} if address is None else {"text": address}


def skipped(keyring: Keyring) -> Json:
    kids = [key.kid for key in keyring.skipped()]
    return {"skipped": kids} if kids else {}


def take_load_keys(_: Sessions, step: Json) -> Json:
    return skipped(Keyring.from_jwks(arguments(step, "text")["text"]))


def take_load_public_keys(_: Sessions, step: Json) -> Json:
    return skipped(Keyring.from_public_jwks(arguments(step, "text")["text"]))


def take_load_pem(_: Sessions, step: Json) -> Json:
    (key,) = Keyring.from_pem(None, arguments(step, "text")["text"]).keys()
    return {"text": key.kid}


def take_verify_proof(_: Sessions, step: Json) -> Json:
    given = arguments(step, "text", "method", "url")
    proof = DpopVerifier().verify(
        given["text"],
        method=given["method"],
        url=given["url"],
        access_token=step["token"],
        now=EPOCH + timedelta(milliseconds=step["now"]),
    )
    return {"text": proof.thumbprint}


TAKE: dict[str, Take] = {
    "issue": take_issue,
    "verify": take_verify,
    "renew": take_renew,
    "rotate": take_rotate,
    "elevate": take_elevate,
    "end": take_end,
    "issue_visitor": take_issue_visitor,
    "verify_visitor": take_verify_visitor,
    "renew_visitor": take_renew_visitor,
    "revoke_session": take_revoke_session,
    "revoke_subject": take_revoke_subject,
    "revoke_all": take_revoke_all,
    "revoke_key": take_revoke_key,
    "revoke_others": take_revoke_others,
    "open_jws": take_open_jws,
    "open_jwe": take_open_jwe,
    "require": take_require,
    "check_csrf": take_check_csrf,
    "read_cookie": take_read_cookie,
    "set_cookie": take_set_cookie,
    "client_address": take_client_address,
    "load_keys": take_load_keys,
    "load_public_keys": take_load_public_keys,
    "load_pem": take_load_pem,
    "verify_proof": take_verify_proof,
}
