"""Moving open matters to the areas that hold them by new boundaries: each its own act, once for each change.

Without it an open matter keeps its areas and its owner. The act gives it the areas of today. A desk of a level or an
area changes with them; a unit that the rules had named hands over to the one that they name there, unless somebody has
begun to work on it. Clocks, step and everything that was written stay.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from civicloop.foundation import clock
from civicloop.matters import complaints, errors, owners, regridding, timeline
from civicloop.matters.errors import Refused, invalid
from civicloop.matters.followups import derived
from civicloop.matters.models import Matter
from civicloop.matters.plans import Plan
from civicloop.matters.reading import Reading
from civicloop.matters.regridding import Boundaries
from civicloop.matters.rows import Rows
from civicloop.matters.values import Act
from civicloop.people import access, desks
from civicloop.people.access import Actor
from civicloop.places import selectors as places

ACTION = "move_area"
DUTY = "boundaries.move"
BATCH = 100


@dataclass(frozen=True)
class Result:
    """What one press did: matters moved, those left (not seen, ended meanwhile …), and how many are still to do."""

    moved: int
    left: int
    more: int


def waiting(actor: Actor, boundaries: Boundaries) -> list[Matter]:
    """Open matters in touched areas that lie elsewhere now, as far as the actor may see them, oldest first."""
    from civicloop.matters import selectors

    rows = Matter.objects.filter(selectors.visible(actor), regridding.open_in(regridding.within(boundaries)))
    found = []
    for row in rows.select_related("unit").order_by("id")[: regridding.MOST]:
        old = areas_of(row)
        new = regridding.place(boundaries, old, _point(row.lon, row.lat))
        if new is not None and new != old:
            found.append(row)
    return found


def areas_of(row: Matter) -> dict[str, int]:
    """level → area id of a matter."""
    given = {level: getattr(row, f"{level}_id") for level in access.LEVELS[1:]}
    return {level: area for level, area in given.items() if area is not None}


def _point(lon: float | None, lat: float | None) -> tuple[float, float] | None:
    return (lon, lat) if lon is not None and lat is not None else None


def move(actor: Actor, boundaries: Boundaries, *, change: int, matter_ids: Sequence[UUID]) -> Result:
    """Move matters, at most BATCH at once; `change` numbers the change of the areas, so that each moves once for it.

    Raises Refused forbidden.
    """
    from civicloop.matters import actions

    if not access.may(actor, DUTY).allowed:
        raise errors.forbidden()
    moved = left = 0
    for matter_id in matter_ids[:BATCH]:
        wanted = Act(matter_id, ACTION, derived(matter_id, change, ACTION), data={"change": change})
        try:
            done = actions.act(actor, wanted)
        except Refused:
            left += 1
            continue
        moved += done.status == 201
    return Result(moved, left, max(0, len(matter_ids) - BATCH))


def plan(actor: Actor, wanted: Act, seen: Reading) -> Plan:
    """{"change": number}: the areas of today in place of those that the matter has.

    Raises Refused forbidden, ended, not_there, unclear (its area was split and it has no point).
    """
    if actor.kind != "system" and (not access.may(actor, DUTY).allowed or access.only_looks(actor, seen.subject)):
        raise errors.forbidden()
    change = wanted.data.get("change")
    if not isinstance(change, int) or isinstance(change, bool):
        raise invalid("change", "missing", _("Say which change of the areas it is about."))
    if seen.row["end"]:
        raise Refused("ended", 409, _("The matter has ended: it stays where it was."))
    new = _areas_now(seen)
    if new == seen.areas:
        raise Refused("not_there", 409, _("The matter lies where it lay before."))
    rows = Rows()
    seats, kept = _seats(seen, new)
    where = _desk(seen, seats, new)
    before, stage = seen.row["unit_id"], seen.row["stage"]
    rows.fact("moved", where.unit_id, detail=str(change))
    rows.tell("moved", step=seen.row["step"], stage=stage, stage_before=stage, unit=where.unit_id, unit_before=before,
              roles=where.roles, person=where.person_id)  # fmt: skip
    draft = timeline.Draft(plain={"change": change, "areas_before": seen.areas, "areas": dict(new), **kept})
    return Plan(
        ACTION, None, draft, rows, tasks=[dict(task) for task in seen.tasks], seats=seats, areas=new, where=where,
        area_version=places.revision(),
    )  # fmt: skip


def _areas_now(seen: Reading) -> dict[str, int]:
    point = _point(seen.row["lon"], seen.row["lat"])
    if point is not None:
        return dict(regridding.plain(places.boundaries(clock.now()).areas_at(*point)))
    now = clock.now()
    picture, deepest = places.boundaries(now), next(
        (seen.areas[level] for level in reversed(access.LEVELS) if level in seen.areas), None
    )  # fmt: skip
    if deepest is None:
        return seen.areas
    following = places.successors(now).get(deepest, (deepest,))
    if len(following) != 1:
        raise Refused("unclear", 409, _("Its area was divided and it has no point: choose the place by hand."))
    return dict(regridding.plain(picture.path(following[0])))


def _seats(seen: Reading, new: dict[str, int]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Seats by the new areas, and what the entry keeps of why."""
    seats, kept = dict(seen.row["seats"]), {}
    holders = [seen.procedure.holders[code] for code in seen.procedure.steps[seen.row["step"]].holders
               if code in seen.procedure.holders]  # fmt: skip
    for seat in seen.procedure.seats.values():
        value = seats.get(seat.code)
        if seat.kind == "level" and value not in new and value != "city":
            seats[seat.code] = desks.lowest_level(new, seat.levels, barred=seen.subject.complained_of)
        elif seat.kind == "superior" and value is not None and value not in new:
            seats[seat.code] = "city"
        elif seat.kind == "unit" and value is not None and any(holder.of == seat.code for holder in holders):
            case = owners.case_now(seen, clock.now())
            if owners.answer(case).unit_id == value:
                there = owners.answer(owners.case_in(seen, new, clock.now()))
                if there.unit_id != value and there.unit_id not in seen.subject.complained_of:
                    seats[seat.code] = kept[f"seat:{seat.code}"] = there.unit_id
                    kept |= {f"seat:{name}": reason for name, reason in owners.reasons(seat.code, there)}
    return seats, kept


def _desk(seen: Reading, seats: dict[str, Any], new: dict[str, int]) -> Any:
    step = seen.procedure.steps[seen.row["step"]]
    return complaints.desk_in(seen, step, seats, new)
