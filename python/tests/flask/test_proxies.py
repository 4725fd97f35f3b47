"""Proxies are counted once: by ProxyFix or by a setting, and never by the word of a client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from sessera import InvalidConfig
from sessera.flask import Sessera, current_session
from tests.flask.browser import error_of

if TYPE_CHECKING:
    from sessera import Keyring
    from tests.flask.conftest import MakeApp

PROXY = {"REMOTE_ADDR": "10.0.0.1"}
CLIENT, OTHER = "203.0.113.7", "198.51.100.9"


def with_verdict(make_app: MakeApp, **settings: Any) -> Flask:
    app = make_app(**settings)

    @app.get("/verdict")
    def verdict() -> str:
        return current_session.binding.ip

    return app


def verdict_of(app: Flask, at_login: str, later: str) -> str:
    client = app.test_client()
    client.post("/login/ada", environ_overrides=PROXY, headers={"X-Forwarded-For": at_login})
    return client.get("/verdict", environ_overrides=PROXY, headers={"X-Forwarded-For": later}).text


def test_proxy_fix_alone_is_enough(make_app: MakeApp) -> None:
    app = with_verdict(make_app)
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1)  # type: ignore[method-assign]  # as documented
    assert verdict_of(app, CLIENT, CLIENT) == "matched"
    assert verdict_of(app, CLIENT, f"{OTHER}, {CLIENT}") == "matched"
    assert verdict_of(app, CLIENT, f"{CLIENT}, {OTHER}") == "differed"


def test_a_count_beside_proxy_fix_is_refused_at_the_start(keyring: Keyring) -> None:
    app = Flask("shop")
    app.config.update(SESSERA_KEYRING=keyring, SESSERA_STORE="memory", SESSERA_TRUSTED_HOPS=1)
    inner = ProxyFix(app.wsgi_app)
    app.wsgi_app = DispatcherMiddleware(inner, {})  # type: ignore[method-assign]
    with pytest.raises(InvalidConfig, match=r"SESSERA_TRUSTED_HOPS.*ProxyFix"):
        Sessera(app)
    app.config["SESSERA_TRUSTED_HOPS"] = 0
    Sessera(app)


def test_a_proxy_fix_for_other_headers_leaves_the_count(make_app: MakeApp, keyring: Keyring) -> None:
    app = Flask("shop")
    app.config.update(SESSERA_KEYRING=keyring, SESSERA_STORE="memory", SESSERA_TRUSTED_HOPS=1)
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=0, x_proto=1)  # type: ignore[method-assign]
    Sessera(app)
    app = with_verdict(make_app, TRUSTED_HOPS=1)
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=0, x_proto=1)  # type: ignore[method-assign]
    assert verdict_of(app, f"{OTHER}, {CLIENT}", CLIENT) == "matched"
    assert verdict_of(app, CLIENT, f"{CLIENT}, {OTHER}") == "differed"


def test_a_count_beside_a_later_proxy_fix_is_ignored_and_told_once(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    app = with_verdict(make_app, TRUSTED_HOPS=2)
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1)  # type: ignore[method-assign]
    assert verdict_of(app, f"{OTHER}, {CLIENT}", CLIENT) == "matched"
    assert verdict_of(app, f"{OTHER}, {CLIENT}", f"{OTHER}, {OTHER}") == "differed"
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(warnings) == 1
    assert "SESSERA_TRUSTED_HOPS" in warnings[0]


def test_a_client_that_names_no_proxy_gets_no_address_from_its_own_word(make_app: MakeApp) -> None:
    app = with_verdict(make_app, TRUSTED_HOPS=2)
    assert verdict_of(app, f"{CLIENT}, 10.0.0.2", CLIENT) == "absent"


@pytest.mark.parametrize("port", [":50123", ":443"])
@pytest.mark.parametrize("counted_by", ["setting", "proxy fix"])
def test_ports_of_the_proxy_s_entries_are_taken_off(make_app: MakeApp, counted_by: str, port: str) -> None:
    app = with_verdict(make_app, BINDING={"ip": "enforce"}, TRUSTED_HOPS=1 if counted_by == "setting" else 0)
    if counted_by == "proxy fix":
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1)  # type: ignore[method-assign]
    for client, other in ((CLIENT, OTHER), ("[2001:db8::1]", "[2001:db8:1::1]")):
        assert verdict_of(app, client + port, client + ":1") == "matched"
        refused = app.test_client()
        refused.post("/login/ada", environ_overrides=PROXY, headers={"X-Forwarded-For": client + port})
        answer = refused.get("/whoami", environ_overrides=PROXY, headers={"X-Forwarded-For": other + port})
        assert error_of(answer) == "binding_mismatch"


def test_a_network_that_is_unknown_is_a_warning_where_it_is_enforced(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app(BINDING={"ip": "enforce"})
    for _ in range(2):
        app.test_client().post("/login/ada", environ_overrides={"REMOTE_ADDR": ""})
    (line,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    for words in ("binding of ip is enforce", "Unix socket", "SESSERA_TRUSTED_HOPS", "no login is bound"):
        assert words in line


def test_a_network_that_is_only_reported_may_be_unknown(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    make_app().test_client().post("/login/ada", environ_overrides={"REMOTE_ADDR": ""})
    assert caplog.records == []
