"""What is behind a figure: the matters that it counts, exactly as many, newest first.

The first pages of a figure of the city are read without looking at all that it counts. A matter's key is never more
than a day ahead of its receipt (matters.intake), and nothing is anchored before the receipt but `counting.EARLY`: so
what is received after a moment counts after it as well, and a page looks only at facts from some days before it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext as _

from civicloop.catalogue.models import Kind
from civicloop.figures import cubes, reading, rules, selectors, sql
from civicloop.figures.rules import Indicator
from civicloop.figures.selectors import Cut
from civicloop.foundation import clock, ids
from civicloop.matters import selectors as matters
from civicloop.matters.counting import AHEAD as LATER
from civicloop.matters.counting import EARLY
from civicloop.matters.errors import invalid
from civicloop.matters.intake import AHEAD
from civicloop.matters.models import Entry, Matter
from civicloop.people.access import Actor
from civicloop.people.choices import role_words
from civicloop.records import days

NUMERATOR, DENOMINATOR, LEFT_OUT = PARTS = ("of", "per", "left_out")
PAGE = 50
SPANS = (1, 4, 16, 64)  # days of receipts that are looked at for a page, one after the other until it is full
ASKED = "request:appeal_overdue"

Terms = Sequence[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Opened:
    """Facts (sign, measure) in a place (column → value; a list: any of it, None: nothing) anchored within a span.

    `subdistricts` are those in which they lie, by which the index is used; what has none is looked at as well.
    """

    terms: Terms
    place: Mapping[str, Any]
    since: datetime
    until: datetime
    subdistricts: Sequence[int]

    def counted(self) -> RawSQL:
        """The keys of their matters, for a condition."""
        statement, values = self._asked(self.since)
        text, names = sql.positional(statement)
        return RawSQL(text, [values[name] for name in names])  # noqa: S611 - made of constants and parameters

    def newest(self, before: UUID | None, most: int) -> list[UUID]:
        """The keys of the newest `most` of their matters whose key is smaller than `before`."""
        found: list[UUID] = []
        for first in self._firsts(before):
            since = self.since if first is None else max(self.since, first - AHEAD)
            statement, values = self._asked(since, newest=True)
            values |= {"first": ids.first_of(first) if first else sql.FIRST, "before": before or sql.LAST, "most": most}
            with connection.cursor() as cursor:
                cursor.execute(statement, values)
                found = [key for (key,) in cursor.fetchall()]
            if len(found) == most:
                break
        return found

    def _firsts(self, before: UUID | None) -> Iterator[datetime | None]:
        """The receipts from which a page looks, one after the other; None: all."""
        top = self.until
        if before is not None and ids.milliseconds_of(before) < top.timestamp() * 1000:
            top = datetime.fromtimestamp(ids.milliseconds_of(before) / 1000, top.tzinfo)
        names = {measure.partition(":")[0] for _sign, measure in self.terms}
        if "unit_id" not in self.place and not names & EARLY:
            for span in SPANS[1:] if names & LATER else SPANS:
                first = top - timedelta(days=span)
                if first - AHEAD <= self.since:
                    break
                yield first
        yield None

    def _asked(self, since: datetime, *, newest: bool = False) -> tuple[str, dict[str, Any]]:
        statement, values = sql.behind(self.terms, self.place, newest=newest)
        values |= {"since": since, "until": self.until, "visible": reading.STAFF, "subdistricts": self.subdistricts}
        return statement, values


def behind(
    actor: Actor, cut: Cut, indicator: Indicator, part: str = NUMERATOR, member: str = "", *, after: str = "",
    limit: int = PAGE,
) -> matters.Page:  # fmt: skip
    """The matters that a figure counts, newest first; of all members, or of one. As many as the figure says."""
    opened, before = _opened(cut, indicator, part, member), matters.page_key(after)
    rows: list[Matter] = []
    while len(rows) <= limit:
        keys = opened.newest(before, limit + 1)
        rows += matters.of_keys(actor, keys)
        if len(keys) <= limit:
            break
        before = keys[-1]
    return matters.Page(rows[:limit], str(rows[limit - 1].id) if len(rows) > limit else None)


def number(actor: Actor, cut: Cut, indicator: Indicator, part: str, member: str) -> int:
    """How many matters `behind` lists: what the cube says, where the reader may see all that it counts."""
    opened = _opened(cut, indicator, part, member)
    if cut.unit_id is not None or not matters.sees_whole_area(actor):
        return int(matters_of(actor, cut, indicator, part, member).count())
    measures = frozenset(measure for _sign, measure in opened.terms)
    value = rules.value_of(indicator, selectors.sums_of(cut, member, measures))
    return {NUMERATOR: value.of, DENOMINATOR: value.per or 0, LEFT_OUT: value.left_out}[part]


def matters_of(actor: Actor, cut: Cut, indicator: Indicator, part: str, member: str) -> Any:
    """The same matters as a queryset, without an order; looks at all that the figure counts."""
    return Matter.objects.filter(matters.visible(actor), Q(id__in=_opened(cut, indicator, part, member).counted()))


def _opened(cut: Cut, indicator: Indicator, part: str, member: str) -> Opened:
    """The facts of a figure. Raises Refused."""
    terms, place = _terms(indicator, part), _place(cut, member)
    since, until = days.bounds(cut.period.since)[0], days.bounds(cut.period.until)[0]
    end = min(until, days.bounds(days.day_of(clock.now()) + days.DAY)[0])
    return Opened(terms, place, since, end, _subdistricts(cut, place, terms))


def _terms(indicator: Indicator, part: str) -> list[tuple[int, str]]:
    if part == NUMERATOR:
        return list(indicator.of)
    if not indicator.rate or part not in PARTS:
        raise invalid("part", "not_offered", _("Choose one of: %(choices)s") % {"choices": ", ".join(PARTS)})
    if part == LEFT_OUT:
        return [(1, each) for each in indicator.without]
    return [*indicator.per, *((-1, each) for each in indicator.without)]


def _place(cut: Cut, member: str) -> dict[str, Any]:
    """column → value: where the facts behind a figure lie; a list stands for any of it, None for nothing."""
    found: dict[str, Any] = {f"{level}_id": area for level, area in cut.path.items()}
    if cut.unit_id is not None:
        return {"unit_id": cut.unit_id}
    if not member:
        return found
    try:
        key = int(member) if cut.by != "channel" else 0
    except ValueError:
        raise invalid("member", "not_found", _("There is nothing of this name.")) from None
    if cut.by == "area":
        found[f"{cubes.child_of(cut.level)}_id"] = key or None
    elif cut.by == "unit":
        found["unit_id"] = key
    elif cut.by == "kind":
        found["kind_id"] = key or None
    elif cut.by == "class":
        found["kind_id"] = list(Kind.objects.filter(kind_class_id=key).values_list("id", flat=True)) or None
    else:
        found["channel"] = member
    return found


def _subdistricts(cut: Cut, place: Mapping[str, Any], terms: Terms) -> list[int]:
    """Where the facts of a place may lie: of a unit only where the cube says that it counts any."""
    found = selectors.subdistricts_of(
        {level: place[f"{level}_id"] for level in ("district", "subdistrict") if place.get(f"{level}_id")}
    )
    if "unit_id" not in place or len(found) < 2:
        return found
    values: dict[str, Any] = {
        "subdistricts": found, "since": cut.period.since.replace(day=1), "until": cut.period.until,
        "member": str(place["unit_id"]), "measures": [measure for _sign, measure in terms], "visible": reading.STAFF,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(sql.WHERE_A_UNIT_COUNTS, values)
        return [area for (area,) in cursor.fetchall()]


def who_agreed(rows: Sequence[Matter]) -> dict[UUID, list[tuple[str, str, Any]]]:
    """For matters that statistics leave out: who asked and which two agreed, by their posts: (code, post, moment)."""
    found: dict[UUID, list[tuple[str, str, Any]]] = {}
    entries = Entry.objects.filter(matter_id__in=[row.id for row in rows], action__in=[ASKED, "decide"])
    for each in entries.order_by("matter_id", "seq"):
        told = found.setdefault(each.matter_id, [])
        role = role_words(each.role)
        if each.action == ASKED:
            told.append(("asked", role, each.at))
        elif told and each.result == "yes":
            told.append(("agreed", role, each.at))
    return found
