"""What an act's effects mean for the clocks of a matter. Computes, writes nothing.

A clock's row says all that its reckoning needs: calendar and version, limit, pauses, extensions. Its due moment is
stored, and counted anew by every change. A co-unit's clock follows that of the lead, whose rest it has.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from civicloop.calendars import selectors as calendars
from civicloop.calendars.rules import clocks as arithmetic
from civicloop.calendars.rules.limits import Limit, LimitUnit
from civicloop.catalogue import selectors as catalogue
from civicloop.matters import limits, marking, working
from civicloop.matters.rows import Json, Rows
from civicloop.procedures.rules.conditions import Given
from civicloop.procedures.rules.language import Procedure
from civicloop.procedures.rules.run import ClockEffect

FALLBACK_LIMIT = "5 work_day"
LEAD = "handle"  # the clock of the lead unit
LEAD_REMAINING = "@lead_remaining"
LATE, ON_TIME = "late", "on_time"


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
    unit_before: int | None = None  # who was accountable until this act
    filed: bool = False  # whether a filing condition had decided the limit before this act
    hold: str = ""  # the pause that this act begins
    asked_at: datetime | None = None  # of an act that was approved: when it was asked for
    elsewhere: Mapping[str, datetime] = field(default_factory=dict)  # when the same clock stopped in the lead's case

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
        self._changed(row)
        self._follow_lead()

    def _changed(self, row: Json) -> None:
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
        elif text == LEAD_REMAINING:
            lead = self.current(LEAD)
            due = _at(lead["due_at"]) if lead and lead["due_at"] else None
        else:
            found = arithmetic.due(calendar, begun, Limit.parse(text))
            due, provisional = found.moment, found.provisional
            lead = self.current(LEAD) if task_no is not None else None
            if lead is not None and lead["state"] == "running" and lead["due_at"] and _at(lead["due_at"]) < due:
                text, due, provisional = LEAD_REMAINING, _at(lead["due_at"]), False  # a part lies inside the lead's
        row = {
            "no": len(self.rows) + 1, "name": name, "task_no": task_no, "calendar": calendar.code,
            "calendar_version": calendar.version, "limit": text, "started_at": begun, "due_at": due,
            "provisional": provisional, "state": "running", "stopped_at": None, "pauses": [], "extensions": 0,
            "exempt": False, "mark": "", "mark_at": None, "first_limit": "", "unit_id": unit_id,
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
                return "", str(self.data.get(alternative.until) or working.today(self.now).isoformat())
            text = alternative.limit or FALLBACK_LIMIT
            if limits.declared(self.procedure, name) is not None and alternative.when is None:
                return limits.own(self.procedure, name, text, self.areas), None
            return self._looked_up(text), None
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
        if row["state"] == "stopped":
            return
        if row["state"] == "paused":
            self._resume(row, _effect)
        row["state"], row["stopped_at"], row["unit_id"] = "stopped", self._moment_of_stop(row), self.unit_before
        self._judge(row)

    def _moment_of_stop(self, row: Json) -> datetime:
        """Now; for the clock of a step that an approved act leaves, when that was asked: waiting is not the unit's."""
        declared = self.procedure.clocks.get(row["name"])
        if row["name"] in self.elsewhere:
            return max(self.elsewhere[row["name"]], _at(row["started_at"]))
        if self.asked_at is not None and declared is not None and declared.per == "step":
            return max(self.asked_at, _at(row["started_at"]))
        return self.now

    def stop_part(self, task_no: int, *, judged: bool) -> None:
        """Stop the clocks of a part; one that was answered is judged, one that was taken back is not."""
        for row in self.rows:
            if row["task_no"] == task_no and row["state"] != "stopped":
                row["state"], row["stopped_at"] = "stopped", self.now
                if judged:
                    self._judge(row)
                self._changed(row)

    def _judge(self, row: Json, delta: int = 1) -> None:
        """Count how a clock came out that stands stopped: for the unit that had it then."""
        found = outcome(row)
        if found and row["unit_id"] is not None:
            self.out.fact("clock", row["unit_id"], delta, f"{row['name']}:{found}")

    def _revive(self, row: Json, _effect: ClockEffect) -> None:
        # the stop is struck out, and so is what was counted of it; the same clock goes on. The checker's minutes are
        # a pause on it, unless the city lets them count
        self._judge(row, -1)
        counts = working.checking_counts(row["unit_id"], self.areas)
        if row["stopped_at"] is not None and not counts:
            row["pauses"].append([_iso(row["stopped_at"]), _iso(self.now), "check"])
        row["state"], row["stopped_at"] = "running", None
        self._recompute(row)
        marking.go_on(self.procedure, row, self.now)

    def strike_out(self, row: Json) -> None:
        """Undo a stop that should not have been: the same due moment, and nothing counted of the stop."""
        self._judge(row, -1)
        row["state"], row["stopped_at"] = "running", None
        marking.go_on(self.procedure, row, self.now)
        self._changed(row)

    def wake(self) -> None:
        """Set the marks of all clocks that run; those that are behind and have not fired fire now."""
        for row in self.rows:
            if row["state"] == "running" and row["due_at"] is not None:
                marking.go_on(self.procedure, row, self.now)
                self._changed(row)

    def sleep(self) -> None:
        """Let no mark fire of the clocks that run; they run on."""
        for row in self.rows:
            if row["state"] == "running" and row["mark_at"] is not None:
                self._changed(row)
                row["mark_at"] = None

    def _pause(self, row: Json, _effect: ClockEffect) -> None:
        row["state"] = "paused"
        row["pauses"].append([_iso(self.now), None, f"hold:{self.hold}"])

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

    def _relimit(self, row: Json, _effect: ClockEffect) -> None:
        """Take the limit that holds now, from the same beginning; statistics keep the first that was filed."""
        text, until = self._limit(row["name"])
        if until is not None or text.startswith("@") or text == row["limit"]:
            return
        if self.filed and not row["first_limit"]:
            row["first_limit"] = row["limit"]
        row["limit"] = text
        if row["state"] == "running":
            self._recompute(row)
            marking.go_on(self.procedure, row, self.now)

    def _exempt(self, row: Json, _effect: ClockEffect) -> None:
        # the row keeps how it came out: only what statistics count is left out (counting.cells)
        row["exempt"] = True

    def _follow_lead(self) -> None:
        """Parts that have the lead's rest stand still with it, go on with it, and get the time that it gets."""
        lead = self.current(LEAD)
        if lead is None or lead["state"] == "stopped":
            return
        for row in self.rows:
            if row["task_no"] is None or row["limit"] != LEAD_REMAINING or row["state"] == "stopped":
                continue
            due = _at(lead["due_at"]) if lead["due_at"] else None
            if row["state"] == lead["state"] and (row["state"] == "paused" or _same(row["due_at"], due)):
                continue
            if lead["state"] == "paused":
                row["state"] = "paused"
                row["pauses"].append([_iso(self.now), None, lead["pauses"][-1][2]])
            else:
                if row["state"] == "paused":
                    row["state"], row["pauses"][-1][1] = "running", _iso(self.now)
                row["due_at"] = due
                marking.go_on(self.procedure, row, self.now)
            self._changed(row)

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
        for key in ("limit", "first_limit"):
            limit = Limit.parse(row[key]) if row[key] else None
            if limit and limit.unit is LimitUnit.WORK_DAY and new.day_minutes != old.day_minutes:
                row[key] = str(Limit(limit.number * old.day_minutes / 60, LimitUnit.WORK_HOUR))
        row["calendar_version"] = new.version
        if row["state"] == "running":  # a clock that stands still is counted when it goes on
            self._recompute(row)
            marking.go_on(self.procedure, row, self.now)
        self.out.clocks_changed[row["no"]] = row
        self._follow_lead()
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


def judged_due(row: Mapping[str, Any]) -> datetime | None:
    """The due moment by which statistics judge a clock: that of its first limit, where the kind was changed since."""
    if not row.get("first_limit") or row["state"] == "paused":
        return _at(row["due_at"]) if row["due_at"] else None
    calendar = calendars.calendar_version(row["calendar"], row["calendar_version"])
    first = Limit.parse(row["first_limit"])
    return arithmetic.due(calendar, _at(row["started_at"]), first, marking.pauses_of(row), row["extensions"]).moment


def outcome(row: Mapping[str, Any]) -> str:
    """How a clock that has stopped came out, as statistics count it; "" for one that runs or has no due moment."""
    due = judged_due(row) if row["state"] == "stopped" else None
    if due is None:
        return ""
    return LATE if _at(row["stopped_at"]) > due else ON_TIME


def _same(left: Any, right: datetime | None) -> bool:
    return (None if left is None else _at(left)) == right
