"""A checker draws boxes on a photo or types them, sees it covered, and decides; with and without scripts."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, PHONE, Sit
from tests.browser.test_pages_of_every_role import faults_of

pytestmark = pytest.mark.browser


def first_photo(page: Page) -> None:
    page.locator(".photo-queue a").first.click()
    expect(page.locator("svg[data-boxes]")).to_be_visible()


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_drawn_on_the_photo_moved_and_seen_covered(sit: Sit, width: int) -> None:
    sitting = sit("checker", width)
    page = sitting.go("/publishing/")
    assert not faults_of(page)
    first_photo(page)
    picture = page.locator("svg[data-boxes]")
    picture.scroll_into_view_if_needed()
    image = page.locator("svg[data-boxes] image").bounding_box()
    assert image is not None

    def at(x: float, y: float) -> tuple[float, float]:
        return image["x"] + image["width"] * x, image["y"] + image["height"] * y

    for start, end in (((0.2, 0.2), (0.5, 0.6)), ((0.35, 0.4), (0.45, 0.4))):  # drawn, then moved by a tenth
        page.mouse.move(*at(*start))
        page.mouse.down()
        page.mouse.move(*at(*end), steps=4)
        page.mouse.up()
    left, top, right, bottom = (
        float(page.locator(f"[name='box-0-{side}']").input_value()) for side in ("left", "top", "right", "bottom")
    )
    assert [round(each, -1) for each in (left, top, right, bottom)] == [30, 20, 60, 60]
    expect(page.locator(".photo-box")).to_have_count(1)
    sitting.picture("checker_publishing_photo")
    assert not faults_of(page)
    page.get_by_role("button", name="看遮挡后的样子").click()
    expect(page.locator(".boxes-photo img")).to_be_visible()
    page.wait_for_function("() => document.querySelector('.boxes-photo img').naturalWidth > 0")
    sitting.picture("checker_publishing_covered")
    assert not faults_of(page)


def test_typed_without_scripts_and_kept_from_the_public(sit: Sit) -> None:
    sitting = sit("checker", DESK, scripts=False)
    page = sitting.go("/publishing/")
    first_photo(page)
    for side, number in (("left", "10"), ("top", "10.5"), ("right", "30"), ("bottom", "40")):
        page.locator(f"[name='box-0-{side}']").fill(number)
    page.get_by_role("button", name="重新画框").click()
    expect(page.locator(".photo-box")).to_have_count(1)
    page.locator("details.act summary").focus()
    page.keyboard.press("Enter")
    page.get_by_label("看不出与事项有关的内容").check()
    sitting.picture("checker_publishing_withhold")
    page.locator("button[value='withhold']").click()
    expect(page.get_by_text("这张照片不公开")).to_be_visible()
