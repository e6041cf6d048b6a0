"""What is open now, who holds it, what ends today, what came back: figures and the lists behind them, by one condition.

Joined reports are dealt with where their case is and do not count beside it. Confidential matters are in no figure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db.models import BooleanField, CharField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet, Sum, Value
from django.db.models.fields import BigIntegerField

from civicloop.figures import reading
from civicloop.figures import selectors as figures
from civicloop.figures.opening import Opened
from civicloop.foundation import clock
from civicloop.matters import selectors as matters
from civicloop.matters import working
from civicloop.matters.models import ApprovalRequest, Clock, Fact, Matter, Task
from civicloop.people.access import Actor
from civicloop.procedures import selectors as procedures
from civicloop.records import days
from civicloop.steering import load, sql
from civicloop.steering.choices import Back, What
from civicloop.steering.placing import Place
from civicloop.steering.rules import ageing
from civicloop.supervision import selectors as orders
from civicloop.supervision.choices import UNENDED, WAITING
from civicloop.supervision.models import Order, OrderMatter

HOUR = timedelta(hours=1)
WINDOW = 7  # statistic days, the one that goes on included, in which something came back
MOST_LINES = 500
RAISED = Q(mark__gt=0) | ~Q(raised_to="")


@dataclass(frozen=True, slots=True)
class Moments:
    """The moments by which one look at the page counts."""

    now: datetime
    begins: datetime  # of the statistic day
    ends: datetime
    ages: Sequence[datetime]  # from which work is so old, the oldest first
    back: datetime  # since when what came back is counted
    before: datetime  # since when it is compared

    @property
    def hour(self) -> datetime:
        """The end of the hour that begins now, within the day."""
        return min(self.now + HOUR, self.ends)


def moments() -> Moments:
    """Those of now."""
    now = clock.now()
    today = days.day_of(now)
    begins, ends = days.bounds(today)
    back = days.bounds(today - (WINDOW - 1) * days.DAY)[0]
    before = days.bounds(today - (2 * WINDOW - 1) * days.DAY)[0]
    return Moments(now, begins, ends, ageing.moments(working.calendar_for(None, {}, now), now), back, before)


def of_reader(actor: Actor, *, open_only: bool) -> Q:
    """What the reader may see by the own area, else by the own unit; nothing confidential."""
    return matters.ways(actor, open_only=open_only)[0] & Q(confidentiality=0)


def open_matters(actor: Actor, place: Place) -> QuerySet[Matter]:
    """Open matters of a place, without those joined to another case."""
    return Matter.objects.filter(place.inside, of_reader(actor, open_only=True), matters.ALONE, end="")


# -- the figures ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Burning:
    """Open work: how much, overdue, due within the hour and later today, marked or handed up, suspended until today."""

    open: int = 0
    overdue: int = 0
    hour: int = 0
    today: int = 0
    raised: int = 0
    hold: int = 0
    since: datetime | None = None  # the longest wait at its step


@dataclass(frozen=True, slots=True)
class Held:
    """What a unit holds: open, overdue, since when the longest and the middle one wait, at which stage most are."""

    unit_id: int
    open: int
    overdue: int
    oldest: datetime
    middle: datetime
    stage: str


@dataclass(frozen=True, slots=True)
class Standing:
    """All that is open, and the same by part (area id), stage and age (place among the moments).

    `held`: who holds it, whoever has had something for longest first; `holders`: how many do.
    """

    whole: Burning
    parts: dict[int | None, Burning]
    stages: dict[str, Burning]
    ages: dict[int, Burning]
    held: list[Held]
    holders: int = 0


def standing(actor: Actor, place: Place, at: Moments, most: int = MOST_LINES) -> Standing:
    """What is open in a place, in one statement; of those who hold it the first `most`."""
    part = F(f"{place.child}_id") if place.child else Value(None, BigIntegerField())
    marked = open_matters(actor, place).annotate(part=part, raised=ExpressionWrapper(RAISED, BooleanField()))
    rows = marked.values_list("part", "unit_id", "stage", "due_at", "step_at", "received_at", "hold_until", "raised")
    values = [*at.ages, at.now, at.now, at.hour, at.hour, at.ends, at.begins, at.ends, at.now, min(most, MOST_LINES)]
    parts: dict[int | None, Burning] = {}
    stages: dict[str, Burning] = {}
    ages: dict[int, Burning] = {}
    whole, held, holders = Burning(), [], 0
    for of, member, stage, age, unit_id, middle, units, *numbers in sql.read(
        sql.OPEN, values, {"age": sql.age(len(at.ages))}, rows=rows
    ):  # fmt: skip
        each = Burning(*numbers)
        if of == -1:
            held.append(Held(unit_id, each.open, each.overdue, numbers[-1], middle, stage))
            holders = min(units, MOST_LINES)
        elif of == 7:
            whole = each
        elif of == 3:
            parts[member] = each
        elif of == 5:
            stages[stage] = each
        else:
            ages[age] = each
    return Standing(whole, parts, stages, ages, held, holders)


@dataclass(frozen=True, slots=True)
class Owed:
    """Parts that `unit_id` owes to the accountable `holder_id`: matters, and since when they wait."""

    holder_id: int
    unit_id: int
    matters: int
    oldest: datetime
    middle: datetime


def owed(actor: Actor, place: Place) -> list[Owed]:
    """Who waits for whom, the longest wait first."""
    found = open_matters(actor, place).filter(_part_open())
    rows = found.values_list("unit_id", "tasks__unit_id", "id", "tasks__opened_at")
    return [Owed(*each) for each in sql.read(sql.OWED, [MOST_LINES], rows=rows)]


def _part_open(**more: Any) -> Q:
    return Q(tasks__state="open", tasks__lead=False, tasks__unit_id__isnull=False, **more)


@dataclass(frozen=True, slots=True)
class Promised:
    """A kind of promise that ends today: of which procedures, how many are to be kept, how many were missed already."""

    what: str
    name: str
    procedures: Sequence[int]
    kept: int
    missed: int


def promised(actor: Actor, place: Place, at: Moments) -> list[Promised]:
    """The limits, requests and marks that fall due in this statistic day."""
    each = [
        Clock.objects.filter(**_clock(at)).annotate(what=_said(What.CLOCK))
        .values_list("what", "name", "matter_id", "due_at"),
        ApprovalRequest.objects.filter(**_asked(at)).annotate(what=_said(What.ASKED))
        .values_list("what", "action", "matter_id", "due_at"),
        Clock.objects.filter(**_mark(at)).annotate(what=_said(What.MARK))
        .values_list("what", "mark", "matter_id", "mark_at"),
    ]  # fmt: skip
    due, rows = each[0].union(*each[1:], all=True), open_matters(actor, place).values_list("id", "procedure_id")
    return [Promised(*row) for row in sql.read(sql.PROMISED, [at.now, at.now], due=due, rows=rows)]


def _said(what: str) -> Value:
    return Value(str(what), CharField())


def _clock(at: Moments, *, missed: bool | None = None, name: str = "") -> dict[str, Any]:
    names = [name] if name else sorted(procedures.clocks())
    since, until = _span(at, missed)
    return {"state": "running", "name__in": names, "due_at__gte": since, "due_at__lt": until}


def _asked(at: Moments, *, missed: bool | None = None, name: str = "") -> dict[str, Any]:
    since, until = _span(at, missed)
    return {"state": "open", "due_at__gte": since, "due_at__lt": until} | ({"action": name} if name else {})


def _mark(at: Moments, *, name: str = "") -> dict[str, Any]:
    return {"mark_at__gte": at.now, "mark_at__lt": at.ends} | ({"mark": name} if name else {})


def _span(at: Moments, missed: bool | None) -> tuple[datetime, datetime]:
    if missed is None:
        return at.begins, at.ends
    return (at.begins, at.now) if missed else (at.now, at.ends)


@dataclass(frozen=True, slots=True)
class CameBack:
    """One way of coming back: matters and times in the last days, matters in the days before them."""

    how: str
    matters: int = 0
    times: int = 0
    before: int = 0


def came_back(actor: Actor, place: Place, at: Moments) -> list[CameBack]:
    """How matters came back, in the order of Back."""
    rows = _returns(actor, place, at.before, Back.values).annotate(
        late=ExpressionWrapper(Q(at__gte=at.back), BooleanField())
    ).values("detail", "matter_id", "late").annotate(n=Sum("delta"))  # fmt: skip
    found = {row[0]: CameBack(*row) for row in sql.read(
        sql.CAME_BACK, [], rows=rows.values_list("detail", "matter_id", "late", "n"))}  # fmt: skip
    return [found.get(how, CameBack(how)) for how in Back.values]


def _returns(actor: Actor, place: Place, since: datetime, hows: Sequence[str]) -> QuerySet[Fact]:
    """The counted acts by which something came back; facts of matters that the reader sees."""
    seen = Q()
    if not matters.sees_whole_area(actor):
        seen = Q(Exists(Matter.objects.filter(of_reader(actor, open_only=False), id=OuterRef("matter_id"))))
    return Fact.objects.filter(
        seen, name="counted", detail__in=hows, at__gte=since, visibility__lte=reading.STAFF, **place.columns
    ).order_by()  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ordered:
    """Supervision orders that have not ended: how many, overdue; open matters that they push.

    `kept` and `missed`: of those matters, whose order is to be answered today, and was to be.
    """

    orders: int = 0
    overdue: int = 0
    matters: int = 0
    kept: int = 0
    missed: int = 0


def ordered(actor: Actor, place: Place, at: Moments) -> Ordered:
    """The open orders of a place."""
    if not Order.objects.filter(place.inside, state__in=UNENDED).exists():  # whoever might see them
        return Ordered()
    rows = _orders(actor, place)
    pushed = OrderMatter.objects.filter(Exists(open_matters(actor, place).filter(id=OuterRef("matter_id"))))
    try:
        found = sql.read(
            sql.ORDERS, [at.begins, at.ends, at.now, at.now, at.now],
            rows=rows.annotate(waits=ExpressionWrapper(Q(state__in=WAITING), BooleanField()))
            .values_list("id", "waits", "due_at"),
            pushed=pushed.values_list("order_id", "matter_id"),
        )  # fmt: skip
    except EmptyResultSet:
        return Ordered()
    return Ordered(*found[0])


def _orders(actor: Actor, place: Place) -> QuerySet[Order]:
    return Order.objects.filter(orders.visible(actor), place.inside, state__in=UNENDED).order_by()


# -- what is behind them ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """Which matters: of what, and of it the part, stage, age, unit, name or day that a figure stands for."""

    what: str = What.OPEN
    part: int | None = None  # 0: without such an area
    stage: str = ""
    age: int | None = None
    unit: int | None = None
    owes: int | None = None
    name: str = ""
    missed: bool | None = None
    day: date | None = None


def behind(actor: Actor, place: Place, asked: Asked, at: Moments | None = None) -> QuerySet[Matter]:
    """The matters that a figure of the page counts, without an order; as many as it says."""
    at = at or moments()
    if asked.what == What.BACK:
        facts = _returns(actor, place, at.back, [asked.name] if asked.name else Back.values)
        counted = facts.values("matter_id", "detail").annotate(n=Sum("delta")).filter(n__gt=0)
        rows = Matter.objects.filter(of_reader(actor, open_only=False), id__in=counted.values("matter_id"))
    elif asked.what == What.RECEIVED:
        rows = _received(actor, place, asked)
    else:
        rows = open_matters(actor, place).filter(_condition(actor, place, asked, at))
    if asked.part is not None and place.child:
        rows = rows.filter(**{f"{place.child}_id": asked.part or None})
    if asked.stage:
        rows = rows.filter(stage=asked.stage)
    if asked.unit is not None:
        rows = rows.filter(unit_id=asked.unit)
    if asked.age is not None:
        rows = rows.filter(_of_age(at, asked.age))
    return rows


def _condition(actor: Actor, place: Place, asked: Asked, at: Moments) -> Q:
    what = asked.what
    if what == What.ORDERED:
        found = _orders(actor, place)
        if asked.missed is not None:
            since, until = _span(at, asked.missed)
            found = found.filter(state__in=WAITING, due_at__gte=since, due_at__lt=until)
        return Q(id__in=OrderMatter.objects.filter(order__in=found).values("matter_id"))
    if what == What.PART:
        parts = Task.objects.filter(state="open", lead=False, unit_id__isnull=False)
        parts = parts.filter(unit_id=asked.owes) if asked.owes is not None else parts
        return Q(id__in=parts.values("matter_id"))
    if what == What.CLOCK:
        return _some(Clock, _clock(at, missed=asked.missed, name=asked.name))
    if what == What.ASKED:
        return _some(ApprovalRequest, _asked(at, missed=asked.missed, name=asked.name))
    return {
        What.OPEN: Q(), What.OVERDUE: Q(due_at__lt=at.now), What.HOUR: Q(due_at__gte=at.now, due_at__lt=at.hour),
        What.TODAY: Q(due_at__gte=at.hour, due_at__lt=at.ends), What.RAISED: RAISED,
        What.HOLD: Q(hold_until__gte=at.begins, hold_until__lt=at.ends),
        What.MARK: _some(Clock, _mark(at, name=asked.name)),
    }[What(what)]  # fmt: skip


def _some(beside: type[Clock | ApprovalRequest], condition: dict[str, Any]) -> Q:
    """That a row beside the matter fulfils a condition; each matter once."""
    return Q(Exists(beside.objects.filter(matter_id=OuterRef("id"), **condition)))


def _of_age(at: Moments, age: int) -> Q:
    found = Q()
    if age > 0:
        found &= Q(received_at__gte=at.ages[age - 1])
    if age < len(at.ages):
        found &= Q(received_at__lt=at.ages[age])
    return found


def _received(actor: Actor, place: Place, asked: Asked) -> QuerySet[Matter]:
    """What came to an area on a statistic day; for a unit, what it was given. As a figure opens (figures.opening)."""
    since, until = days.bounds(asked.day or days.day_of(clock.now()))
    measures = load.REPORTED if place.unit_id is None else load.GIVEN
    opened = Opened(
        [(1, measure) for measure in measures], place.columns, since, until, figures.subdistricts_of(place.path)
    )
    return Matter.objects.filter(of_reader(actor, open_only=False), id__in=opened.counted())
