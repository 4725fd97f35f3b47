"""What who reads a fleet's Redis learns: no subject, no session, nothing of what it holds."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, session
from sessera import InvalidConfig, Keyring, RedisStore
from sessera.asgi import Sessera as AsgiSessera
from sessera.flask import Sessera, current_session, login

from redis_server import RedisServer

SUBJECT = "ada.lovelace@analytical.example"
CART = "a difference engine"


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    redis = RedisServer(tmp_path)
    yield redis
    redis.kill()


def log_in_some(tmp_path: Path, store: str | RedisStore, keyring: Keyring | None = None) -> list[str]:
    """Gives the ids of sessions with data, which are listed."""
    app = Flask("shop", instance_path=str(tmp_path / "instance"))
    app.config |= {
        "SESSERA_STORE": store,
        "SESSERA_DATA": "store",
        "SESSERA_LIST_SESSIONS": True,
        "SESSERA_ISSUER": "https://shop.example",
    }
    if keyring is not None:
        app.config["SESSERA_KEYRING"] = keyring
    Sessera(app)

    @app.post("/login")
    def log_in() -> str:
        login(SUBJECT)
        session["cart"] = CART
        return current_session.id

    browsers = [app.test_client() for _ in range(3)]
    return [browser.post("/login", base_url="https://shop.example").text for browser in browsers]


def dump(redis: RedisServer, folder: Path) -> bytes:
    """Everything that a Redis holds, with nothing compressed."""
    assert redis.send("CONFIG", "SET", "rdbcompression", "no") == b"+OK"
    assert redis.send("SAVE") == b"+OK"
    return (folder / "dump.rdb").read_bytes()


def names(dump: bytes, kind: bytes) -> set[bytes]:
    return set(re.findall(rb"\{[a-z]+\}:" + kind + rb":([0-9a-f]{32})", dump))


def test_subjects_sessions_and_data_are_not_in_a_redis_that_was_named_by_url(
    redis: RedisServer, tmp_path: Path
) -> None:
    ids = log_in_some(tmp_path, redis.url)
    held = dump(redis, tmp_path)
    assert len(names(held, b"d")) == len(ids)
    assert len(names(held, b"l")) == 1
    for text in (SUBJECT, CART, *ids):
        assert text.encode() not in held
    for raw in map(raw_id, ids):
        assert raw not in held
        assert raw.hex().encode() not in held


def test_who_reads_redis_cannot_try_subjects_without_the_keyring(redis: RedisServer, tmp_path: Path) -> None:
    log_in_some(tmp_path, redis.url)
    real = names(dump(redis, tmp_path), b"l")
    log_in_some(tmp_path / "guess", RedisStore(redis.url, namespace="guess"))
    guessed = names(dump(redis, tmp_path), b"l") - real
    assert (len(real), len(guessed)) == (1, 1), "a guess by a process without the secret gives another name"


def test_a_process_without_the_keyring_is_not_of_the_fleet(redis: RedisServer, tmp_path: Path) -> None:
    log_in_some(tmp_path, redis.url)
    with pytest.raises(InvalidConfig):
        RedisStore(redis.url)
    with pytest.raises(InvalidConfig):
        log_in_some(tmp_path / "other", redis.url, Keyring.generate("HS256"))
    # The same keys are the same fleet, whatever the framework.
    keyring = tmp_path / "instance" / "sessera-keys.json"
    AsgiSessera("https://shop.example", "shop", keyring=keyring, store=redis.url)


def raw_id(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
