"""How many matters stood at each stage at the end of a day: what came to it less what left it, until then."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

Came = Mapping[str, Mapping[date, Mapping[str, int]]]  # member → first day of a period → stage → came less left


def days_from(first: date, last: date) -> list[date]:
    """The days from `first` to `last`, both included."""
    return [first + timedelta(days=each) for each in range((last - first).days + 1)]


def at_the_end(earlier: Came, by_day: Came, days: Sequence[date]) -> dict[str, list[dict[str, int]]]:
    """member → for each of the days what stood at each stage; `earlier` is what came before the first of them."""
    found: dict[str, list[dict[str, int]]] = {}
    for member in {*earlier, *by_day}:
        standing = _sum({}, earlier.get(member, {}).values())
        of_member, line = by_day.get(member, {}), []
        for day in days:
            standing = _sum(standing, [of_member.get(day, {})])
            line.append(standing)
        found[member] = line
    return found


def _sum(into: Mapping[str, int], more: Iterable[Mapping[str, int]]) -> dict[str, int]:
    found = dict(into)
    for each in more:
        for stage, n in each.items():
            found[stage] = found.get(stage, 0) + n
    return {stage: n for stage, n in found.items() if n}
