"""The map at people's screens: drawn by the browser where it can, as drawing, table and list where it cannot."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, PHONE, Sit

pytestmark = pytest.mark.browser
PATIENCE = 60_000  # software drawing on a busy machine takes its time
NO_WEBGL = "HTMLCanvasElement.prototype.getContext = () => null"


def whole(page: Page) -> None:
    """Nothing stands out of the screen."""
    assert page.evaluate("document.documentElement.scrollWidth") <= (page.viewport_size or {"width": 0})["width"]


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_the_browser_draws_the_city_and_each_click_goes_further(sit: Sit, width: int) -> None:
    sitting = sit("audit", width)
    page = sitting.page
    sitting.context.set_default_navigation_timeout(PATIENCE)
    tiles: list[str] = []
    page.on("response", lambda answer: tiles.append(answer.url) if "/tiles/matters/" in answer.url else None)
    sitting.go("/map/")
    expect(page.locator("one-map[data-ready]")).to_be_attached(timeout=PATIENCE)
    expect(page.locator(".maplibregl-canvas")).to_be_visible()
    expect(page.locator(".map-drawing")).to_be_hidden()
    expect(page.locator("one-map[data-drawn]")).to_be_attached(timeout=PATIENCE)
    whole(page)
    sitting.picture("map-clusters")
    page.get_by_role("button", name="按区域").click()
    expect(page.get_by_role("button", name="按区域")).to_have_attribute("aria-pressed", "true")
    assert "look=areas" in page.url
    sitting.picture("map-areas")
    page.get_by_role("button", name="热力").click()
    sitting.picture("map-heat")
    with page.expect_navigation():
        page.get_by_role("link", name="甲区", exact=True).last.click()
    assert "area=990101" in page.url
    assert tiles


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_a_kind_is_chosen_by_typing_a_part_of_its_code_or_name(sit: Sit, width: int) -> None:
    sitting = sit("audit", width)
    sitting.context.set_default_navigation_timeout(PATIENCE)
    page = sitting.go("/map/")
    box = page.get_by_role("combobox", name="小类")
    box.fill("没有的")
    expect(page.locator(".search-group")).to_contain_text("没有代码或名称相符的选项")
    box.fill("0100")
    choices = page.get_by_role("listbox", name="小类").get_by_role("option")
    expect(choices.first).to_have_attribute("aria-selected", "true")
    expect(choices.first).to_contain_text("01001")
    box.press("Enter")
    expect(box).to_have_value(re.compile("^01001 "))
    expect(choices).to_have_count(0)
    page.locator(".filters-more > summary").click()
    page.get_by_label("受理起始月").fill("2026-01")
    whole(page)
    with page.expect_navigation():
        page.get_by_role("button", name="筛选", exact=True).click()
    assert "kind=01001" in page.url
    expect(page.locator(".filters-active")).to_contain_text("小类：01001")
    expect(page.locator(".filters-count")).to_contain_text("1")
    box = page.get_by_role("combobox", name="小类")
    box.fill("x")
    box.press("Escape")  # what was chosen stays
    expect(box).to_have_value(re.compile("^01001 "))
    whole(page)


def test_an_indicator_colours_the_areas_and_a_day_is_reached_by_the_arrow_keys(sit: Sit) -> None:
    sitting = sit("audit", DESK)
    sitting.context.set_default_navigation_timeout(PATIENCE)
    page = sitting.go("/map/?indicator=reported")
    expect(page.locator("one-map[data-ready]")).to_be_attached(timeout=PATIENCE)
    expect(page.get_by_role("button", name="按区域")).to_have_attribute("aria-pressed", "true")
    whole(page)
    sitting.picture("map-indicator")
    slider = page.locator("#map-day")
    slider.press("ArrowLeft")
    expect(page).to_have_url(re.compile("day=20"), timeout=PATIENCE)
    then = page.locator(".map-note").filter(has_text="日终未结")
    expect(then).to_contain_text("回到现在", timeout=PATIENCE)
    assert "indicator" not in page.url
    sitting.picture("map-day")
    slider.press("End")
    expect(then).to_have_count(0, timeout=PATIENCE)
    assert "day=" not in page.url


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_everybody_has_a_map_and_a_table_of_districts(sit: Sit, width: int) -> None:
    sitting = sit("", width)
    page = sitting.go("/map/public")
    expect(page.get_by_role("rowheader", name="甲区")).to_be_visible()
    expect(page.locator("public-map[data-ready]")).to_be_attached(timeout=PATIENCE)
    page.get_by_role("button", name="已解决").click()
    expect(page.get_by_role("button", name="已解决")).to_have_attribute("aria-pressed", "true")
    whole(page)
    sitting.picture("map-public")


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_without_drawing_in_the_browser_the_page_says_so_and_stays_whole(sit: Sit, width: int) -> None:
    sitting = sit("audit", width)
    sitting.context.set_default_navigation_timeout(PATIENCE)
    sitting.context.add_init_script(NO_WEBGL)
    page = sitting.go("/map/")
    expect(page.locator(".map-asleep")).to_be_visible()
    expect(page.locator(".map-drawing")).to_be_visible()
    whole(page)
    sitting.picture("map-without-webgl")


def test_without_scripts_the_way_leads_down_to_a_matter(sit: Sit) -> None:
    sitting = sit("clerk", PHONE, scripts=False)
    sitting.context.set_default_navigation_timeout(PATIENCE)
    page = sitting.go("/map/")
    expect(page.locator(".map-drawing")).to_be_visible()
    whole(page)
    sitting.picture("map-without-scripts")
    page.locator(".list-side table a").first.click()
    expect(page.locator("h1")).to_have_text("和顺里社区")
    page.locator(".map-list a").first.click()
    expect(page).to_have_url(re.compile(r"/matters/[0-9a-f-]{36}$"))
