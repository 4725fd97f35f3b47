"""The shop as it would stand on the internet: gunicorn with four workers, made before they are forked, behind
nginx, which ends the TLS. The cookie is `__Host-` and `Secure`, the browser is real, and so is the attack.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sessera import Keyring, ManualClock, Sessions

from certificate import ELSEWHERE, SIBLING, Certificate
from lines import Lines
from proxy import Proxy
from server import Server
from shopping import enter, log_in, log_out

WORKERS = 4
COOKIE = "__Host-session"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("shop"), DEV=False, TRUSTED_HOPS=1)
    server.start(workers=WORKERS, preload=True)
    yield server
    server.close()


@pytest.fixture(scope="module")
def proxy(
    server: Server, certificate: Certificate, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Proxy]:
    proxy = Proxy(tmp_path_factory.mktemp("nginx"), server, certificate)
    yield proxy
    proxy.close()


@pytest.fixture
def page(browser: Browser, proxy: Proxy) -> Iterator[Page]:
    """Somebody at the shop front."""
    page = enter(browser, proxy.url)
    yield page
    page.context.close()


def cookie_of(context: BrowserContext) -> str:
    (cookie,) = [cookie for cookie in context.cookies() if cookie["name"] == COOKIE]
    return str(cookie["value"])


def give_session(context: BrowserContext, server: Server, proxy: Proxy, *, seconds_ago: float) -> str:
    """Gives a browser the session of a login that long ago, signed with the shop's key; returns its id."""
    clock = ManualClock(time.time() - seconds_ago)
    keyring = Keyring.load(server.folder / "instance" / "sessera-keys.json")
    sessions = Sessions("http://localhost", "app", keyring=keyring, clock=clock)
    issued = sessions.issue("mara", claims={"name": "Mara"})
    context.clear_cookies()
    context.add_cookies(
        [{"name": COOKIE, "value": issued.token, "url": proxy.url, "secure": True, "httpOnly": True}]
    )
    return issued.session.id


def test_a_login_with_a_cart_over_tls(page: Page, proxy: Proxy) -> None:
    page.get_by_role("button", name="Add Slow Gate Oolong").click()
    expect(page.locator(".basket b")).to_have_text("1")
    log_in(page)
    expect(page.locator(".basket b")).to_have_text("1")
    (cookie,) = page.context.cookies()
    assert (cookie["name"], cookie["secure"], cookie["httpOnly"]) == (COOKIE, True, True)
    assert (cookie["sameSite"], cookie["path"], cookie["domain"]) == ("Lax", "/", "shop.example")
    assert page.evaluate("document.cookie") == ""
    assert page.evaluate("isSecureContext")


def test_tabs_that_renew_at_once_get_one_successor(page: Page, server: Server, proxy: Proxy) -> None:
    tabs = [page, *(page.context.new_page() for _ in range(3))]
    for tab in tabs:
        tab.goto("/journal")
    sid = give_session(page.context, server, proxy, seconds_ago=400)
    before = cookie_of(page.context)
    for tab in tabs:
        # All of them leave before any has arrived.
        tab.evaluate("void setTimeout(() => location.assign('/profile'))")
    for tab in tabs:
        tab.wait_for_url("**/profile")
        expect(tab.locator("#sid")).to_have_text(sid)
    assert cookie_of(page.context) != before
    for tab in tabs:
        tab.goto("/profile")
        expect(tab.locator("#generation")).to_have_text("1")
        expect(tab.locator("#sid")).to_have_text(sid)


def test_a_logout_in_one_tab_is_one_in_the_other(page: Page, server: Server, proxy: Proxy) -> None:
    log_in(page)
    tab = page.context.new_page()
    tab.goto("/profile")
    thief = cookie_of(page.context)
    log_out(page)
    expect(page.get_by_role("status")).to_contain_text("logged out")

    tab.get_by_role("button", name="Log out", exact=True).first.click()
    expect(tab.get_by_role("heading")).to_be_visible()
    assert "not sent from a page of ours" in tab.locator("main").inner_text(), (
        "its form was of the old session"
    )
    answer = tab.goto("/profile")
    assert answer is not None
    assert answer.status == 401
    with Lines(server.url, WORKERS) as lines:
        answers = [line.send("GET", "/profile", f"{COOKIE}={thief}").status for line in lines]
    assert answers == [401] * WORKERS, "every worker must know"


def test_the_back_button_shows_nothing_after_a_logout(page: Page) -> None:
    log_in(page)
    expect(page.locator("#subject")).to_have_text("mara")
    log_out(page)
    expect(page.get_by_role("status")).to_contain_text("logged out")
    # Nothing is loaded where the browser kept the page, so it is not waited for.
    page.evaluate("history.back()")
    page.wait_for_url("**/profile", wait_until="commit")
    expect(page.locator("#subject")).to_have_count(0)
    expect(page.get_by_role("banner").get_by_role("link", name="Log in")).to_be_visible()


def test_an_expired_session_leads_to_the_login_and_back(page: Page, server: Server, proxy: Proxy) -> None:
    give_session(page.context, server, proxy, seconds_ago=2 * 3600)
    answer = page.goto("/profile")
    assert answer is not None
    assert answer.status == 401
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    log_in(page)
    expect(page.locator("#subject")).to_have_text("mara")
    expect(page.locator("#generation")).to_have_text("0")


ATTACK = """<!doctype html><title>Win a teapot</title><h1>You have won a teapot</h1>
<form method="post" action="{url}" target="hidden">{fields}<button>Claim it</button></form>
<iframe name="hidden"></iframe>"""


BY_SCRIPT = """url => fetch(url, {
  method: "POST", mode: "no-cors", credentials: "include", body: new URLSearchParams({tea: "mint"}),
})"""


@pytest.mark.parametrize("host", [ELSEWHERE, SIBLING])
def test_a_page_of_another_origin_can_do_nothing_in_the_users_name(
    page: Page, proxy: Proxy, host: str
) -> None:
    log_in(page)
    own_form = page.locator("input[name=csrf_token]").first.get_attribute("value")
    fields = '<input type="hidden" name="tea" value="mint">'
    proxy.serve("prize.html", ATTACK.format(url=f"{proxy.url}/cart", fields=fields))
    attack = page.context.new_page()
    attack.goto(f"{proxy.url_of(host)}/prize.html")
    with attack.expect_response(f"{proxy.url}/cart") as sent:
        attack.get_by_role("button", name="Claim it").click()
    assert sent.value.status == 403
    sent_cookie = COOKIE in sent.value.request.all_headers().get("cookie", "")
    assert sent_cookie == (host == SIBLING), (
        "the sibling's request must come with the cookie, or it proves nothing"
    )

    # Even with a token of the victim's, which it could not know.
    fields += f'<input type="hidden" name="csrf_token" value="{own_form}">'
    proxy.serve("prize.html", ATTACK.format(url=f"{proxy.url}/logout", fields=fields))
    attack.reload()
    with attack.expect_response(f"{proxy.url}/logout") as sent:
        attack.get_by_role("button", name="Claim it").click()
    assert sent.value.status == 403
    with attack.expect_response(f"{proxy.url}/cart") as sent:
        attack.evaluate(BY_SCRIPT, f"{proxy.url}/cart")
    assert sent.value.status == 403

    page.goto("/profile")
    expect(page.locator("#subject")).to_have_text("mara")
    expect(page.locator(".basket b")).to_have_text("0")


def test_a_second_browser_logs_out_the_first(browser: Browser, page: Page, proxy: Proxy) -> None:
    log_in(page)
    other = enter(browser, proxy.url)
    log_in(other)
    other.get_by_role("button", name="Log out everywhere").click()
    expect(other.get_by_role("status")).to_contain_text("every device")
    other.context.close()
    page.get_by_role("link", name="Teas").click()
    expect(page.get_by_role("banner").get_by_role("link", name="Log in")).to_be_visible()
    answer = page.goto("/profile")
    assert answer is not None
    assert answer.status == 401
    log_in(page)
