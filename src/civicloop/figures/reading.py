"""Reading the cubes with what is not folded yet, in one statement: exact and fresh at any moment."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import connection

from civicloop.figures import cubes, sql
from civicloop.figures.cubes import DAY, HOUR_LINES, LINES, MONTH, Line
from civicloop.foundation import clock, hot
from civicloop.matters.counting import AHEAD
from civicloop.places.models import Area
from civicloop.records import days

Within = Collection[int] | Callable[[], Collection[int]]
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
    members: Collection[str] | None = None, level: str = "", subdistricts: Within = (), ahead: bool = True,
    by_start: bool = True,
) -> dict[tuple[str, date], Sums]:  # fmt: skip
    """(member, first day of day or month) → sums, for statistic days from `since` to before `until`.

    A period that is not over counts up to the end of today. `level` is that of the scope, for cubes of other things
    than areas; `subdistricts` are those that it has, or find them when they are wanted. `ahead=False`: none of the
    measures is ever anchored in days to come, so that months alone say it all. Without `by_start` the whole period is
    one sum, under its first day. Raises NoCube where the cut is not kept by day, or a measure not at all.
    """
    asked = sorted(measures)
    rows = _rows(cube, _Cut(scope, level, since, until, visible, members, by_start), asked, subdistricts, ahead=ahead)
    return _summed(rows, asked)


def numbers(
    cube: str, *, scope: int, since: date, until: date, measures: Collection[str], visible: int = STAFF,
    members: Collection[str] | None = None, level: str = "",
) -> dict[tuple[str, date], int]:  # fmt: skip
    """The same for measures that are never anchored in days to come, all of them as one number."""
    cut = _Cut(scope, level, since, until, visible, members, by_measure=False)
    found: dict[tuple[str, date], int] = {}
    for member, start, _measure, (number,), _minutes in _rows(cube, cut, sorted(measures), (), ahead=False):
        if number:
            found[member, start] = found.get((member, start), 0) + number
    return found


@dataclass(frozen=True, slots=True)
class _Cut:
    """What of a cube is read, and what a row of the answer stands for."""

    scope: int
    level: str
    since: date
    until: date
    visible: int
    members: Collection[str] | None
    by_start: bool = True
    by_measure: bool = True


def _rows(cube: str, cut: _Cut, asked: Sequence[str], subdistricts: Within, *, ahead: bool) -> Sequence[Any]:
    tomorrow = days.day_of(clock.now()) + days.DAY
    since, until = cut.since, cut.until
    whole = since.day == 1 and until.day == 1
    level = cut.level or ("city" if cut.scope == 0 else "")
    if strange := {each.partition(":")[0] for each in asked} - {*cubes.HELD}:
        raise NoCube(*sorted(strange))
    values: dict[str, Any] = {
        "scopes": [0, *districts()] if cubes.parted(cube, level) else [cut.scope],
        "measures": asked, "visible": cut.visible, "since": since, "until": until,
        "members": None if cut.members is None else sorted(cut.members),
    }  # fmt: skip
    segments = [sql.Segment(_lines(cube, MONTH if whole else DAY, level), asked, "measures", "since", "until")]
    after: Line | None = None
    if not whole:
        values["until"] = min(until, max(tomorrow, since))
    elif until > tomorrow and (later := _ahead(asked) if ahead else []):  # without what months hold of days to come
        values |= {"ahead": later, "cut": max(tomorrow, since)}
        try:
            segments.append(sql.Segment(_lines(cube, DAY, level), later, "ahead", "cut", "until", minus=True))
        except NoCube:
            after = segments[0].line
            values |= cubes.apart(later) | {
                "from": days.bounds(values["cut"])[0], "to": days.bounds(until)[0],
                "subdistricts": sorted(subdistricts() if callable(subdistricts) else subdistricts),
            }  # fmt: skip
    how = sql.How(of_members=cut.members is not None, by_start=cut.by_start, by_measure=cut.by_measure)
    return _asked(sql.reading(segments, asked, how, after), values, prepared=after is None)


def _ahead(measures: Sequence[str]) -> list[str]:
    """Those that may be anchored in days to come."""
    return [each for each in measures if each.partition(":")[0] in AHEAD]


def _asked(statement: str, values: dict[str, Any], *, prepared: bool) -> list[tuple[Any, ...]]:
    """Prepared, since planning over the partitions of what is not folded costs several times the reading.

    Not where facts are looked up by their partial index, which wants to be told the names.
    """
    if prepared:
        return hot.all_rows(statement, values)
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def _summed(rows: Sequence[Any], asked: Sequence[str]) -> dict[tuple[str, date], Sums]:
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
                into.add(each, n, of_it or 0)
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
