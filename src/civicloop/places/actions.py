"""Writes of the places room: loading a city, importing a layer. New versions, never an overwrite."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import shapely
from django.db import transaction
from django.db.models import Exists, F, OuterRef

from civicloop.foundation import clock, locality, names, trace
from civicloop.places import cities, drawn, parents, selectors
from civicloop.places.areas import ImportRefused, NewArea
from civicloop.places.areas import key as _key
from civicloop.places.models import (
    LEVELS,
    OVERLAY,
    Area,
    AreaSuccession,
    AreaVersion,
    LayerChange,
    LayerRevision,
)
from civicloop.places.parents import DEPTH
from civicloop.places.rules import tiling

Progress = Callable[[str, float], None]
BATCH = 2000
LONGEST_CODE, LONGEST_LAYER = 20, 24
BY_COMMAND: Mapping[str, Any] = {"actor_id": None, "actor_words": "command"}


@dataclass
class Change:
    """What an import did, by code."""

    created: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    revision: int = 0  # that numbers it

    def __bool__(self) -> bool:
        return bool(self.created or self.changed or self.ended)


def _silent(_part: str, _share: float) -> None:
    return


def load_city(*, folder: Path, progress: Progress = _silent) -> Change:
    """All areas of a city's folder. Repeating it changes nothing.

    Boundaries are those of its files; where it only says how many grids it has, they are made by method below the
    districts. Raises cities.CityRefused, ImportRefused.
    """
    city = cities.read(folder)
    if not city.made:
        progress("areas", 0.5)
        return take(drawn.areas_of(city), at=clock.now())
    progress("districts", 0.0)
    polygons = cities.district_polygons(city)
    grids = grid_lines(city, polygons, progress)
    areas = _areas_of(city, grids)
    progress("areas", 0.7)
    return take(areas, at=clock.now())


def grid_lines(city: cities.City, districts: Mapping[str, Any], progress: Progress = _silent) -> list[tiling.Leaf]:
    """Every grid of the given districts with its final polygon."""
    communities: dict[str, dict[str, list[str]]] = {code: {} for code in districts}
    district_of = {line.code: line.parent for line in city.lists["subdistrict"] if line.parent in districts}
    for subdistrict, district in district_of.items():
        communities[district][subdistrict] = []
    for line in city.lists["community"]:
        if line.parent in district_of:
            communities[district_of[line.parent]][line.parent].append(line.code)
    numbers = tiling.spread(int(city.settings["grids"]["number"]), [line.code for line in city.lists["community"]])
    found: list[tiling.Leaf] = []
    for done, (code, polygon) in enumerate(sorted(districts.items())):
        progress(f"grids of {code}", 0.4 * done / len(districts))
        found += tiling.leaves(polygon, communities[code], numbers)
    progress("noding", 0.4)
    shapes = tiling.noded([leaf.polygon for leaf in found])
    return [tiling.Leaf(leaf.code, leaf.community, polygon) for leaf, polygon in zip(found, shapes, strict=True)]


def _areas_of(city: cities.City, grids: Sequence[tiling.Leaf]) -> list[NewArea]:
    """All levels, the polygons of the upper ones being the unions of the grids below."""
    settings, source = city.settings, str(city.settings["grids"]["source"])
    below: dict[str, list[Any]] = {}
    for leaf in grids:
        below.setdefault(leaf.community, []).append(leaf.polygon)
    union: dict[str, Any] = {}
    for level in ("community", "subdistrict", "district"):
        for line in city.lists[level]:
            if line.code in below:
                union[line.code] = shapely.coverage_union_all(below[line.code])
                below.setdefault(line.parent, []).append(union[line.code])
    whole = shapely.coverage_union_all(below[city.code])
    found = [NewArea(city.code, "city", settings["names"], "", whole, source=settings["boundaries"]["source"])]
    for level in ("district", "subdistrict", "community"):
        made = level != "district"
        found += [
            NewArea(line.code, level, line.names, line.parent, union.get(line.code), line.organ_kind, made,
                    source=source if made else settings["boundaries"]["source"])
            for line in city.lists[level]
        ]  # fmt: skip
    names = {line.code: line.names["zh-hans"] for line in city.lists["community"]}
    layer = str(settings["grids"]["layer"])
    found += [
        NewArea(leaf.code, "grid", {"zh-hans": f"{names[leaf.community]}第{int(leaf.code[-3:])}网格",
                                    "en": f"Grid {int(leaf.code[-3:])}"},
                leaf.community, leaf.polygon, "", True, layer, "local", source)
        for leaf in grids
    ]  # fmt: skip
    found += drawn.overlays(city)
    return found


@transaction.atomic
def take(
    areas: Sequence[NewArea], *, at: datetime, ended: Collection[str] = (), successions: Iterable[tuple[str, str]] = (),
    by: Mapping[str, Any] = BY_COMMAND,
) -> Change:  # fmt: skip
    """Create areas that are new, add a version where something differs, leave the rest; end those of the codes `ended`.

    An overlay is known by its layer and code, every other area by its code. A row without a parent keeps the one that
    the area has; a new area lies in the deepest area above its level that holds its middle, else in the city.
    Raises ImportRefused for an unknown parent or an unusable polygon, and where a change is dated ahead already.
    """
    rows = AreaVersion.objects.filter(valid_to=None).select_related("area")
    present = {_key(row.area.level, row.layer, row.code): row for row in rows}
    areas = parents.completed(areas, list(present.values()))
    ids = {key: row.area_id for key, row in present.items()}
    faults = _faults(areas, present) + _planned(areas, at)
    faults += [f"{code} cannot end: there is no such area" for code in ended if ("", code) not in present]
    if faults:
        raise ImportRefused(faults)
    change, now = Change(), clock.now()
    for level in (*LEVELS, OVERLAY):
        mine = [each for each in areas if each.level == level]
        fresh = [each for each in mine if each.key not in ids]
        # what is planned ahead begins when it begins; what is dated back was there then
        made = Area.objects.bulk_create([Area(level=level, created_at=min(at, now)) for _ in fresh], batch_size=BATCH)
        ids |= {each.key: area.pk for each, area in zip(fresh, made, strict=True)}
        rows_new = []
        for each in mine:
            row = _version(each, ids, at)
            before = present.get(each.key)
            if before is None:
                change.created.append(each.code)
            elif _same(before, row):
                change.unchanged.append(each.code)
                continue
            else:
                _close(before, at)
                change.changed.append(each.code)
            rows_new.append(row)
        AreaVersion.objects.bulk_create(rows_new, batch_size=BATCH)
    for code in ended:
        _close(present["", code], at)
        change.ended.append(code)
    pairs = [(ids["", before], ids["", after]) for before, after in successions]
    AreaSuccession.objects.bulk_create(
        [AreaSuccession(predecessor_id=before, successor_id=after, at=at) for before, after in pairs]
    )
    if change:
        change.revision = noted(at)
        said = {"created": len(change.created), "changed": len(change.changed), "in_force_from": at.isoformat()}
        said |= {"ended": len(change.ended)} if ended else {}
        trace.tell(action="places.take", object="areas", detail=said, **by)
        transaction.on_commit(selectors.forget)
    return change


def noted(at: datetime) -> int:
    """Number a change that holds from `at`, so that every process reads anew."""
    LayerRevision.objects.get_or_create(id=1)
    LayerRevision.objects.filter(id=1).update(revision=F("revision") + 1)
    number = LayerRevision.objects.values_list("revision", flat=True).get(id=1)
    LayerChange.objects.create(revision=number, at=at, made_at=clock.now())
    return number


def _close(before: AreaVersion, at: datetime) -> None:
    """End a version. Raises ImportRefused where it begins later."""
    if before.valid_from > at:
        late = before.valid_from.isoformat()
        raise ImportRefused([f"{before.code} changes on {late} already; date this change later"])
    AreaVersion.objects.filter(pk=before.pk).update(valid_to=at)


def _planned(areas: Sequence[NewArea], at: datetime) -> list[str]:
    """Faults of codes whose area ends later than this change begins: two areas would have one code."""
    going = AreaVersion.objects.filter(valid_to__gt=at, code__in=[each.code for each in areas]).exclude(
        Exists(AreaVersion.objects.filter(area_id=OuterRef("area_id"), valid_to=None))
    )
    return [
        f"{row.code} is the code of an area that ends on {row.valid_to}; date this change later"
        for row in going.exclude(area__level=OVERLAY)
    ]


def _faults(areas: Sequence[NewArea], present: Mapping[tuple[str, str], AreaVersion]) -> list[str]:
    taken, faults = set[tuple[str, str]](), []
    depths = {key: DEPTH[row.area.level] for key, row in present.items() if row.area.level != OVERLAY}
    depths |= {each.key: DEPTH[each.level] for each in areas if each.level != OVERLAY}
    cities_ = {code for (_layer, code), depth in depths.items() if depth == 0}
    layers = {row.layer for row in present.values() if row.area.level != OVERLAY}
    for number, each in enumerate(areas, start=1):
        before, overlay = present.get(each.key), each.level == OVERLAY
        if each.key in taken:
            faults.append(f"row {number}: {each.code} stands in the file twice")
        if before is not None and before.area.level != each.level:
            faults.append(f"row {number}: {each.code} is the code of a {before.area.level}")
        if each.level == "city" and len(cities_) > 1:
            faults.append(f"row {number}: {each.code}: one installation is one city, and there is one already")
        above = depths.get(_key("", "", each.parent))
        if each.level != "city" and (each.parent or not overlay) and above is None:
            faults.append(f"row {number}: {each.code} has no parent {each.parent!r}")
        elif above is not None and not overlay and above >= DEPTH[each.level]:
            faults.append(f"row {number}: {each.parent} does not lie above {each.code}")
        if each.polygon is not None and (each.polygon.is_empty or not each.polygon.is_valid):
            faults.append(
                f"row {number}: the polygon of {each.code} is not valid: {shapely.is_valid_reason(each.polygon)}"
            )
        elif each.polygon is not None and each.polygon.geom_type not in ("Polygon", "MultiPolygon"):
            faults.append(f"row {number}: {each.code} is a {each.polygon.geom_type}, not a polygon")
        if overlay and each.polygon is None:
            faults.append(f"row {number}: {each.code} has no polygon; an overlay is nothing else")
        if overlay and each.layer in layers:
            faults.append(f"row {number}: {each.layer} is a layer of the grids and areas, not of overlays")
        if names.problems(each.names):
            faults.append(f"row {number}: {each.code} has no name in the city's own language ({locality.language()})")
        if len(each.code) > LONGEST_CODE or len(each.layer) > LONGEST_LAYER:
            most = f"{LONGEST_CODE} characters for a code, {LONGEST_LAYER} for a layer"
            faults.append(f"row {number}: {each.code} in {each.layer}: at most {most}")
        taken.add(each.key)
    return faults


def _version(each: NewArea, ids: Mapping[tuple[str, str], int], at: datetime) -> AreaVersion:
    bounds = each.polygon.bounds if each.polygon is not None else (None,) * 4
    return AreaVersion(
        area_id=ids[each.key],
        code=each.code,
        names=dict(each.names),
        parent_id=ids.get(_key("", "", each.parent)),
        layer=each.layer,
        scheme=each.scheme,
        synthetic=each.synthetic,
        polygon=shapely.to_wkb(each.polygon) if each.polygon is not None else None,
        west=bounds[0],
        south=bounds[1],
        east=bounds[2],
        north=bounds[3],
        organ_kind=each.organ_kind,
        source=each.source,
        valid_from=at,
    )


def _same(before: AreaVersion, after: AreaVersion) -> bool:
    if bytes(before.polygon or b"") != bytes(after.polygon or b""):
        return False
    fields = ("names", "parent_id", "layer", "scheme", "synthetic", "organ_kind", "source")
    return all(getattr(before, name) == getattr(after, name) for name in fields)
