"""What colours the areas: the matters that fit, an indicator in a period, or what stood open at the end of a day.

Indicators and days come from the figures (figures.selectors), with their bounds: who may not look at figures gets none.
They count all matters that are not confidential, whatever the map's filters say, and the page says so.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from civicloop.figures import definitions, forms, reading, selectors, showing
from civicloop.figures.api import query
from civicloop.figures.cubes import child_of
from civicloop.figures.periods import FIRST
from civicloop.foundation import clock
from civicloop.foundation.names import shown
from civicloop.matters.choices import Stage
from civicloop.matters.errors import Refused
from civicloop.onemap.filters import MapFilters
from civicloop.onemap.rules import classes, standing
from civicloop.people.access import Actor
from civicloop.places.selectors import AreaRef
from civicloop.records import days as statistics

LONGEST = 90  # days that the map goes back
Standing = dict[str, int]  # stage → how many


@dataclass(frozen=True, slots=True)
class Part:
    """One area: its words, its class (0 for nothing), the numbers behind it, the address of the matters behind it."""

    words: str
    band: int
    few: bool = False
    sample: str = ""
    compared: str = ""
    url: str = ""
    stages: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Class:
    """One line of the legend."""

    band: int
    words: str


@dataclass(frozen=True, slots=True)
class Colouring:
    """What the areas say, by their ids; `refused` says why what was asked for is not there."""

    kind: Literal["matters", "indicator", "day"]
    parts: Mapping[int, Part]
    legend: Sequence[Class]
    title: str = ""
    said: str = ""
    whole: Part | None = None
    stages: Sequence[str] = ()  # at which something stood, in words
    refused: str = ""

    @property
    def few(self) -> bool:
        """Whether some are too few to be compared."""
        return any(each.few for each in self.parts.values())


def of_counts(counts: Mapping[int, int], refused: str = "") -> Colouring:
    """By the matters that fit."""
    least = classes.by_root(counts)
    parts = {area: Part(str(count), classes.band(count, least)) for area, count in counts.items()}
    return Colouring("matters", parts, legend_of_numbers(least, counts), refused=refused)


def legend_of_numbers(least: Sequence[int], counts: Mapping[int, int]) -> list[Class]:
    """The classes of numbers in words."""
    most = max(counts.values(), default=0)
    if not most:
        return []
    ends = [*(each - 1 for each in least[1:]), most]
    return [
        Class(number, f"{low}–{high}" if high > low else str(low))
        for number, (low, high) in enumerate(zip(least, ends, strict=True), start=1)
    ]


# -- indicators --------------------------------------------------------------------------------------------------------


def offered(actor: Actor) -> tuple[list[Any], list[Any]]:
    """(indicators by group, periods) that somebody may choose from; none for posts that see no figures of areas."""
    if not looks_at_areas(actor):
        return [], []
    today, language = statistics.day_of(clock.now()), get_language() or "zh-hans"
    found = definitions.in_force(today)
    groups = [
        (shown(names, language),
         [(code, showing.name_of(each)) for code, each in found.indicators.items() if each.group == group])
        for group, names in found.groups.items()
    ]  # fmt: skip
    return [each for each in groups if each[1]], forms.offered(today)


def looks_at_areas(actor: Actor) -> bool:
    """Whether a post may look at the figures of areas at all."""
    try:
        return selectors.bound_of(actor).unit_id is None
    except Refused:
        return False


def _cut(actor: Actor, area: AreaRef, period: str) -> selectors.Cut:
    """The parts of an area in a period. Raises Refused."""
    cut = selectors.cut_for(actor, by="area", area="" if area.level == "city" else area.code, period=period)
    if cut.unit_id is not None:
        raise Refused("forbidden", 403, _("Your post looks at the figures of its unit only, not at those of areas."))
    return cut


def of_indicator(actor: Actor, area: AreaRef, code: str, period: str) -> Colouring:
    """By an indicator in a period: rates in round steps, few left out of the comparison. Raises Refused."""
    cut = _cut(actor, area, period)
    indicator = definitions.in_force(cut.period.since).indicators.get(code)
    if indicator is None:
        raise Refused("not_found", 404, _("There is no such indicator."))
    table = selectors.table(actor, cut, [code])
    figures = {int(row.member): row.figures[code] for row in table.rows}
    compared = {
        member: each.value.value
        for member, each in figures.items()
        if each.value.value is not None and not each.value.small
    }
    if indicator.rate:
        ends = classes.by_steps(compared.values())
        bands = {member: classes.step(value, ends) for member, value in compared.items()}
        legend = _legend_of_rates(ends, indicator.decimals)
    else:
        counts = {member: int(value) for member, value in compared.items()}
        least = classes.by_root(counts)
        bands = {member: classes.band(value, least) for member, value in counts.items()}
        legend = legend_of_numbers(least, counts)
    parts = {
        int(row.member): _part(cut, row.figures[code], row.member, bands.get(int(row.member), 0)) for row in table.rows
    }
    said = [showing.said_of(indicator)]
    if not cut.period.over(statistics.day_of(clock.now())):
        said.append(_("The period is not over: it is counted up to today."))
    title = f"{showing.name_of(indicator)} · {forms.words_of(cut.period)}"
    whole = _part(cut, table.whole.figures[code], "", 0)
    return Colouring("indicator", parts, legend, title, " ".join(said), whole)


def _part(cut: selectors.Cut, figure: selectors.Figure, member: str, band: int) -> Part:
    words = showing.cell(figure)
    return Part(
        words.value, band, few=figure.value.value is not None and figure.value.small, sample=words.sample,
        compared=words.band_words, url=f"{reverse('figures:matters')}?{query(cut, figure.indicator, member)}",
    )  # fmt: skip


def _legend_of_rates(ends: Sequence[float], decimals: int) -> list[Class]:
    if not ends:
        return []
    least = 10.0**-decimals
    found = []
    for number, (low, high) in enumerate(itertools.pairwise(ends), start=1):
        top = high if number == len(ends) - 1 else high - least
        found.append(Class(number, f"{low:.{decimals}f}–{top:.{decimals}f} %"))
    return found


# -- as at a day -------------------------------------------------------------------------------------------------------


def last_day() -> date:
    """The day that is not over yet."""
    return statistics.day_of(clock.now())


def at_the_end_of(actor: Actor, area: AreaRef, day: date, stage: str = "") -> Colouring:
    """By what stood open at the end of a day, at one stage or at any. Raises Refused."""
    cut, standing_of = _stood(actor, area, day, day)
    order = [each for each in Stage.values if any(of_day.get(each) for (of_day,) in standing_of.values())]
    counts = {member: _at(of_day, stage) for member, (of_day,) in standing_of.items()}
    least = classes.by_root(counts)
    parts = {
        member: Part(str(counts[member]), classes.band(counts[member], least), stages=[of_day.get(s, 0) for s in order])
        for member, (of_day,) in standing_of.items()
    }
    every = [sum(part.stages[place] for part in parts.values()) for place in range(len(order))]
    whole = Part(str(sum(counts.values())), 0, stages=every)
    words = _("Open at the end of %(day)s") % {"day": cut.period.code}
    title = f"{words} · {Stage(stage).label}" if stage else words
    stages = [str(Stage(each).label) for each in order]
    return Colouring("day", parts, legend_of_numbers(least, counts), title, "", whole, stages)


def day_by_day(actor: Actor, area: AreaRef, last: date, stage: str = "") -> dict[str, Any]:
    """What stood open at the end of each of the last days, for the slider: days, numbers by area, the least of each
    class over all of them. Raises Refused."""
    first = last - timedelta(days=LONGEST - 1)
    cut, standing_of = _stood(actor, area, first, last)
    numbers = {
        str(member): [_at(of_day, stage) for of_day in line] for member, line in standing_of.items() if member
    }  # fmt: skip
    least = classes.by_root({number: max(line, default=0) for number, line in enumerate(numbers.values())})
    days = [each.isoformat() for each in standing.days_from(first, last)]
    return {"level": child_of(cut.level), "days": days, "areas": numbers, "least": least}


def _at(standing_: Standing, stage: str) -> int:
    return standing_.get(stage, 0) if stage else sum(standing_.values())


def _stood(actor: Actor, area: AreaRef, first: date, last: date) -> tuple[selectors.Cut, dict[int, list[Standing]]]:
    """(cut, area → for each day what stood at each stage at its end), from the cubes by month and by day."""
    if area.level not in ("city", "district"):
        raise Refused("not_kept", 422, _("How matters stood on a day is kept down to the subdistricts."))
    if not date(FIRST, 1, 1) <= first <= last <= last_day():
        raise Refused("not_kept", 422, _("Choose a day that has begun."))
    cut = _cut(actor, area, last.isoformat())
    month, beginning = first.replace(day=1), date(FIRST, 1, 1)
    after = last + statistics.DAY
    asked: Any = {"scope": cut.area_id, "measures": selectors.stages_measures()}
    earlier = reading.read(child_of(cut.level), since=beginning, until=month, **asked) if month > beginning else {}
    # a period of whole months would come by month: one more day, of which nothing is taken, keeps it by day
    by_day = reading.read(
        child_of(cut.level), since=month, until=after + statistics.DAY if after.day == 1 else after, **asked
    )
    days = standing.days_from(month, last)
    found = standing.at_the_end(_came(earlier), _came(by_day), days)
    return cut, {int(member): line[len(days) - (last - first).days - 1 :] for member, line in found.items()}


def _came(rows: Mapping[tuple[str, date], reading.Sums]) -> dict[str, dict[date, dict[str, int]]]:
    """member → first day → stage → how many came less how many left."""
    found: dict[str, dict[date, dict[str, int]]] = {}
    for (member, start), sums in rows.items():
        into = found.setdefault(member, {}).setdefault(start, {})
        for measure, n in sums.n.items():
            name, _colon, stage = measure.partition(":")
            into[stage] = into.get(stage, 0) + (n if name == "entered" else -n)
    return found


# -- what a page asks for ----------------------------------------------------------------------------------------------


def chosen(actor: Actor, area: AreaRef, wanted: MapFilters, counts: Callable[[], Mapping[int, int]]) -> Colouring:
    """What the address asks for; the matters that fit, with the reason, where it cannot be had."""
    refused = ""
    try:
        if wanted.indicator:
            return of_indicator(actor, area, wanted.indicator, wanted.period)
        if wanted.day:
            return at_the_end_of(actor, area, wanted.day, wanted.stage)
    except Refused as reason:
        refused = reason.words
    return of_counts(counts(), refused)
