"""Where likes may lie: which ids of the first subdistrict, in which all models were played, stand for which elsewhere.

Ids that stand in hashed bodies must be as long everywhere, so all of them have six digits from the start, those of
each table in a range of its own: then a number says what it is.
"""

from typing import Any

import psycopg

from civicloop.catalogue.models import FilingCondition, Responsibility
from civicloop.catalogue.models import Kind as CatalogueKind
from civicloop.foundation import locality
from civicloop.ops.bench.city import POSTS, City
from civicloop.ops.bench.forms import Kind, Place, World
from civicloop.ops.bench.stories import Tables
from civicloop.people.models import Account, Post, Unit
from civicloop.places.models import AreaVersion

RANGES = {
    "places_area": 100_000, "people_unit": 200_000, "people_post": 300_000, "people_account": 400_000,
    "catalogue_kind": 500_000, "catalogue_filingcondition": 600_000, "catalogue_responsibility": 700_000,
}  # fmt: skip
LEVELS = ("district", "subdistrict", "community", "grid")
FIRST = "990101001"  # the subdistrict of the models


def widen(line: psycopg.Connection[tuple[Any, ...]]) -> None:
    """Let ids begin where they have six digits. As the owner, before anything is made."""
    for table, first in RANGES.items():
        line.execute(f"ALTER TABLE {table} ALTER COLUMN id RESTART WITH {first}".encode())


def world_of(city: City, tables: Tables) -> World:
    """All grids and kinds of the city as likes need them."""
    units = dict(Unit.objects.values_list("code", "id"))
    posts = dict(Post.objects.values_list("code", "id"))
    accounts = dict(Account.objects.values_list("username", "id"))
    rules = dict(Responsibility.objects.values_list("area_id", "id"))
    paths = _paths()
    codes = sorted({code[:9] for code in paths})
    boxes = _boxes()
    places: list[Place] = []
    known: dict[int, int] = {}
    for number, code in enumerate(codes, start=1):
        of = [units[f"d{int(code[4:6])}-duty"], *(units[f"s{number}-{name}"] for name in ("centre", "watch", "office"))]
        of += [posts[f"s{number}-{role}-post"] for role in POSTS] + [accounts[f"s{number}-{role}"] for role in POSTS]
        for grid, path in paths.items():
            if grid.startswith(code):
                places.append(Place(boxes[grid], (*path, *of, rules[path[1]])))
        if code == FIRST:
            for place in places:
                known |= {id_: position for position, id_ in enumerate(place.ids)}
    return World(places, _kinds(city, known, len(places[0].ids)), known, locality.zone_name(), tables)


def _paths() -> dict[str, tuple[int, ...]]:
    """By the code of a grid: the ids of its district, subdistrict, community and itself."""
    by_code = dict(AreaVersion.objects.filter(valid_to=None).values_list("code", "area_id"))
    return {
        code: tuple(by_code[code[:length]] for length in (6, 9, 12, 15)) for code in sorted(by_code) if len(code) == 15
    }  # fmt: skip


def _boxes() -> dict[str, tuple[float, float, float, float]]:
    import shapely

    found = {}
    for code, polygon in AreaVersion.objects.filter(valid_to=None, area__level="grid").values_list("code", "polygon"):
        west, south, east, north = shapely.from_wkb(bytes(polygon or b"")).bounds
        found[code] = (west, south, east - west, north - south)
    return found


def _kinds(city: City, known: dict[int, int], position: int) -> list[Kind]:
    first = FilingCondition.objects.get(id=city.condition)
    known |= {first.kind_id: position, first.id: position + 1}
    rows = FilingCondition.objects.filter(valid_to=None, id__gte=first.id, no=1, limit=first.limit)
    kinds = {kind.id: kind for kind in CatalogueKind.objects.select_related("kind_class")}
    return [
        Kind(row.kind_id, row.id, kinds[row.kind_id].code, kinds[row.kind_id].kind_class.code)
        for row in rows.order_by("id")
        if kinds[row.kind_id].family == "matter"
    ]  # fmt: skip
