"""How the clocks of a matter are reckoned: every interval, counted or not and why, who held it; marks and due moment.

What is told is recounted from the clock's row and the timeline each time: nothing of it is stored.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from civicloop.calendars import selectors as calendars
from civicloop.calendars.rules import Interval, Why
from civicloop.calendars.rules import explain as calendar_explain
from civicloop.calendars.rules.limits import Limit
from civicloop.calendars.rules.pauses import Pause
from civicloop.foundation import clock
from civicloop.matters import clockwork, holders, marking, selectors
from civicloop.matters.holders import Held, Moment, Stretch
from civicloop.matters.limits import Origin, origin
from civicloop.matters.models import Entry
from civicloop.matters.reading import Reading
from civicloop.procedures.rules.ladders import Mark
from civicloop.procedures.rules.language import Names

# what a pause is called that no procedure names
CHECK_NAMES: Names = {"zh-hans": "核查", "en": "check"}
HOLD = "hold:"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a clock's time in one hand and for one reason; `who` is empty for what lies ahead."""

    start: datetime
    end: datetime
    counted: bool
    why: Why
    who: str = ""
    unit_id: int | None = None
    over: bool = False  # it lies behind the due moment


@dataclass(frozen=True)
class ClockView:
    """A clock with its reckoning. `late` is the raw fact; `exempt` and `first_limit` are what statistics go by."""

    name: str
    names: Mapping[str, str]
    limit: str
    state: str
    started_at: datetime
    due_at: datetime | None
    provisional: bool
    stopped_at: datetime | None
    late: bool | None
    calendar: str
    calendar_version: int
    extensions: int
    exempt: bool
    first_limit: str
    task_no: int | None
    origin: Origin | None = None  # where its number came from
    # up to the due moment, or to now or the stop where that is later; while it stands still up to now
    pieces: list[Piece] = field(default_factory=list)
    stretches: list[Stretch] = field(default_factory=list)  # who held the minutes, up to now or to the stop
    marks: list[tuple[Mark, datetime]] = field(default_factory=list)  # the ladder's, with their moments

    @property
    def held(self) -> list[Held]:
        """Who held how much of it."""
        return holders.held(self.stretches)


def clocks(seen: Reading, *, explain: bool = True) -> list[ClockView]:
    """The matter's clocks in the order of their start, those of parts included."""
    moments = _moments(seen) if explain else []
    return [_view(seen, row, moments, clock.now(), explain=explain) for row in seen.clocks]


def _view(
    seen: Reading, row: Mapping[str, Any], moments: Sequence[Moment], now: datetime, *, explain: bool
) -> ClockView:
    started, due, stopped = (
        datetime.fromisoformat(row[key]) if row[key] else None for key in ("started_at", "due_at", "stopped_at")
    )
    assert started is not None
    view = ClockView(
        row["name"], seen.procedure.clocks[row["name"]].names, row["limit"], row["state"], started,
        None if row["state"] == "paused" else due, row["provisional"], stopped,
        None if due is None or row["state"] == "paused" else (stopped or now) > due, row["calendar"],
        row["calendar_version"], row["extensions"], row["exempt"], row["first_limit"], row["task_no"],
    )  # fmt: skip
    if not explain:
        return view
    until = max(stopped or now, started)
    end = until if view.due_at is None else max(view.due_at, until)
    intervals = _intervals(seen, row, started, end)
    whole = holders.spans(seen.procedure, moments, _unit_of_part(seen, row))
    found = holders.stretches(whole, _cut(intervals, until)) if until > started else []
    pieces = _pieces(intervals, found, until, view.due_at)
    came = origin(seen.procedure, row, seen.row["kind_id"], seen.row["condition_id"])
    return replace(view, origin=came, pieces=pieces, stretches=found, marks=marking.moments(seen.procedure, row))


def _unit_of_part(seen: Reading, row: Mapping[str, Any]) -> int | None:
    """Whose part a clock is; None for a clock of the matter."""
    return next((t["unit_id"] for t in seen.tasks if t["no"] == row["task_no"]), None) if row["task_no"] else None


def _intervals(seen: Reading, row: Mapping[str, Any], started: datetime, end: datetime) -> list[Interval]:
    """The clock's time counted or not, with the pauses called by their names."""
    if end <= started:
        return []
    pauses = [replace(each, end=each.end or end) for each in marking.pauses_of(row) if each.start < end]
    calendar = calendars.calendar_version(row["calendar"], row["calendar_version"])
    measure = _measure(seen, row)
    if measure is None:
        found = _until_a_day(started, end, pauses)
    else:
        found = calendar_explain.explain(calendar, started, measure, pauses, row["extensions"], end)
    return [_named(seen, each) for each in found]


def _measure(seen: Reading, row: Mapping[str, Any]) -> Limit | None:
    """The limit by which time is counted: a part has the lead's; None for a clock that ends with a chosen day."""
    text = row["limit"]
    if text == clockwork.LEAD_REMAINING:
        text = next((each["limit"] for each in seen.clocks if each["name"] == clockwork.LEAD), "until")
    return None if text.startswith(("until", "@")) else Limit.parse(text)


def _until_a_day(started: datetime, end: datetime, pauses: Sequence[Pause]) -> list[Interval]:
    """All time up to the chosen day runs, but for the pauses."""
    return calendar_explain.with_pauses([Interval(started, end, True, Why("until_day"))], list(pauses))


def _named(seen: Reading, interval: Interval) -> Interval:
    """A pause with the name of what it waits for instead of its code."""
    reason = str(interval.why.params.get("reason", ""))
    if interval.why.code != "paused":
        return interval
    hold = seen.procedure.holds.get(reason.removeprefix(HOLD))
    names = hold.names if hold is not None else (CHECK_NAMES if reason == "check" else None)
    return replace(interval, why=Why("paused", {"names": names} if names else {}))


def _cut(intervals: Sequence[Interval], until: datetime) -> list[Interval]:
    """What has passed by a moment."""
    return [replace(each, end=min(each.end, until)) for each in intervals if each.start < until]


def _pieces(
    intervals: Sequence[Interval], held: Sequence[Stretch], until: datetime, due: datetime | None
) -> list[Piece]:
    """The intervals cut where the matter changed hands, at now or the stop, and at the due moment."""
    edges = sorted({each.start for each in held} | {until} | ({due} if due is not None else set()))
    found: list[Piece] = []
    for interval in intervals:
        inside = [edge for edge in edges if interval.start < edge < interval.end]
        for start, end in zip([interval.start, *inside], [*inside, interval.end], strict=True):
            hand = next((each for each in held if each.start <= start < each.end), None)
            over = due is not None and start >= due
            if over and (end - start).total_seconds() < 1:
                continue  # a day of the law is shown whole, its due moment is its last microsecond
            found.append(
                Piece(start, end, interval.counted, interval.why, hand.who if hand else "",
                      hand.unit_id if hand else None, over)
            )  # fmt: skip
    return found


def _moments(seen: Reading) -> list[Moment]:
    """What each entry changed, from the hashed bodies."""
    found, unit = [], None
    for at, step, body in Entry.objects.filter(matter_id=seen.id).order_by("seq").values_list("at", "step", "body"):
        data = selectors.plain_values(bytes(body))
        unit = data.get("unit", unit)
        hold = str(data.get("effect:hold_set") or "")
        found.append(Moment(at, step, unit, hold, bool(data.get("effect:hold_lifted"))))
    return found
