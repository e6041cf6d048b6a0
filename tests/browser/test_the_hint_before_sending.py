"""已有人反映 with scripts: it appears while the form is filled in, one press adds a voice, nothing typed is lost."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser import steps
from tests.browser.conftest import DESK, PHONE, City, Sit

pytestmark = pytest.mark.browser
WORDS = "小区西门口的井盖裂开了，车压过去会响"


def choose_kind(page: Page, code: str) -> None:
    """The kind by its code, as the list has it."""
    value = page.locator(f'#id_kind option[value$="{code}"]').first.get_attribute("value")
    page.locator("#id_kind").select_option(str(value))


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_a_resident_is_told_before_sending_and_adds_a_voice(sit: Sit, width: int) -> None:
    resident = sit("", width)
    page = resident.go("/report")
    page.get_by_label("是什么情况？").fill(WORDS)
    page.get_by_role("button", name="我就在现场").click()
    expect(page.locator("[data-place-said]")).to_contain_text("9")
    choose_kind(page, "01023")
    told = page.locator(".hints")
    expect(told).to_be_visible()
    expect(told).not_to_contain_text("小区西门口")  # never the words of somebody else
    resident.picture("hint-resident")
    told.locator("input[name=voice]").first.check()
    expect(page.get_by_label("是什么情况？")).to_have_value(WORDS)
    steps.take_a_while(page)
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("已收到您的反映")
    resident.picture("hint-resident-joined")


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_a_grid_worker_is_told_by_titles_and_chooses_a_component(sit: Sit, city: City, width: int) -> None:
    worker = sit("grid", width)
    page = worker.go("/field/report")
    page.locator("#id_text").fill(WORDS)
    page.get_by_role("button", name="我就在现场").click()
    expect(page.locator("[data-place-said]")).to_contain_text("9")
    expect(page.locator("#about input[type=radio]").first).to_be_visible()  # what stands there
    choose_kind(page, "01023")
    told = page.locator(".hints")
    expect(told).to_be_visible()
    expect(told).to_contain_text("井盖破损")
    worker.picture("hint-worker")
    with page.expect_navigation():
        page.get_by_role("button", name="提交").click()
    expect(page).to_have_url(f"{city.address}/field/")


def test_without_scripts_a_worker_sees_the_components_by_a_button(sit: Sit) -> None:
    worker = sit("grid", PHONE, scripts=False)
    page = worker.go("/field/report")
    page.locator("#id_text").fill(WORDS)
    page.get_by_label("社区").select_option("990101001001")
    choose_kind(page, "01037")
    with page.expect_navigation():
        page.get_by_role("button", name="查看此处的部件").click()
    expect(page.locator("#about input[type=radio]").first).to_be_visible()
    expect(page.locator("#id_text")).to_have_value(WORDS)
    worker.picture("components-without-scripts")
