"""Sessera from Python beside its peers, which take turns: the thread's own time of a call, median and best.

Run it with `make bench-python`, on a machine that has nothing else to do.
"""

from __future__ import annotations

import base64
import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version

import joserfc.jwk
import joserfc.jwt
import jwt
import oxyjwt
from sessera import Client, Keyring, MemoryStore, Policy, Sessions

ISSUER, AUDIENCE = "https://app.example", "web"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CLAIMS = {"roles": ["editor"]}
ROUNDS, CALLS = 200, 200

Call = Callable[[], object]


@dataclass
class Figure:
    median: float
    best: float

    def __str__(self) -> str:
        return f"{self.median:8.2f} µs  best {self.best:8.2f}"


def measure(contenders: dict[str, Call]) -> dict[str, Figure]:
    """Microseconds of a call, for each contender: they take turns, so that what slows one slows all."""
    rounds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(ROUNDS):
        for name, call in contenders.items():
            # The slower a call, the fewer of it: a millisecond or so is a turn.
            calls = CALLS if not rounds[name] else max(1, min(CALLS, int(1000 / rounds[name][0])))
            began = time.thread_time_ns()
            for _ in range(calls):
                call()
            rounds[name].append((time.thread_time_ns() - began) / calls / 1000)
    return {name: Figure(statistics.median(times), min(times)) for name, times in rounds.items()}


def show(title: str, figures: dict[str, Figure]) -> None:
    print(f"\n{title}")
    ours = next(iter(figures.values()))
    for name, figure in figures.items():
        print(f"  {name:<52} {figure}   {figure.median / ours.median:6.1f}×")


def payload_of(token: str) -> dict[str, object]:
    middle = token.split(".")[1]
    payload: dict[str, object] = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    return payload


def verify(algorithm: str) -> None:
    keyring = Keyring.generate(algorithm)
    kid = keyring.keys()[0].kid
    store = MemoryStore()
    sessions = Sessions(ISSUER, AUDIENCE, keyring=keyring, store=store)
    forgetful = Sessions(ISSUER, AUDIENCE, keyring=keyring, store=store, remembered_tokens=0)
    for number in range(1000):
        sessions.revoke_session(sessions.issue("another").session.id)
        sessions.revoke_subject(f"user-{number}-who-is-not-here")
    client = Client(ip="203.0.113.7", user_agent=FIREFOX)
    token = sessions.issue("user-42", claims=CLAIMS, client=client).token

    jwk = json.loads(keyring.private_jwks())["keys"][0]
    if algorithm == "HS256":
        secret = base64.urlsafe_b64decode(jwk["k"] + "==")
        pyjwt_key, oxy_key = secret, oxyjwt.DecodingKey.from_secret(secret)
    else:
        public = keyring.public_pem(kid)
        pyjwt_key = jwt.PyJWK(jwk).key
        kinds = {"EdDSA": oxyjwt.DecodingKey.from_ed_pem, "ES256": oxyjwt.DecodingKey.from_ec_pem}
        oxy_key = kinds[algorithm](public)
    jose_key = joserfc.jwk.import_key(jwk)
    registry = joserfc.jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": ISSUER}, aud={"essential": True, "value": AUDIENCE}
    )

    def with_joserfc() -> None:
        registry.validate(joserfc.jwt.decode(token, jose_key, algorithms=[algorithm]).claims)

    def subject() -> str:
        return sessions.verify(token, client=client).subject

    contenders: dict[str, Call] = {
        "Sessions.verify, seen before, client compared": lambda: sessions.verify(token, client=client),
        "Sessions.verify, first sight, client compared": lambda: forgetful.verify(token, client=client),
        "… seen before, no client": lambda: sessions.verify(token),
        "… seen before, and its subject": subject,
        "… seen before, and its claims": lambda: sessions.verify(token, client=client).claims["roles"],
        "oxyjwt.decode, prepared key": lambda: oxyjwt.decode(
            token, oxy_key, algorithms=[algorithm], audience=AUDIENCE, issuer=ISSUER
        ),
        "jwt.decode (PyJWT)": lambda: jwt.decode(
            token, pyjwt_key, algorithms=[algorithm], audience=AUDIENCE, issuer=ISSUER
        ),
        "joserfc.jwt.decode and validate": with_joserfc,
    }
    for call in contenders.values():
        call()
    show(f"{algorithm} verify, a token of {len(token)} characters, 2,000 marks", measure(contenders))


def issue(algorithm: str) -> None:
    keyring = Keyring.generate(algorithm)
    sessions = Sessions(ISSUER, AUDIENCE, keyring=keyring, store=MemoryStore())
    unbound = Sessions(
        ISSUER, AUDIENCE, keyring=keyring, store=MemoryStore(), policy=Policy(binding={"ip": "off"})
    )
    client = Client(ip="203.0.113.7", user_agent=FIREFOX)
    payload = payload_of(sessions.issue("user-42", claims=CLAIMS, client=client).token)
    jwk = json.loads(keyring.private_jwks())["keys"][0]
    if algorithm == "HS256":
        secret = base64.urlsafe_b64decode(jwk["k"] + "==")
        pyjwt_key, oxy_key = secret, oxyjwt.EncodingKey.from_secret(secret)
    else:
        pyjwt_key = jwt.PyJWK(jwk).key
        kinds = {"EdDSA": oxyjwt.EncodingKey.from_ed_pem, "ES256": oxyjwt.EncodingKey.from_ec_pem}
        oxy_key = kinds[algorithm](keyring.private_pem(jwk["kid"]))
    jose_key = joserfc.jwk.import_key(jwk)
    header = {"kid": jwk["kid"], "typ": "session+jwt"}
    contenders: dict[str, Call] = {
        "Sessions.issue, claims, client bound": lambda: sessions.issue(
            "user-42", claims=CLAIMS, client=client
        ),
        "… claims, no client": lambda: unbound.issue("user-42", claims=CLAIMS),
        "… nothing but the subject": lambda: unbound.issue("user-42"),
        "oxyjwt.encode of given claims, prepared key": lambda: oxyjwt.encode(
            payload, oxy_key, algorithm, headers=header
        ),
        "jwt.encode of given claims (PyJWT)": lambda: jwt.encode(
            payload, pyjwt_key, algorithm, headers=header
        ),
        "joserfc.jwt.encode of given claims": lambda: joserfc.jwt.encode(
            {"alg": algorithm, **header}, payload, jose_key, algorithms=[algorithm]
        ),
    }
    for call in contenders.values():
        call()
    show(f"{algorithm} issue", measure(contenders))


def main() -> None:
    peers = ", ".join(f"{name} {version(name)}" for name in ("PyJWT", "oxyjwt", "joserfc"))
    print(f"CPython {sys.version.split()[0]}, {peers}")
    for algorithm in ("HS256", "EdDSA", "ES256"):
        verify(algorithm)
        issue(algorithm)


if __name__ == "__main__":
    main()
