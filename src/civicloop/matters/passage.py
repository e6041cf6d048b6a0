"""The way of a matter through units and levels: each hop with its reason, who received it first, who came when called.

Read from the timeline, which keeps after every entry the accountable unit and the level that dispatches. Reads only.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef

from civicloop.matters import arrivals
from civicloop.matters.models import Entry, Matter, Task
from civicloop.matters.reading import Reading
from civicloop.matters.selectors import SHOWN, Line, plain_values, visible
from civicloop.people.access import Actor

BETWEEN = ("filed", "dispatched", "designating")  # steps at which a unit that had it has given it back
RECEIVED = frozenset({"accept", "designate"})  # acts after which a unit has the matter, by its own word or by order


@dataclass(frozen=True)
class Hop:
    """One change of hands: what was done, from which unit to which, and the level reached where it was raised."""

    seq: int
    at: datetime
    action: str
    result: str
    before: int | None
    after: int
    level: str  # the level that dispatches from now on, where this hop raised it
    counted: str  # the bound that it used up a piece of
    superior: str  # the level that is to designate from now on, where this hop led there
    over: tuple[int, ...]  # the units that gave it back until then
    line: Line


@dataclass(frozen=True)
class FirstReceiver:
    """首接负责: the unit that received the matter first answers for it until another one has received it."""

    unit_id: int
    since: datetime
    until: datetime | None


@dataclass(frozen=True)
class Arrival:
    """A unit that was called: when, by when, when its answer came, how far from the place, how it was rated."""

    no: int
    unit_id: int
    called_at: datetime
    due_at: datetime | None
    state: str
    answer: str
    answered_at: datetime | None
    distance_m: int | None
    stars: int | None
    rateable: bool  # by the reader, now


def hops(lines: Sequence[Line]) -> list[Hop]:
    """Every change of hands in order; the report is the first."""
    return list(_hops(lines))


def _hops(lines: Sequence[Line]) -> Iterator[Hop]:
    unit: int | None = None
    for line in lines:
        after = line.data.get("unit")
        level = str(line.data.get("seat:dispatching_level", ""))
        if isinstance(after, int) and (after != unit or level):
            yield Hop(line.seq, line.at, line.action, line.result, unit, after, level,
                      str(line.data.get("effect:counted", "")), str(line.data.get("seat:superior", "")),
                      _units(line.data.get("seat:superior.units")), line)  # fmt: skip
        unit = after if isinstance(after, int) else unit


def _units(value: Any) -> tuple[int, ...]:
    return tuple(unit for unit in value if isinstance(unit, int)) if isinstance(value, list) else ()


def first_receiver(lines: Sequence[Line]) -> FirstReceiver | None:
    """Who received it first, and until when that duty lasted; None where nobody has received it."""
    return _first((line.data.get("unit"), line.at) for line in lines if line.action in RECEIVED)


def _first(received: Iterable[tuple[Any, datetime]]) -> FirstReceiver | None:
    """The same, of (unit, moment) of each act by which a unit received it, in their order."""
    first: FirstReceiver | None = None
    for unit, at in received:
        if not isinstance(unit, int):
            continue
        if first is None:
            first = FirstReceiver(unit, at, None)
        elif unit != first.unit_id:
            return FirstReceiver(first.unit_id, first.since, at)
    return first


def first_received(actor: Actor, most: int) -> list[Matter]:
    """Open matters that the actor's unit received first and gave back, and that no other unit has received yet."""
    if actor.unit_id is None:
        return []
    gone = Task.objects.filter(matter_id=OuterRef("id"), unit_id=actor.unit_id, lead=True, answer="passed_on")
    rows = Matter.objects.filter(visible(actor), Exists(gone), end="", step__in=BETWEEN).exclude(unit_id=actor.unit_id)
    found = list(rows.select_related(*SHOWN).order_by("due_at", "id")[:most])
    received: dict[UUID, list[tuple[Any, datetime]]] = {}
    entries = Entry.objects.filter(matter_id__in=[row.id for row in found], action__in=RECEIVED)
    for matter_id, body, at in entries.order_by("matter_id", "seq").values_list("matter_id", "body", "at"):
        received.setdefault(matter_id, []).append((plain_values(bytes(body)).get("unit"), at))
    firsts = {matter_id: first for matter_id, each in received.items() if (first := _first(each)) is not None}
    return [row for row in found if row.id in firsts and _still_of(firsts[row.id], actor.unit_id)]


def _still_of(first: FirstReceiver, unit_id: int) -> bool:
    return first.until is None and first.unit_id == unit_id


def called(actor: Actor, seen: Reading, lines: Sequence[Line]) -> list[Arrival]:
    """The units that were called to the place, in the order of the calls."""
    groups = {code for code, declared in seen.procedure.tasks.items() if declared.arrives}
    if not any(task["group"] in groups for task in seen.tasks):
        return []
    due = {row["task_no"]: _moment(row["due_at"]) for row in seen.clocks if row["task_no"] is not None}
    far = {line.data.get("task"): line.data.get("distance_m") for line in lines if line.action == "answer_part"}
    rows = Task.objects.filter(matter_id=seen.id, group__in=groups).order_by("no")
    return [
        Arrival(
            row.no, row.unit_id or 0, row.opened_at, due.get(row.no), row.state, row.answer, row.closed_at,
            far.get(row.no), row.stars, _rateable(actor, seen, row),
        )
        for row in rows
    ]  # fmt: skip


def _moment(value: Any) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def _rateable(actor: Actor, seen: Reading, row: Task) -> bool:
    by = seen.procedure.tasks[row.group].rated_by
    return row.state == "answered" and row.stars is None and bool(by) and arrivals.stands_for(actor, seen, by)
