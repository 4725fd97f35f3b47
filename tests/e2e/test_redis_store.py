"""`RedisStore` from Python, on a real Redis."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from sessera import (
    Client,
    InvalidConfig,
    Keyring,
    RedisStore,
    RevocationsStale,
    Revoked,
    Sessions,
    StoreUnavailable,
)
from sessera.flask import Sessera

from certificate import Certificate
from redis_server import RedisServer

CLIENT = Client()
SECRET = b"the same on every machine of it."


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    redis = RedisServer(tmp_path)
    yield redis
    redis.kill()


def sessions_on(store: RedisStore, keyring: Keyring) -> Sessions:
    return Sessions("https://app.example", "web", keyring=keyring, store=store)


def is_refused(sessions: Sessions, token: str) -> bool:
    try:
        sessions.verify(token, client=CLIENT)
    except Revoked:
        return True
    return False


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline


def test_what_one_process_revokes_all_refuse(redis: RedisServer) -> None:
    keyring = Keyring.generate("HS256")
    one, other = (sessions_on(RedisStore(redis.url, secret=SECRET), keyring) for _ in range(2))
    issued = one.issue("ada", client=CLIENT)
    other.verify(issued.token, client=CLIENT)
    one.revoke_session(issued.session.id)
    assert is_refused(one, issued.token)
    eventually(lambda: is_refused(other, issued.token))
    rotated = other.rotate(one.issue("tom", client=CLIENT).token, client=CLIENT)
    assert rotated.session.generation == 1
    other.revoke_subject("tom")
    eventually(lambda: is_refused(one, rotated.token))


def test_a_child_hears_what_its_parent_revokes_after_the_fork(redis: RedisServer) -> None:
    sessions = sessions_on(RedisStore(redis.url), Keyring.generate("HS256"))
    issued = [sessions.issue("ada", client=CLIENT) for _ in range(20)]
    children = []
    for _ in range(4):
        child = os.fork()
        if child == 0:
            try:
                eventually(lambda: all(is_refused(sessions, each.token) for each in issued))
                own = sessions.issue("tom", client=CLIENT)
                sessions.revoke_session(own.session.id)
                os._exit(0 if is_refused(sessions, own.token) else 2)
            finally:
                os._exit(1)
        children.append(child)
    for each in issued:
        sessions.revoke_session(each.session.id)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 4


def test_a_fork_while_threads_revoke_leaves_no_lock_behind(redis: RedisServer) -> None:
    sessions = sessions_on(RedisStore(redis.url), Keyring.generate("HS256"))
    done = threading.Event()

    def keep_busy() -> None:
        while not done.is_set():
            sessions.revoke_session(sessions.issue("ada", client=CLIENT).session.id)

    threads = [threading.Thread(target=keep_busy) for _ in range(3)]
    for thread in threads:
        thread.start()
    ends = []
    for _ in range(20):
        child = os.fork()
        if child == 0:
            try:
                issued = sessions.issue("tom", client=CLIENT)
                sessions.revoke_session(issued.session.id)
                os._exit(0 if is_refused(sessions, issued.token) else 2)
            finally:
                os._exit(1)
        ends.append(os.waitpid(child, 0)[1])
    done.set()
    for thread in threads:
        thread.join()
    assert ends == [0] * 20


def test_a_revocation_waits_for_what_it_is_told(redis: RedisServer) -> None:
    keyring = Keyring.generate("HS256")
    other = sessions_on(RedisStore(redis.url), keyring)
    confirmed = sessions_on(RedisStore(redis.url, wait="confirmed"), keyring)
    issued = confirmed.issue("ada", client=CLIENT)
    confirmed.revoke_session(issued.session.id)
    assert is_refused(other, issued.token), "at once: it has confirmed it"
    replicated = sessions_on(RedisStore(redis.url, wait=1, wait_timeout=0.1), keyring)
    issued = replicated.issue("ada", client=CLIENT)
    with pytest.raises(StoreUnavailable):
        replicated.revoke_session(issued.session.id)
    assert is_refused(replicated, issued.token), "it is in force all the same"


def test_a_user_who_may_only_reach_the_stores_keys_is_enough_by_tls_too(
    redis: RedisServer, tmp_path: Path
) -> None:
    # As docs/fleet.md has it.
    rights = ["~{sessera}:*", "+@all", "-@admin", "-@dangerous", "+config|get", "+info", "+role"]
    assert redis.send("ACL", "SETUSER", "sessera", "on", ">hunter2", *rights) == b"+OK"
    Certificate().save(tmp_path)
    url = redis.speak_tls(tmp_path).replace("//", "//sessera:hunter2@")
    trusted = (tmp_path / "certificate.pem").read_bytes()
    with pytest.raises((InvalidConfig, StoreUnavailable)):
        RedisStore(url)
    with pytest.raises(InvalidConfig):
        RedisStore(url.replace("hunter2", "hunter3"), root_certificates=trusted)
    keyring = Keyring.generate("HS256")
    one, other = (
        sessions_on(RedisStore(url, secret=SECRET, root_certificates=trusted), keyring) for _ in range(2)
    )
    issued = one.issue("ada", client=CLIENT)
    one.revoke_session(issued.session.id)
    eventually(lambda: is_refused(other, issued.token))
    assert other.status().problem is None


def test_who_starts_without_redis_refuses_or_comes_up_when_it_is_there(redis: RedisServer) -> None:
    redis.kill()
    with pytest.raises(StoreUnavailable):
        RedisStore(redis.url, timeout=0.2)
    keyring = Keyring.generate("HS256")
    waiting = sessions_on(RedisStore(redis.url, start="stale", timeout=0.2), keyring)
    issued = waiting.issue("ada", client=CLIENT)
    with pytest.raises(RevocationsStale):
        waiting.verify(issued.token, client=CLIENT)
    assert not waiting.status().ready
    redis.start()
    eventually(lambda: waiting.status().ready)
    waiting.verify(issued.token, client=CLIENT)
    there = sessions_on(RedisStore(redis.url), keyring)
    there.revoke_session(issued.session.id)
    eventually(lambda: is_refused(waiting, issued.token))


@pytest.mark.parametrize(
    ("setting", "login"),
    [(("requirepass", "right"), ":hunter2@"), (("maxmemory-policy", "allkeys-lru"), "")],
)
def test_a_server_that_cannot_work_is_refused_at_the_start_and_no_password_is_shown(
    redis: RedisServer, tmp_path: Path, setting: tuple[str, str], login: str
) -> None:
    assert redis.send("CONFIG", "SET", *setting) == b"+OK"
    url = redis.url.replace("//", f"//{login}")
    with pytest.raises(InvalidConfig) as refused:
        RedisStore(url)
    app = Flask("shop", instance_path=str(tmp_path / "instance"))
    app.config |= {"SESSERA_STORE": url, "SESSERA_KEYRING": Keyring.generate("HS256")}
    with pytest.raises(InvalidConfig, match=r"^SESSERA_STORE: ") as named:
        Sessera(app)
    assert "hunter2" not in f"{refused.value!r} {named.value!r} {refused.value} {named.value}"


@pytest.mark.parametrize(
    "url", ["", "redis://", "http://127.0.0.1", "redis+sentinel://127.0.0.1", "memcached://127.0.0.1"]
)
def test_a_url_that_names_no_redis_is_refused(url: str) -> None:
    with pytest.raises(InvalidConfig):
        RedisStore(url)


def test_what_a_url_asks_for_and_there_is_not_is_named_without_its_value(tmp_path: Path) -> None:
    url = "redis://localhost/0?ssl_cert_reqs=hunter2"
    with pytest.raises(InvalidConfig, match="ssl_cert_reqs") as refused:
        RedisStore(url)
    app = Flask("shop", instance_path=str(tmp_path / "instance"))
    app.config |= {"SESSERA_STORE": url, "SESSERA_KEYRING": Keyring.generate("HS256")}
    with pytest.raises(InvalidConfig, match=r"^SESSERA_STORE: .*ssl_cert_reqs") as named:
        Sessera(app)
    assert "hunter2" not in f"{refused.value} {named.value}"


def test_a_store_is_shown_without_its_login(redis: RedisServer) -> None:
    assert redis.send("CONFIG", "SET", "requirepass", "hunter2") == b"+OK"
    store = RedisStore(redis.url.replace("//", "//:hunter2@"), name="shop-7")
    assert repr(store) == f"<RedisStore {redis.url}>"
    assert store.name.startswith("shop-7-")


@pytest.mark.parametrize(
    "settings", [{"start": "soon"}, {"wait": "never"}, {"namespace": "{x}"}, {"timeout": -1}, {"name": "a b"}]
)
def test_a_wrong_setting_is_refused(redis: RedisServer, settings: dict[str, object]) -> None:
    with pytest.raises(InvalidConfig):
        RedisStore(redis.url, **settings)  # type: ignore[arg-type]
