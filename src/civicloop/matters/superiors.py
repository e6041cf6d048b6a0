"""共同上级: which level designates after the last return, over all units that gave a matter back.

A seat of the kind `superior` is filled when a step is reached whose holder sits there: with the deepest level that
stands over every unit concerned and at which somebody holds the post. Concerned are the units that returned the matter
or objected, and the level that dispatched it to them, since its dispatches are what is in dispute.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from civicloop.foundation import chain
from civicloop.matters import returning
from civicloop.matters.models import Entry
from civicloop.matters.reading import Reading
from civicloop.people import desks
from civicloop.people.access import LEVELS
from civicloop.people.choices import UnitKind
from civicloop.people.models import Unit
from civicloop.places import selectors as places
from civicloop.procedures.rules.language import Procedure
from civicloop.procedures.rules.run import Effects

GAVE_BACK = frozenset({returning.BOUND, "objections"})  # the bounds that count what a unit did not take
LEVELS_UP = tuple(reversed(LEVELS))  # grid … city


def seat(
    seen: Reading, effects: Effects, seats: dict[str, Any], filled: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The seats with that of the superior who holds the step that is reached, where its procedure declares one."""
    procedure = seen.procedure
    for code in procedure.steps[effects.step_to].holders if effects.moved else ():
        holder = procedure.holders.get(code)
        declared = procedure.seats.get(holder.of) if holder is not None else None
        if holder is not None and declared is not None and declared.kind == "superior":
            units = sorted({*gave_back(seen), *_now(seen, effects)})
            level = level_over(seen, units, holder.post)
            seats = seats | {declared.code: level}
            filled = filled | {declared.code: level, f"{declared.code}.units": units}
    return seats, filled


def gave_back(seen: Reading) -> set[int]:
    """The units that returned the matter or objected to it until now, by its timeline."""
    names, current, found = unit_seats(seen.procedure), dict[str, Any](), set[int]()
    for body in Entry.objects.filter(matter_id=seen.id).order_by("seq").values_list("body", flat=True):
        data = chain.content(bytes(body)).get("data")
        if not isinstance(data, Mapping):
            continue
        if data.get("effect:counted") in GAVE_BACK:
            found.update(unit for unit in current.values() if isinstance(unit, int))
        current |= {name: data[f"seat:{name}"] for name in names if f"seat:{name}" in data}
    return found


def unit_seats(procedure: Procedure) -> list[str]:
    """The seats in which units sit."""
    return [code for code, declared in procedure.seats.items() if declared.kind == "unit"]


def _now(seen: Reading, effects: Effects) -> Iterator[int]:
    """The unit that gives it back by the act that is being done."""
    if effects.counted in GAVE_BACK:
        yield from (unit for name in unit_seats(seen.procedure) if isinstance(unit := seen.row["seats"].get(name), int))


def level_over(seen: Reading, unit_ids: list[int], post: str) -> str:
    """The deepest level over all these units, and not below the one that dispatched, at which somebody has the post."""
    least = [_rank(str(seen.row["seats"].get(code, ""))) for code, declared in seen.procedure.seats.items()
             if declared.kind == "level"]  # fmt: skip
    for unit in Unit.objects.filter(id__in=unit_ids):
        rank = _rank(_level_in(seen, unit.area_id))
        # an office of a subdistrict is its own highest body: who stands over it sits one level up
        least.append(rank + 1 if unit.kind == UnitKind.SUBDISTRICT_OFFICE else rank)
    wanted = min(max(least, default=0), len(LEVELS_UP) - 1)
    return desks.level_from(seen.areas, LEVELS_UP[wanted:], post, seen.subject.complained_of)


def _rank(level: str) -> int:
    return LEVELS_UP.index(level) if level in LEVELS_UP else 0


def _level_in(seen: Reading, area_id: int) -> str:
    """The deepest level of the matter's own place that holds a unit's area; the city's for one from elsewhere."""
    try:
        above = {ref.id for ref in places.path(area_id).values()}
    except places.UnknownArea:
        above = {area_id}
    return next((level for level in LEVELS_UP if seen.areas.get(level) in above), "city")
