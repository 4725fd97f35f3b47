"""`flask sessera …`, as somebody types it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from sessera import Keyring, ManualClock, SessionError, Sessions
from sessera._web.explain import _OF_CODE, explain
from sessera.flask import login
from sessera.flask.settings import Settings
from tests.flask.browser import error_of, send, subject_of, token_in

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result
    from flask import Flask

    from tests.flask.conftest import MakeApp

pytestmark = pytest.mark.parametrize("store", ["sqlite"], indirect=True)


def run(app: Flask, *arguments: str, given: str | None = None) -> Result:
    result: Result = app.test_cli_runner().invoke(args=["sessera", *arguments], input=given)
    return result


def printed(result: Result) -> Any:
    assert result.exit_code in (0, 1), result.output
    return json.loads(result.stdout)


def key_file(folder: Path, name: str = "keys.json") -> Path:
    path = folder / name
    Keyring.generate("HS256").save(path)
    return path


def steps_of(result: Result) -> dict[str, Any]:
    return {step["step"]: step["passed"] for step in printed(result)["steps"]}


def test_the_keys_are_listed_without_their_secrets(make_app: MakeApp, tmp_path: Path) -> None:
    path = key_file(tmp_path)
    app = make_app(KEYRING=path)
    (key,) = printed(run(app, "keys", "list", "--json"))
    assert (key["algorithm"], key["state"], key["private"]) == ("HS256", "signing", True)
    secrets = [held["k"] for held in json.loads(path.read_text())["keys"]]
    for result in (run(app, "keys", "list"), run(app, "keys", "list", "--json")):
        assert key["kid"] in result.output
        assert not any(secret in result.output for secret in secrets)


def test_a_rotation_reaches_a_running_application(
    make_app: MakeApp, clock: ManualClock, tmp_path: Path
) -> None:
    path = key_file(tmp_path)
    running, terminal = make_app(KEYRING=path), make_app(KEYRING=path)
    client = running.test_client()
    client.post("/login/ada")
    old, new = printed(run(terminal, "keys", "rotate", "--json"))
    assert (old["state"], new["state"]) == ("signing", "published")
    clock.advance(601)
    assert subject_of(client.get("/whoami")) == "ada", "nobody is logged out"
    assert explain(token_in(client), Settings.of(running)).code is None
    shown = run(make_app(KEYRING=path), "explain", client.post("/login/bob").get_json()["token"], "--json")
    found = {step["step"]: step["found"] for step in printed(shown)["steps"]}
    assert found["key"] == f"{new['kid']}, signing"


def test_the_old_key_verifies_as_long_as_the_longest_session(make_app: MakeApp, tmp_path: Path) -> None:
    long, short = 20 * 24 * 3600, 3600
    for number, (absolute, seconds) in enumerate(((long, long + 30), (short, 24 * 3600))):
        limits = {"ABSOLUTE_TIMEOUT": absolute, "IDLE_TIMEOUT": short, "REMEMBER_FOR": None}
        app = make_app(KEYRING=key_file(tmp_path, f"{number}.json"), **limits)
        old, _ = printed(run(app, "keys", "rotate", "--publish-for", "0", "--json"))
        until = datetime.fromisoformat(old["verifies_until"].replace("Z", "+00:00"))
        assert until.timestamp() == 1_800_000_000 + seconds
    app = make_app(KEYRING=key_file(tmp_path))
    old, _ = printed(run(app, "keys", "rotate", "--publish-for", "0", "--json"))
    until = datetime.fromisoformat(old["verifies_until"].replace("Z", "+00:00"))
    assert until.timestamp() == 1_800_000_000 + 30 * 24 * 3600 + 30, "users who are remembered stay so"


def test_keys_that_are_in_no_file_are_rotated_elsewhere(app: Flask) -> None:
    result = run(app, "keys", "rotate")
    assert result.exit_code == 1
    assert "SESSERA_KEYRING is a Keyring" in result.output


def test_one_session_is_ended_and_no_other(app: Flask) -> None:
    ada, bob = app.test_client(), app.test_client()
    sid = ada.post("/login/ada").get_json()["id"]
    bob.post("/login/bob")
    assert "over" in run(app, "revoke", "session", sid).output
    assert error_of(ada.get("/whoami")) == "revoked"
    assert subject_of(bob.get("/whoami")) == "bob"


def test_a_subject_and_then_everybody_is_logged_out(app: Flask) -> None:
    ada, bob = app.test_client(), app.test_client()
    ada.post("/login/ada")
    bob.post("/login/bob")
    assert printed(run(app, "revoke", "subject", "ada", "--json")) == {"revoked": "subject", "subject": "ada"}
    assert error_of(ada.get("/whoami")) == "revoked"
    assert subject_of(bob.get("/whoami")) == "bob"
    assert run(app, "revoke", "all", given="n\n").exit_code == 1
    assert subject_of(bob.get("/whoami")) == "bob", "without a yes nothing happens"
    assert run(app, "revoke", "all", "--yes").exit_code == 0
    assert error_of(bob.get("/whoami")) == "revoked"


def test_a_subjects_sessions_are_listed_and_can_be_ended_by_what_is_shown(make_app: MakeApp) -> None:
    app = make_app(LIST_SESSIONS=True)
    firefox = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
    first, second = app.test_client(), app.test_client()
    sid = first.post("/login/ada", headers=firefox).get_json()["id"]
    second.post("/login/ada")
    # Of one moment, they come in any order.
    listed = sorted(printed(run(app, "sessions", "ada", "--json")), key=lambda one: bool(one["id"] != sid))
    assert (len(listed), listed[0]["id"], listed[0]["label"]) == (2, sid, "firefox/linux")
    assert sid in run(app, "sessions", "ada").output
    run(app, "revoke", "session", sid)
    assert [one["id"] for one in printed(run(app, "sessions", "ada", "--json"))] == [listed[1]["id"]]
    assert "none" in run(app, "sessions", "bob").output


def test_sessions_that_are_not_listed_name_the_setting(app: Flask) -> None:
    result = run(app, "sessions", "ada")
    assert (result.exit_code, "SESSERA_LIST_SESSIONS" in result.output) == (1, True)


@pytest.mark.parametrize(("setting", "word"), [(None, "None"), ("memory", "memory")])
def test_what_would_reach_nobody_is_an_error(make_app: MakeApp, setting: Any, word: str) -> None:
    app = make_app(STORE=setting)
    for arguments in (("subject", "ada"), ("session", "A" * 22), ("all", "--yes")):
        result = run(app, "revoke", *arguments)
        assert result.exit_code == 1
        assert word in result.output


def test_a_key_that_leaked_is_ended_once_another_one_signs(make_app: MakeApp, tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    app = make_app(KEYRING=path)
    client = app.test_client()
    client.post("/login/ada")
    (leaked,) = printed(run(app, "keys", "list", "--json"))
    assert "this key signs" in run(app, "revoke", "key", leaked["kid"], "--yes").output
    assert subject_of(client.get("/whoami")) == "ada"
    run(app, "keys", "rotate", "--publish-for", "0")
    again = make_app(KEYRING=path)
    assert run(again, "revoke", "key", leaked["kid"], given="n\n").exit_code == 1
    assert printed(run(again, "revoke", "key", leaked["kid"], "--yes", "--json"))["kid"] == leaked["kid"]
    assert error_of(client.get("/whoami")) == "revoked"
    assert "no such key" in run(again, "revoke", "key", "A" * 22, "--yes").output


@pytest.mark.parametrize("sid", ["-sWDtAhgQJKyoTov1JBmFw", "--WDtAhgQJKyoTov1JBmFw"])
def test_an_id_may_begin_with_a_dash(app: Flask, sid: str) -> None:
    assert printed(run(app, "revoke", "session", sid, "--json")) == {"revoked": "session", "id": sid}


def test_a_wrong_id_is_told(app: Flask) -> None:
    result = run(app, "revoke", "session", "x")
    assert (result.exit_code, "invalid_claim" in result.output) == (1, True)


def test_what_a_terminal_would_obey_is_written_out(app: Flask) -> None:
    with app.test_request_context():
        token = login("ada\x1b[2J\u202e").token
    output = run(app, "explain", token).output
    assert "ada\\x1b[2J\\u202e" in output
    assert "\x1b" not in output


def test_a_good_token_is_explained(app: Flask) -> None:
    client = app.test_client()
    token = client.post("/login/ada", json={"pin": "a secret value"}).get_json()["token"]
    result = run(app, "explain", token)
    assert result.exit_code == 0
    assert "The token is good." in result.output
    assert "pin" in result.output
    for secret in ("a secret value", token, token.rpartition(".")[2]):
        assert secret not in result.output
    session = printed(run(app, "explain", token, "--json"))["session"]
    assert (session["subject"], session["generation"], session["claims"]) == ("ada", 0, ["pin"])


def test_it_is_read_from_standard_input_as_it_was_copied(app: Flask) -> None:
    token = app.test_client().post("/login/ada").get_json()["token"]
    for text in (
        token,
        f"{token}\n",
        f"__Host-session={token}",
        f"Cookie: __Host-session={token}",
        f"Authorization: Bearer {token}",
    ):
        assert run(app, "explain", given=text).exit_code == 0, text
        assert run(app, "explain", "-", given=text).exit_code == 0, text


def test_each_refusal_stands_at_its_step(app: Flask, clock: ManualClock, keyring: Keyring) -> None:
    client = app.test_client()
    token = client.post("/login/ada").get_json()["token"]
    head, payload, signature = token.split(".")
    other = Sessions("http://localhost", "shop", keyring=Keyring.generate("HS256"), clock=clock)
    elsewhere = Sessions("https://evil.example", "shop", keyring=keyring, clock=clock)
    another = Sessions("http://localhost", "blog", keyring=keyring, clock=clock)
    cases = {
        "shape": ("malformed", "no token"),
        "key": ("unknown_key", other.issue("ada").token),
        "signature": ("bad_signature", f"{head}.{payload}.{'A' * len(signature)}"),
        "issuer": ("wrong_issuer", elsewhere.issue("ada").token),
        "audience": ("wrong_audience", another.issue("ada").token),
    }
    for step, (code, text) in cases.items():
        result = run(app, "explain", text, "--json")
        assert (result.exit_code, printed(result)["code"]) == (1, code)
        passed = steps_of(result)
        assert passed[step] is False
        assert [name for name, value in passed.items() if value is False] == [step]
        assert text not in result.output
    assert printed(run(app, "explain", cases["signature"][1], "--json"))["session"] == {}
    clock.advance(31 * 60)
    assert steps_of(run(app, "explain", token, "--json"))["times"] is False


def test_a_revoked_token_is_bad_at_the_revocation(app: Flask) -> None:
    client = app.test_client()
    token = client.post("/login/ada").get_json()["token"]
    client.post("/logout")
    result = run(app, "explain", token, "--json")
    assert (printed(result)["code"], steps_of(result)["revocation"]) == ("revoked", False)
    assert printed(result)["session"]["subject"] == "ada"


def test_asking_about_a_token_that_was_used_twice_ends_nothing(app: Flask, clock: ManualClock) -> None:
    client = app.test_client()
    old = client.post("/login/ada").get_json()["token"]
    clock.advance(600)
    client.get("/whoami")
    assert "grace" in run(app, "explain", old).output
    client.get("/whoami")
    clock.advance(60)
    assert printed(run(app, "explain", old, "--json"))["code"] == "reused"
    assert subject_of(client.get("/whoami")) == "ada"
    assert error_of(send(app, old)) == "reused", "where it counts it does"
    assert error_of(client.get("/whoami")) == "revoked"


def test_a_sealed_token_is_opened_first(make_app: MakeApp) -> None:
    app = make_app(SEALED=True)
    client = app.test_client()
    token = client.post("/login/ada").get_json()["token"]
    result = printed(run(app, "explain", token, "--json"))
    assert (result["good"], result["session"]["subject"]) == (True, "ada")
    client.post("/logout")
    assert printed(run(app, "explain", token, "--json"))["code"] == "revoked"
    assert printed(run(app, "explain", "a.b.c", "--json"))["code"] == "malformed"
    elsewhere = make_app(SEALED=True, KEYRING=Keyring.generate("HS256"))
    foreign = printed(run(elsewhere, "explain", token, "--json"))
    assert (foreign["code"], foreign["session"]) == ("bad_signature", {})


def test_a_store_that_is_not_shared_is_named(make_app: MakeApp) -> None:
    for setting, words in ((None, "no store"), ("memory", "memory of each server process")):
        app = make_app(STORE=setting)
        token = app.test_client().post("/login/ada").get_json()["token"]
        assert words in run(app, "explain", token).output


def test_every_code_of_a_verify_has_its_step(store: dict[str, Any]) -> None:
    assert store
    of_requests = {"binding_mismatch", "reauthentication_required", "csrf_invalid", "cookie_invalid"}
    of_makers = {"invalid_key", "invalid_config", "randomness_unavailable"}
    codes = {error.code for error in SessionError.__subclasses__()}
    assert codes - of_requests - of_makers == set(_OF_CODE)


def test_a_look_at_keys_makes_none(make_app: MakeApp, tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    app = make_app(KEYRING=path, ALGORITHM="ES256")
    for command in (("keys", "list"), ("keys", "jwks"), ("keys", "rotate"), ("revoke", "subject", "ada")):
        result = run(app, *command)
        assert (result.exit_code, "no key file" in result.output) == (1, True)
        assert "keys generate" in result.output
    assert not path.exists()
    (made,) = printed(run(app, "keys", "generate", "--json"))
    assert made["algorithm"] == "ES256"
    assert [key["kid"] for key in printed(run(app, "keys", "list", "--json"))] == [made["kid"]]
    assert "never overwritten" in run(app, "keys", "generate").output


def test_the_public_keys_are_printed(make_app: MakeApp, tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    Keyring.generate("EdDSA").save(path)
    (key,) = printed(run(make_app(KEYRING=path), "keys", "jwks"))["keys"]
    assert (key["alg"], "d" in key) == ("EdDSA", False)
    result = run(make_app(KEYRING=key_file(tmp_path, "other.json")), "keys", "jwks")
    assert (result.exit_code, 'SESSERA_ALGORITHM = "EdDSA"' in result.output) == (1, True)


def test_a_rotation_says_until_when_to_copy_the_file(make_app: MakeApp, tmp_path: Path) -> None:
    app = make_app(KEYRING=key_file(tmp_path))
    assert "copy the file to each before 2027-01-15T08:10:00Z" in run(app, "keys", "rotate").output
    assert "copy the file to each now" in run(app, "keys", "rotate", "--publish-for", "0").output


def test_a_store_that_is_away_has_an_exit_status_of_its_own(make_app: MakeApp, tmp_path: Path) -> None:
    app = make_app(KEYRING=tmp_path / "keys.json", STORE="redis://127.0.0.1:1")
    key_file(tmp_path)
    result = run(app, "revoke", "subject", "ada")
    assert (result.exit_code, "no session store at that URL" in result.output) == (3, True)


@pytest.mark.parametrize(
    "arguments",
    [(), ("keys",), ("nonsense",), ("keys", "rotate", "--publish-for", "-1"), ("revoke", "subject")],
)
def test_a_wrong_command_line_is_2(app: Flask, arguments: tuple[str, ...]) -> None:
    result = run(app, *arguments)
    assert (result.exit_code, "usage: flask sessera" in result.output) == (2, True)


def test_help_shows_the_commands(app: Flask) -> None:
    result = run(app, "--help")
    assert (result.exit_code, "explain" in result.output) == (0, True)
    assert "--app" not in result.output, "flask knows the application"


def test_a_refused_token_is_compared_with_what_is_expected(
    app: Flask, clock: ManualClock, keyring: Keyring
) -> None:
    elsewhere = Sessions("https://old.example", "shop", keyring=keyring, clock=clock).issue("ada").token
    assert (
        "https://old.example; this application's is http://localhost" in run(app, "explain", elsewhere).output
    )
    other = Keyring.generate("HS256")
    unknown = Sessions("http://localhost", "shop", keyring=other, clock=clock).issue("ada").token
    (theirs,), (ours,) = other.keys(), keyring.keys()
    assert f"{theirs.kid}; this application has {ours.kid} (signing)" in run(app, "explain", unknown).output
