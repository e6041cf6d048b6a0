"""The page of operations: charts over tables where there are scripts, tables with bars where there are none."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, PHONE, Sit

pytestmark = pytest.mark.browser
PATIENCE = 60_000  # a busy machine takes its time


def whole(page: Page) -> None:
    """Nothing stands out of the screen."""
    assert page.evaluate("document.documentElement.scrollWidth") <= (page.viewport_size or {"width": 0})["width"]


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_charts_are_drawn_over_tables_that_stay(sit: Sit, width: int) -> None:
    sitting = sit("audit", width)
    page = sitting.page
    sitting.context.set_default_navigation_timeout(PATIENCE)
    sitting.go("/operations/")
    first = page.locator("data-chart").first
    page.locator("#burning").scroll_into_view_if_needed()
    expect(first.locator("svg")).to_be_visible(timeout=PATIENCE)
    expect(first).to_have_attribute("role", "img")
    table = page.locator(".chart-table").first
    expect(table.locator("table")).to_be_hidden()
    table.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(table.locator("table")).to_be_visible()
    whole(page)
    sitting.picture("operations")
    with page.expect_navigation():
        table.get_by_role("link", name="甲区", exact=True).click()
    assert "area=990101" in page.url
    expect(page.get_by_role("heading", level=1)).to_have_text("甲区")


def test_without_scripts_a_number_leads_to_its_matters(sit: Sit) -> None:
    sitting = sit("leader", PHONE, scripts=False)
    sitting.context.set_default_navigation_timeout(PATIENCE)
    page = sitting.go("/operations/")
    expect(page.locator("data-chart").first).to_be_hidden()
    expect(page.locator("table .bar").first).to_be_visible()
    whole(page)
    sitting.picture("operations-without-scripts")
    number = page.locator(".figure-number a").first
    counted = number.inner_text()
    with page.expect_navigation():
        number.click()
    expect(page.locator(".lead")).to_contain_text(f"{counted} ")
    expect(page.locator("tbody tr")).to_have_count(min(50, int(counted)))
    with page.expect_navigation():
        page.locator("tbody a").first.click()
    assert "/matters/" in page.url
