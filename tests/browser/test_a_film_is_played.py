"""The staff play a film with the browser's own controls, and everybody sees before and after of what was put right."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESK, PHONE, City, Sit
from tests.browser.test_pages_of_every_role import faults_of

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_the_film_loads_and_moves(sit: Sit, city: City, width: int) -> None:
    sitting = sit("worker", width)
    page = sitting.go(f"/matters/{city.matters['handling']}")
    page.locator(f"a[href$='/films/{city.matters['film']}']").first.click()
    video = page.locator("video")
    expect(video).to_be_visible()
    video.evaluate("film => film.readyState || new Promise(done => film.addEventListener('loadedmetadata', done))")
    assert video.evaluate("film => [film.videoWidth, film.videoHeight, film.error]") == [320, 240, None]
    assert video.evaluate("film => Math.round(film.duration)") == 1
    video.evaluate("async film => { film.muted = true; await film.play() }")
    page.wait_for_function("() => document.querySelector('video').currentTime > 0.2")
    sitting.picture("worker_film_played")
    assert not faults_of(page)


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_everybody_sees_what_was_put_right(sit: Sit, width: int) -> None:
    sitting = sit("", width)
    page = sitting.go("/")
    page.get_by_role("link", name="查看更多前后对比").click()
    pictures = page.locator(".done img")
    expect(pictures).to_have_count(2)
    for number in range(2):
        pictures.nth(number).scroll_into_view_if_needed()
        page.wait_for_function(f"() => document.querySelectorAll('.done img')[{number}].naturalWidth > 0")
    sitting.picture("resident_done_with_photos")
    assert not faults_of(page)
