"""A synthetic register of components for the demonstration, and which of them its matters are about.

The method: for each component one grid is drawn, a place along its edge, a few metres inside, and a kind by weight; the
code counts up within district and kind. Everything comes from one seed, so that a repeat makes the same register, and
each component is marked synthetic.
"""

import random
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import shapely

from civicloop.catalogue import component_actions
from civicloop.catalogue.component_files import Line
from civicloop.catalogue.models import Component
from civicloop.people import access
from civicloop.people.models import Holding
from civicloop.places import selectors as places
from civicloop.places.models import AreaVersion

FILE = "components.toml"
INSIDE = (2e-5, 12e-5)  # degrees from the edge towards the middle: some 2 to 10 metres
POINTING = 0.75  # share of the matters about a component's kind that point to one
STATES, STATE_WEIGHTS = ("intact", "damaged", "lost", "abandoned"), (94, 4, 1, 1)


def load(folder: Path, *, seed: int, number: int | None = None) -> component_actions.Taken | None:
    """Take the register over that the city's file describes; None where the city has none."""
    path = folder / "demo" / FILE
    if not path.exists():
        return None
    plan = tomllib.loads(path.read_text(encoding="utf-8"))
    lines = _lines(plan, random.Random(f"{seed}:components"), number or int(plan["number"]))
    return component_actions.take_over(access.system("demo"), lines=lines, crs="wgs84", what=FILE)


def _lines(plan: dict[str, Any], draw: random.Random, number: int) -> Iterator[Line]:
    grids = _grids()
    homes = _homes()
    near = [grid for grid in grids if grid[0] in homes] or grids
    kinds: Sequence[dict[str, Any]] = plan["kind"]
    weights = [kind["weight"] for kind in kinds]
    serial: Counter[str] = Counter()
    for index in range(number):
        among = near if draw.random() < plan["homes"] else grids
        area, polygon = among[draw.randrange(len(among))]
        kind = draw.choices(kinds, weights)[0]
        lon, lat = _along(polygon, draw)
        path = places.path(area)
        here = {level: path[level].code for level in ("district", "subdistrict") if level in path}
        begins = f"{here['district'][:6]}{kind['code']}"
        serial[begins] += 1
        owner = "" if draw.random() < plan["ownerless"] else str(kind["owner"]).format(**here)
        yield Line(f"{FILE} {index + 1}", {
            "code": f"{begins}{serial[begins]:06d}", "lon": f"{lon:.7f}", "lat": f"{lat:.7f}",
            "accuracy": kind["accuracy"], "state": draw.choices(STATES, STATE_WEIGHTS)[0], "owner_code": owner,
            "maintainer_code": str(kind["maintainer"]).format(**here), "source": "other", "synthetic": "yes",
            "first_on": f"{draw.randint(2012, 2025)}-{draw.randint(1, 12):02d}-{draw.randint(1, 28):02d}",
        })  # fmt: skip


def _grids() -> list[tuple[int, Any]]:
    rows = AreaVersion.objects.filter(valid_to=None, area__level="grid").order_by("code")
    return [(area, shapely.from_wkb(bytes(polygon or b""))) for area, polygon in rows.values_list("area_id", "polygon")]


def _homes() -> set[int]:
    """The grids of the communities where the demonstration's sign-ins have their posts."""
    held = Holding.objects.filter(until=None, account__demonstration=True, post__area__level="community")
    communities = held.values_list("post__area_id", flat=True).distinct()
    return {grid.id for community in communities for grid in places.children(community)}


def _along(polygon: Any, draw: random.Random) -> tuple[float, float]:
    """A point a few metres inside the edge of a grid; its middle where the grid is too narrow for that."""
    middle = polygon.point_on_surface()
    outline = polygon.geoms[0].exterior if polygon.geom_type == "MultiPolygon" else polygon.exterior
    edge = outline.interpolate(draw.random(), normalized=True)
    step = draw.uniform(*INSIDE) / max(1e-9, edge.distance(middle))
    point = shapely.Point(edge.x + (middle.x - edge.x) * step, edge.y + (middle.y - edge.y) * step)
    return (point.x, point.y) if step < 1 and polygon.contains(point) else (middle.x, middle.y)


# -- which one a matter is about --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standing:
    """A component as a script needs it."""

    code: str
    lon: float
    lat: float
    areas: dict[str, int]


class Register:
    """The components by kind, community and subdistrict."""

    def __init__(self) -> None:
        self.by_community: dict[tuple[str, int], list[Standing]] = defaultdict(list)
        self.by_subdistrict: dict[tuple[str, int], list[Standing]] = defaultdict(list)
        self.homes = {places.area(grid).parent_id for grid in _homes()}
        levels = ("district", "subdistrict", "community", "grid")
        rows = Component.objects.filter(valid_to=None).order_by("code")
        for code, kind, lon, lat, *areas in rows.values_list(
            "code", "kind__code", "lon", "lat", *(f"{level}_id" for level in levels)
        ):
            path = {level: area for level, area in zip(levels, areas, strict=True) if area is not None}
            standing = Standing(code, lon, lat, path)
            for level, pile in (("community", self.by_community), ("subdistrict", self.by_subdistrict)):
                if level in path:
                    pile[kind, path[level]].append(standing)

    def pick(self, kind: str, areas: dict[str, int], draw: random.Random) -> Standing | None:
        """The component that a matter of a kind is about: of its community, else of its subdistrict.

        What lies where the sign-ins have their posts stays there.
        """
        community = areas.get("community", 0)
        found = self.by_community.get((kind, community))
        if not found and community not in self.homes:
            found = self.by_subdistrict.get((kind, areas.get("subdistrict", 0)))
        return draw.choice(found) if found and draw.random() < POINTING else None
