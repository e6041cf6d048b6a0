"""A dispatcher's minute by keys alone: a list, a range, look, dispatch, take back; the same by buttons on a phone."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser import steps
from tests.browser.conftest import DESK, PHONE, City, Sit

pytestmark = pytest.mark.browser
LIST = "/matters/?desk=1&order=due&step=filed&view=0"
BOXES = "[data-item] input[name=matter]"


def press_to(page: Page, selector: str) -> None:
    """Reach a button by Tab and press it, waiting for the page that follows."""
    steps.tab_to(page, selector, most=60)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_four_are_dispatched_and_taken_back_by_keys_alone(sit: Sit) -> None:
    clerk = sit("s2-clerk", DESK)
    page = clerk.go(LIST)
    expect(page.locator(BOXES)).to_have_count(4)
    page.keyboard.press("?")
    expect(page.locator("dialog#keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("x")
    for _press in range(3):
        page.keyboard.press("j")
    page.keyboard.press("Shift+X")
    expect(page.locator(f"{BOXES}:checked")).to_have_count(4)
    expect(page.locator("[data-picked]")).to_have_text("已选 4 件")
    page.keyboard.press("x")
    expect(page.locator(f"{BOXES}:checked")).to_have_count(3)
    page.keyboard.press("a")
    expect(page.locator(f"{BOXES}:checked")).to_have_count(4)
    clerk.picture("bulk-1-list")
    with page.expect_navigation():
        page.keyboard.press("b")
    press_to(page, "[name=act][value='dispatch|']")
    steps.says(page, "可办 4 件")
    clerk.picture("bulk-2-look")
    press_to(page, "[data-act=begin] [data-act-button]")
    steps.says(page, "4 / 4")
    clerk.picture("bulk-3-done")

    press_to(page, "[data-act=undo] [data-act-button]")
    expect(page.locator("textarea[name=reason]")).to_be_visible()
    steps.tab_to(page, "textarea[name=reason]", most=60)
    page.keyboard.type("{number}：")
    page.locator("main").focus()
    page.keyboard.press("p")
    expect(page.locator("[data-phrase]").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("textarea[name=reason]")).to_have_value("{number}：派错，接收前撤回。")
    expect(page.locator("textarea[name=reason]")).to_be_focused()
    steps.tab_to(page, "[data-act=bulk] [data-act-button]", most=60)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    steps.says(page, "可办 4 件")
    press_to(page, "[data-act=begin] [data-act-button]")
    steps.says(page, "4 / 4")
    expect(clerk.go(LIST).locator(BOXES)).to_have_count(4)


def test_the_page_of_a_whistle_shows_its_way_and_who_has_come(sit: Sit, city: City) -> None:
    for width in (DESK, PHONE):
        clerk = sit("s2-clerk", width)
        page = clerk.go(f"/matters/{city.matters['whistled']}")
        expect(page.locator(".called")).to_contain_text("在途")
        expect(page.locator(".called")).to_contain_text("距现场")
        expect(page.locator(".hops")).to_contain_text("多部门")
        clerk.picture("whistle")
        page = clerk.go("/whistles/")
        steps.says(page, "跨街道线缆下垂")
        clerk.picture("whistles")


def test_without_scripts_and_on_a_phone_the_same_is_done_by_buttons(sit: Sit) -> None:
    clerk = sit("s2-clerk", PHONE, scripts=False)
    page = clerk.go(LIST)
    page.locator(BOXES).first.check()
    clerk.picture("bulk-4-phone")
    with page.expect_navigation():
        page.get_by_role("button", name="办理选中的").click()
    with page.expect_navigation():
        page.locator("[name=act][value='dispatch|']").click()
    clerk.picture("bulk-5-phone-look")
    with page.expect_navigation():
        page.locator("[data-act=begin] [data-act-button]").click()
    steps.says(page, "1 / 1")
    clerk.picture("bulk-6-phone-done")
    with page.expect_navigation():
        page.locator("[data-act=undo] [data-act-button]").click()
    page.locator("textarea[name=reason]").fill("派错单位")
    with page.expect_navigation():
        page.locator("[data-act=bulk] [data-act-button]").click()
    with page.expect_navigation():
        page.locator("[data-act=begin] [data-act-button]").click()
    steps.says(page, "1 / 1")
    page = clerk.go("/phrases/")
    steps.says(page, "属于信访渠道")
    clerk.picture("phrases")
