"""Reading the cubes with what is not folded yet, in one statement: exact and fresh at any moment."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import connection

from civicloop.figures import cubes, sql
from civicloop.figures.cubes import DAY, HOUR_LINES, LINES, MONTH, Line
from civicloop.foundation import clock
from civicloop.matters.counting import AHEAD
from civicloop.places.models import Area
from civicloop.records import days

PUBLIC, STAFF = 0, 1  # classes of visibility; what is confidential comes into no cube that is read here


@dataclass(slots=True)
class Sums:
    """What one member counts in a period: by measure, with the minutes of measures that have some."""

    n: dict[str, int] = field(default_factory=dict)
    minutes: dict[str, int] = field(default_factory=dict)

    def add(self, measure: str, n: int, minutes: int) -> None:
        self.n[measure] = self.n.get(measure, 0) + n
        if minutes:
            self.minutes[measure] = self.minutes.get(measure, 0) + minutes


class NoCube(LookupError):
    """No declared cube holds this cut at this grain."""


def _lines(cube: str, grain: str, level: str) -> Line:
    for each in LINES:
        fits = cube in cubes.LEVELS or each.scope == cubes.scope_of("district" if cubes.parted(cube, level) else level)
        if fits and (each.cube, each.grain) == (cube, grain):
            return each
    raise NoCube(cube, grain)


def read(
    cube: str, *, scope: int, since: date, until: date, measures: Collection[str], visible: int = STAFF,
    members: Collection[str] | None = None, level: str = "", subdistricts: Collection[int] = (), ahead: bool = True,
    by_start: bool = True, by_measure: bool = True,
) -> dict[tuple[str, date], Sums]:  # fmt: skip
    """(member, first day of day or month) → sums, for statistic days from `since` to before `until`.

    A period that is not over counts up to the end of today. `level` is that of the scope, for cubes of other things
    than areas; `subdistricts` are those that it has. `ahead=False`: none of the measures is ever anchored in days to
    come, so that months alone say it all. Without `by_start` the whole period is one sum, under its first day;
    without `by_measure` all measures are one, "". Raises NoCube where the cut is not kept by day, or a measure not at
    all.
    """
    tomorrow = days.day_of(clock.now()) + days.DAY
    whole = since.day == 1 and until.day == 1
    level = level or ("city" if scope == 0 else "")
    asked = sorted(measures)
    if strange := {each.partition(":")[0] for each in asked} - {*cubes.HELD}:
        raise NoCube(*sorted(strange))
    values: dict[str, Any] = {
        "scopes": [0, *districts()] if cubes.parted(cube, level) else [scope],
        "measures": asked, "visible": visible, "since": since, "until": until,
        "members": None if members is None else sorted(members),
    }  # fmt: skip
    segments = [sql.Segment(_lines(cube, MONTH if whole else DAY, level), asked, "measures", "since", "until")]
    after: Line | None = None
    if not whole:
        values["until"] = min(until, max(tomorrow, since))
    elif until > tomorrow and ahead:  # months, without what they hold of days to come
        later = [each for each in asked if each.partition(":")[0] in AHEAD]
        values |= {"ahead": later, "cut": max(tomorrow, since)}
        try:
            segments.append(sql.Segment(_lines(cube, DAY, level), later, "ahead", "cut", "until", minus=True))
        except NoCube:
            after = segments[0].line
            values |= cubes.apart(later) | {
                "from": days.bounds(values["cut"])[0], "to": days.bounds(until)[0],
                "subdistricts": sorted(subdistricts),
            }  # fmt: skip
    statement = sql.reading(segments, asked, of_members=members is not None, after=after, by_start=by_start)
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return _summed(cursor.fetchall(), asked, by_measure=by_measure)


def _summed(rows: Sequence[Any], asked: Sequence[str], *, by_measure: bool) -> dict[tuple[str, date], Sums]:
    """The answer of the statement: rows of all measures, and rows of one."""
    found: dict[tuple[str, date], Sums] = {}
    timed = sql.timed(asked)
    for member, start, measure, numbers, minutes in rows:
        if measure is None:
            spent = dict(zip(timed, minutes, strict=True))
            told = [(asked[place], n, spent.get(place)) for place, n in enumerate(numbers) if n is not None]
        else:
            told = [(measure, numbers[0], minutes[0])]
        if told:
            into = found.setdefault((member, start), Sums())
            for each, n, of_it in told:
                into.add(each if by_measure else "", n, of_it or 0)
    return found


def districts() -> list[int]:
    """All that there ever were."""
    return list(Area.objects.filter(level="district").values_list("id", flat=True))


@dataclass(frozen=True, slots=True)
class Running:
    """How many limits of a clock run: those that are over, those that end later today, and all others."""

    overdue: int
    today: int
    later: int

    @property
    def all(self) -> int:
        return self.overdue + self.today + self.later


def running(
    cube: str, *, scope: int, visible: int = STAFF, now: datetime | None = None, districts: Collection[int] = ()
) -> dict[tuple[str, str], Running]:
    """(member, clock) → limits that run at this moment. `districts`: the one in which the scope lies, or its own."""
    moment = now or clock.now()
    line = next((each for each in HOUR_LINES if each.cube == cube), None)
    if line is None:
        raise NoCube(cube, "h")
    hour = moment.replace(minute=0, second=0, microsecond=0)
    midnight = max(days.bounds(days.day_of(moment))[1], hour)
    values: dict[str, Any] = {
        "scope": scope, "visible": visible, "hour": hour, "now": moment, "midnight": midnight,
        "districts": sorted({0, *districts}),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(sql.due_reading(line), values)
        rows = cursor.fetchall()
    return {
        (member, name): Running(int(over or 0), int(soon or 0), int(later or 0))
        for member, name, over, soon, later in rows
        if over or soon or later
    }
