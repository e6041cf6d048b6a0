"""Whether the time and place of a photo fit the matter. Pure: whatever is not known gives no signal.

A signal asks for a look and says by how much; the bounds are settings, and no place is compared without its accuracy.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from civicloop.foundation.coordinates import gcj02_to_wgs84, metres

Point = tuple[float, float]


@dataclass(frozen=True)
class Bounds:
    """How far a photo may be off before somebody is asked to look."""

    early: timedelta
    skew: timedelta
    factor: float
    matter_accuracy: float


@dataclass(frozen=True)
class Circumstances:
    """What the matter says: when it was received, and where it is (WGS-84)."""

    received_at: datetime
    point: Point | None = None


@dataclass(frozen=True)
class Shot:
    """One photo: its stage, when it was taken and when it came, where it was taken and how exactly that is known."""

    stage: str
    came_at: datetime
    taken_at: datetime | None = None
    place: Point | None = None
    accuracy: float | None = None


def doubts(shot: Shot, matter: Circumstances | None, bounds: Bounds) -> Iterator[tuple[str, int]]:
    """(rule, by how many minutes or metres) for what does not fit."""
    taken = shot.taken_at
    if taken is not None and taken - shot.came_at > bounds.skew:
        yield "future", _minutes(taken - shot.came_at)
    if taken is not None and matter is not None and matter.received_at - taken > bounds.early:
        yield "early", _minutes(matter.received_at - taken)
    if shot.stage == "after" and matter is not None and matter.point and shot.place and shot.accuracy is not None:
        away = distance(shot.place, matter.point)
        if away > bounds.factor * shot.accuracy + bounds.matter_accuracy:
            yield "far", min(round(away), 2_000_000_000)


def before_its_before(after: Shot, earliest_before: Shot, bounds: Bounds) -> int | None:
    """By how many minutes an after-photo was taken before the earliest before-photo; None when it was not."""
    if after.taken_at is None or earliest_before.taken_at is None:
        return None
    behind = earliest_before.taken_at - after.taken_at
    return _minutes(behind) if behind > bounds.skew else None


def distance(place: Point, point: Point) -> float:
    """Metres; some cameras write the shifted coordinates of Chinese maps without saying so: the nearer counts."""
    return min(metres(place, point), metres(gcj02_to_wgs84(*place), point))


def _minutes(span: timedelta) -> int:
    return min(int(span.total_seconds() // 60), 2_000_000_000)
