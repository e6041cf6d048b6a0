"""Figures over HTTP: indicators and definitions, tables, what runs now, the flow, and the matters behind each."""

from dataclasses import asdict
from datetime import date, datetime
from functools import lru_cache
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema
from pydantic import Field

from civicloop.figures import definitions, opening, periods, scoring, selectors, weighing, workload
from civicloop.figures.rules import Indicator, Value
from civicloop.figures.selectors import Cut, Figure, Row
from civicloop.foundation import clock
from civicloop.foundation.names import shown
from civicloop.matters.api import STAFF, actor_of
from civicloop.matters.errors import invalid
from civicloop.people import web
from civicloop.records import days

router = Router(tags=["figures"])
ROOT = "/api/v1/figures"


class IndicatorOut(Schema):
    """An indicator: `of` by `per`, less `without`; terms with a minus are taken away. `anchor`: when it counts."""

    code: str
    name: str
    group: str
    said: str
    of: list[str]
    per: list[str]
    without: list[str]
    anchor: str
    goal: str
    small: int = Field(description="below so many in `per` nothing is compared")


class FigureOut(Schema):
    """`value`: a number, or percent with `of` and `per`; null for a rate of nothing. `matters` lists what it counts.

    `before`, `year_ago`: the period before and the same of a year ago; `change`, `year_change`: in percentage points
    for rates, in percent for numbers, null where the base is zero. `band`: above, similar, below, too_few, or empty.
    """

    indicator: str
    value: float | None
    of: int
    per: int | None
    left_out: int
    left_out_share: float | None
    small: bool
    before: float | None
    change: float | None
    year_ago: float | None
    year_change: float | None
    band: str
    matters: str


class FigureRow(Schema):
    member: str
    code: str
    name: str
    figures: list[FigureOut]


class FigureTable(Schema):
    """`over`: false for a period that goes on; it counts up to the end of today. The whole is the sum of the rows.

    `placed`: areas that were divided or joined since, whose matters were placed on today's boundaries for the periods
    before; `unplaced`: those for which that was not possible, or not for all. `formed`: areas in whose place this one
    stands since; by unit, class, kind or channel the periods before have no base then.
    """

    by: str
    area: str
    period: str
    since: date
    until: date
    over: bool
    as_of: datetime
    placed: list[str]
    unplaced: list[str]
    formed: list[str]
    whole: FigureRow
    rows: list[FigureRow]


class BehindLine(Schema):
    id: UUID
    number: str
    title: str
    stage: str
    end: str
    received_at: datetime


class BehindOut(Schema):
    """The matters that a figure counts, newest first; as many, over all pages, as the figure says."""

    items: list[BehindLine]
    next: str | None


class RunningClock(Schema):
    """Limits of one clock that run: over, due later today, due later."""

    clock: str
    overdue: int
    today: int
    later: int


class RunningRow(Schema):
    member: str
    code: str
    name: str
    clocks: list[RunningClock]


class FlowLine(Schema):
    """A stage in a period: how many came, left, stood there at its end; the mean minutes of those that left."""

    stage: str
    entered: int
    left: int
    open: int
    minutes: int | None


class Asked(Schema):
    """Which figures: by what, of which area (empty: all that the caller may see), in which period."""

    by: str = Field("area", max_length=8, description="area, unit, class, kind, channel")
    area: str = Field("", max_length=20, description="code of an area")
    period: str = Field(
        "", max_length=10, description="2026, 2026-Q1, 2026-03, 2026-W10, 2026-03-02; empty: this month"
    )


class TableAsked(Asked):
    indicator: list[str] = Field([], max_length=40, description="codes; none: all")


class BehindAsked(Asked):
    indicator: str = Field(max_length=40)
    part: str = Field("of", max_length=8, description="of, per, left_out")
    member: str = Field("", max_length=24, description="a member of the table; empty: all of them")
    after: str = Field("", max_length=40)
    limit: int = Field(50, ge=1, le=200)


@router.get("/figures/indicators", response=list[IndicatorOut], auth=STAFF, summary="Indicators and their definitions")
@web.call("figures.view")
def indicators(request: HttpRequest) -> Any:
    selectors.bound_of(actor_of(request))
    found = definitions.in_force(days.day_of(clock.now()))
    return [_indicator(each) for each in found.indicators.values()]


@router.get("/figures/table", response=FigureTable, auth=STAFF, summary="Figures by area, unit, class, kind or channel")
@web.call("figures.view")
def table(request: HttpRequest, asked: Annotated[TableAsked, Query()]) -> Any:
    actor = actor_of(request)
    cut = selectors.cut_for(actor, by=asked.by, area=asked.area, period=asked.period)
    known = definitions.in_force(cut.period.since).indicators
    for code in asked.indicator:
        if code not in known:
            raise invalid("indicator", "unknown_indicator", _("There is no such indicator."))
    found = selectors.table(actor, cut, asked.indicator)
    return {
        "by": cut.by, "area": selectors.code_of(cut), "period": cut.period.code, "since": cut.period.since,
        "until": cut.period.until, "over": cut.period.over(days.day_of(clock.now())), "as_of": clock.now(),
        "placed": list(found.placed), "unplaced": list(found.unplaced),
        "formed": list(found.formed),
        "whole": row(cut, found.whole), "rows": [row(cut, each) for each in found.rows],
    }  # fmt: skip


@router.get("/figures/matters", response=BehindOut, auth=STAFF, summary="The matters behind a figure")
@web.call("figures.view")
def behind(request: HttpRequest, asked: Annotated[BehindAsked, Query()]) -> Any:
    actor = actor_of(request)
    cut = selectors.cut_for(actor, by=asked.by, area=asked.area, period=asked.period)
    indicator = indicator_of(cut, asked.indicator)
    page = opening.behind(
        actor, cut, indicator, asked.part, asked.member, after=asked.after, limit=asked.limit
    )  # fmt: skip
    items = [
        {"id": each.id, "number": each.number, "title": each.title, "stage": each.stage, "end": each.end,
         "received_at": each.received_at} for each in page.rows
    ]  # fmt: skip
    return {"items": items, "next": page.next}


@router.get(
    "/figures/running",
    response=list[RunningRow],
    auth=STAFF,
    summary="Limits that run: overdue at this moment, due later today, later",
)
@web.call("figures.view")
def running(request: HttpRequest, area: Annotated[str, Query(max_length=20)] = "") -> Any:
    return [
        {"member": each.member, "code": each.code, "name": each.name,
         "clocks": [{"clock": name, "overdue": r.overdue, "today": r.today, "later": r.later}
                    for name, r in sorted(each.clocks.items())]}
        for each in selectors.running(actor_of(request), area)
    ]  # fmt: skip


class WorkLine(Schema):
    """A post with its acts in a month; `like`: the median of like posts, null where they are fewer than five."""

    code: str
    role: str
    unit: str
    acts: int
    like: float | None


class WorkOut(Schema):
    """`own`: the caller's post, with its acts by code; `posts`: those below, of one role, in the order of codes."""

    period: str
    until: date | None
    own: WorkLine | None
    actions: dict[str, int]
    role: str
    posts: list[WorkLine]


@router.get("/figures/workload", response=WorkOut, auth=STAFF, summary="Workload of posts, without names and ranks")
@web.call("figures.work")
def work(
    request: HttpRequest,
    period: Annotated[str, Query(max_length=10)] = "",
    role: Annotated[str, Query(max_length=24)] = "",
) -> Any:
    found = workload.workload(actor_of(request), period=period, role=role)
    return {
        "period": found.period.code, "until": found.until, "own": asdict(found.own) if found.own else None,
        "actions": dict(found.actions), "role": found.role, "posts": [asdict(each) for each in found.lines],
    }  # fmt: skip


class ScorePart(Schema):
    """What a rate brings: `points` of its `weight`; null where it has too few matters."""

    indicator: str
    weight: int
    value: float | None
    of: int
    per: int | None
    points: float | None


class ScoreRow(Schema):
    """`total` is null where a part says too little, or the member is not on the sealed roster."""

    member: str
    code: str
    name: str
    total: float | None
    grade: str
    parts: list[ScorePart]


class ScoresOut(Schema):
    """Scores in the order of codes; `digest` is that of the sealed baseline, empty for a month that has none."""

    by: str
    area: str
    period: str
    digest: str
    rows: list[ScoreRow]


@router.get("/figures/scores", response=ScoresOut, auth=STAFF, summary="Scores of areas or units by sealed weights")
@web.call("figures.view")
def scores(request: HttpRequest, asked: Annotated[Asked, Query()]) -> Any:
    actor = actor_of(request)
    cut = selectors.cut_for(actor, by=asked.by, area=asked.area, period=asked.period)
    if cut.by not in scoring.OBJECTS or cut.period.kind != periods.MONTH:
        raise invalid("by", "not_kept", _("Scores are of areas and units, by month."))
    found = weighing.scores(actor, cut)
    return {
        "by": cut.by, "area": selectors.code_of(cut), "period": cut.period.code,
        "digest": found.digest if found else "",
        "rows": [_score(*each) for each in found.rows] if found else [],
    }  # fmt: skip


def _score(member: str, name: str, code: str, each: scoring.Score) -> dict[str, Any]:
    parts = [
        {"indicator": part.indicator.code, "weight": part.weight, "value": part.value.value, "of": part.value.of,
         "per": part.value.per, "points": part.points} for part in each.parts
    ]  # fmt: skip
    return {"member": member, "code": code, "name": name, "total": each.total, "grade": each.grade, "parts": parts}


@router.get("/figures/flow", response=list[FlowLine], auth=STAFF, summary="The flow through the stages in a period")
@web.call("figures.view")
def flow(
    request: HttpRequest,
    area: Annotated[str, Query(max_length=20)] = "",
    period: Annotated[str, Query(max_length=10)] = "",
) -> Any:
    found = selectors.flow(actor_of(request), area=area, period=period)
    return [
        {"stage": each.stage, "entered": each.entered, "left": each.left, "open": each.open, "minutes": each.minutes}
        for each in found
    ]


def indicator_of(cut: Cut, code: str) -> Indicator:
    """The indicator of a code, in force when the period began. Raises Refused."""
    found = definitions.in_force(cut.period.since).indicators.get(code)
    if found is None:
        raise invalid("indicator", "unknown_indicator", _("There is no such indicator."))
    return found


def query(cut: Cut, indicator: Indicator, member: str, part: str = opening.NUMERATOR) -> str:
    """The query that lists the matters of a figure."""
    return _query(cut.by, selectors.code_of(cut), cut.period.code, indicator.code) + _narrowed(member, part)


@lru_cache(maxsize=1_024)
def _query(by: str, area: str, period: str, indicator: str) -> str:
    """What the cells of a column have in common."""
    asked = {"by": by, "area": area, "period": period, "indicator": indicator}
    return urlencode({name: value for name, value in asked.items() if value})


@lru_cache(maxsize=1_024)
def _narrowed(member: str, part: str) -> str:
    """What the cells of a row have in common."""
    asked = {"member": member, "part": "" if part == opening.NUMERATOR else part}
    told = urlencode({name: value for name, value in asked.items() if value})
    return f"&{told}" if told else ""


def row(cut: Cut, each: Row) -> dict[str, Any]:
    """A row with its figures as plain objects."""
    return {
        "member": each.member, "code": each.code, "name": each.name,
        "figures": [_figure(cut, each.member, figure) for figure in each.figures.values()],
    }  # fmt: skip


def _figure(cut: Cut, member: str, each: Figure) -> dict[str, Any]:
    value: Value = each.value
    return {
        "indicator": each.indicator.code, "value": value.value, "of": value.of, "per": value.per,
        "left_out": value.left_out, "left_out_share": value.left_out_share, "small": value.small,
        "before": each.before.value, "change": each.change, "year_ago": each.year_ago.value,
        "year_change": each.year_change, "band": each.band,
        "matters": f"{ROOT}/matters?{query(cut, each.indicator, member)}",
    }  # fmt: skip


def _indicator(each: Indicator) -> dict[str, Any]:
    language = get_language() or "zh-hans"
    return {
        "code": each.code, "name": shown(each.names, language), "group": each.group, "said": shown(each.said, language),
        "of": [("-" if sign < 0 else "") + measure for sign, measure in each.of],
        "per": [("-" if sign < 0 else "") + measure for sign, measure in each.per], "without": list(each.without),
        "anchor": each.anchor, "goal": each.goal, "small": each.small,
    }  # fmt: skip
