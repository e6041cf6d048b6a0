"""Somebody who must call a reporter back opens the phone number in a browser: ticked, said what for, shown once."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESK, PHONE, City, Sit
from tests.browser.steps import says, sheet

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_a_phone_number_is_opened_for_a_purpose(sit: Sit, city: City, width: int) -> None:
    sitting = sit("checker", width)
    page = sitting.go(f"/matters/{city.matters['to_check']}")
    says(page, "138****1234")
    one = sheet(page, "open-values")
    sitting.picture("personal-data")
    one.get_by_label("138****1234").check()
    one.get_by_label("查看用途").select_option("call_back")
    one.get_by_label("用途说明").fill("请上报人确认是否办好")
    with page.expect_navigation():
        one.get_by_role("button", name="打开").click()
    expect(page.get_by_role("link", name="13800001234")).to_be_visible()
    expect(page.locator(".watermark")).to_be_visible()
    says(page, "仅显示这一次")
    sitting.picture("personal-data-opened")
    page.get_by_role("link", name="返回事项").click()
    says(page, "138****1234")
    expect(page.get_by_text("13800001234")).to_have_count(0)


def test_the_original_of_a_photo_is_fetched_for_a_purpose(sit: Sit, city: City) -> None:
    page = sit("checker", DESK).go(f"/matters/{city.matters['to_check']}")
    one = sheet(page, "open-original")
    one.get_by_label("查看用途").select_option("check")
    one.get_by_label("用途说明").fill("核对拍摄时间")
    with page.expect_download() as fetched:
        one.get_by_role("button", name="打开").click()
    assert fetched.value.suggested_filename.endswith(".jpg")
    expect(one.get_by_role("button", name="打开")).to_be_enabled()
    assert fetched.value.path().read_bytes().startswith(b"\xff\xd8\xff")
