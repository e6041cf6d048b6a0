"""Scores of areas and units: rates with weights, as they were sealed for a month. Pure.

A score is the sum of what each rate brings, in points of its weight. Where a rate has too few matters to say anything
there is no score: to leave its weight out would measure by other weights than were sealed.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from civicloop.figures.rules import Indicator, Set, Value

AREA, UNIT = OBJECTS = ("area", "unit")
FULL = 100
SHIPPED = Path(__file__).with_name("weights.toml")
LOWEST = "poor"  # the grade below all others


class WrongWeights(ValueError):
    """Weights that measure nothing; says why."""


@cache
def shipped() -> dict[str, Any]:
    """The weights that come with the product, and the grades."""
    return tomllib.loads(SHIPPED.read_text(encoding="utf-8"))


def offered(indicators: Mapping[str, Indicator]) -> list[Indicator]:
    """The rates that may have a weight: those that say what is better."""
    return [each for each in indicators.values() if each.rate and each.goal]


def check(weights: Mapping[str, int], indicators: Mapping[str, Indicator]) -> None:
    """Whether these weights measure something. Raises WrongWeights."""
    known = {each.code for each in offered(indicators)}
    if strange := [code for code in weights if code not in known]:
        raise WrongWeights(strange[0])
    if any(weight <= 0 for weight in weights.values()) or sum(weights.values()) != FULL:
        raise WrongWeights("sum")


@dataclass(frozen=True, slots=True)
class Part:
    """What one rate brings to a score: its weight, its value, the points; None where it says too little."""

    indicator: Indicator
    weight: int
    value: Value
    points: float | None


@dataclass(frozen=True, slots=True)
class Score:
    """A score with its parts; `total` is None where a part says too little, or the member is not on the roster."""

    parts: tuple[Part, ...]
    total: float | None
    grade: str
    listed: bool = True


def score(
    values: Mapping[str, Value], weights: Mapping[str, int], chosen: Set, grades: Mapping[str, int], *, listed: bool
) -> Score:
    """The score of a member by its values; `listed`: it was there when the month was sealed."""
    parts = tuple(
        Part(chosen.indicators[code], weight, values[code], _points(chosen.indicators[code], values[code], weight))
        for code, weight in weights.items()
    )
    brought = [each.points for each in parts if each.points is not None]
    if not listed or len(brought) < len(parts):
        return Score(parts, None, "", listed)
    total = round(sum(brought), 1)
    reached = [name for name, least in sorted(grades.items(), key=lambda each: -each[1]) if total >= least]
    return Score(parts, total, reached[0] if reached else LOWEST)


def _points(indicator: Indicator, value: Value, weight: int) -> float | None:
    """A rate above 100 % brings no more than its weight."""
    if value.value is None or value.small or not value.per:
        return None
    share = min(1.0, max(0.0, value.of / value.per))
    return weight * (share if indicator.goal == "high" else 1 - share)
