"""What is likely to come to a place and its parts in the next seven days, from what the cubes count by day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

from civicloop.calendars.rules import WorkingCalendar
from civicloop.figures import cubes, reading
from civicloop.foundation import clock
from civicloop.matters import working
from civicloop.matters.choices import Channel
from civicloop.matters.models import Fact
from civicloop.records import days
from civicloop.steering.placing import Place
from civicloop.steering.rules import forecast
from civicloop.steering.rules.forecast import Forecast, Series, Works

REPORTED = tuple(f"reported:{each}" for each in Channel.values)
GIVEN = ("dispatched",)  # for a unit


@dataclass(frozen=True, slots=True)
class Load:
    """What came on each day up to yesterday, and what is likely; None where there is too little history."""

    first: date
    counts: list[int]
    forecast: Forecast | None

    @property
    def week(self) -> int:
        """What came in the last seven whole days."""
        return sum(self.counts[-forecast.WEEK :])


@dataclass(frozen=True, slots=True)
class Loads:
    """The whole and its parts (area id; 0: without such an area)."""

    whole: Load
    parts: Mapping[int, Load]
    calendar: WorkingCalendar


def loads(place: Place) -> Loads:
    """The forecasts of a place; of the parts of the city and of districts as well, whose days the cubes keep."""
    now = clock.now()
    calendar = working.calendar_for(None, {}, now)
    works: Works = cache(calendar.works_on)  # asked for the same days by every part
    until = days.day_of(now)
    since = until - forecast.USED * days.DAY
    if place.unit_id is not None:
        found = _counts("unit", since, until, scope=0, level="city", members=[str(place.unit_id)], measures=GIVEN)
        return Loads(_load(since, found.get(place.unit_id, {}), works), {}, calendar)
    if place.level in cubes.LEVELS[:2]:
        found = _counts(place.child, since, until, scope=place.area_id)
    elif place.level == "subdistrict":
        found = {0: _counts(place.level, since, until, scope=place.scope, members=[str(place.area_id)]).get(
            place.area_id, {})}  # fmt: skip
    else:
        return Loads(_load(since, _of_few(place, since, until), works), {}, calendar)
    whole: dict[date, int] = {}
    for each in found.values():
        for day, number in each.items():
            whole[day] = whole.get(day, 0) + number
    parts = {} if place.level == "subdistrict" else {
        area: _load(since, each, works) for area, each in found.items()
    }  # fmt: skip
    return Loads(_load(since, whole, works), parts, calendar)


def _counts(
    cube: str, since: date, until: date, *, scope: int, level: str = "", members: list[str] | None = None,
    measures: tuple[str, ...] = REPORTED,
) -> dict[int, dict[date, int]]:  # fmt: skip
    """member → day → number, of whole days."""
    found: dict[int, dict[date, int]] = {}
    rows = reading.numbers(
        cube, since=since, until=until, scope=scope, level=level, members=members, measures=measures
    )  # fmt: skip
    for (member, day), number in rows.items():
        found.setdefault(int(member), {})[day] = number
    return found


def _of_few(place: Place, since: date, until: date) -> dict[date, int]:
    """The same for a community or grid, whose days no cube keeps: its few facts by the index that opens figures."""
    rows = Fact.objects.filter(
        name="reported", detail__in=Channel.values, at__gte=days.bounds(since)[0], at__lt=days.bounds(until)[0],
        visibility__lte=reading.STAFF, **place.columns,
    ).order_by()  # fmt: skip
    found: dict[date, int] = {}
    for moment, delta in rows.values_list("at", "delta"):
        day = days.day_of(moment)
        found[day] = found.get(day, 0) + delta
    return found


def _load(since: date, counts: Mapping[date, int], works: Works) -> Load:
    numbers = [counts.get(since + place * days.DAY, 0) for place in range(forecast.USED)]
    return Load(since, numbers, forecast.forecast(Series(since, numbers, works)))
