"""In the other language, by keyboard alone, without scripts."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import steps
from tests.browser.conftest import DESK, PHONE, City, Sit
from tests.browser.test_pages_of_every_role import faults_of, name_of

pytestmark = pytest.mark.browser

ENGLISH = {
    "": ("/", "/report", "/track", "/sign-in"),
    "grid": ("/field/", "/field/report", "/field/handled", "/field/checks", "/field/matters/{verifying}"),
    "clerk": ("/desk/", "/desk/?m={checked}", "/matters/", "/matters/{closed}"),
    "receiver": ("/receiving/", "/matters/{accepted}", "/matters/{dispatched}/order"),
    "head": ("/approvals/",),
    "checker": ("/checks/", "/checks/{to_check}"),
    "system": ("/admin/", "/admin/areas/", "/admin/units/", "/admin/settings"),
    "audit": ("/admin/audit",),
}  # fmt: skip
# words of the product, not of the city's data: names and texts stay in the language they were written in
OWN_WORDS = "main button, main legend, main th, main dt, main summary, nav a, main .form-label, main .form-hint"
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def chinese_words(page: Page) -> list[str]:
    """Words of the product that are in Chinese on a page that should be in English."""
    texts = page.locator(OWN_WORDS).all_inner_texts()
    return [f"{page.url}: {text.strip()}" for text in texts if CHINESE.search(text)]


@pytest.mark.parametrize(("user", "width"), [(user, width) for user in ENGLISH for width in (PHONE, DESK)])
def test_the_pages_in_english(sit: Sit, city: City, user: str, width: int) -> None:
    sitting = sit(user, width, language="en")
    found: list[str] = []
    for path in ENGLISH[user]:
        page = sitting.go(path.format(**city.matters))
        sitting.picture("en-" + name_of(user, path))
        assert page.locator("html").get_attribute("lang") == "en"
        found += faults_of(page) + chinese_words(page)
    assert not found


def test_the_language_is_switched_on_any_page_and_stays(sit: Sit) -> None:
    sitting = sit("", PHONE)
    page = sitting.go("/report")
    expect(page.get_by_role("heading", level=1)).to_have_text("我要反映")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Report something")
    expect(sitting.go("/track").locator("html")).to_have_attribute("lang", "en")
    page.get_by_role("button", name="简体中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")


@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize(
    ("user", "path", "act"),
    [
        ("", "/", ".btn-start"),
        ("", "/report", "form[data-draft] button.btn-primary"),
        ("", "/sign-in", "main form button"),
        ("grid", "/field/", ".big-four a"),
        ("grid", "/field/report", "form[data-queue] button.btn-primary"),
        ("clerk", "/desk/?m={checked}", "[data-act=close] [data-act-button]"),
        ("receiver", "/receiving/", "button[name=action]"),
        ("head", "/approvals/", "main form button.btn-primary"),
        ("checker", "/checks/{to_check}", "[data-act=post_check-pass] [data-act-button]"),
        ("system", "/admin/units/", "main .btn-primary"),
        ("security", "/admin/posts/", "main .btn-primary"),
    ],
)
def test_the_main_act_is_reached_by_tab_and_seen(
    sit: Sit, city: City, user: str, path: str, act: str, width: int
) -> None:
    page = sit(user, width).go(path.format(**city.matters))
    steps.tab_to(page, act, most=60)
    outline = page.evaluate(
        "(s => s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2)(getComputedStyle(document.activeElement))"
    )
    assert outline, f"no focus is seen on {act} of {path}"


def press(page: Page, selector: str) -> None:
    """Go there by Tab and press Enter."""
    steps.tab_to(page, selector, most=150)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def attach(page: Page, act: str, photo: Path) -> None:
    """Choose a photo for an act: its field is reached by Tab; the dialog that Enter opens is the browser's own."""
    selector = f"[data-act='{act}'] input[type=file]"
    steps.tab_to(page, selector, most=150)
    field = page.locator(selector).first
    expect(field).to_be_focused()
    expect(field).to_be_enabled()
    field.set_input_files(photo)
    expect(page.locator(f"[data-act='{act}'] [data-photo-preview] img")).to_have_count(1)


def tick(page: Page, matter: str) -> None:
    steps.tab_to(page, f"input[name=matter][value^='{matter}']", most=150)
    page.keyboard.press("Space")


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_the_whole_loop_by_keyboard_alone(sit: Sit, photo: Callable[[int], Path], width: int) -> None:
    resident = sit("", width)
    page = resident.go("/report")
    steps.tab_to(page, "[name=text]", most=60)
    page.keyboard.type("Manhole cover is gone")
    steps.tab_to(page, "[data-geolocate]", most=60)
    page.keyboard.press("Enter")
    expect(page.locator("[data-place-said]")).to_contain_text("9")
    steps.take_a_while(page)
    press(page, "form[data-draft] button.btn-primary")
    status = page.locator("a[href^='/status/']").first.get_attribute("href") or ""
    matter = status.rstrip("/").rsplit("/", 1)[-1]

    clerk, receiver, worker, checker = (sit(user, width) for user in ("clerk", "receiver", "worker", "checker"))
    page = clerk.go("/desk/")
    press(page, f".pane-list a[href*='{matter}']")
    steps.file_and_dispatch(page, "01001", 3)

    page = receiver.go("/receiving/?tab=dispatched")
    tick(page, matter)
    press(page, "button[name=action][value=accept]")
    page = receiver.go("/receiving/?tab=accepted")
    tick(page, matter)
    steps.tab_to(page, "select[name=worker]", most=150)
    for _press in range(9):
        if page.locator("select[name=worker]").input_value() == "worker":
            break
        page.keyboard.press("ArrowDown")
    press(page, "button[name=action][value=assign]")

    page = worker.go("/receiving/?tab=handling")
    press(page, f"a[data-open][href*='{matter}']")
    steps.tab_to(page, "[data-act=handle] textarea", most=60)
    page.keyboard.type("Cover put back")
    attach(page, "handle", photo(31))
    press(page, "[data-act=handle] [data-act-button]")
    page = receiver.go("/receiving/?tab=handled")
    tick(page, matter)
    press(page, "button[name=action][value=feed_back]")

    page = checker.go("/checks/")
    press(page, f"a[href*='{matter}']")
    attach(page, "post_check-pass", photo(32))
    press(page, "[data-act=post_check-pass] [data-act-button]")
    page = clerk.go(f"/desk/?m={matter}")
    press(page, "[data-act=close] [data-act-button]")
    steps.says(clerk.go(f"/matters/{matter}"), "已结案")


def test_report_and_track_without_scripts(sit: Sit) -> None:
    sitting = sit("", PHONE, scripts=False)
    page = sitting.go("/report")
    page.locator("[name=text]").fill("公交站牌倒了，横在人行道上。")
    for level, area in (("district", "甲区"), ("subdistrict", "东风街道"), ("community", "和顺里社区")):
        page.locator(f"[name=area_{level}]").select_option(label=area)
        if level != "community":
            page.locator("button[name=narrow]").click()
    page.locator("[name=address]").fill("和平路 8 号门前")
    expect(page.locator("[name=text]")).to_have_value("公交站牌倒了，横在人行道上。")
    sitting.picture("plain-report")
    page.get_by_role("button", name="提交").click()
    number, code = (text.strip() for text in page.locator(".receipt dd").all_inner_texts()[:2])

    page = sit("", PHONE, scripts=False).go("/track")
    page.locator("[name=number]").fill(number)
    page.locator("[name=code]").fill(code)
    page.get_by_role("button", name="查询").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("公交站牌倒了")
    steps.says(page, "甲区 东风街道 和顺里社区 和平路 8 号门前")


def test_file_and_dispatch_without_scripts(sit: Sit, city: City) -> None:
    reporter = sit("", PHONE, scripts=False)
    page = reporter.go("/report")
    page.locator("[name=text]").fill("健身器材松动")
    page.locator("[name=area_district]").select_option(label="甲区")
    page.locator("button[name=narrow]").click()
    page.locator("[name=area_subdistrict]").select_option(label="东风街道")
    steps.take_a_while(page)
    page.get_by_role("button", name="提交").click()

    clerk = sit("clerk", DESK, scripts=False)
    page = steps.open_at_desk(clerk, "健身器材松动")
    kind = page.locator("#act-both select[name=kind]")
    words = next(text for text in kind.locator("option").all_inner_texts() if text.startswith("01001"))
    kind.select_option(label=words)
    page.locator("#act-both .both-kind button").click()
    page.locator("#act-both [name=condition]").nth(2).check()
    clerk.picture("plain-desk")
    page.locator("#act-both [data-act-button]").click()
    steps.says(page, "待接收")
