"""The page's rows in words, each figure with the address of the matters that it counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import urlencode

from django.urls import get_script_prefix, reverse
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext_lazy, ngettext, pgettext
from django.utils.translation import gettext as _

from civicloop.figures import api as figures_api
from civicloop.figures import selectors as figures
from civicloop.figures import showing as figures_words
from civicloop.foundation.names import shown
from civicloop.matters.choices import Stage
from civicloop.places import selectors as places
from civicloop.procedures import selectors as procedures
from civicloop.steering import asking, placing
from civicloop.steering.choices import Back, What
from civicloop.steering.load import Load
from civicloop.steering.open_work import Asked, Burning, Promised
from civicloop.steering.rates import Compared, Member
from civicloop.steering.rules import ageing, comparing, forecast
from civicloop.steering.rules.comparing import Rate
from civicloop.steering.selectors import Overview
from civicloop.ui import words

NONE = "—"
LONGEST, COMPARED = 12, 30  # lines of a table before the link to the others


@dataclass(frozen=True, slots=True)
class Cell:
    """A number with the address of what it counts."""

    number: int
    url: str
    now: bool = False


def cell(found: Overview, number: int, now: bool = False, **asked: Any) -> Cell:
    """A number of the page; it opens where it counts something."""
    return Cell(number, address(found, **asked), now and number > 0)


def address(found: Overview, **asked: Any) -> str:
    """Where the matters of a figure are listed."""
    return f"{_page('steering:matters', get_script_prefix())}?{asking.query(found.place, Asked(**asked))}"


@cache
def _page(name: str, _prefix: str) -> str:
    """Where a page is; looked up once, since hundreds of numbers lead there."""
    return reverse(name)


def since(found: Overview, moment: datetime | None) -> str:
    """How long something has waited."""
    return words.span_words(found.at.now - moment) if moment else NONE


def minutes(number: int | None) -> str:
    """A mean time."""
    return NONE if number is None else words.span_words(timedelta(minutes=number))


# -- what burns, part by part -----------------------------------------------------------------------------------------

BURNING = (What.OPEN, What.OVERDUE, What.HOUR, What.TODAY, What.RAISED)


def burning(found: Overview) -> list[dict[str, Any]]:
    """The figures of the whole; what needs somebody now is marked."""
    whole, ordered = found.standing.whole, found.ordered
    once = _("Joined reports count as one")  # the map and the lists show each of them
    rows = [
        (what, getattr(whole, what.value), what in (What.OVERDUE, What.HOUR), once if what is What.OPEN else "")
        for what in BURNING
    ]
    orders = ngettext("%(n)d order", "%(n)d orders", ordered.orders) % {"n": ordered.orders}
    late = _("%(n)d overdue") % {"n": ordered.overdue} if ordered.overdue else ""
    rows.append((What.ORDERED, ordered.matters, False, " · ".join(each for each in (orders, late) if each)))
    return [
        {"number": number, "words": what.label, "url": address(found, what=what), "now": now and number > 0,
         "sample": sample} for what, number, now, sample in rows
    ]  # fmt: skip


def parts(found: Overview) -> list[dict[str, Any]]:
    """One line for each part of the area, by code; what lies in none of them comes last."""
    if not found.place.child:
        return []
    rows = []
    for ref in placing.children(found.place):
        each, load = found.standing.parts.get(ref.id, Burning()), found.loads.parts.get(ref.id)
        rows.append(_part(found, placing.named(ref), each, ref.id, load) | {"url": f"?{urlencode({'area': ref.code})}"})
    known = {ref.id for ref in placing.children(found.place)}
    for number, each in sorted(found.standing.parts.items(), key=lambda item: item[0] or 0):
        if number is None or number not in known:
            name = _("Without such an area") if number is None else placing.named(places.area(number))
            rows.append(_part(found, name, each, number or 0, None) | {"url": ""})
    return rows


def _part(found: Overview, name: str, each: Burning, part: int, load: Load | None) -> dict[str, Any]:
    cells = [
        cell(found, getattr(each, what.value), what in (What.OVERDUE, What.HOUR), what=what, part=part)
        for what in BURNING
    ]
    return {"name": name, "cells": cells, "share": _share(each.open, _most(found)),
            "late": _share(each.overdue, _most(found)), "next": _next(load)}  # fmt: skip


def _most(found: Overview) -> int:
    return max((each.open for each in found.standing.parts.values()), default=0)


def _share(number: int, most: int) -> float:
    return round(100 * number / most, 1) if most else 0.0


def _next(load: Load | None) -> str:
    if load is None or load.forecast is None:
        return NONE
    each = load.forecast
    return f"{each.total:.0f} ({each.low:.0f}–{each.high:.0f})"


# -- who is stuck with whom -------------------------------------------------------------------------------------------


def held(found: Overview, most: int | None) -> list[dict[str, Any]]:
    """Units that hold open work, the longest wait first; at most so many."""
    return [
        {"name": found.units.get(each.unit_id, ""), "open": cell(found, each.open, what=What.OPEN, unit=each.unit_id),
         "overdue": cell(found, each.overdue, True, what=What.OVERDUE, unit=each.unit_id),
         "oldest": since(found, each.oldest), "middle": since(found, each.middle), "stage": Stage(each.stage).label}
        for each in found.held[:most]
    ]  # fmt: skip


def owed(found: Overview, most: int | None) -> list[dict[str, Any]]:
    """Units that wait for others, the longest wait first; at most so many."""
    return [
        {"holder": found.units.get(each.holder_id, ""), "unit": found.units.get(each.unit_id, ""),
         "matters": cell(found, each.matters, what=What.PART, unit=each.holder_id, owes=each.unit_id),
         "oldest": since(found, each.oldest), "middle": since(found, each.middle)}
        for each in found.owed[:most]
    ]  # fmt: skip


# -- promises, and what came back -------------------------------------------------------------------------------------


def promised(found: Overview) -> list[dict[str, Any]]:
    """What ends today: limits, requests, holds, orders, marks."""
    marks = {mark.code: mark.names for ladder in procedures.all_ladders().values() for mark in ladder.marks}
    rows = [
        {"name": _mark_words(marks.get(each.name), each.name) if each.what == What.MARK else promise_words(each),
         "kept": cell(found, each.kept, what=each.what, name=each.name, missed=still(each)),
         "missed": None if each.what == What.MARK else
         cell(found, each.missed, True, what=each.what, name=each.name, missed=True)}
        for each in found.promised
    ]  # fmt: skip
    orders = found.ordered
    if orders.kept or orders.missed:
        rows.append({"name": _("Supervision orders"), "kept": cell(found, orders.kept, what=What.ORDERED, missed=False),
                     "missed": cell(found, orders.missed, True, what=What.ORDERED, missed=True)})  # fmt: skip
    if found.standing.whole.hold:
        hold = cell(found, found.standing.whole.hold, what=What.HOLD)
        rows.append({"name": str(What.HOLD.label), "kept": hold, "missed": None})
    return rows


def still(each: Promised) -> bool | None:
    """How a list asks for what is still to be kept; marks are all still to fall."""
    return None if each.what == What.MARK else False


def promise_words(each: Promised) -> str:
    """A kind of promise by its name in the procedures that know it."""
    language, found = get_language() or "zh-hans", []
    for number in each.procedures:
        procedure = procedures.by_id(number)
        named = procedure.clocks.get(each.name) if each.what == What.CLOCK else procedure.actions.get(each.name)
        if named is not None and shown(named.names, language) not in found:
            found.append(shown(named.names, language))
    name = " / ".join(found) or each.name
    return name if each.what == What.CLOCK else _("Decision asked for: %(name)s") % {"name": name}


def _mark_words(names: Mapping[str, str] | None, code: str) -> str:
    return _("Mark: %(name)s") % {"name": shown(names, get_language() or "zh-hans") if names else code}


def came_back(found: Overview) -> list[dict[str, Any]]:
    """Each way of coming back, with the days before beside it."""
    most = max((each.matters for each in found.came_back), default=0)
    return [
        {"name": Back(each.how).label, "matters": cell(found, each.matters, what=What.BACK, name=each.how),
         "times": each.times, "before": each.before, "share": _share(each.matters, most)}
        for each in found.came_back
    ]  # fmt: skip


# -- rates ------------------------------------------------------------------------------------------------------------

OWN = {
    comparing.BETTER: gettext_lazy("better than its own past"), comparing.STEADY: gettext_lazy("as in its own past"),
    comparing.WORSE: gettext_lazy("worse than its own past"),
}  # fmt: skip


def member(found: Compared, cut: figures.Cut | None, each: Member) -> dict[str, Any]:
    """The rates of an area or unit; nobody is ranked."""
    cells = [rate(found, cut, each.member, one) for one in each.rates]
    return {"name": each.name, "cells": cells}


def rate(found: Compared, cut: figures.Cut | None, of: str, each: Rate) -> dict[str, Any]:
    """A rate with its sample, its interval, its own past and the two comparisons."""
    interval = f"{each.low:.0f}–{each.high:.0f} %" if each.low is not None and each.high is not None else ""
    url = ""
    if cut is not None:
        url = f"{_page('figures:matters', get_script_prefix())}?{figures_api.query(cut, each.indicator, of)}"
    return {
        "value": figures_words.value_words(each.indicator, each.value), "url": url,
        "sample": figures_words.sample_words(each.value), "interval": interval,
        "past": figures_words.value_words(each.indicator, each.past), "band": figures_words.band_words(each.band),
        "own": OWN.get(each.own, ""), "low": each.low, "high": each.high, "number": each.value.value,
        "past_number": each.past.value,
    }  # fmt: skip


# -- ages, flow, forecast ---------------------------------------------------------------------------------------------


def age_words(age: int) -> str:
    """The ages between two moments, by working days; 0 is the oldest."""
    borders = sorted(ageing.WORKING_DAYS, reverse=True)
    if age == 0:
        return _("over %(n)d working days") % {"n": borders[0]}
    if age == len(borders):
        return _("under %(n)d working day") % {"n": borders[-1]}
    return _("%(from)d to %(to)d working days") % {"from": borders[age], "to": borders[age - 1]}


def ages(found: Overview) -> list[dict[str, Any]]:
    """Open work by its age in working days, the youngest first."""
    most = max((each.open for each in found.standing.ages.values()), default=0)
    rows = []
    for age in range(len(ageing.WORKING_DAYS), -1, -1):
        each = found.standing.ages.get(age, Burning())
        rows.append({
            "name": age_words(age), "open": cell(found, each.open, what=What.OPEN, age=age),
            "overdue": cell(found, each.overdue, True, what=What.OVERDUE, age=age),
            "share": _share(each.open, most), "late": _share(each.overdue, most),
        })  # fmt: skip
    return rows


def flow(found: Overview) -> list[dict[str, Any]]:
    """The stages: what stands there now, what passed in the month, how long it took."""
    rows = []
    for each in found.flow:
        here = found.standing.stages.get(each.stage, Burning())
        rows.append({
            "name": Stage(each.stage).label, "open": cell(found, here.open, what=What.OPEN, stage=each.stage),
            "overdue": cell(found, here.overdue, True, what=What.OVERDUE, stage=each.stage),
            "oldest": since(found, here.since), "entered": each.entered, "left": each.left,
            "minutes": minutes(each.minutes), "before": minutes(each.minutes_before),
            "hours": None if each.minutes is None else round(each.minutes / 60, 1),
            "hours_before": None if each.minutes_before is None else round(each.minutes_before / 60, 1),
        })  # fmt: skip
    return rows


METHODS = {
    "weekdays": gettext_lazy("mean of the last four same weekdays"),
    "week_before": gettext_lazy("as a week before"),
    "kinds_of_days": gettext_lazy("mean of working days or days off"),
    "middle_of_days": gettext_lazy("middle one of working days or days off"),
    "trend": gettext_lazy("mean of weekdays, moved by the trend"),
}  # fmt: skip


def coming(found: Overview) -> dict[str, Any] | None:
    """The forecast of the place in words; None where there is too little history."""
    each = found.loads.whole.forecast
    if each is None:
        return None
    most = max(one.high for one in each.days)
    return {
        "days": [
            {"day": day_words(one.day), "kind": _("working day") if one.works else _("day off"),
             "number": f"{one.number:.0f}", "interval": f"{one.low:.0f}–{one.high:.0f}",
             "share": _share(round(one.number), max(1, round(most)))} for one in each.days
        ],
        "total": f"{each.total:.0f}", "interval": f"{each.low:.0f}–{each.high:.0f}", "error": f"{each.error:.0f} %",
        "mean_error": f"{each.mean_error:.1f}", "weeks": each.weeks, "method": METHODS[each.method],
    }  # fmt: skip


def last_days(found: Overview, number: int = forecast.WEEK) -> list[dict[str, Any]]:
    """What came on the last whole days; each opens to its matters."""
    load = found.loads.whole
    rows = []
    for at in range(len(load.counts) - number, len(load.counts)):
        day = load.first + timedelta(days=at)
        rows.append({"day": day_words(day), "cell": cell(found, load.counts[at], what=What.RECEIVED, day=day),
                     "kind": _("working day") if found.loads.calendar.works_on(day) else _("day off")})  # fmt: skip
    return rows


def day_words(day: date) -> str:
    """A day with its weekday."""
    return date_format(day, pgettext("date format", "D j M"))


def of_list(asked: Asked, units: dict[int, str], place: placing.Place) -> str:
    """What a list of matters is about."""
    found = [str(What(asked.what).label)]
    if asked.what == What.BACK and asked.name in Back.values:
        found = [str(Back(asked.name).label)]
    elif asked.what == What.CLOCK and asked.name:
        found = [promise_words(Promised(asked.what, asked.name, procedures.clocks().get(asked.name, []), 0, 0))]
    if asked.missed:
        found.append(_("missed already"))
    if asked.stage:
        found.append(str(Stage(asked.stage).label))
    if asked.age is not None:
        found.append(age_words(asked.age))
    found += [units[number] for number in (asked.unit, asked.owes) if number is not None and number in units]
    if asked.day is not None:
        found.append(day_words(asked.day))
    if asked.part is not None and place.child:
        found.append(placing.named(places.area(asked.part)) if asked.part else _("Without such an area"))
    return " · ".join(found)
