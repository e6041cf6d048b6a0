"""What an act's effects mean for the rows of a matter: seats, desk, tasks. Computes, writes nothing."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from civicloop.catalogue.rules.answering import Case
from civicloop.foundation import ids
from civicloop.foundation.names import shown
from civicloop.matters import needs, owners
from civicloop.matters.clockwork import Clocks
from civicloop.matters.errors import invalid
from civicloop.matters.rows import Json, Rows
from civicloop.people import desks
from civicloop.people.models import Holding
from civicloop.procedures.rules.language import SEATED_BY_ITSELF, Holder, Procedure, Step
from civicloop.procedures.rules.run import Effects, RunState

OUTSIDE = "outside"


# -- seats, desk, unit ----------------------------------------------------------------------------------------------


def seat_values(
    procedure: Procedure, effects: Effects, before: Mapping[str, Any], data: Mapping[str, Any], *,
    case: Callable[[], Case], account_id: int | None,
) -> tuple[dict[str, Any], dict[str, Any]]:  # fmt: skip
    """(all seats after the act, those that it filled). A unit seat not named in `data` is routed by the catalogue.

    A person seat keeps the person's unit beside it as `<seat>.unit`.
    """
    seats, filled = dict(before), {}
    for name, level in effects.raised:
        seats[name] = filled[name] = level
    language = get_language() or "zh-hans"
    for name in effects.assigns:
        seat, value = procedure.seats[name], data.get(name)
        label = shown(seat.names, language)
        if seat.kind == "unit":
            if value in (None, ""):
                answer = owners.answer(case())
                seats[name] = answer.unit_id
                filled |= dict(owners.reasons(name, answer))
            else:
                seats[name] = needs.unit_of(name, label, value)
            filled[name] = seats[name]
        elif seat.kind == "person":
            person = needs.person_of(name, label, value) if value not in (None, "") else account_id
            if person is None:
                raise invalid(name, "missing", _("%(field)s is missing.") % {"field": label})
            post = procedure.holders[name].post if name in procedure.holders else ""
            seats[f"{name}.unit"] = _unit_of_person(name, label, person, post, seats, procedure)
            seats[name] = filled[name] = person
    return seats, filled


def _unit_of_person(
    name: str, label: str, person: int, post: str, seats: Mapping[str, Any], procedure: Procedure
) -> int | None:
    """The unit in which `person` holds `post`; it must be the answering unit when the matter has one."""
    held = Holding.objects.filter(account_id=person, until=None, post__role=post).values_list(
        "post__unit_id", flat=True
    )
    units = set(held)
    answering = next(
        (seats[seat.code] for seat in procedure.seats.values() if seat.kind == "unit" and seat.code in seats), None
    )
    if answering is not None and answering in units:
        return int(answering)
    if answering is not None or not units:
        words = _("%(field)s: this person has no such post in the unit that answers for the matter.")
        raise invalid(name, "wrong_person", words % {"field": label})
    return min(units)


@dataclass(frozen=True)
class Desk:
    """At whose desk the matter lies: roles, and where the roles alone do not say it, the level or the person."""

    unit_id: int
    roles: list[str]
    level: str
    person_id: int | None


def desk(
    procedure: Procedure, step: Step, seats: Mapping[str, Any], areas: Mapping[str, int], unit_now: int | None,
    barred: Collection[int] = (),
) -> Desk:  # fmt: skip
    """The desk of a step and the accountable unit: that of the first holder among the staff, else it stays.

    Units in `barred` (a complaint is about them) hold no desk; raises desks.NobodyLeft where nobody else could.
    """
    roles, level, person, unit = [], "", None, None
    for code in step.holders:
        holder = procedure.holders.get(code)
        if holder is None:  # somebody outside
            roles.append(code)
            continue
        roles.append(holder.post)
        found = _unit_of_holder(procedure, holder, seats, areas, barred)
        unit = unit if unit is not None else found
        seat = procedure.seats.get(holder.of)
        if seat is not None and seat.kind in SEATED_BY_ITSELF:
            level = str(seats.get(seat.code, ""))
        if seat is not None and seat.kind == "person":
            person = seats.get(seat.code)
    if unit is None:
        unit = unit_now if unit_now is not None else desks.duty_desk(areas)
    return Desk(unit, roles, level, person)


def _unit_of_holder(
    procedure: Procedure, holder: Holder, seats: Mapping[str, Any], areas: Mapping[str, int], barred: Collection[int]
) -> int | None:
    seat = procedure.seats.get(holder.of)
    if seat is None:
        return desks.unit_for(holder.post, areas, "city" if holder.of == "platform" else "", barred)
    if seat.kind == "unit":
        return seats.get(seat.code)
    if seat.kind == "person":
        return seats.get(f"{seat.code}.unit")
    return desks.unit_for(holder.post, areas, str(seats.get(seat.code, "")), barred)


def relation(procedure: Procedure, code: str, seats: Mapping[str, Any]) -> tuple[str, str, Any]:
    """(post, of, value) of a holder as people.access.stands_for takes it; somebody outside gives of = "outside"."""
    holder = procedure.holders.get(code)
    if holder is None:
        return code, OUTSIDE, None
    seat = procedure.seats.get(holder.of)
    if seat is None:
        return holder.post, "platform" if holder.of == "platform" else "area", None
    kind = "level" if seat.kind in SEATED_BY_ITSELF else seat.kind
    return holder.post, kind, seats.get(seat.code)


def first_levels(
    procedure: Procedure, state: RunState, areas: Mapping[str, int], barred: Collection[int] = ()
) -> RunState:
    """A fresh state whose level seats start at the lowest level where somebody dispatches for this place."""
    levels = tuple(
        (
            name,
            desks.lowest_level(areas, procedure.seats[name].levels, barred=barred)
            if name in procedure.seats
            else level,
        )
        for name, level in state.levels
    )
    return RunState.from_json({**state.to_json(), "levels": dict(levels)})


# -- tasks ----------------------------------------------------------------------------------------------------------


def move_lead(rows: Rows, tasks: list[Json], unit_id: int, *, ended: bool) -> None:
    """Exactly one open lead task while the matter is open, with its accountable unit; none after its end."""
    lead = next((task for task in tasks if task["lead"] and task["state"] == "open"), None)
    if lead is not None and (ended or lead["unit_id"] != unit_id):
        lead["state"], lead["answer"] = ("answered", "ended") if ended else ("answered", "passed_on")
        rows.tasks_changed.append({"no": lead["no"], "state": "answered", "answer": lead["answer"]})
        lead = None
    if lead is None and not ended:
        _open_task(rows, tasks, group="lead", lead=True, unit_id=unit_id)


def _open_task(rows: Rows, tasks: list[Json], **values: Any) -> Json:
    task = {
        "no": len(tasks) + 1,
        "unit_id": None,
        "child_id": None,
        "lead": False,
        "state": "open",
        "answer": "",
        "stars": None,
    } | values
    tasks.append(task)
    rows.tasks_new.append(task)
    return task


def open_group(
    procedure: Procedure, group: str, data: Mapping[str, Any], rows: Rows, tasks: list[Json], clocks: Clocks
) -> list[Json]:
    """Open the tasks of a group: one for each member, or one for a sub-matter (whose id is allotted here)."""
    declared = procedure.tasks[group]
    opened = []
    if declared.matter:
        opened.append(_open_task(rows, tasks, group=group, child_id=ids.uuid7()))
    else:
        members = data.get(declared.among or "", [])
        for member in members if isinstance(members, list) else range(int(members)):
            unit = (
                member
                if declared.among in {"co_units"} or procedure.needs[declared.among or ""].kind == "units"
                else None
            )
            opened.append(_open_task(rows, tasks, group=group, unit_id=unit))
    if declared.clock:
        for task in opened:
            clocks.start(declared.clock, clocks.now, task["no"], task["unit_id"])
    if declared.arrives:  # a call is told at once; other parts stand at the unit's desk
        due = {row["task_no"]: row["due_at"] for row in rows.clocks_new if row["task_no"] is not None}
        for task in opened:
            rows.tell("called", unit=task["unit_id"], due=due.get(task["no"]))
    return opened


def close_tasks(
    rows: Rows, tasks: list[Json], clocks: Clocks, closing: Sequence[Json], state: str, answer: str
) -> None:
    """Answer or cancel open tasks and stop their clocks."""
    for task in closing:
        task["state"], task["answer"] = state, answer
        rows.tasks_changed.append({"no": task["no"], "state": state, "answer": answer})
        clocks.stop_part(task["no"], judged=state == "answered")
