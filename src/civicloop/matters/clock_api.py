"""The clocks of a matter over HTTP: each with its reckoning, so that a program can check the arithmetic."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.utils import translation
from ninja import Schema
from pydantic import Field

from civicloop.calendars import words as calendar_words
from civicloop.calendars.rules import Limit, LimitRefused, Why
from civicloop.foundation import clock
from civicloop.foundation.names import shown
from civicloop.matters import reckoning, selectors
from civicloop.matters.reading import Reading
from civicloop.matters.reckoning import ClockView, Piece
from civicloop.matters.words import HOLDER_WORDS
from civicloop.procedures.rules.ladders import COLOURS

MINUTE = timedelta(minutes=1)
LANGUAGES = ("zh-hans", "en")


class IntervalOut(Schema):
    """A stretch of a clock's time: counted or not, why (in the caller's language, and in each), who held it."""

    start: datetime
    end: datetime
    counted: bool
    why: str
    code: str
    why_names: dict[str, str]
    who: str = Field(description="unit, checker, desk, reporter, superior; empty for what lies ahead")
    who_words: str
    unit: str | None
    over: bool = Field(description="behind the due moment")


class HeldOut(Schema):
    who: str
    words: str
    unit: str | None
    counted_minutes: int
    minutes: int


class MarkOut(Schema):
    """A mark of the ladder with its moment."""

    code: str
    words: str
    at: datetime
    colour: str
    passed: bool


class OriginOut(Schema):
    """Where the number of a clock came from: procedure, condition, kind, day, lead, city or district (its `area`)."""

    kind: str
    words: str
    area: str
    since: datetime | None


class ClockOut(Schema):
    """A clock with its reckoning. `late` is the raw fact; `exempt` and `first_limit` say how statistics judge it."""

    name: str
    words: str
    limit: str
    limit_words: str
    limit_from: OriginOut | None
    calendar: str
    calendar_version: int
    extensions: int
    first_limit: str
    exempt: bool
    part: int | None = Field(description="the number of the co-unit's part that it is of")
    state: str
    started_at: datetime
    due_at: datetime | None
    provisional: bool
    stopped_at: datetime | None
    late: bool | None
    intervals: list[IntervalOut]
    held: list[HeldOut]
    marks: list[MarkOut]


def clocks_out(seen: Reading) -> list[ClockOut]:
    """Every clock of a matter with its reckoning, in the reader's language."""
    views = reckoning.clocks(seen)
    codes = selectors.unit_codes({each.unit_id for view in views for each in view.stretches})
    return [_clock(view, codes) for view in views]


def _clock(view: ClockView, codes: Mapping[int, str]) -> ClockOut:
    language, now = translation.get_language() or "zh-hans", clock.now()
    return ClockOut(
        name=view.name, words=shown(view.names, language), limit=view.limit, limit_words=limit_words(view.limit),
        limit_from=_origin(view),
        calendar=view.calendar, calendar_version=view.calendar_version, extensions=view.extensions,
        first_limit=view.first_limit, exempt=view.exempt, part=view.task_no, state=view.state,
        started_at=view.started_at, due_at=view.due_at, provisional=view.provisional, stopped_at=view.stopped_at,
        late=view.late, intervals=[_interval(each, codes) for each in view.pieces],
        held=[
            HeldOut(
                who=each.who, words=str(HOLDER_WORDS[each.who]), unit=codes.get(each.unit_id or 0),
                counted_minutes=int(each.counted / MINUTE), minutes=int(each.passed / MINUTE),
            )
            for each in view.held
        ],
        marks=[
            MarkOut(code=mark.code, words=shown(mark.names, language), at=at, colour=COLOURS[mark.colour],
                    passed=at <= now)
            for mark, at in view.marks
        ],
    )  # fmt: skip


def _origin(view: ClockView) -> OriginOut | None:
    came = view.origin
    if came is None:
        return None
    return OriginOut(kind=came.kind, words=came.words, area=came.area, since=came.since)


def _interval(piece: Piece, codes: Mapping[int, str]) -> IntervalOut:
    return IntervalOut(
        start=piece.start, end=piece.end, counted=piece.counted, why=calendar_words.why_words(piece.why),
        code=piece.why.code, why_names={each: _why_in(each, piece.why) for each in LANGUAGES}, who=piece.who,
        who_words=str(HOLDER_WORDS[piece.who]) if piece.who else "", unit=codes.get(piece.unit_id or 0),
        over=piece.over,
    )  # fmt: skip


def _why_in(language: str, why: Why) -> str:
    with translation.override(language):
        return calendar_words.why_words(why)


def limit_words(text: str) -> str:
    """A limit in words; nothing for what is no limit of its own (a day, another clock's rest)."""
    try:
        return calendar_words.limit_words(Limit.parse(text))
    except LimitRefused:
        return ""
