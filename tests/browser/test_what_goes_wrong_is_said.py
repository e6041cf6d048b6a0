"""Bad input and closed doors, as people meet them on the page."""

import io
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser import steps
from tests.browser.conftest import DESK, PHONE, City, Sit

pytestmark = pytest.mark.browser


@pytest.fixture
def false_photo(tmp_path: Path) -> Path:
    """An archive that calls itself a photo."""
    file, content = tmp_path / "photo.jpg", io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a.txt", "not a picture")
    file.write_bytes(content.getvalue())
    return file


def test_a_false_photo_does_not_cost_the_report(sit: Sit, false_photo: Path) -> None:
    resident = sit("", PHONE)
    page = resident.go("/report")
    page.get_by_label("是什么情况？").fill("垃圾桶满了好几天")
    page.locator("input[name=photo]").set_input_files(false_photo)
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("已收到您的反映")
    steps.says(page, "photo.jpg")
    expect(page.locator(".receipt")).to_be_visible()
    resident.picture("false-photo")
    page.get_by_role("link", name="查询进度").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("垃圾桶满了好几天")


def test_a_false_photo_of_a_check_leaves_the_check_open(sit: Sit, city: City, false_photo: Path) -> None:
    checker = sit("checker", DESK)
    page = checker.go(f"/checks/{city.matters['to_check']}")
    sheet = steps.sheet(page, "post_check-pass")
    sheet.locator("input[type=file]").set_input_files(false_photo)
    sheet.locator("[data-act-button]").click()
    expect(page.locator(".trouble")).to_contain_text("photo.jpg")
    checker.picture("false-photo-check")
    expect(steps.sheet(page, "post_check-pass")).to_be_visible()


def test_nothing_written_is_said_beside_the_field(sit: Sit) -> None:
    resident = sit("", PHONE)
    page = resident.go("/report")
    page.get_by_label("怎么称呼您？").fill("李女士")
    page.get_by_role("button", name="提交").click()
    expect(page.locator(".trouble")).to_be_visible()
    expect(page.get_by_label("怎么称呼您？")).to_have_value("李女士")
    resident.picture("empty-report")


@pytest.mark.parametrize("user", ["d2-clerk", "s2-clerk"])
def test_a_matter_of_elsewhere_does_not_exist_here(sit: Sit, city: City, user: str) -> None:
    sitting = sit(user, DESK)
    answer = sitting.page.goto(f"{city.address}/matters/{city.matters['reported']}")
    assert answer is not None
    assert answer.status == 404
    sitting.picture("elsewhere")
    expect(sitting.page.locator("main")).not_to_contain_text("井盖破损")
    assert len(sitting.page.locator("main").inner_text()) > 10


def test_a_page_of_another_role_says_whom_to_ask(sit: Sit) -> None:
    sitting = sit("grid", PHONE)
    answer = sitting.page.goto(f"{sitting.address}/admin/audit")
    assert answer is not None
    assert answer.status == 403
    sitting.picture("not-yours")


def test_number_and_code_that_do_not_fit(sit: Sit, city: City) -> None:
    resident = sit("", PHONE)
    page = resident.go("/track")
    page.get_by_label("受理编号").fill(city.receipts["reported"][0])
    page.get_by_label("查询码").fill("AAAAAAAA")
    page.get_by_role("button", name="查询").click()
    expect(page.locator(".trouble")).to_be_visible()
    expect(page.get_by_label("受理编号")).to_have_value(city.receipts["reported"][0])
    resident.picture("wrong-code")
