"""What a person does at the shop, in a browser."""

from __future__ import annotations

from playwright.sync_api import Browser, BrowserContext, Page

from visitor import Visitor

PASSWORDS = {"mara": "three leaves", "tom": "warm kettle"}


def enter(browser: Browser, url: str) -> Page:
    """A page of a new browser profile, at the shop front."""
    context = browser.new_context(base_url=url)
    context.set_default_timeout(20_000)
    page = context.new_page()
    page.goto("/")
    return page


def log_in(page: Page, name: str = "mara") -> None:
    """Fills in the login form, and arrives at the profile."""
    page.goto("/login")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORDS[name])
    page.locator("main form.stack button").click()
    page.wait_for_url("**/profile")


def log_out(page: Page) -> None:
    """Presses the button at the top."""
    page.locator("header").get_by_role("button", name="Log out").click()


def copied(context: BrowserContext, url: str) -> Visitor:
    """What somebody has who copied the cookies."""
    return Visitor(url, {str(cookie["name"]): str(cookie["value"]) for cookie in context.cookies()})
