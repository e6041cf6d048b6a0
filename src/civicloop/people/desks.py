"""Which unit answers for a desk: the unit whose post holds a role for an area, deepest area first.

Kept in process and read anew after REFRESH seconds of real time, or at once where a post is changed in this process.
"""

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from civicloop.foundation import caches
from civicloop.people.choices import Role, UnitKind
from civicloop.people.models import Post, Unit
from civicloop.people.selectors import valid

REFRESH = 30.0
DEEPEST_FIRST = ("grid", "community", "subdistrict", "district", "city")


@dataclass
class _Desks:
    by_role_and_area: dict[tuple[str, int], int] = field(default_factory=dict)
    city_wide: dict[str, int] = field(default_factory=dict)
    duty: dict[int, int] = field(default_factory=dict)
    city_duty: int | None = None
    read_at: float = float("-inf")


_desks = _Desks()


@caches.register
def forget() -> None:
    """Read the desks anew at the next question."""
    _desks.read_at = float("-inf")


def _current() -> _Desks:
    if time.monotonic() - _desks.read_at < REFRESH:
        return _desks
    fresh = _Desks(read_at=time.monotonic())
    rows = (
        Post.objects.filter(valid()).order_by("-code").values_list("role", "also", "area_id", "area__level", "unit_id")
    )
    for role, also, area, level, unit in rows:
        for each in (role, *also):
            fresh.by_role_and_area[each, area] = unit
            if level == "city":
                fresh.city_wide[each] = unit
    duty = (
        Unit.objects.filter(valid(), kind=UnitKind.DUTY_DESK)
        .order_by("-code")
        .values_list("id", "area_id", "area__level")
    )
    for unit, area, level in duty:
        fresh.duty[area] = unit
        if level == "city":
            fresh.city_duty = unit
    _desks.__dict__.update(fresh.__dict__)
    return _desks


class NoDutyDesk(LookupError):
    """The installation has no duty desk for the whole city: nothing could answer for a matter without an owner."""


def duty_desk(areas: Mapping[str, int]) -> int:
    """The duty desk of the deepest area that has one; the city's for a place outside every area."""
    desks = _current()
    for level in DEEPEST_FIRST:
        if level in areas and areas[level] in desks.duty:
            return desks.duty[areas[level]]
    if desks.city_duty is None:
        raise NoDutyDesk
    return desks.city_duty


class NobodyLeft(LookupError):
    """Only units that a complaint is about could take it up here."""


def unit_for(role: str, areas: Mapping[str, int], level: str = "", barred: Collection[int] = ()) -> int:
    """The unit that holds `role` for the place: of exactly `level` when given, else of the deepest area that has one.

    Falls back to the duty desk, never to nobody. Units in `barred` are passed over; where nobody else holds the role,
    NobodyLeft is raised, since a duty desk could not do it either.
    """
    desks, passed = _current(), False
    for each in (level,) if level and level != "city" else () if level else DEEPEST_FIRST:
        found = desks.by_role_and_area.get((role, areas[each])) if each in areas else None
        if found is not None and found not in barred:
            return found
        passed = passed or found is not None
    wide = desks.city_wide.get(role)
    if wide is not None and wide not in barred:
        return wide
    duty = duty_desk(areas)
    if passed or wide is not None or duty in barred:
        raise NobodyLeft
    return duty


def lowest_level(
    areas: Mapping[str, int], levels: tuple[str, ...], role: str = Role.DISPATCHER, barred: Collection[int] = ()
) -> str:
    """The first of `levels` at which somebody outside `barred` holds `role` for this place; the last otherwise."""
    desks = _current()
    for level in levels:
        found = desks.by_role_and_area.get((role, areas[level])) if level in areas else None
        if found is not None and found not in barred:
            return level
    return levels[-1]


def level_from(areas: Mapping[str, int], levels: tuple[str, ...], role: str, barred: Collection[int] = ()) -> str:
    """The first of `levels`, which end with the city, at which somebody outside `barred` holds `role` for this place.

    Where nobody does, the highest level below at which somebody does; the city's where there is nobody at all.
    """
    desks = _current()
    found = lowest_level(areas, levels, role, barred)
    wide = desks.city_wide.get(role)
    if found != "city" or (wide is not None and wide not in barred):
        return found
    below = tuple(reversed(DEEPEST_FIRST[: DEEPEST_FIRST.index(levels[0])]))
    return lowest_level(areas, (*below, "city"), role, barred)
