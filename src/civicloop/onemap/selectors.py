"""Reads of the map: what lies in a tile, what the areas count. Permission comes first (permission.reach)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from civicloop.foundation import clock
from civicloop.matters.cells import day_of
from civicloop.matters.selectors import SOON
from civicloop.onemap import own, sql
from civicloop.onemap.choices import STATES, Due
from civicloop.onemap.filters import MapFilters
from civicloop.onemap.permission import Reach
from civicloop.onemap.rules import grid
from civicloop.people.access import Actor
from civicloop.places.models import LEVELS
from civicloop.places.selectors import AreaRef

RAW_MOST = 15_000  # matters of one tile that are read themselves below the zoom at which all are
Params = dict[str, Any]
Cell = tuple[int, int, int, int, int]  # cell, how many, how many late, least and greatest state


@dataclass(frozen=True, slots=True)
class Found:
    """What lies in a tile: cells of 2^bits × 2^bits; states and lateness are known where `raw`."""

    bits: int
    rows: Sequence[Cell]
    raw: bool


def token() -> str:
    """Names the present state of the counts: another token, other tiles. One look at an index and a short table."""
    with connection.cursor() as cursor:
        cursor.execute(sql.TOKEN)
        revision, waiting = cursor.fetchone()
    return f"{revision or 0}-{waiting}"


def in_tile(actor: Actor, reach: Reach, filters: MapFilters, zoom: int, x: int, y: int) -> Found:
    """The cells of a tile that hold matters. One statement, two where a time of receipt is asked for."""
    if reach.kind == "none" or _not_of_post(reach, filters):
        return Found(grid.FINEST, [], False)
    raw = grid.raw(zoom)
    if reach.kind == "own":
        return _own(actor, reach, filters, raw, x, y)
    alone = zoom >= grid.RAW_FROM or filters.due  # whatever is due soon or late is few
    if alone or ((filters.monthly or filters.kind) and _few(reach, filters, zoom, x, y)):
        return Found(raw.bits, _raw(reach, filters, raw, x, y), True)
    if filters.kind:
        source = grid.of_kind(zoom)
    else:
        source = grid.monthly(zoom) if filters.monthly else grid.source(zoom, grid.KNOWN_BY.get(reach.level, 0))
    return Found(source.bits, _counted(reach, filters, source, x, y), False)


def _not_of_post(reach: Reach, filters: MapFilters) -> bool:
    """Whether a kind is asked for that belongs to none of the post's main classes."""
    return bool(filters.kind and reach.classes and filters.kind.class_code not in reach.classes)


def _few(reach: Reach, filters: MapFilters, zoom: int, x: int, y: int) -> bool:
    """Whether a tile holds so few matters, or so few of a kind, that they are read themselves; of a small area it does.

    So many rows are read whichever months are asked for.
    """
    if reach.kind == "small" or zoom > (grid.OF_KIND if filters.kind else grid.MONTHLY):
        return True
    level, params = grid.OF_KIND if filters.kind else grid.LEVELS[0], dict[str, Any]()
    if filters.kind:
        statement, params["kind"] = sql.WEIGHT_OF_KIND, filters.kind.id
    else:
        statement, params["every"] = sql.WEIGHT, list(range(len(STATES)))
    params["first"], params["last"] = grid.span(level, zoom, x, y)
    return bool(_rows(statement, params)[0][0] <= RAW_MOST)


def _own(actor: Actor, reach: Reach, filters: MapFilters, source: grid.Source, x: int, y: int) -> Found:
    first, last = grid.span(source.level, source.zoom, x, y)
    now = clock.now()
    found: dict[int, Cell] = {}
    for each in own.listed(actor, reach, filters, (first, last)):
        if each.cell is None:
            continue
        cell = (each.cell - first) >> source.down
        _cell, count, late, least, most = found.get(cell, (cell, 0, 0, each.state, each.state))
        late += each.late(now)
        found[cell] = (cell, count + 1, late, min(least, each.state), max(most, each.state))
    return Found(source.bits, list(found.values()), True)


def _raw(reach: Reach, filters: MapFilters, source: grid.Source, x: int, y: int) -> list[Cell]:
    first, last = grid.span(source.level, source.zoom, x, y)
    wanted, params = of_matters(reach, filters)
    params |= {"first": first, "last": last, "down": source.down}
    return _rows((sql.RAW_DUE if filters.due and not filters.kind else sql.RAW).format(wanted=wanted), params)


def _counted(reach: Reach, filters: MapFilters, source: grid.Source, x: int, y: int) -> list[Cell]:
    low = min(source.zoom, source.level)
    first, last = grid.span(source.level, low, x, y)
    kept, fresh, params = of_counts(reach, filters, source.level)
    params |= {
        "level": source.level, "first": first, "last": last, "down": source.down, "shift": grid.shift(source.level),
    }  # fmt: skip
    statement = sql.COUNTED.format(counts=_counts(filters), kept=kept, fresh=fresh)
    return [(cell, count, 0, 0, 0) for cell, count in _rows(statement, params)]


def _rows(statement: str, params: Params) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return list(cursor.fetchall())


# -- conditions: composed of constants, the values are parameters ----------------------------------------------------


def of_matters(reach: Reach, filters: MapFilters) -> tuple[str, Params]:
    """The condition for matters `m` that fit."""
    now = clock.now()
    parts, params = ["TRUE"], dict[str, Any](now=now)
    if reach.kind in ("district", "small"):
        parts, params["bound"] = [*parts, f"m.{reach.level}_id = %(bound)s"], reach.area_id
    if filters.due:
        parts.append("""m."end" = '' AND m.due_at < %(due_before)s""")
        params["due_before"] = now if filters.due == Due.OVERDUE else now + SOON
        if filters.due == Due.SOON:
            parts.append("m.due_at >= %(now)s")
    if filters.stage:
        parts, params["stage"] = [*parts, """m."end" = '' AND m.stage = %(stage)s"""], filters.stage
    elif not filters.due and filters.state != "all":
        parts.append("""m."end" = ''""" if filters.state == "open" else """m."end" <> ''""")
    since, until = filters.moments()
    if since is not None:
        parts, params["since"] = [*parts, "m.received_at >= %(since)s"], since
    if until is not None:
        parts, params["until"] = [*parts, "m.received_at < %(until)s"], until
    _classes(reach, filters, parts, params, "m")
    return " AND ".join(parts), params


def _classes(reach: Reach, filters: MapFilters, parts: list[str], params: Params, row: str) -> None:
    if filters.kind:  # of the post's main classes, as was asked before (_not_of_post)
        parts.append(f"{row}.kind{'' if row == 'r' else '_id'} = %(kind)s")
        params["kind"] = filters.kind.id
        return
    if filters.class_code:
        parts.append(f"{row}.class_code = %(class_code)s")
        params["class_code"] = filters.class_code
    if reach.classes:
        parts.append(f"{row}.class_code = ANY(%(classes)s)")
        params["classes"] = ["", *reach.classes]


def _counts(filters: MapFilters) -> str:
    """The table that answers."""
    return "onemap_kindrollup" if filters.kind else "onemap_rollup"


def of_counts(reach: Reach, filters: MapFilters, level: int) -> tuple[str, str, Params]:
    """The conditions for counts `r` and for deltas `d` that fit."""
    kept, fresh = ["r.state = ANY(%(states)s)"], ["d.state = ANY(%(state_names)s)"]
    states = filters.states
    params: Params = {"states": list(states), "state_names": [STATES[number] for number in states]}
    if filters.monthly:
        params["months"] = filters.months(*_known_months())
        kept.append("r.month = ANY(%(months)s)")
        fresh.append(f"{sql.MONTH} = ANY(%(months)s)")
    elif level not in (1, 2, 3) and not filters.kind:
        kept.append("r.month = 0")
    if level > len(LEVELS) and reach.kind in ("district", "small"):
        kept.append("r.area = ANY(%(within)s)")
        fresh.append(f"d.{reach.level}_id = %(bound)s")
        by = "within" if level == grid.LEVELS[-1] else "upper"
        finer = level > grid.LEVELS[0] or level == grid.OF_KIND
        params |= {"within": list(getattr(reach, by) if finer else [reach.area_id])}
        params["bound"] = reach.area_id
    _classes(reach, filters, kept, params, "r")
    _classes(reach, filters, fresh, params, "d")
    return " AND ".join(kept), " AND ".join(fresh), params


def _known_months() -> tuple[int, int]:
    """The first month of any count, and this one: whoever asks for all time names no more months than there are."""
    today = day_of(clock.now())
    last = today.year * 100 + today.month
    with connection.cursor() as cursor:
        cursor.execute(sql.MONTHS)
        first, newest = cursor.fetchone()
    return min(first or last, last), max(newest or last, last)


def months_since(longest: int) -> list[int]:
    """The months in which anything was received, up to this one; the newest `longest` of them."""
    return MapFilters().months(*_known_months())[-longest:]


# -- figures of areas --------------------------------------------------------------------------------------------------


def of_areas(actor: Actor, reach: Reach, filters: MapFilters, areas: Sequence[AreaRef]) -> Mapping[int, int]:
    """How many matters that fit lie in each of some areas of one level; areas without any are left out."""
    if reach.kind == "none" or not areas or _not_of_post(reach, filters):
        return {}
    level = LEVELS.index(areas[0].level)
    wanted = [each.id for each in areas]
    if reach.kind == "own":
        found: dict[int, int] = {}
        for each in own.listed(actor, reach, filters):
            area = each.areas[level - 1] if level else areas[0].id
            if area in wanted and area is not None:
                found[area] = found.get(area, 0) + 1
        return found
    if level == 0:
        return {wanted[0]: total(filters, reach)}
    column = f"{LEVELS[level]}_id"
    if filters.due or (level == 4 and filters.monthly) or (level > 2 and filters.kind):
        condition, params = of_matters(reach, filters)
        statement = sql.OF_AREAS_RAW.format(column=column, wanted=condition)
    else:
        kept, fresh, params = of_counts(reach, filters, level)
        statement = sql.OF_AREAS.format(counts=_counts(filters), column=column, kept=kept, fresh=fresh)
        params["level"] = grid.OF_KIND if filters.kind and level == 2 else level
    return {area: count for area, count in _rows(statement, params | {"areas": wanted}) if count}


def total(filters: MapFilters, reach: Reach) -> int:
    """How many matters of the whole city fit, those outside every area among them."""
    if filters.due:
        condition, params = of_matters(reach, filters)
        return int(_rows(sql.ALL_RAW.format(wanted=condition), params)[0][0])
    kept, fresh, params = of_counts(reach, filters, 1)
    return int(_rows(sql.ALL.format(counts=_counts(filters), kept=kept, fresh=fresh), params)[0][0])
