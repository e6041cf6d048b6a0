"""The clocks of a matter as a picture and in words: what is counted and why, who held the minutes, the marks."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from civicloop.calendars import words as calendar_words
from civicloop.calendars.rules.limits import Limit, LimitRefused
from civicloop.foundation import clock
from civicloop.foundation.names import shown
from civicloop.matters import reckoning, selectors
from civicloop.matters.reading import Reading
from civicloop.matters.reckoning import ClockView
from civicloop.matters.words import HOLDER_WORDS
from civicloop.procedures.rules.ladders import COLOURS
from civicloop.site.acting import language
from civicloop.ui.words import hours_words, span_words


def clocks(seen: Reading) -> list[dict[str, Any]]:
    """Every clock with its reckoning: each interval, counted or not and why, who held it, and its place on a strip."""
    views = reckoning.clocks(seen)
    units = selectors.unit_names({each.unit_id for view in views for each in view.stretches})
    return [_clock(view, units) for view in views]


def _clock(view: ClockView, units: Mapping[int, Mapping[str, str]]) -> dict[str, Any]:
    now = clock.now()
    strip = _Strip(view, now)
    rows = [
        {"start": each.start, "end": each.end, "counted": each.counted, "why": calendar_words.why_words(each.why),
         "over": each.over, "kind": each.who, "who": _who(each.who, each.unit_id, units)}
        | strip.span(each.start, each.end)
        for each in view.pieces
    ]  # fmt: skip
    marks = [
        {"x": strip.x(at), "at": at, "colour": COLOURS[mark.colour], "words": shown(mark.names, language()),
         "passed": at <= now}
        for mark, at in view.marks if at <= strip.end
    ]  # fmt: skip
    held = [
        {"who": _who(each.who, each.unit_id, units), "kind": each.who, "counted": hours_words(each.counted),
         "passed": span_words(each.passed)}
        for each in view.held
    ]  # fmt: skip
    return {
        "names": view.names, "limit": limit_words(view.limit), "state": view.state, "started": view.started_at,
        "due": view.due_at, "stopped": view.stopped_at, "late": view.late, "provisional": view.provisional,
        "rows": rows, "marks": marks, "held": held, "extensions": view.extensions, "exempt": view.exempt,
        "limit_from": view.origin.words if view.origin else "",
        "first_limit": limit_words(view.first_limit), "part": view.task_no is not None,
        "due_x": strip.x(view.due_at) if view.due_at else None,
        "now_x": strip.x(now) if view.stopped_at is None else None,
    }  # fmt: skip


def _who(who: str, unit_id: int | None, units: Mapping[int, Mapping[str, str]]) -> str:
    """Who held a stretch: the unit by its name, everybody else by what they do; nothing for what lies ahead."""
    return shown(units.get(unit_id or 0, {}), language()) or (str(HOLDER_WORDS[who]) if who else "")


class _Strip:
    """The time from the beginning to the due moment, or to now or the stop where that is later, as 0 to 100."""

    def __init__(self, view: ClockView, now: datetime) -> None:
        self.start = view.started_at
        ends = [view.due_at, view.stopped_at or now]
        self.end = max(each for each in ends if each is not None)
        self.whole = max((self.end - self.start).total_seconds(), 1.0)

    def x(self, moment: datetime) -> float:
        share = (moment - self.start) / timedelta(seconds=self.whole)
        return round(min(max(share, 0.0), 1.0) * 100, 2)

    def span(self, start: datetime, end: datetime) -> dict[str, float]:
        return {"x": self.x(start), "share": round(self.x(end) - self.x(start), 2)}


def limit_words(text: str) -> str:
    """A limit in words; what is no limit of its own (a date, another clock's rest) as it is."""
    try:
        return calendar_words.limit_words(Limit.parse(text))
    except LimitRefused:
        return ""
