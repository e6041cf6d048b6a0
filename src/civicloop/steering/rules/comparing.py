"""How a rate lies to all of its like and to its own past, by the 95 % interval, so that few say little. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from civicloop.figures import rules
from civicloop.figures.rules import Indicator, Value

BETTER, STEADY, WORSE, TOO_FEW = "better", "steady", "worse", "too_few"


@dataclass(frozen=True, slots=True)
class Rate:
    """One rate of one member: now, before, between which values it may lie, and the two comparisons."""

    indicator: Indicator
    value: Value
    past: Value
    low: float | None
    high: float | None
    band: str  # to all of its like: above, similar, below, too_few or empty
    own: str  # to its own past: better, steady, worse, too_few or empty


def rate(indicator: Indicator, now: Mapping[str, int], past: Mapping[str, int], whole: Mapping[str, int]) -> Rate:
    """A rate from the sums of its measures, beside those of its past and of all members together."""
    value, before = rules.value_of(indicator, now), rules.value_of(indicator, past)
    low = high = None
    if value.per and value.per > 0 and value.value is not None:
        low, high = (round(100 * abs(each), 1) for each in rules.interval(value.of, value.per))
    band = rules.band(indicator, value, rules.value_of(indicator, whole))
    return Rate(indicator, value, before, low, high, band, _own(indicator, value, before))


def _own(indicator: Indicator, value: Value, past: Value) -> str:
    """Whether the present lies outside what its own past would let expect; which way is better, the goal says."""
    if value.value is None or past.value is None:
        return ""
    found = rules.band(indicator, value, past)
    if found == TOO_FEW or past.small:
        return TOO_FEW
    if found not in (rules.ABOVE, rules.BELOW) or not indicator.goal:
        return STEADY
    return BETTER if (found == rules.ABOVE) == (indicator.goal == "high") else WORSE


def summed(rows: Sequence[Mapping[str, int]]) -> dict[str, int]:
    """The sums of several members or months."""
    found: dict[str, int] = {}
    for each in rows:
        for measure, number in each.items():
            found[measure] = found.get(measure, 0) + number
    return found
