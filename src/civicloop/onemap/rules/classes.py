"""Classes of a coloured map: from which value on an area is darker. Numbers go by the root, rates by round steps."""

import math
from collections.abc import Iterable, Mapping, Sequence

MOST = 5


def by_root(counts: Mapping[int, int]) -> list[int]:
    """The least count of each class: equal steps of the root, so that one crowded area does not pale all others."""
    most = max(counts.values(), default=0)
    return sorted({max(1, round((step / MOST) ** 2 * most)) for step in range(MOST)})


def band(count: float, least: Sequence[float]) -> int:
    """The class of a count, 1 …; 0 for nothing."""
    return 0 if count <= 0 else sum(count >= each for each in least)


def by_steps(values: Iterable[float]) -> list[float]:
    """The least value of each class, and after them where the last one ends: as few round steps as hold all values."""
    found = list(values)
    if not found:
        return []
    low, high = min(found), max(found)
    power = math.floor(math.log10(max(high - low, 1) / MOST)) if high > low else 0
    for width in (factor * 10.0**each for each in range(power, power + 3) for factor in (1, 2, 5)):
        first = math.floor(low / width) * width
        number = max(1, math.ceil(round((high - first) / width, 9)))
        if number <= MOST:
            return [round(first + step * width, 9) for step in range(number + 1)]
    raise AssertionError("a wide enough step holds everything")


def step(value: float, ends: Sequence[float]) -> int:
    """The class of a value by what `by_steps` gave, 1 …; the end of the last class belongs to it."""
    return min(sum(value >= each for each in ends), len(ends) - 1)
