"""The base map that an administrator sets is drawn under the boundaries: pictures asked for in each way, or a file."""

import io
import time
from collections.abc import Callable, Iterator

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser import basemaps
from tests.browser.conftest import DESK, City, Sit
from tests.world import SPOT

pytestmark = pytest.mark.browser
PATIENCE = 60_000  # software drawing on a busy machine takes its time
SHAPES = """() => {
    const map = document.querySelector('one-map').map
    return map.getLayer('base-areas-fill') ? map.queryRenderedFeatures({layers: ['base-areas-fill']}).length : 0
}"""
UNSET = {"map.base": "none", "map.base_url": "", "map.labels_url": "", "map.base_credit": ""}


@pytest.fixture(scope="module")
def away() -> Iterator[basemaps.Service]:
    with basemaps.service() as running:
        yield running


def set_base(sit: Sit, **values: str) -> None:
    """The system administrator sets the base map on the page of settings; what is not named goes back."""
    sitting = sit("system", DESK)
    sitting.context.set_default_navigation_timeout(PATIENCE)
    page = sitting.go("/admin/settings")
    for code, value in (UNSET | {f"map.{name}": value for name, value in values.items()}).items():
        form = page.locator(f"form[action$='/{code}']")
        field = form.locator("[name=value]")
        if field.input_value() == value:
            continue
        if field.evaluate("each => each.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
        with page.expect_navigation():
            form.get_by_role("button").click()
        expect(page.locator(f"form[action$='/{code}'] [name=value]")).to_have_value(value)


def drawn(sit: Sit, user: str = "audit", path: str = "/map/") -> Page:
    """The page of the map, when all that belongs to it is drawn."""
    sitting = sit(user, DESK)
    sitting.context.set_default_navigation_timeout(PATIENCE)
    page = sitting.go(path)
    expect(page.locator("one-map[data-drawn], public-map[data-drawn]")).to_be_attached(timeout=PATIENCE)
    return page


def coloured(page: Page) -> float:
    """The share of the map that has the hue of the pictures."""
    shot = Image.open(io.BytesIO(page.locator(".maplibregl-canvas").screenshot())).convert("RGB")
    small = shot.resize((120, 80)).tobytes()
    pixels = list(zip(small[::3], small[1::3], small[2::3], strict=True))
    return sum(red > green + 25 and blue > green + 25 for red, green, blue in pixels) / len(pixels)


def until(page: Page, happens: Callable[[], bool]) -> None:
    """Wait for what the browser draws in its own time."""
    patient = time.monotonic() + PATIENCE / 1000
    while not happens():
        assert time.monotonic() < patient, "it was not drawn"
        page.wait_for_timeout(300)


def under_the_spot(away: basemaps.Service, way: str, *, from_the_south: bool = False) -> bool:
    """Whether the tiles in which the city lies were asked for by their right numbers."""
    asked = [tile for each, tile in away.asked if each == way]
    for zoom in {tile[0] for tile in asked}:
        _zoom, x, y = basemaps.tile_of(*SPOT, zoom)
        if (zoom, x, (1 << zoom) - 1 - y if from_the_south else y) in asked:
            return True
    return False


@pytest.mark.parametrize("way", ["xyz", "tms", "wmts"])
def test_picture_tiles_lie_under_the_boundaries(sit: Sit, away: basemaps.Service, way: str) -> None:
    asked = "&".join(f"{name}={value}" for name, value in basemaps.WMTS.items())
    addresses = {
        "xyz": "/xyz/{z}/{x}/{y}.png", "tms": "/tms/{z}/{x}/{-y}.png",
        "wmts": f"/wmts?{asked}&TILEMATRIX={{z}}&TILEROW={{y}}&TILECOL={{x}}",
    }  # fmt: skip
    labels = {"labels_url": f"{away.address}/names/{{z}}/{{x}}/{{y}}.png"} if way == "wmts" else {}
    set_base(sit, base="tiles", base_url=away.address + addresses[way], base_credit="样例底图", **labels)
    try:
        page = drawn(sit)
        expect(page.get_by_text("样例底图")).to_be_visible()
        until(page, lambda: coloured(page) > 0.5)
        assert under_the_spot(away, way, from_the_south=way == "tms")
        assert under_the_spot(away, "names") == (way == "wmts")
        if way == "xyz":
            everybody = drawn(sit, "", "/map/public")
            until(everybody, lambda: coloured(everybody) > 0.5)
    finally:
        set_base(sit)


def test_a_file_of_shapes_or_of_pictures_is_read_by_parts(sit: Sit, city: City, away: basemaps.Service) -> None:
    shapes = basemaps.boundaries(city.address, SPOT, range(4, 13))
    away.files["/shapes.pmtiles"] = basemaps.archive(shapes, vectors=True, layers=["areas"])
    pictures = dict.fromkeys(shapes, basemaps.picture())
    away.files["/pictures.pmtiles"] = basemaps.archive(pictures, vectors=False, layers=[])
    try:
        set_base(sit, base="pmtiles", base_url=f"{away.address}/shapes.pmtiles")
        page = drawn(sit)
        until(page, lambda: bool(page.evaluate(SHAPES)))
        assert away.ranges, "nothing was read of the file"
        assert coloured(page) == 0
        set_base(sit, base="pmtiles", base_url=f"{away.address}/pictures.pmtiles")
        other = drawn(sit)
        until(other, lambda: coloured(other) > 0.3)
    finally:
        set_base(sit)


def test_without_one_the_boundaries_are_the_map(sit: Sit) -> None:
    assert coloured(drawn(sit)) == 0
