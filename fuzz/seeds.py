#!/usr/bin/env python3
"""Fills the corpora from the vectors, so that the fuzzer begins with what is nearly right."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent


# The targets of texts that are no key set, by the step.
TARGETS = {"read_cookie": "cookie", "set_cookie": "cookie", "load_pem": "pem", "verify_proof": "proof"}


def put(target: str, seed: str | bytes) -> None:
    """Adds one input to a target's corpus, under the name that libFuzzer would give it."""
    data = seed.encode() if isinstance(seed, str) else seed
    place = HERE / "corpus" / target
    place.mkdir(parents=True, exist_ok=True)
    (place / hashlib.sha1(data, usedforsecurity=False).hexdigest()).write_bytes(data)


def decoded(part: str) -> bytes:
    """The bytes of a part that may be ill-formed."""
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        return part.encode()


def from_vectors() -> None:
    """Takes tokens, headers, payloads, key sets and cookies."""
    for path in sorted((ROOT / "tests" / "vectors").glob("*.json")):
        file = json.loads(path.read_text(encoding="utf-8"))
        put("jwk_set", file["keys"])
        for step in (step for case in file["cases"] for step in case["steps"]):
            token, given = step.get("token", ""), step.get("with", {})
            parts = token.split(".")
            put("token", token)
            if len(parts) == 3:
                put("claims", decoded(parts[0]) + b"\n" + decoded(parts[1]))
                put("sealed", f"{token}\n")
            if len(parts) == 5:
                put("sealed", f"\n{token}")
            if "text" in given:
                put(TARGETS.get(step["do"], "jwk_set"), given["text"])
            for name in {"csrf", "origin", "sec_fetch_site"} & given.keys():
                put("request", given[name])
            for fact in {"ip", "user_agent"} & step.get("client", {}).keys():
                put("request", step["client"][fact])


def from_keys() -> None:
    """Takes the keys of the tests."""
    for path in (ROOT / "crates" / "sessera" / "tests" / "keys").glob("*.p??"):
        put("pem", path.read_bytes())


def proofs() -> None:
    """Writes headers and claims of proofs, good and bad."""
    okp = '{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}'
    ec = (
        '{"kty":"EC","crv":"P-256","x":"YP7UuiVanTHJYet0xjVtaMBJuJI7Yfps5mliLmDyn7Y",'
        '"y":"eQP-EAi4vJmkGunpVii8ZPLxsgwtfp9Rd6PClNRGIpk"}'
    )
    claims = '"jti":"x","htm":"GET","htu":"https://api.example/me","iat":1700000000'
    for alg, jwk in (("EdDSA", okp), ("Ed25519", okp), ("ES256", ec)):
        header = f'{{"typ":"dpop+jwt","alg":"{alg}","kid":"k","jwk":{jwk[:-1]},"iat":1,"x5t#S256":"AA"}}}}'
        for more in ("", ',"ath":"fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"', ',"nonce":"n","exp":1'):
            put("proof", f"{header}\n{{{claims}{more}}}")
            put("proof", f"{header}\n{{{claims.replace('/me', ':443/me?q#f')}{more}}}")


def log() -> None:
    """Writes records, entries, cuts and URLs as a store in Redis has them: see its PROTOCOL.md."""
    session, name, kid = bytes(range(16)), bytes(range(16, 32)), b"2026-07"
    until = (1 << 41).to_bytes(8, "big")
    narrow = b"S" + session + b"\x80\x00" + bytes(5) + b"\x00\x10\x00"
    wide = b"W" + session + b"\x03" + (1 << 20).to_bytes(6, "big") + until[2:] + until[3:]
    subject = b"U" + name + until + until
    everything, key = b"E" + until, b"K" + bytes([len(kid)]) + kid
    for records in (narrow, wide, subject, everything, key):
        put("log", records)
        put("log", records[:-1])
    put("log", narrow + wide + subject + everything + key)
    # An id and its fields, or a field of the cuts and its value: the parts are divided by a zero byte.
    chains = [b"p", b"000000000000000a", b"c", b"000000000000000b"]
    put("log", b"\0".join([b"17-3", *chains, b"m", everything.replace(b"\0", b"\1")]))
    put("log", b"\0".join([b"17-3", *chains, b"m", key, b"f", b"1"]))
    put("log", b"\0".join([b"u" + name, b"\1" * 16]))
    put("log", b"\0".join([b"e", b"\1" * 8]))
    put("log", b"k" + kid + b"\0")
    for url in (
        "redis://app:s%20cret@127.0.0.1:6379/1",
        "rediss://[::1]",
        "redis+unix:///run/redis/redis.sock?db=2",
        "redis+sentinel://:p@a:26379,b,[::1]:3/shop",
        "redis+cluster://user:p@a,b:7001,c",
    ):
        put("log", url)


if __name__ == "__main__":
    from_vectors()
    from_keys()
    proofs()
    log()
