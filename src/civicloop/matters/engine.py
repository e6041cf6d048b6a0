"""What an act's effects mean for the rows of a matter: clocks, tasks, desk, facts. Computes, writes nothing."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from civicloop.calendars import selectors as calendars
from civicloop.calendars.rules import clocks as arithmetic
from civicloop.calendars.rules.limits import Limit, LimitUnit
from civicloop.catalogue import selectors as catalogue
from civicloop.catalogue.rules.answering import Case
from civicloop.foundation import ids
from civicloop.foundation.names import shown
from civicloop.matters import marking, needs, owners, working
from civicloop.matters.errors import invalid
from civicloop.people import desks
from civicloop.people.models import Holding
from civicloop.procedures.rules.conditions import Given
from civicloop.procedures.rules.language import Holder, Procedure, Step
from civicloop.procedures.rules.run import ClockEffect, Effects, RunState

Json = dict[str, Any]
FALLBACK_LIMIT = "5 work_day"
OUTSIDE = "outside"


@dataclass
class Rows:
    """The rows that an act writes beside the matter's own, as plain objects for the statement."""

    tasks_new: list[Json] = field(default_factory=list)
    tasks_changed: list[Json] = field(default_factory=list)
    clocks_new: list[Json] = field(default_factory=list)
    clocks_changed: dict[int, Json] = field(default_factory=dict)
    requests_new: list[Json] = field(default_factory=list)
    requests_changed: list[Json] = field(default_factory=list)
    facts: list[Json] = field(default_factory=list)
    outbox: list[Json] = field(default_factory=list)

    def fact(self, name: str, unit_id: int, delta: int = 1, detail: str = "") -> None:
        """Count something; `no` is the order within the entry."""
        self.facts.append({"no": len(self.facts), "name": name, "delta": delta, "unit_id": unit_id, "detail": detail})

    def tell(self, topic: str, **body: Any) -> None:
        """Leave a message for the consumers above."""
        self.outbox.append({"no": len(self.outbox), "topic": topic, "body": body})

    def parameters(self) -> dict[str, str]:
        """The JSON parameters of the statements."""
        lists = {name: getattr(self, name) for name in ("tasks_new", "tasks_changed", "clocks_new", "requests_new",
                                                         "requests_changed", "facts", "outbox")}  # fmt: skip
        lists["clocks_changed"] = list(self.clocks_changed.values())
        return {name: json.dumps(rows, default=_plain, ensure_ascii=False) for name, rows in lists.items()}


def _plain(value: object) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(type(value).__name__)


def plain_rows(value: Any) -> list[Json]:
    """Rows that a statement brought as JSON text."""
    found: list[Json] = json.loads(value) if value else []
    return found


# -- clocks ---------------------------------------------------------------------------------------------------------


@dataclass
class Clocks:
    """The matter's clocks while an act changes them. `rows` are those that were read, latest last."""

    procedure: Procedure
    rows: list[Json]
    now: datetime
    data: Mapping[str, Any]
    facts: Mapping[str, Any]
    given: Given
    kind_id: int | None
    condition_id: int | None
    out: Rows
    areas: Mapping[str, int] = field(default_factory=dict)
    unit_of: Callable[[], int | None] = lambda: None  # whose clock begins: its calendar counts

    def current(self, name: str) -> Json | None:
        """The latest row of a matter clock, with the changes of this act."""
        for row in reversed(self.rows):
            if row["name"] == name and row["task_no"] is None:
                return row
        return None

    def perform(self, effect: ClockEffect) -> None:
        """Do one clock effect."""
        if effect.kind == "start":
            begun = self._moment(effect.need) if effect.need else self.now
            self.start(effect.clock, begun)
            return
        row = self.current(effect.clock)
        if row is None:
            return
        getattr(self, f"_{effect.kind}")(row, effect)
        if row["no"] in {each["no"] for each in self.out.clocks_new}:
            return  # begun by this very act: the new row carries the change
        self.out.clocks_changed[row["no"]] = row

    def start(self, name: str, begun: datetime, task_no: int | None = None, unit_id: int | None = None) -> Json:
        """Open a clock, of a part of the unit `unit_id`; returns its row."""
        text, until = self._limit(name)
        calendar = working.calendar_for(unit_id or self.unit_of, self.areas, begun)
        due, provisional = None, False
        if until is not None:
            text, due = f"until {until}", self._end_of(until)
        elif text == "@lead_remaining":
            lead = self.current("handle")
            text, due = "@lead_remaining", _at(lead["due_at"]) if lead else None
        else:
            found = arithmetic.due(calendar, begun, Limit.parse(text))
            due, provisional = found.moment, found.provisional
        row = {
            "no": len(self.rows) + 1, "name": name, "task_no": task_no, "calendar": calendar.code,
            "calendar_version": calendar.version, "limit": text, "started_at": begun, "due_at": due,
            "provisional": provisional, "state": "running", "stopped_at": None, "pauses": [], "extensions": 0,
            "exempt": False, "mark": "", "mark_at": None,
        }  # fmt: skip
        marking.begin(self.procedure, row)
        self.rows.append(row)
        self.out.clocks_new.append(row)
        return row

    def _limit(self, name: str) -> tuple[str, str | None]:
        """(limit text, None) or ("", ISO date) of the first alternative whose condition holds."""
        for alternative in self.procedure.clocks[name].limits:
            if alternative.when is not None and not alternative.when.holds(self.facts, self.given):
                continue
            if alternative.until is not None:
                return "", str(self.data.get(alternative.until) or self.now.date().isoformat())
            return self._looked_up(alternative.limit or FALLBACK_LIMIT), None
        return FALLBACK_LIMIT, None

    def _looked_up(self, text: str) -> str:
        if text == "@filing_condition" and self.condition_id is not None:
            return str(catalogue.condition(self.condition_id).limit)
        if text in {"@filing_condition", "@kind"}:
            # an oral order comes before the filing: the kind's first condition decides until it is filed
            conditions = catalogue.conditions(self.kind_id) if self.kind_id is not None else []
            return str(conditions[0].limit) if conditions else FALLBACK_LIMIT
        return text

    def _moment(self, need: str) -> datetime:
        return datetime.fromisoformat(self.data[need])

    def _end_of(self, day: str) -> datetime:
        zone = working.calendar_for(None, self.areas, self.now).tz
        midnight = datetime.combine(date.fromisoformat(day) + timedelta(days=1), time(0), tzinfo=zone)
        return midnight.astimezone(self.now.tzinfo)

    def _stop(self, row: Json, _effect: ClockEffect) -> None:
        if row["state"] == "paused":
            self._resume(row, _effect)
        row["state"], row["stopped_at"] = "stopped", self.now

    def _revive(self, row: Json, _effect: ClockEffect) -> None:
        # the stop is struck out: the same clock goes on; the checker's minutes are not the unit's (a pause)
        if row["stopped_at"] is not None:
            row["pauses"].append([_iso(row["stopped_at"]), _iso(self.now), "check"])
        row["state"], row["stopped_at"] = "running", None
        self._recompute(row)
        marking.go_on(self.procedure, row, self.now)

    def _pause(self, row: Json, _effect: ClockEffect) -> None:
        row["state"] = "paused"
        row["pauses"].append([_iso(self.now), None, "hold"])

    def _resume(self, row: Json, _effect: ClockEffect) -> None:
        if row["state"] != "paused":
            return
        row["state"] = "running"
        row["pauses"][-1][1] = _iso(self.now)
        self._recompute(row)
        marking.go_on(self.procedure, row, self.now)

    def _extend(self, row: Json, effect: ClockEffect) -> None:
        if effect.need:
            row["due_at"] = self._end_of(str(self.data[effect.need]))
            row["limit"] = f"until {self.data[effect.need]}"
        else:
            row["extensions"] += 1
            self._recompute(row)
        marking.go_on(self.procedure, row, self.now)

    def _exempt(self, row: Json, _effect: ClockEffect) -> None:
        row["exempt"] = True

    def recount(self, row: Json) -> bool:
        """Count a provisional clock again by the calendar's version in force; False when there is nothing to do.

        What a 工作日 holds stays as it was when the clock began: where the new version has other hours, the limit is
        written in working hours.
        """
        if row["state"] == "stopped" or not row["provisional"] or row["limit"].startswith(("until", "@")):
            return False
        old = calendars.calendar_version(row["calendar"], row["calendar_version"])
        new = calendars.working_calendar(row["calendar"], self.now)
        if new.version <= old.version:
            return False
        limit = Limit.parse(row["limit"])
        if limit.unit is LimitUnit.WORK_DAY and new.day_minutes != old.day_minutes:
            row["limit"] = str(Limit(limit.number * old.day_minutes / 60, LimitUnit.WORK_HOUR))
        row["calendar_version"] = new.version
        if row["state"] == "running":  # a clock that stands still is counted when it goes on
            self._recompute(row)
            marking.go_on(self.procedure, row, self.now)
        self.out.clocks_changed[row["no"]] = row
        return True

    def _recompute(self, row: Json) -> None:
        if row["limit"].startswith(("until", "@")):
            return
        calendar = calendars.calendar_version(row["calendar"], row["calendar_version"])
        found = arithmetic.due(
            calendar, _at(row["started_at"]), Limit.parse(row["limit"]), marking.pauses_of(row), row["extensions"]
        )
        row["due_at"], row["provisional"] = found.moment, found.provisional


def _at(value: Any) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


def iso(value: Any) -> str | None:
    """A moment of a clock row as text; None stays None."""
    return None if value is None else _iso(value)


def _iso(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def overdue(rows: Sequence[Mapping[str, Any]], now: datetime) -> frozenset[str]:
    """The names of running clocks whose due moment has passed."""
    return frozenset(
        row["name"]
        for row in rows
        if row["task_no"] is None and row["state"] == "running" and row["due_at"] and _at(row["due_at"]) < now
    )


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
        if seat is not None and seat.kind == "level":
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
    return holder.post, seat.kind, seats.get(seat.code)


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
    return opened


def close_tasks(
    rows: Rows, tasks: list[Json], clocks: Clocks, closing: Sequence[Json], state: str, answer: str
) -> None:
    """Answer or cancel open tasks and stop their clocks."""
    for task in closing:
        task["state"], task["answer"] = state, answer
        rows.tasks_changed.append({"no": task["no"], "state": state, "answer": answer})
        for row in clocks.rows:
            if row["task_no"] == task["no"] and row["state"] != "stopped":
                row["state"], row["stopped_at"] = "stopped", clocks.now
                rows.clocks_changed[row["no"]] = row
