"""Hours of the day: when nothing may disturb, the next fixed hour, how long to wait before another try. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

FIRST, LONGEST = timedelta(minutes=1), timedelta(hours=4)
GROWTH = 5


@dataclass(frozen=True, slots=True)
class Hours:
    """From a time of the day until another one, over midnight where the second is the earlier."""

    begin: time
    end: time

    def holds(self, at: time) -> bool:
        """Whether `at` lies within; the end does not."""
        if self.begin == self.end:
            return False
        if self.begin < self.end:
            return self.begin <= at < self.end
        return at >= self.begin or at < self.end


def hours(text: str) -> list[Hours]:
    """`12:00-14:00 20:00-07:30` as values. Raises ValueError."""
    found = []
    for part in text.split():
        begin, dash, end = part.partition("-")
        if not dash:
            raise ValueError(part)
        found.append(Hours(time.fromisoformat(begin), time.fromisoformat(end)))
    return found


def times(text: str) -> list[time]:
    """`11:30 16:30` as values, in their order. Raises ValueError."""
    return sorted(time.fromisoformat(part) for part in text.split())


def allowed(moment: datetime, quiet: Sequence[Hours], zone: tzinfo) -> datetime:
    """`moment`, or when it lies in quiet hours the first moment after them. Hours that cover all day do not count."""
    found = moment
    for _each in range(2 * len(quiet) + 1):
        local = found.astimezone(zone)
        holding = next((each for each in quiet if each.holds(local.timetz().replace(tzinfo=None))), None)
        if holding is None:
            return found
        day = local.date() + timedelta(days=int(holding.end <= local.time()))
        found = datetime.combine(day, holding.end, tzinfo=zone).astimezone(moment.tzinfo)
    return moment


def following(moment: datetime, fixed: Sequence[time], zone: tzinfo) -> datetime:
    """The first of the fixed times of a day that does not lie before `moment`."""
    local = moment.astimezone(zone)
    days = (local.date(), local.date() + timedelta(days=1))
    found = min(
        at for day in days for each in fixed if (at := datetime.combine(day, each, tzinfo=zone)) >= local
    )  # fmt: skip
    return found.astimezone(moment.tzinfo)


def last(moment: datetime, fixed: Sequence[time], zone: tzinfo) -> datetime:
    """The last of the fixed times of a day that is not after `moment`."""
    local = moment.astimezone(zone)
    days = (local.date() - timedelta(days=1), local.date())
    found = max(
        at for day in days for each in fixed if (at := datetime.combine(day, each, tzinfo=zone)) <= local
    )  # fmt: skip
    return found.astimezone(moment.tzinfo)


def wait(tries: int) -> timedelta:
    """How long to wait after the so-manieth failed try: a minute, five, twenty-five, then up to four hours."""
    factor: int = GROWTH ** max(0, min(tries, 10) - 1)
    return min(FIRST * factor, LONGEST)
