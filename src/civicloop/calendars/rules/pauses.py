"""Pauses of a clock: while one lasts, nothing is counted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Pause:
    """From `start` (counted no more) to `end` (counted again); without an end the clock still stands."""

    start: datetime
    end: datetime | None = None
    reason: str = ""


class OpenPause(ValueError):
    """There is no due moment while a clock stands still."""


def joined(pauses: Iterable[Pause], start: datetime) -> list[Pause]:
    """The pauses after `start` in order, overlapping ones joined, empty ones dropped. ValueError for a reversed one."""
    found: list[Pause] = []
    # in UTC: Python compares two readings of one zone by the wall clock, which is wrong when clocks change
    start = start.astimezone(UTC)
    utc = (Pause(p.start.astimezone(UTC), p.end.astimezone(UTC) if p.end else None, p.reason) for p in pauses)
    for pause in sorted(utc, key=lambda pause: pause.start):
        if pause.end is not None and pause.end < pause.start:
            raise ValueError("a pause ends after it begins")
        begin = max(pause.start, start)
        if pause.end is not None and pause.end <= begin:
            continue
        if found and (found[-1].end is None or found[-1].end >= begin):
            last = found[-1]
            if last.end is None or (pause.end is not None and pause.end <= last.end):
                continue
            reasons = dict.fromkeys(word for word in (last.reason, pause.reason) if word)
            found[-1] = Pause(last.start, pause.end, "+".join(reasons))
        else:
            found.append(Pause(begin, pause.end, pause.reason))
    return found


def revived(
    pauses: Sequence[Pause], *, stopped_at: datetime, revived_at: datetime, checking_counts: bool, reason: str
) -> tuple[Pause, ...]:
    """The pauses of a clock whose stop is struck out (返工, the same clock goes on).

    The time in between is the checker's: it is a pause, unless the city lets it count.
    """
    return tuple(pauses) if checking_counts else (*pauses, Pause(stopped_at, revived_at, reason))
