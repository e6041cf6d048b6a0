"""How much is likely to come in the next seven days, from what came before. Pure.

Five plain methods; which of them is used, the past decides: each forecasts weeks that are known by now from what was
known before them, and the one that was least wrong forecasts the next. The error that is told is that of this whole
way, the choice included: a past week is forecast by the method that had been the best up to then.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from math import sqrt
from statistics import median

WEEK = 7
AHEAD = 1  # the day that goes on is neither known nor forecast
TRAINED = 28  # days before the first forecast
FOLDS = 8  # weeks of the past that are forecast
LEAST_FOLDS = 2
LEAST = 28  # matters in the last four weeks: fewer than one a day say nothing
USED = TRAINED + AHEAD + FOLDS * WEEK  # days of history that are looked at
SHARE = 0.8  # of the past days lay within the interval

Works = Callable[[date], bool]
Method = Callable[["Known", int], float]


@dataclass(frozen=True, slots=True)
class Series:
    """What came on each day since the first one; `works` tells working days, those to come as well."""

    first: date
    counts: Sequence[int]
    works: Works

    def day(self, place: int) -> date:
        return self.first + timedelta(days=place)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a series on a day; `kinds` says of every day that is looked at whether it is a working day."""

    counts: Sequence[int]
    kinds: Sequence[bool]

    def until(self, place: int) -> "Known":
        """What was known when the day `place` began."""
        return Known(self.counts[:place], self.kinds)

    def last(self, number: int) -> Sequence[int]:
        return self.counts[-number:]


@dataclass(frozen=True, slots=True)
class Expected:
    """One day to come: how many are likely, and between which numbers four of five past days lay."""

    day: date
    works: bool
    number: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """Seven days and their sum. `error` is what the past forecasts were off by, in percent of what came (WAPE).

    `mean_error` is in matters a day (MAE); `weeks` says over how many past weeks. The sum's bounds are as far off
    above and below as the worst of them was.
    """

    method: str
    days: Sequence[Expected]
    total: float
    low: float
    high: float
    error: float
    mean_error: float
    weeks: int


def _usual(known: Known, place: int, weeks: int) -> float:
    """The mean of the same weekday; of days of its kind where it is a day off or at work unlike the weeks before."""
    wanted, size = known.kinds[place], len(known.counts)
    same = [
        at for at in range(place - WEEK, max(-1, size - TRAINED - 1), -WEEK)
        if at < size and known.kinds[at] == wanted
    ]  # fmt: skip
    if not same:
        same = [at for at in range(max(0, size - TRAINED), size) if known.kinds[at] == wanted]
    if not same:
        return sum(known.last(TRAINED)) / max(1, len(known.last(TRAINED)))
    return sum(known.counts[at] for at in same[:weeks]) / len(same[:weeks])


def week_before(known: Known, place: int) -> float:
    """As the last such weekday was."""
    return _usual(known, place, 1)


def weekdays(known: Known, place: int) -> float:
    """The mean of the last four such weekdays."""
    return _usual(known, place, 4)


def kinds_of_days(known: Known, place: int) -> float:
    """The mean of the working days, or of the days off, of the last four weeks."""
    wanted, size = known.kinds[place], len(known.counts)
    same = [known.counts[at] for at in range(max(0, size - TRAINED), size) if known.kinds[at] == wanted]
    return sum(same) / len(same) if same else _usual(known, place, 4)


def middle_of_days(known: Known, place: int) -> float:
    """The middle one of such days of the last four weeks; a single wild day does not move it."""
    wanted, size = known.kinds[place], len(known.counts)
    same = [known.counts[at] for at in range(max(0, size - TRAINED), size) if known.kinds[at] == wanted]
    return float(median(same)) if same else _usual(known, place, 4)


def trend(known: Known, place: int) -> float:
    """The mean of weekdays, moved by half of how the last two weeks differ from the two before."""
    later, earlier = sum(known.last(2 * WEEK)), sum(known.last(4 * WEEK)[: -2 * WEEK])
    moved = sqrt(later / earlier) if earlier and later else 1.0
    return _usual(known, place, 4) * min(1.5, max(0.67, moved))


METHODS: dict[str, Method] = {
    "weekdays": weekdays, "week_before": week_before, "kinds_of_days": kinds_of_days,
    "middle_of_days": middle_of_days, "trend": trend,
}  # fmt: skip


def forecast(series: Series) -> Forecast | None:
    """The seven days after the one that follows the series; None where there is too little history."""
    counts = tuple(series.counts[-USED:])
    first = series.day(len(series.counts) - len(counts))
    kinds = tuple(series.works(first + timedelta(days=place)) for place in range(len(counts) + AHEAD + WEEK))
    return _made(first, counts, kinds)


@lru_cache(maxsize=2_048)
def _made(first: date, counts: tuple[int, ...], kinds: tuple[bool, ...]) -> Forecast | None:
    """The same, which follows from these alone: kept for whoever asks next."""
    size, known = len(counts), Known(counts, kinds)
    started = next((at for at, count in enumerate(known.counts) if count), size)
    folds = min(FOLDS, (size - started - TRAINED - AHEAD) // WEEK)
    if folds < LEAST_FOLDS or sum(known.last(TRAINED)) < LEAST:
        return None
    past = [_fold(known, size - WEEK * fold) for fold in range(folds, 0, -1)]
    honest = [(week[_best(past[:number])], actual) for number, (week, actual) in enumerate(past)][1:]
    method = _best(past)
    numbers = [METHODS[method](known, size + AHEAD + step) for step in range(WEEK)]
    off = sum(abs(made - real) for week, actual in honest for made, real in zip(week, actual, strict=True))
    came = sum(sum(actual) for _week, actual in honest)
    low, high = _spread([(made - real) / _scale(made) for week, actual in honest
                         for made, real in zip(week, actual, strict=True)])  # fmt: skip
    sums = [(sum(week) - sum(actual)) / _scale(sum(week)) for week, actual in honest]
    over, under = max(0.0, *sums), max(0.0, *(-each for each in sums))
    days = []
    for step, number in enumerate(numbers):
        day = first + timedelta(days=size + AHEAD + step)
        days.append(Expected(day, kinds[size + AHEAD + step], number, max(0.0, number - high * _scale(number)),
                             max(number, number - low * _scale(number))))  # fmt: skip
    total = sum(numbers)
    return Forecast(
        method, days, total, max(0.0, total - over * _scale(total)), total + under * _scale(total),
        round(100 * off / came, 1) if came else 0.0, round(off / (WEEK * len(honest)), 1), len(honest),
    )  # fmt: skip


Fold = tuple[dict[str, list[float]], Sequence[int]]


def _fold(known: Known, begins: int) -> Fold:
    """What each method would have said of a past week, from what was known the day before it; and what came."""
    then = known.until(begins - AHEAD)
    said = {code: [each(then, begins + step) for step in range(WEEK)] for code, each in METHODS.items()}
    return said, known.counts[begins : begins + WEEK]


def _best(folds: Sequence[Fold]) -> str:
    """The method that was least wrong; the first of them where they are equal or nothing is known yet."""

    def off(code: str) -> float:
        return sum(abs(made - real) for said, actual in folds for made, real in zip(said[code], actual, strict=True))

    return min(METHODS, key=off)


def _scale(number: float) -> float:
    """Counts scatter by about their root."""
    return sqrt(max(1.0, number))


def _spread(residuals: Sequence[float]) -> tuple[float, float]:
    """Between which values the middle SHARE of the residuals lies."""
    ordered = sorted(residuals)
    out = (1 - SHARE) / 2
    last = len(ordered) - 1
    return ordered[round(out * last)], ordered[round((1 - out) * last)]
