"""The shop over plain HTTP: several workers, and what a session must never do."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from server import Server
from visitor import Visitor


def test_any_worker_answers_any_request(two_workers: Server) -> None:
    visitor = Visitor(two_workers.url)
    visitor.post("/cart", tea="mint")
    visitor.log_in()
    sid = visitor.get("/profile").fact("sid")

    workers: set[int] = set()
    with ThreadPoolExecutor(8) as pool:
        for _ in range(50):
            answers = list(pool.map(lambda _: visitor.twin().get("/profile"), range(16)))
            assert {answer.status for answer in answers} == {200}
            assert {answer.fact("sid") for answer in answers} == {sid}
            workers |= {answer.worker for answer in answers}
            if len(workers) == 2:
                break
    assert len(workers) == 2, "both workers must have answered"


def test_two_workers_that_start_at_once_make_one_key_and_one_store(two_workers: Server) -> None:
    Visitor(two_workers.url).get("/")
    files = [path for path in (two_workers.folder / "instance").rglob("*") if path.is_file()]
    database = {"sessera.db", "sessera.db-bell", "sessera.db-shm", "sessera.db-wal"}
    assert {path.name for path in files} == {"sessera-keys.json"} | database
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}


def test_a_second_login_has_another_sid_and_ends_the_first(server: Server) -> None:
    visitor = Visitor(server.url)
    visitor.log_in()
    first, old = visitor.get("/profile").fact("sid"), visitor.twin()
    visitor.log_in()
    assert visitor.get("/profile").fact("sid") != first
    assert old.get("/profile").status == 401


def test_a_cookie_planted_before_login_is_never_adopted(server: Server) -> None:
    attacker = Visitor(server.url)
    attacker.post("/cart", tea="mint")
    assert attacker.cookies, "the attacker needs a session to plant"

    victim = attacker.twin()
    victim.log_in("tom", "warm kettle")
    assert victim.get("/profile").fact("subject") == "tom"
    assert victim.cookies != attacker.cookies
    assert attacker.get("/profile").status == 401, "a visitor's token has no rights"


def test_a_session_of_another_person_planted_before_login_ends(server: Server) -> None:
    attacker = Visitor(server.url)
    attacker.log_in("tom", "warm kettle")
    planted = attacker.get("/profile").fact("sid")

    victim = attacker.twin()
    victim.log_in()
    answer = victim.get("/profile")
    assert (answer.fact("subject"), answer.fact("sid") == planted) == ("mara", False)
    assert attacker.get("/profile").status == 401


def test_a_form_without_the_hidden_field_is_refused(server: Server) -> None:
    visitor = Visitor(server.url)
    visitor.log_in()
    assert visitor.send_bare("/logout").status == 403
    assert visitor.send_bare("/logout", csrf_token="A" * 32).status == 403
    assert visitor.get("/profile").status == 200


def test_a_changed_cookie_is_nobody(server: Server) -> None:
    visitor = Visitor(server.url)
    visitor.log_in()
    forger = visitor.twin()
    for name, value in forger.cookies.items():
        middle = len(value) // 2
        forger.cookies[name] = value[:middle] + ("A" if value[middle] != "A" else "B") + value[middle + 1 :]
    assert forger.get("/profile").status == 401


def test_a_form_field_known_before_login_is_worth_nothing_after_it(server: Server) -> None:
    attacker = Visitor(server.url)
    planted = attacker.form_field("/login")
    victim = attacker.twin()
    victim.log_in()
    assert victim.send_bare("/logout", csrf_token=planted).status == 403
    assert victim.get("/profile").status == 200
