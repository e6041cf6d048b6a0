"""Steps of the tests of the map."""

from typing import Any

from django.test import Client

from civicloop.foundation import morton
from tests.onemap.decoding import Feature, decoded
from tests.site.desks import signed_in

CITY = 9  # a zoom at which the tiny city lies in one tile
HERE = (117.02, 39.05)
PLACES = (HERE, (117.021, 39.051), (117.07, 39.05), (117.12, 39.05), (117.25, 39.05))


def tile_of(lon: float, lat: float, zoom: int) -> tuple[int, int]:
    """The tile that holds a point."""
    cell = morton.cell(lon, lat)
    return morton.column(cell) >> morton.ZOOM - zoom, morton.column(cell >> 1) >> morton.ZOOM - zoom


def address(zoom: int, layer: str = "matters", at: tuple[float, float] = HERE) -> str:
    """The address of the tile at a point."""
    x, y = tile_of(*at, zoom)
    return f"/tiles/{layer}/{zoom}/{x}/{y}.mvt"


def ask(user: str, zoom: int, query: str = "", at: tuple[float, float] = HERE) -> Any:
    """The tile of matters at a point, as a user's browser asks for it."""
    return (signed_in(user) if user else Client()).get(address(zoom, at=at) + query)


def features(user: str, zoom: int, query: str = "", at: tuple[float, float] = HERE) -> list[Feature]:
    """What is in it."""
    response = ask(user, zoom, query, at)
    assert response.status_code == 200
    return decoded(response.content).get("matters", [])


def counted(user: str, zoom: int, query: str = "", at: tuple[float, float] = HERE) -> int:
    """How many matters are in it."""
    return sum(each.properties["n"] for each in features(user, zoom, query, at))


def everywhere(user: str, zoom: int, query: str = "") -> int:
    """How many matters are in all tiles that hold a place at which the tests report."""
    browser, found = signed_in(user), 0
    for x, y in {tile_of(*point, zoom) for point in PLACES}:
        response = browser.get(f"/tiles/matters/{zoom}/{x}/{y}.mvt{query}")
        found += sum(each.properties["n"] for each in decoded(response.content).get("matters", []))
    return found
