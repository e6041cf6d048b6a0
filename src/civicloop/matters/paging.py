"""A page of a list, newest first, at a price that does not depend on what the list is narrowed by.

The database cannot know how often filters fit together, and whoever walks through an index in order for matters that do
not exist reads all of it. So a list walks through its newest matters only, a number of them that is fixed. Where the
page is not full after that, what came before is looked up by the indexes of what was asked for, in spans that grow:
what is common fills its page from the first, of what is rare there is little. What a unit has or had to do with is read
from its tasks, newest first.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import BinaryField, F, Func, Q, QuerySet, UUIDField
from django.db.models.expressions import RawSQL

from civicloop.foundation import clock, hot, ids
from civicloop.matters import claimed, sql
from civicloop.matters.models import Matter, Task

Key = tuple[datetime | None, UUID]
WALKED = 2_000  # matters of an area or a unit, the newest, that are walked through
WALKED_FOR_WORDS = 300  # the same where texts are compared
OF_TASKS = 500  # matters that a unit's tasks, or fast clocks, lead to, the newest, that are looked at one by one
GROWTH, LEAST_SPAN = 16, timedelta(seconds=1)  # a span is so many times as long as all before it
FOUND_BY_INDEX = 4  # the same, at least, where only what fits is looked at
COMMON = 2  # what a page still lacks is at most so many times what was found: a shorter span holds it
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)  # no id is of an earlier moment


@dataclass(frozen=True)
class Way:
    """One way in which matters come into a list, served by an index; ways are asked side by side and merged.

    `inside` holds of all its matters, and an index has them with the newest first; without it, they are few. `tasks`:
    those that these tasks belong to. `words`: what the index of words knows of them.
    """

    condition: Q
    inside: Q | None = None
    tasks: QuerySet[Task] | None = None
    words: Q = field(default_factory=Q)

    @property
    def whole(self) -> Q:
        """The condition that a matter comes this way."""
        if self.tasks is None:
            return self.condition
        return Q(id__in=self.tasks.values("matter_id")) & self.condition


@dataclass(frozen=True)
class Asked:
    """What a list is asked for. `narrow` applies its filters, written for few matters where its second value is true.

    `inside`: the unit or area that it is narrowed to, as in a way. `known`: what indexes that hold the ids as well say
    of all that fit. `plain`: no filter leaves much out, so that walking ends by itself. `words`: texts are compared.
    """

    ways: Sequence[Way]
    narrow: Callable[[QuerySet[Matter], bool], QuerySet[Matter]]
    before: UUID | None = None
    inside: Q | None = None
    known: Sequence[Q] = ()
    plain: bool = False
    words: bool = False

    def rows(self, condition: Q, *, walking: bool = False, ordered: bool = False) -> QuerySet[Matter]:
        """The matters that fit, the newest first. What no index has in this order is sorted: see `_looked_up`."""
        rows = self.narrow(Matter.objects.filter(condition), walking)
        return rows.order_by("-id" if ordered else _looked_up().desc())

    @property
    def walked(self) -> int:
        """How many matters of a way are walked through."""
        return WALKED_FOR_WORDS if self.words else WALKED

    def last(self, inside: Q) -> UUID | None:
        """The last one of those; None where there are not so many."""
        rows = Matter.objects.filter(inside & self.span(None, self.before)).order_by("-id")
        return rows.values_list("id", flat=True)[self.walked : self.walked + 1].first()

    def span(self, lower: UUID | None, upper: UUID | None, name: str = "id") -> Q:
        """The condition that an id lies in a span.

        The database reckons with both ends of a span that it knows, and a span of ids that lies within one part of its
        histogram as holding nothing: then it compares everything with everything. One end is kept from it, so that it
        reckons with one in two hundred of all, wherever the span lies.
        """
        if lower is None:
            return Q() if upper is None else Q(**{f"{name}__lt": upper})
        if upper is None:
            return Q(**{f"{name}__gte": lower})
        unknown = RawSQL("(SELECT %s::uuid)", [lower], UUIDField())
        return Q(**{f"{name}__gte": unknown}) & Q(**{f"{name}__lt": upper})

    def between(self, lower: UUID | None, upper: UUID | None, *, walking: bool = False) -> Q:
        """The same of matters, and of their words where these are looked up; whoever walks has them by the matter."""
        found = self.span(lower, upper)
        return found & self.span(lower, upper, "search__matter_id") if self.words and not walking else found

    def among(self, way: Way, lower: UUID | None, upper: UUID | None) -> Q:
        """The condition that a matter of a span comes by a way's tasks, or lies inside of it.

        What is known by indexes is compared with those before a matter is looked at, so that all is read from indexes
        alone; DISTINCT holds the database to that order.
        """
        known, name = [each for each in self.known if each != way.inside], "id" if way.tasks is None else "matter_id"
        if way.tasks is None and not (way.inside and known):
            return Q()
        span = self.span(lower, upper)
        found: QuerySet[Any, Any] = Matter.objects.filter(way.inside or Q()) if way.tasks is None else way.tasks
        found = found.filter(self.span(lower, upper, name)).values(name)
        for each in known:
            found = found.filter(Q(**{f"{name}__in": Matter.objects.filter(each & span).values("id")}))
        return Q(id__in=found.distinct() if known else found)


def _looked_up() -> Func:
    """The id as a value that no index is in the order of, so that the database brings together what fits and sorts."""
    return Func(F("id"), function="uuid_send", output_field=BinaryField())


def first(asked: Asked, most: int) -> list[Key]:
    """The keys of the `most` newest matters that fit."""
    if asked.inside is not None and asked.last(asked.inside) is None:  # few of all
        return merged(_before(asked, None, asked.before), most)
    lower, walked = _walked(asked, most)
    found = merged(walked, most)
    upper, oldest = lower, None
    reached = ids.moment_of(asked.before) if asked.before is not None else clock.now()
    while upper is not None and len(found) < most:
        oldest = oldest or next((key for (key,) in hot.all_rows(sql.OLDEST, {})), None)
        if oldest is None or upper <= oldest:
            break
        begun = ids.moment_of(upper)
        missing = most - len(found)
        common = len(found) * COMMON >= missing
        growth = 3 * missing / len(found) if common else GROWTH
        longer = max(reached - begun, LEAST_SPAN) * max(growth, FOUND_BY_INDEX if asked.known else 0)
        lower = ids.first_of(begun - longer) if longer < begun - BEGINNING else None
        # common words are walked through here as well, since their index would bring all that it has
        found += merged(_before(asked, lower, upper, walking=common and asked.words), missing)
        upper = lower
    return found


def of_fast_clocks(asked: Asked, lower: UUID, upper: UUID, most: int) -> list[Key]:
    """The keys of the `most` newest matters that fit within a span, of those whose id claims a moment well ahead.

    They are asked for by themselves, for nobody could tell the database how few they are.
    """
    found: list[Key] = []
    while len(found) < most:
        rows = Matter.objects.filter(claimed.FAST_CLOCK, id__gte=lower, id__lt=upper).order_by("-id")
        ahead = list(rows.values_list("id", flat=True)[:OF_TASKS])
        if ahead:
            few = Q(id__in=ahead)
            found += merged([asked.rows(way.whole & few, walking=True) for way in asked.ways], most - len(found))
        if len(ahead) < OF_TASKS:
            break
        upper = ahead[-1]
    return found


def _walked(asked: Asked, most: int) -> tuple[UUID | None, list[QuerySet[Matter]]]:
    """How far back is walked, None for to the end; and the matters of each way that are walked through."""
    bounds: list[UUID | None] = []
    sources: list[tuple[Q, bool]] = []
    for way in asked.ways:
        if way.tasks is not None:
            number = 2 * most if asked.plain else OF_TASKS
            tasks = way.tasks.filter(asked.span(None, asked.before, "matter_id"))
            of_tasks = tasks.order_by("-matter_id").values_list("matter_id", flat=True).distinct()
            found = list(of_tasks[: number + 1])
            bounds.append(found[number - 1] if len(found) > number else None)
            sources.append((way.condition & Q(id__in=found[:number]), True))
            continue
        if way.inside is not None and not asked.plain:
            bounds.append(asked.last(way.inside))
        sources.append((way.condition, way.inside is not None))
    lower = max((bound for bound in bounds if bound is not None), default=None)
    return lower, [
        asked.rows(source & asked.between(lower, asked.before, walking=ordered), walking=ordered, ordered=ordered)
        for source, ordered in sources
    ]


def _before(asked: Asked, lower: UUID | None, upper: UUID | None, *, walking: bool = False) -> list[QuerySet[Matter]]:
    """The matters of each way in a span that is looked up, or walked through as well."""
    span, found = asked.between(lower, upper, walking=walking), []
    for way in asked.ways:
        condition = way.condition & way.words if asked.words and not walking else way.condition
        if way.tasks is not None or not walking:
            condition &= asked.among(way, lower, upper)
        found.append(asked.rows(condition & span, walking=walking, ordered=walking and way.inside is not None))
    return found


def merged(ways: Sequence[QuerySet[Matter]], most: int, order: Sequence[str] = ("-id",)) -> list[Key]:
    """The first `most` keys of lists that stand in this order already, each matter once, in one statement."""
    each = [rows.values_list("due_at", "id")[:most] for rows in ways]
    if len(each) < 2:
        return list(each[0]) if each else []
    return list(each[0].union(*each[1:]).order_by(*order)[:most])
