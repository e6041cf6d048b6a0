"""Rates of areas or units beside their own past, what the sample found, and the flow through the stages: from cubes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from civicloop.figures import cubes, definitions, periods, reading
from civicloop.figures import selectors as figures
from civicloop.figures.periods import Period
from civicloop.figures.rules import Indicator
from civicloop.foundation import clock
from civicloop.matters.choices import Stage
from civicloop.people.access import Actor
from civicloop.records import days
from civicloop.steering.choices import By
from civicloop.steering.placing import Place
from civicloop.steering.rules import comparing
from civicloop.steering.rules.comparing import Rate

RATES = (
    "on_time_handling_rate", "accurate_dispatch_rate", "rework_rate", "recurrence_rate", "sample_truth_rate",
)  # fmt: skip
SAMPLE = "sample_truth_rate"
PAST = 3  # months before, with which a rate is compared

Sums = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Member:
    """An area or unit with its rates; `member` is that of the cube, "" for the whole."""

    member: str
    name: str
    code: str
    rates: Sequence[Rate]


@dataclass(frozen=True, slots=True)
class Compared:
    """The rates of the month that goes on, by what, and the whole of them.

    `cut`: the one of the page of figures on which the rates open; None for a grid.
    """

    period: Period
    by: str
    cut: figures.Cut | None
    whole: Member
    members: Sequence[Member]

    @property
    def sample(self) -> Rate:
        """What the sample found in the whole."""
        return next(each for each in self.whole.rates if each.indicator.code == SAMPLE)


def month() -> Period:
    """The one that goes on."""
    return periods.of_kind(periods.MONTH, days.day_of(clock.now()))


def _past(period: Period) -> Period:
    """The first of the months with which it is compared."""
    for _each in range(PAST):
        period = period.before()
    return period


def compared(actor: Actor, place: Place, by: str) -> Compared:
    """The rates of the parts of a place, or of the units that work in it, in one statement over a cube."""
    period = month()
    known = definitions.in_force(period.since).indicators
    wanted = [known[code] for code in RATES if code in known]
    cut = _cut(place, by, period)
    if cut is None:  # a grid has no parts: itself alone
        own = _own(place, period, wanted)
        return Compared(period, By.AREA, None, _member("", "", "", own, own, wanted), [])
    found = _read(place, cut, period, wanted)
    whole = (comparing.summed([now for now, _past in found.values()]),
             comparing.summed([past for _now, past in found.values()]))  # fmt: skip
    rows = [
        _member(member, name, code, found.get(member, ({}, {})), whole, wanted)
        for member, name, code in figures.names_of(cut, set(found))
    ]
    return Compared(period, cut.by, cut, _member("", "", "", whole, whole, wanted), rows)


def _member(
    member: str, name: str, code: str, sums: tuple[Sums, Sums], whole: tuple[Sums, Sums], wanted: Sequence[Indicator]
) -> Member:
    """With its rates; the whole (no member) has nothing of its like."""
    now, past = sums
    return Member(member, name, code, [comparing.rate(each, now, past, whole[0] if member else {}) for each in wanted])


def _cut(place: Place, by: str, period: Period) -> figures.Cut | None:
    if place.unit_id is not None:
        return figures.Cut("unit", {}, period, place.unit_id)
    if place.level == "grid":
        return None
    units = by == By.UNIT and place.level in cubes.LEVELS[:3]
    return figures.Cut("unit" if units else "area", place.path, period)


def _read(
    place: Place, cut: figures.Cut, period: Period, wanted: Sequence[Indicator]
) -> dict[str, tuple[Sums, Sums]]:  # fmt: skip
    """member → the sums of the month and those of the months before."""
    how: dict[str, Any] = {"scope": cut.area_id}
    if place.unit_id is not None:
        how |= {"members": [str(place.unit_id)]}
    elif cut.by == "unit":
        how |= {"level": cut.level}
    cube = "unit" if cut.by == "unit" else cubes.child_of(cut.level)
    return _sums(place, cube, period, wanted, **how)


def _own(place: Place, period: Period, wanted: Sequence[Indicator]) -> tuple[Sums, Sums]:
    member = str(place.area_id)
    found = _sums(place, place.level, period, wanted, scope=place.scope, members=[member])
    return found.get(member, ({}, {}))


def _sums(
    place: Place, cube: str, period: Period, wanted: Sequence[Indicator], **how: Any
) -> dict[str, tuple[Sums, Sums]]:  # fmt: skip
    rows = reading.read(
        cube, since=_past(period).since, until=period.until, subdistricts=lambda: figures.subdistricts_of(place.path),
        measures=frozenset().union(*(each.measures for each in wanted)), **how,
    )  # fmt: skip
    found: dict[str, tuple[list[Sums], list[Sums]]] = {}
    for (member, start), sums in rows.items():
        found.setdefault(member, ([], []))[start < period.since].append(sums.n)
    summed = {
        member: (comparing.summed(now), comparing.summed(past)) for member, (now, past) in found.items()
    }  # fmt: skip
    return {member: each for member, each in summed.items() if any(each[0].values()) or any(each[1].values())}


@dataclass(frozen=True, slots=True)
class Flow:
    """What a stage saw in this month and the one before: how many came and left, their mean minutes there."""

    stage: str
    entered: int
    left: int
    minutes: int | None
    left_before: int
    minutes_before: int | None


def flow(place: Place) -> list[Flow]:
    """The flow through the stages, from the cube of the place itself: passes, each time, not matters."""
    period = month()
    if place.unit_id is not None:
        cube, how = "unit", {"scope": 0, "members": [str(place.unit_id)], "level": "city"}
    else:
        cube, how = place.level, {"scope": place.scope, "members": [str(place.area_id)]}
    rows = reading.read(
        cube, since=period.before().since, until=period.until, measures=figures.stages_measures(), ahead=False,
        **how,  # type: ignore[arg-type]
    )  # fmt: skip
    now = [sums for (_member, start), sums in rows.items() if start >= period.since]
    past = [sums for (_member, start), sums in rows.items() if start < period.since]
    return [_flow(stage, now, past) for stage in Stage.values]


def _flow(stage: str, now: Sequence[reading.Sums], past: Sequence[reading.Sums]) -> Flow:
    entered = sum(each.n.get(f"entered:{stage}", 0) for each in now)
    left, minutes = _left(stage, now)
    return Flow(stage, entered, left, minutes, *_left(stage, past))


def _left(stage: str, rows: Sequence[reading.Sums]) -> tuple[int, int | None]:
    left = sum(each.n.get(f"left:{stage}", 0) for each in rows)
    minutes = sum(each.minutes.get(f"left:{stage}", 0) for each in rows)
    return left, round(minutes / left) if left else None
