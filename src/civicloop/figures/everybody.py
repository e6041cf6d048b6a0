"""The figures that everybody may see: each month once, a day after its end, area by area, and never changed.

What is written once cannot be compared with what it was yesterday. Small cells are hidden before anything is written;
months do not overlap, and below the subdistrict nothing else is published (keeping.publish). So there is no second
table from which a hidden number could be taken.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import translation

from civicloop.figures import cubes, definitions, keeping, periods, reading, selectors
from civicloop.figures.cubes import LEVELS
from civicloop.figures.models import PublicMonth
from civicloop.figures.periods import MONTH, Period
from civicloop.figures.rules import Indicator
from civicloop.figures.selectors import Cut, Row, Table
from civicloop.foundation import caches, chain, clock
from civicloop.foundation.canonical import canonical
from civicloop.matters import proof
from civicloop.matters.models import Matter
from civicloop.people import access
from civicloop.places import selectors as places
from civicloop.records import days

KEPT = 13  # months that are made for an installation that has none yet, and that a page shows
BY = access.system("figures")
PARTED = LEVELS[1:3]  # the levels, beside the city, whose parts are told
Content = dict[str, Any]


def indicators(day: date) -> list[Indicator]:
    """Those that have a name for residents."""
    return [each for each in definitions.in_force(day).indicators.values() if each.plain]


# -- making -----------------------------------------------------------------------------------------------------------


def due() -> list[Period]:
    """The months that are over for a day and not made yet, the oldest first; none before the first matter."""
    first = Matter.objects.order_by("id").values_list("received_at", flat=True).first()
    if first is None:
        return []
    month = periods.of_kind(MONTH, days.day_of(clock.now() - keeping.DELAY)).before()
    made = PublicMonth.objects.filter(area_id=0).aggregate(newest=Max("month"))["newest"]
    found: list[Period] = []
    while len(found) < KEPT and month.until > days.day_of(first) and (made is None or month.since > made):
        found.append(month)
        month = month.before()
    return found[::-1]


def make_due() -> int:
    """Make the months that are due, each whole or not at all; how many were made."""
    return sum(_make(month) for month in due())


def _make(month: Period) -> int:
    with translation.override(settings.LANGUAGE_CODE), proof.snapshot():
        rows = [PublicMonth(area_id=cut.area_id, month=month.since, content=_content(cut)) for cut in _cuts(month)]
    digest = chain.digest(canonical({str(row.area_id): row.content for row in rows}))
    try:
        with transaction.atomic():
            PublicMonth.objects.bulk_create(rows, batch_size=200)
            keeping.tell(BY, "figures.month", f"figures of {month.code} for everybody", digest)
    except IntegrityError:  # another worker was quicker
        return 0
    return 1


def _cuts(month: Period) -> list[Cut]:
    """The city, each district and each subdistrict."""
    found, paths = [Cut("area", {}, month)], [(places.root().id, dict[str, int]())]
    while paths:
        paths = [
            (ref.id, {**path, ref.level: ref.id})
            for area_id, path in paths
            for ref in places.children(area_id)
            if ref.level in PARTED
        ]
        found += [Cut("area", path, month) for _area_id, path in paths]
    return found


def _content(cut: Cut) -> Content:
    table = selectors.table(
        BY, cut, [each.code for each in indicators(cut.period.since)], visible=reading.PUBLIC, compared=False
    )
    shown = [each for each in table.indicators if each.plain]
    rows = [_figures(each, shown) for each in (table.whole, *table.rows)]
    if keeping.below_subdistrict(cut.by, cut.level):
        rows = keeping.hidden(rows, {each.code: each.measures for each in shown})
    return {
        "level": cut.level, "made_at": clock.now().isoformat(),
        "rows": [{**row, "names": names} for row, names in zip(rows, _names(cut, table), strict=True)],
        "indicators": [
            {"code": each.code, "names": dict(each.plain or {}), "said": dict(each.said), "rate": each.rate,
             "decimals": each.decimals, "small": each.small} for each in shown
        ],
    }  # fmt: skip


def _figures(row: Row, shown: Sequence[Indicator]) -> dict[str, Any]:
    values = {each.code: row.figures[each.code].value for each in shown}
    return {
        "code": row.code,
        "figures": {code: [v.of, v.per, v.left_out, None if v.value is None else str(v.value)]
                    for code, v in values.items()},
    }  # fmt: skip


def _names(cut: Cut, table: Table) -> list[dict[str, str]]:
    """The names of the rows, the whole first, in every language of the product."""
    members, rows = {row.member for row in table.rows}, (table.whole, *table.rows)
    found: list[dict[str, str]] = [{} for _row in rows]
    for language, _words in settings.LANGUAGES:
        with translation.override(language):
            told = {member: name for member, name, _code in selectors.names_of(cut, members)}
            for names, row in zip(found, rows, strict=True):
                names[language] = told[row.member] if row.member else selectors.name_of_whole(cut)
    return found


# -- reading ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Public:
    """A month of an area as everybody sees it; which months there are; it with those before it, the newest first."""

    month: date
    content: Content
    months: Sequence[date]
    trend: Sequence[tuple[date, Content]]


@lru_cache(maxsize=400)
def _content_of(area_id: int, month: date) -> Content:
    found: Content = PublicMonth.objects.get(area_id=area_id, month=month).content
    return found


caches.register(_content_of.cache_clear)


def public(area_id: int, month: date | None = None) -> Public | None:
    """The figures of an area in a month, or in the newest that there is; None where there are none."""
    rows = PublicMonth.objects.filter(area_id=area_id).order_by("-month")
    months = list(rows.values_list("month", flat=True)[: 4 * KEPT])
    if not months or (month is not None and month not in months):
        return None
    place = months.index(month) if month else 0
    trend = [(each, _content_of(area_id, each)) for each in months[place : place + KEPT]]
    return Public(*trend[0], months, trend)


def area_of(code: str) -> tuple[int, list[tuple[str, Mapping[str, str]]]]:
    """(area, (code, names) of those above it) for a code; 0 for the city. Raises LookupError."""
    if not code:
        return 0, []
    ref = places.by_code(code)
    if ref.level not in PARTED:
        raise LookupError(code)
    above = [each for each in places.path(ref.id).values() if each.id != ref.id and each.level in PARTED]
    return ref.id, [(each.code, each.names) for each in above]


def opens(content: Content) -> bool:
    """Whether the parts of an area have parts whose figures are told."""
    return cubes.child_of(content["level"]) in PARTED
