"""The shop in a real browser."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from server import Server
from shopping import copied, enter, log_in


def test_a_login_outlives_kill_9_and_a_logout_outlives_the_cookie(browser: Browser, server: Server) -> None:
    page = enter(browser, server.url)
    log_in(page)
    sid = page.locator("#sid").inner_text()

    server.kill()
    server.start()

    page.reload()
    expect(page.locator("#subject")).to_have_text("mara")
    expect(page.locator("#sid")).to_have_text(sid)

    thief = copied(page.context, server.url)
    assert thief.get("/profile").status == 200, "the copy must work before the log-out, or it proves nothing"
    page.locator("header").get_by_role("button", name="Log out").click()
    expect(page.get_by_role("status")).to_contain_text("logged out")
    assert thief.get("/profile").status == 401

    page.goto("/journal")
    expect(page.locator(".journal .bad").first).to_contain_text("revoked")


def test_the_cart_comes_along_at_login_and_stays_over_a_restart(browser: Browser, server: Server) -> None:
    page = enter(browser, server.url)
    page.get_by_role("button", name="Add Slow Gate Oolong").click()
    page.get_by_role("button", name="Add Slow Gate Oolong").click()
    page.get_by_role("button", name="Add Pine Ember").click()
    log_in(page)
    page.goto("/")
    expect(page.locator(".basket b")).to_have_text("3")

    server.kill()
    server.start()

    page.reload()
    expect(page.locator(".basket b")).to_have_text("3")
    expect(page.locator("#cart .total b")).to_have_text("£35.60")


def test_the_back_room_needs_the_password_again_and_kills_the_old_token(
    browser: Browser, server: Server
) -> None:
    page = enter(browser, server.url)
    log_in(page)
    expect(page.locator("#generation")).to_have_text("0")
    before = copied(page.context, server.url)

    page.get_by_role("link", name="Back room").click()
    page.get_by_label("Password of mara").fill("wrong")
    page.get_by_role("button", name="Open the door").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Password of mara").fill("three leaves")
    page.get_by_role("button", name="Open the door").click()

    expect(page.get_by_role("heading", name="The back room")).to_be_visible()
    expect(page.locator("#generation")).to_have_text("1")
    assert before.get("/profile").status == 401
    page.goto("/profile")
    expect(page.locator("#claims")).to_contain_text('"role": "admin"')


def test_a_customer_has_no_key_to_the_back_room(browser: Browser, server: Server) -> None:
    page = enter(browser, server.url)
    log_in(page, "tom")
    page.get_by_role("link", name="Back room").click()
    expect(page.get_by_text("Only the keeper of the shop has a key")).to_be_visible()
    expect(page.get_by_role("button", name="Open the door")).to_have_count(0)


def test_log_out_everywhere_ends_the_session_in_the_other_browser(browser: Browser, server: Server) -> None:
    first, second = enter(browser, server.url), enter(browser, server.url)
    log_in(first)
    log_in(second)
    second.get_by_role("button", name="Log out everywhere").click()
    expect(second.get_by_role("status")).to_contain_text("every device")

    answer = first.goto("/profile")
    assert answer
    assert answer.status == 401
    log_in(first)  # a login after the cut lives


def test_scripts_cannot_read_the_cookie(browser: Browser, server: Server) -> None:
    page = enter(browser, server.url)
    log_in(page)
    assert page.evaluate("document.cookie") == ""
