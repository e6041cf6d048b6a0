"""What a row of areas leaves out: its layer, and in which area it lies (as before, by its middle, in the city)."""

from collections.abc import Sequence
from dataclasses import replace

import shapely

from civicloop.places.areas import NewArea, key
from civicloop.places.models import LEVELS, OVERLAY, AreaVersion

DEPTH = {level: number for number, level in enumerate(LEVELS)}


def completed(areas: Sequence[NewArea], present: Sequence[AreaVersion]) -> list[NewArea]:
    """The same rows, each with a parent and a layer as far as they can be told."""
    before = {key(row.area.level, row.layer, row.code): row for row in present}
    found = [each if each.layer else replace(each, layer=_layer(each, before.get(each.key))) for each in areas]
    if all(_has_parent(each) for each in found):
        return found
    codes = {row.area_id: row.code for row in present}
    parents = {known: codes.get(row.parent_id or 0, "") for known, row in before.items()}
    holders = _Holders(found, present)
    return [
        each if _has_parent(each) else replace(each, parent=parents.get(each.key) or holders.of(each)) for each in found
    ]


def _layer(area: NewArea, before: AreaVersion | None) -> str:
    return before.layer if before is not None else "full_grid" if area.level == "grid" else "admin"


def _has_parent(area: NewArea) -> bool:
    return bool(area.parent) or area.level in (LEVELS[0], OVERLAY)


class _Holders:
    """Everything that could be a parent, arranged for look-ups."""

    def __init__(self, areas: Sequence[NewArea], present: Sequence[AreaVersion]) -> None:
        named = {each.key for each in areas}
        old = [
            (DEPTH[row.area.level], row.code, shapely.from_wkb(bytes(row.polygon)) if row.polygon else None)
            for row in present
            if row.area.level != OVERLAY and key(row.area.level, row.layer, row.code) not in named
        ]
        new = [(DEPTH[each.level], each.code, each.polygon) for each in areas if each.level != OVERLAY]
        self.city = next((code for depth, code, _polygon in (*new, *old) if depth == 0), "")
        shaped = sorted(
            ((depth, code, polygon) for depth, code, polygon in (*new, *old) if depth and polygon is not None),
            key=lambda row: (-row[0], row[1]),
        )
        self.rows = [(depth, code) for depth, code, _polygon in shaped]
        self.tree = shapely.STRtree([polygon for _depth, _code, polygon in shaped]) if shaped else None

    def of(self, area: NewArea) -> str:
        """The code of the deepest area above the level that holds the middle; of several the first by code."""
        if area.polygon is None or self.tree is None:
            return self.city
        hits = sorted(self.tree.query(shapely.point_on_surface(area.polygon), predicate="intersects").tolist())
        return next((self.rows[hit][1] for hit in hits if self.rows[hit][0] < DEPTH[area.level]), self.city)
