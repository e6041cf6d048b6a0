"""The page of operations over HTTP: the same value as the page, and the matters behind each of its figures."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema
from pydantic import Field

from civicloop.figures import api as figures_api
from civicloop.matters.api import STAFF, actor_of
from civicloop.matters.choices import Stage
from civicloop.people import web
from civicloop.places import selectors as places
from civicloop.steering import asking, placing, rates, selectors, showing
from civicloop.steering.choices import What
from civicloop.steering.load import Load
from civicloop.steering.open_work import Asked, Burning
from civicloop.steering.rules.comparing import Rate
from civicloop.steering.selectors import Overview

router = Router(tags=["operations"])
ROOT = "/api/v1/operations/matters"


class Count(Schema):
    """A number and the call that lists exactly as many matters."""

    number: int
    matters: str


class BurningOut(Schema):
    """Open work of an area, stage or age. `since`: the longest wait at its step."""

    name: str
    code: str
    open: Count
    overdue: Count
    hour: Count
    today: Count
    raised: Count
    since: datetime | None


class OrdersNowOut(Schema):
    """Supervision orders that have not ended, and the open matters that they push."""

    orders: int
    overdue: int
    matters: Count
    kept: Count = Field(description="of the matters, whose order is to be answered later today")
    missed: Count = Field(description="of the matters, whose order was to be answered earlier today")


class StuckOut(Schema):
    """What a unit holds; since when the longest and the middle one wait at their step."""

    unit: str
    stage: str
    open: Count
    overdue: Count
    oldest: datetime
    middle: datetime


class OwedOut(Schema):
    """Parts that a unit owes to the one that is accountable."""

    holder: str
    unit: str
    matters: Count
    oldest: datetime
    middle: datetime


class PromiseOut(Schema):
    """A limit, request, hold or mark that ends today."""

    what: str
    name: str
    kept: Count
    missed: Count


class BackOut(Schema):
    """A way of coming back in the last seven days; `before`: matters in the seven days before."""

    how: str
    matters: Count
    times: int
    before: int


class RateOut(Schema):
    """A rate of this month with its 95 % interval, beside all of its like (`band`) and its own past (`own`)."""

    indicator: str
    value: float | None
    of: int
    per: int | None
    low: float | None
    high: float | None
    past: float | None
    band: str
    own: str
    matters: str


class ComparedOut(Schema):
    """`member` is empty for the whole. In the order of codes."""

    member: str
    name: str
    rates: list[RateOut]


class StageFlow(Schema):
    """A stage: what stands there, passes in this month, the mean minutes of those that left, also a month ago."""

    stage: str
    open: Count
    entered: int
    left: int
    minutes: int | None
    minutes_before: int | None


class ExpectedOut(Schema):
    """A day to come."""

    day: date
    working_day: bool
    number: float
    low: float
    high: float


class ForecastOut(Schema):
    """The seven days from tomorrow. `error`: WAPE in percent, `mean_error`: matters a day, over `weeks` past weeks."""

    method: str
    days: list[ExpectedOut]
    total: float
    low: float
    high: float
    error: float
    mean_error: float
    weeks: int


class LoadOut(Schema):
    """`forecast` is null where there is too little history. `week`: what came in the last seven whole days."""

    name: str
    code: str
    week: int
    forecast: ForecastOut | None


class OperationsOut(Schema):
    """The page of operations of an area or unit at a moment; `area` is empty for the city and for a unit."""

    area: str
    name: str
    as_of: datetime
    month: str
    whole: BurningOut
    parts: list[BurningOut]
    stages: list[BurningOut]
    ages: list[BurningOut]
    orders: OrdersNowOut
    held: list[StuckOut]
    owed: list[OwedOut]
    promises: list[PromiseOut]
    came_back: list[BackOut]
    by: str
    compared: list[ComparedOut]
    flow: list[StageFlow]
    load: LoadOut
    loads: list[LoadOut]


class BehindLineOut(Schema):
    id: UUID
    number: str
    title: str
    stage: str
    due_at: datetime | None
    received_at: datetime


class LinesOut(Schema):
    """The matters that a figure counts, newest first; as many, over all pages, as the figure says."""

    items: list[BehindLineOut]
    next: str | None


class MattersAsked(Schema):
    """What a figure counts; each figure of the page carries its own query."""

    area: str = Field("", max_length=20)
    what: str = Field("", max_length=10, description=", ".join(What.values))
    stage: str = Field("", max_length=10)
    name: str = Field("", max_length=40)
    missed: str = Field("", max_length=1, description="0 or 1")
    day: str = Field("", max_length=10)
    part: str = Field("", max_length=18, description="the id of a part; 0: in none of them")
    age: str = Field("", max_length=2)
    unit: str = Field("", max_length=18)
    owes: str = Field("", max_length=18)
    after: str = Field("", max_length=40)
    limit: int = Field(50, ge=1, le=200)


@router.get("/operations", response=OperationsOut, auth=STAFF, summary="What burns, who is stuck, what is to come")
@web.call("figures.view")
def operations(
    request: HttpRequest,
    area: Annotated[str, Query(max_length=20, description="code of an area; empty: that of the post")] = "",
    by: Annotated[str, Query(max_length=8, description="what is compared: area, unit")] = "",
) -> Any:
    actor = actor_of(request)
    return content(selectors.overview(actor, placing.place_for(actor, area), asking.by_of(by)))


@router.get(
    "/operations/matters", response=LinesOut, auth=STAFF, summary="The matters behind a figure of operations"
)  # fmt: skip
@web.call("figures.view")
def matters(request: HttpRequest, asked: Annotated[MattersAsked, Query()]) -> Any:
    actor = actor_of(request)
    place = placing.place_for(actor, asked.area)
    wanted = asking.asked_of(asked.model_dump(exclude={"limit", "after", "area"}))
    page = selectors.behind(actor, place, wanted, after=asked.after, limit=asked.limit)
    items = [
        {"id": each.id, "number": each.number, "title": each.title, "stage": each.stage, "due_at": each.due_at,
         "received_at": each.received_at} for each in page.rows
    ]  # fmt: skip
    return {"items": items, "next": page.next}


def content(found: Overview) -> dict[str, Any]:
    """The page as plain values."""
    refs = placing.children(found.place)
    parts = [_burning(found, found.standing.parts.get(ref.id, Burning()), placing.named(ref), ref.code, part=ref.id)
             for ref in refs]  # fmt: skip
    other = [(number, each) for number, each in found.standing.parts.items() if number not in {r.id for r in refs}]
    for number, each in other if found.place.child else ():
        name = _("Without such an area") if number is None else placing.named(places.area(number))
        parts.append(_burning(found, each, name, "", part=number or 0))
    loads = [_load(found.loads.parts[ref.id], placing.named(ref), ref.code) for ref in refs
             if ref.id in found.loads.parts]  # fmt: skip
    name, code = placing.name_of(found.place, found.units), placing.code_of(found.place)
    return {
        "area": code, "name": name, "as_of": found.at.now, "month": found.compared.period.code,
        "whole": _burning(found, found.standing.whole, name, code), "parts": parts,
        "stages": [_burning(found, found.standing.stages[stage], stage, stage, stage=stage)
                   for stage in Stage.values if stage in found.standing.stages],
        "ages": [_burning(found, each, showing.age_words(age), str(age), age=age)
                 for age, each in sorted(found.standing.ages.items())],
        "orders": {"orders": found.ordered.orders, "overdue": found.ordered.overdue,
                   "matters": _count(found, found.ordered.matters, what=What.ORDERED),
                   "kept": _count(found, found.ordered.kept, what=What.ORDERED, missed=False),
                   "missed": _count(found, found.ordered.missed, what=What.ORDERED, missed=True)},
        **_work(found), "by": found.compared.by,
        "compared": [_compared(found, each) for each in (found.compared.whole, *found.compared.members)],
        "flow": [_flow(found, each) for each in found.flow], "load": _load(found.loads.whole, name, code),
        "loads": loads,
    }  # fmt: skip


def _work(found: Overview) -> dict[str, Any]:
    units = found.units
    hold, none = found.standing.whole.hold, {"number": 0, "matters": ""}
    promises = [
        {"what": each.what, "name": each.name,
         "kept": _count(found, each.kept, what=each.what, name=each.name, missed=showing.still(each)),
         "missed": none if each.what == What.MARK else
         _count(found, each.missed, what=each.what, name=each.name, missed=True)}
        for each in found.promised
    ]  # fmt: skip
    if hold:
        promises.append({"what": What.HOLD, "name": "", "kept": _count(found, hold, what=What.HOLD), "missed": none})
    return {
        "held": [
            {"unit": units.get(each.unit_id, ""), "stage": each.stage, "oldest": each.oldest, "middle": each.middle,
             "open": _count(found, each.open, unit=each.unit_id),
             "overdue": _count(found, each.overdue, what=What.OVERDUE, unit=each.unit_id)} for each in found.held
        ],
        "owed": [
            {"holder": units.get(each.holder_id, ""), "unit": units.get(each.unit_id, ""), "oldest": each.oldest,
             "middle": each.middle,
             "matters": _count(found, each.matters, what=What.PART, unit=each.holder_id, owes=each.unit_id)}
            for each in found.owed
        ],
        "promises": promises,
        "came_back": [
            {"how": each.how, "times": each.times, "before": each.before,
             "matters": _count(found, each.matters, what=What.BACK, name=each.how)} for each in found.came_back
        ],
    }  # fmt: skip


def _count(found: Overview, number: int, **asked: Any) -> dict[str, Any]:
    return {"number": number, "matters": f"{ROOT}?{asking.query(found.place, Asked(**asked))}"}


def _burning(found: Overview, each: Burning, name: str, code: str, **asked: Any) -> dict[str, Any]:
    counts = {what.value: _count(found, getattr(each, what.value), what=what, **asked) for what in showing.BURNING}
    return {"name": name, "code": code, "since": each.since, **counts}


def _compared(found: Overview, each: rates.Member) -> dict[str, Any]:
    cut = found.compared.cut

    def address(one: Rate) -> str:
        return f"{figures_api.ROOT}/matters?{figures_api.query(cut, one.indicator, each.member)}" if cut else ""

    return {
        "member": each.member, "name": each.name,
        "rates": [
            {"indicator": one.indicator.code, "value": one.value.value, "of": one.value.of, "per": one.value.per,
             "low": one.low, "high": one.high, "past": one.past.value, "band": one.band, "own": one.own,
             "matters": address(one)}
            for one in each.rates
        ],
    }  # fmt: skip


def _flow(found: Overview, each: rates.Flow) -> dict[str, Any]:
    here = found.standing.stages.get(each.stage, Burning())
    return {
        "stage": each.stage, "open": _count(found, here.open, stage=each.stage), "entered": each.entered,
        "left": each.left, "minutes": each.minutes, "minutes_before": each.minutes_before,
    }  # fmt: skip


def _load(load: Load, name: str, code: str) -> dict[str, Any]:
    each = load.forecast
    made = None if each is None else {
        "method": each.method, "total": each.total, "low": each.low, "high": each.high, "error": each.error,
        "mean_error": each.mean_error, "weeks": each.weeks,
        "days": [{"day": one.day, "working_day": one.works, "number": one.number, "low": one.low, "high": one.high}
                 for one in each.days],
    }  # fmt: skip
    return {"name": name, "code": code, "week": load.week, "forecast": made}
