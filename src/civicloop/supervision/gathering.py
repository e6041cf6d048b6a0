"""Reports at one place: groups of those that lie within so many metres of one of them. Pure.

The report with the most others around it is the middle of the first group, then the next of what is left; of equal ones
the earliest. Where the cells of a map lie does not matter.
"""

import heapq
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from civicloop.foundation import coordinates

DEGREE = 110_500.0  # metres of a degree of latitude at the least
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Report:
    """Where and when something was reported."""

    id: UUID
    at: datetime
    point: Point  # lon, lat


@dataclass(frozen=True, slots=True)
class Group:
    """Reports around the one in the middle, the earliest first."""

    middle: Report
    reports: tuple[Report, ...]


def near(first: Point, second: Point, metres: float) -> bool:
    """Whether two points lie at most so far apart."""
    return coordinates.metres(first, second) <= metres


def gather(reports: Iterable[Report], metres: float, least: int) -> list[Group]:
    """Groups of at least `least` reports, the largest first; a report is in one group only."""
    around = _around(sorted(reports, key=lambda each: (each.at, each.id)), metres)
    heap = [(-len(others), report.at, report.id, report) for report, others in around.items() if len(others) >= least]
    heapq.heapify(heap)
    taken: set[UUID] = set()
    found = []
    while heap:
        size, at, key, report = heapq.heappop(heap)
        if key in taken:
            continue
        left = [each for each in around[report] if each.id not in taken]
        if len(left) == -size:
            found.append(Group(report, tuple(left)))
            taken |= {each.id for each in left}
        elif len(left) >= least:  # some belong to another group by now
            heapq.heappush(heap, (-len(left), at, key, report))
    return found


def _around(reports: Sequence[Report], metres: float) -> dict[Report, list[Report]]:
    """All reports within the distance of each, itself too; only those of the blocks around it are asked."""
    if not reports:
        return {}
    north = max(abs(each.point[1]) for each in reports)
    high = metres / DEGREE
    wide = high / max(0.01, math.cos(math.radians(min(89.0, north))))
    blocks: dict[tuple[int, int], list[Report]] = {}
    for each in reports:
        blocks.setdefault(_block(each.point, wide, high), []).append(each)
    found: dict[Report, list[Report]] = {}
    for each in reports:
        x, y = _block(each.point, wide, high)
        others = (other for dx in (-1, 0, 1) for dy in (-1, 0, 1) for other in blocks.get((x + dx, y + dy), ()))
        close = [other for other in others if near(each.point, other.point, metres)]
        found[each] = sorted(close, key=lambda other: (other.at, other.id))
    return found


def _block(point: Point, wide: float, high: float) -> tuple[int, int]:
    return math.floor(point[0] / wide), math.floor(point[1] / high)
