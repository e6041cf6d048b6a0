"""A complaint about a unit (举报): the unit and all below it neither see the matter nor are given anything of it.

Who may see is people.access alone (`is_about`); here is what keeps work away from the units complained of.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from civicloop.matters import engine, needs
from civicloop.matters.engine import Desk
from civicloop.matters.errors import Refused, invalid
from civicloop.matters.reading import Reading
from civicloop.people import desks
from civicloop.people.models import Unit
from civicloop.procedures.rules.language import Procedure, Step
from civicloop.procedures.rules.run import Effects

MOST = 10
CONFIDENTIAL = 1


def named(units: Sequence[int | str]) -> list[int]:
    """The ids of the units complained of, each in force now. Raises Refused too_many, unknown_unit."""
    if len(units) > MOST:
        raise invalid("complained_of", "too_many", _("Name at most %(most)s units.") % {"most": MOST})
    label = _("Unit complained of")
    if needs.holds_zero_byte(list(units)):
        raise invalid("complained_of", "unknown_unit", _("%(field)s: there is no such unit.") % {"field": label})
    return sorted({needs.unit_of("complained_of", label, each) for each in units})


def below(units: Collection[int]) -> frozenset[int]:
    """Units with all units below them, however many levels."""
    found, newest = set(units), set(units)
    while newest:
        newest = set(Unit.objects.filter(parent_id__in=newest).values_list("id", flat=True)) - found
        found |= newest
    return frozenset(found)


def level(asked: int, units: Collection[int]) -> int:
    """The confidentiality of a matter: a complaint about a unit is always confidential."""
    return max(asked, CONFIDENTIAL) if units else asked


def first_desk(
    procedure: Procedure, step: Step, seats: Mapping[str, Any], areas: Mapping[str, int], barred: Collection[int]
) -> Desk:
    """The desk that takes the report in, outside the units complained of. Raises Refused nobody_left."""
    try:
        return engine.desk(procedure, step, seats, areas, None, barred)
    except desks.NobodyLeft:
        raise _nobody_left() from None


def desk(seen: Reading, step: Step, seats: Mapping[str, Any]) -> Desk:
    """The desk of a step of this matter, outside the units complained of. Raises Refused nobody_left."""
    return desk_in(seen, step, seats, seen.areas)


def desk_in(seen: Reading, step: Step, seats: Mapping[str, Any], areas: Mapping[str, int]) -> Desk:
    """The same, were the matter in other areas. Raises Refused nobody_left."""
    try:
        return engine.desk(seen.procedure, step, seats, areas, seen.row["unit_id"], seen.subject.complained_of)
    except desks.NobodyLeft:
        raise _nobody_left() from None


def reseat(
    seen: Reading, effects: Effects, data: Mapping[str, Any], seats: dict[str, Any], filled: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Where nobody named a unit and the catalogue suggests one complained of, the unit above it answers."""
    barred = seen.subject.complained_of
    for name in effects.assigns:
        if seen.procedure.seats[name].kind == "unit" and seats[name] in barred and data.get(name) in (None, ""):
            above = superior(seats[name], barred)
            if above is not None:
                seats[name] = filled[name] = above
                filled[f"{name}.why"] = "superior"
    return seats, filled


def superior(unit_id: int, barred: Collection[int]) -> int | None:
    """The first unit above that no complaint is about; None where there is none."""
    above: int | None = unit_id
    while above is not None and above in barred:
        above = Unit.objects.filter(id=above).values_list("parent_id", flat=True).first()
    return above


def guard(seen: Reading, where: Desk, plan: Any) -> None:
    """Refuse an act that would give the matter, a part or a seat of it to a unit complained of or to one of its people.

    `plan` is what the act is going to write. Raises Refused complained_of.
    """
    units, accounts = seen.subject.complained_of, seen.subject.complained_accounts
    if not units:
        return
    given = {where.unit_id, *(task["unit_id"] for task in plan.rows.tasks_new)}
    persons = {where.person_id}
    before = seen.row["seats"]
    for name, value in (plan.seats or {}).items():
        if name in seen.procedure.seats and value != before.get(name):
            kind = seen.procedure.seats[name].kind
            given |= {value} if kind == "unit" else set()
            persons |= {value} if kind == "person" else set()
    if given & units or persons & accounts:
        words = _(
            "The complaint is about this unit, one above it or somebody who works there, so it cannot be given to "
            "them. Name the unit above it or another one. Nothing was written."
        )
        raise Refused("complained_of", 409, words)


def _nobody_left() -> Refused:
    words = _(
        "Nobody outside the unit complained of can take this up here, so it would be seen by those whom it is about. "
        "Nothing was taken. Please take it to the authority above that unit, or to discipline inspection (12388)."
    )
    return Refused("nobody_left", 409, words)
