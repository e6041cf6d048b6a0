"""A passkey made and used in a real browser, with its virtual authenticator (Web Authentication, level 2, 11)."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import world
from tests.browser.conftest import DESK, HEIGHT, PHONE, SCREENS, City

pytestmark = pytest.mark.browser


@pytest.fixture
def localhost(city: City) -> str:
    """The city under a name: a passkey belongs to a domain, never to a bare address."""
    return f"http://localhost:{urlsplit(city.address).port}"


def sign_in(page: Page, address: str, user: str) -> None:
    page.goto(f"{address}/sign-in")
    page.get_by_label("登录名").fill(user)
    page.get_by_label("密码").fill(world.PASSWORD)
    page.get_by_role("button", name="登录").click()


def sign_out(page: Page) -> None:
    """As a person does it: cookies taken away behind the page's back may come back with an answer under way."""
    with page.expect_navigation():
        page.locator("form[data-sign-out]").evaluate("form => form.requestSubmit()")


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_a_passkey_is_made_and_then_asked_for(chromium: Browser, localhost: str, width: int) -> None:
    user = {PHONE: "grid", DESK: "clerk"}[width]
    context = chromium.new_context(viewport={"width": width, "height": HEIGHT[width]}, locale="zh-CN")
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if "Security Policy" in line.text else None)
    devices = context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "usb", "hasResidentKey": False, "hasUserVerification": False,
        "isUserVerified": False, "automaticPresenceSimulation": True,
    }  # fmt: skip
    device = devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]

    sign_in(page, localhost, user)
    page.goto(f"{localhost}/security/")
    page.screenshot(path=SCREENS / f"security-{width}.png", full_page=True)
    page.get_by_label("通行密钥名称").fill("工作手机")
    page.get_by_role("button", name="添加通行密钥").click()
    expect(page.get_by_role("heading", name="您的纸质备用码")).to_be_visible()
    assert page.locator(".paper-codes li").count() == 10
    page.screenshot(path=SCREENS / f"security-codes-{width}.png", full_page=True)
    made = devices.send("WebAuthn.getCredentials", {"authenticatorId": device})["credentials"]
    assert len(made) == 1

    sign_out(page)
    sign_in(page, localhost, user)
    expect(page.get_by_role("heading", name="第二步验证")).to_be_visible()
    page.screenshot(path=SCREENS / f"second-step-{width}.png", full_page=True)
    page.get_by_role("button", name="使用通行密钥").click()
    page.wait_for_url(lambda address: "/sign-in" not in address)
    used = devices.send("WebAuthn.getCredentials", {"authenticatorId": device})["credentials"]
    assert used[0]["signCount"] > made[0]["signCount"]

    # somebody with the password and another key does not get in
    sign_out(page)
    devices.send("WebAuthn.clearCredentials", {"authenticatorId": device})
    sign_in(page, localhost, user)
    page.get_by_role("button", name="使用通行密钥").click()
    expect(page.get_by_text("通行密钥没有响应")).to_be_visible(timeout=15_000)
    assert "/sign-in/second" in page.url
    assert complaints == []
    context.close()
