"""What a phone knows of a photo reaches the server: camera or album, and when it was taken, though made smaller."""

import os
import time
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, Sit
from tests.evidence import pictures
from tests.ui.test_scripts_in_a_browser import BROUGHT

pytestmark = pytest.mark.browser


@pytest.fixture
def large_old(tmp_path: Path) -> Path:
    """A large photo on its side, as phones keep them, taken long ago."""
    made = Image.Exif()
    made[0x0112] = 6
    made.get_ifd(0x8769).update({0x9003: "2024:05:06 07:08:09", 0x9011: "+08:00"})
    file = tmp_path / "old.jpg"
    file.write_bytes(pictures.encoded(pictures.drawn(3000, 2000), exif=made, quality=95))
    long_ago = time.time() - 90 * 86_400
    os.utime(file, (long_ago, long_ago))
    return file


def test_the_album_is_a_choice_of_its_own_and_what_the_camera_wrote_goes_along(sit: Sit, large_old: Path) -> None:
    grid = sit("grid", PHONE)
    page = grid.go("/field/report")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="从相册选择").click()
    chooser.value.set_files(large_old)
    expect(page.locator("[data-photo-preview] img")).to_have_count(1)
    expect(page.locator("form[aria-busy]")).to_have_count(0)
    assert page.locator("[name=photo_capture]").input_value() == "album"
    assert page.locator("input[name=photo]").get_attribute("capture") == "environment"
    sent = bytes(page.locator("input[name=photo]").evaluate(
        "async (input) => Array.from(new Uint8Array(await input.files[0].arrayBuffer()))"
    ))  # fmt: skip
    picture = pictures.opened(sent)
    assert picture.size == (1365, 2048)  # smaller and upright
    assert picture.getexif().get(0x0112) == 1
    assert picture.getexif().get_ifd(0x8769)[0x9003] == "2024:05:06 07:08:09"
    # the hints beside the form come again and again; what was chosen before and after them is told alike
    page.locator("[data-photo]").evaluate(BROUGHT)
    page.get_by_role("button", name="移除这张照片").click()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="从相册选择").click()
    chooser.value.set_files(large_old)
    expect(page.locator("[data-photo-preview] img")).to_have_count(1)
    expect(page.locator("form[aria-busy]")).to_have_count(0)
    assert page.locator("[name=photo_capture]").input_value() == "album"
    page.get_by_role("button", name="移除这张照片").click()
    expect(page.locator("[name=photo_capture]")).to_have_value("")
    grid.picture("album")
