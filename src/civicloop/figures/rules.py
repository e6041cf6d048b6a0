"""The language of indicators: files of codes, names and formulas over facts, checked when they are read. Pure.

A bare rate of ends that mixes them is refused: whoever divides ends names beside it the indicators of the others.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from civicloop.matters.counting import FACTS

SHIPPED = Path(__file__).with_name("indicators")
GOALS = ("high", "low", "")
SMALL = 30
ENDS_APART = frozenset({"closed", "ended", "settled"})


class WrongIndicator(ValueError):
    """A file that is no set of indicators; says which indicator and why."""


@dataclass(frozen=True, slots=True)
class Indicator:
    """One indicator: what is counted (`of`), by what it is divided (`per`), what is left out of that (`without`).

    Terms are (sign, measure). Percentages have `decimals` places; below `small` in the denominator nothing is compared.
    """

    code: str
    group: str
    names: Mapping[str, str]
    said: Mapping[str, str]
    of: tuple[tuple[int, str], ...]
    per: tuple[tuple[int, str], ...]
    without: tuple[str, ...]
    beside: tuple[str, ...]
    anchor: str
    goal: str
    small: int
    decimals: int
    plain: Mapping[str, str] | None = None  # its name for residents; only what has one is shown to everybody

    @property
    def rate(self) -> bool:
        return bool(self.per)

    @property
    def measures(self) -> frozenset[str]:
        """Every measure that it looks at."""
        return frozenset(measure for _sign, measure in (*self.of, *self.per)) | frozenset(self.without)

    def formula(self) -> str:
        """The formula as the file has it, to be shown and sealed."""
        of, per = _sum(self.of), _sum(self.per)
        left = "".join(f" - {each}" for each in self.without)
        return f"({of}) / ({per}{left})" if per else of


def _sum(terms: Sequence[tuple[int, str]]) -> str:
    return "".join(f" {'-' if sign < 0 else '+'} {measure}" for sign, measure in terms).removeprefix(" + ").strip()


@dataclass(frozen=True, slots=True)
class Set:
    """All indicators in their order, and the groups in which they are shown."""

    indicators: Mapping[str, Indicator]
    groups: Mapping[str, Mapping[str, str]]

    @property
    def measures(self) -> frozenset[str]:
        return frozenset().union(*(each.measures for each in self.indicators.values()))


def shipped() -> dict[str, Any]:
    """The content of the files that come with the product."""
    content: dict[str, Any] = {"group": {}, "indicator": {}}
    for path in sorted(SHIPPED.glob("*.toml")):
        told = tomllib.loads(path.read_text(encoding="utf-8"))
        content = over(content, told)
    return content


def over(content: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """`content` with what another file names anew; a whole indicator is replaced, not parts of it.

    Raises WrongIndicator for what is no file of indicators at all.
    """
    if strange := set(told) - {"group", "indicator"}:
        raise WrongIndicator(f"there are only groups and indicators, not {', '.join(sorted(strange))}")
    if not all(isinstance(part, dict) for part in told.values()):
        raise WrongIndicator("group and indicator are tables")
    return {part: {**content.get(part, {}), **told.get(part, {})} for part in ("group", "indicator")}


def read(content: Mapping[str, Any]) -> Set:
    """A set of indicators. Raises WrongIndicator."""
    _well_formed(content)
    groups = {
        code: {"zh-hans": each["zh"], "en": each.get("en", each["zh"])} for code, each in content["group"].items()
    }
    found = {code: _indicator(code, each) for code, each in content["indicator"].items()}
    for code, each in found.items():
        if each.group not in groups:
            raise WrongIndicator(f"{code}: there is no group {each.group!r}")
        if missing := [other for other in each.beside if other not in found]:
            raise WrongIndicator(f"{code}: there is no indicator {missing[0]!r}")
        if each.rate and each.of and {m.partition(":")[0] for _s, m in each.of} & ENDS_APART and not each.beside:
            raise WrongIndicator(f"{code}: a rate of ends names those that it leaves out (beside)")
    return Set(found, groups)


def _well_formed(content: Mapping[str, Any]) -> None:
    """Whether every value is of the sort that the language has. Raises WrongIndicator."""
    for code, told in content.get("group", {}).items():
        if not isinstance(told, dict) or not isinstance(told.get("zh"), str):
            raise WrongIndicator(f"the group {code} has no name (zh)")
    for code, told in content.get("indicator", {}).items():
        if not isinstance(told, dict):
            raise WrongIndicator(f"{code} is no indicator")
        for name, value in told.items():
            many, number = name in {"of", "per", "without", "beside"}, name in {"small", "decimals"}
            each = value if isinstance(value, list) else [value]
            sort = int if number else str
            if isinstance(value, list) != many or not all(isinstance(one, sort) for one in each):
                raise WrongIndicator(f"{code}: {name} has a value of another sort")


_KEYS = frozenset(
    {
        "group",
        "zh",
        "en",
        "of",
        "per",
        "without",
        "beside",
        "anchor",
        "goal",
        "small",
        "decimals",
        "said_zh",
        "said_en",
        "plain_zh",
        "plain_en",
    }
)


def _indicator(code: str, told: Mapping[str, Any]) -> Indicator:
    if strange := set(told) - _KEYS:
        raise WrongIndicator(f"{code}: nothing is called {', '.join(sorted(strange))}")
    missing = {"group", "zh", "of", "anchor", "said_zh"} - set(told)
    if missing or not told["of"]:
        raise WrongIndicator(f"{code}: {', '.join(sorted(missing)) or 'of'} is missing")
    of, per = tuple(map(_term, told["of"])), tuple(map(_term, told.get("per", ())))
    without = tuple(told.get("without", ()))
    for measure in (*(each for _sign, each in (*of, *per)), *without):
        declared = FACTS.get(measure.partition(":")[0])
        if declared is None or not declared.opens:
            raise WrongIndicator(f"{code}: {measure} is no fact that counts matters")
    if without and not per:
        raise WrongIndicator(f"{code}: only a rate leaves something out")
    if told.get("goal", "") not in GOALS:
        raise WrongIndicator(f"{code}: goal is one of high, low and nothing")
    return Indicator(
        code, told["group"], {"zh-hans": told["zh"], "en": told.get("en", told["zh"])},
        {"zh-hans": told["said_zh"], "en": told.get("said_en", told["said_zh"])}, of, per, without,
        tuple(told.get("beside", ())), told["anchor"], told.get("goal", ""), int(told.get("small", SMALL)),
        int(told.get("decimals", 1)),
        {"zh-hans": told["plain_zh"], "en": told.get("plain_en", told["plain_zh"])} if "plain_zh" in told else None,
    )  # fmt: skip


def _term(text: str) -> tuple[int, str]:
    return (-1, text[1:]) if text.startswith("-") else (1, text)


@dataclass(frozen=True, slots=True)
class Value:
    """What an indicator says of one member in one period. `value` is None for a rate of nothing ("—")."""

    of: int
    per: int | None
    left_out: int
    value: float | None
    small: bool

    @property
    def left_out_share(self) -> float | None:
        """The share of what was left out, in percent; None where nothing could be."""
        whole = (self.per or 0) + self.left_out
        return round(100 * self.left_out / whole, 1) if whole else None


def value_of(indicator: Indicator, sums: Mapping[str, int]) -> Value:
    """An indicator from the sums of its measures."""
    of = sum(sign * sums.get(measure, 0) for sign, measure in indicator.of)
    if not indicator.rate:
        return Value(of, None, 0, float(of), small=False)
    left_out = sum(sums.get(measure, 0) for measure in indicator.without)
    per = sum(sign * sums.get(measure, 0) for sign, measure in indicator.per) - left_out
    value = round(100 * of / per, indicator.decimals) if per > 0 else None
    return Value(of, per, left_out, value, per < indicator.small)


def merged(sums: Mapping[str, Mapping[str, int]], taken: Mapping[str, str]) -> dict[str, dict[str, int]]:
    """The sums of members with those of some of them (`taken`: member → member) added to others'."""
    found: dict[str, dict[str, int]] = {}
    for member, each in sums.items():
        into = found.setdefault(taken.get(member, member), {})
        for measure, n in each.items():
            into[measure] = into.get(measure, 0) + n
    return found


def change(indicator: Indicator, now: Value, before: Value) -> float | None:
    """同比/环比: in percentage points for rates, in percent for numbers; None ("—") where the base is zero."""
    if indicator.rate:
        if now.value is None or before.value is None:
            return None
        return round(now.value - before.value, indicator.decimals)
    return round(100 * (now.of - before.of) / before.of, 1) if before.of else None


ABOVE, SIMILAR, BELOW, TOO_FEW = "above", "similar", "below", "too_few"


def band(indicator: Indicator, mine: Value, whole: Value) -> str:
    """How a member lies to all of its like: by the 95 % interval of its share (Wilson), so that few say little."""
    if not indicator.rate or mine.value is None or whole.value is None:
        return ""
    if mine.small or not mine.per:
        return TOO_FEW
    low, high = interval(mine.of, mine.per)
    share = whole.value / 100
    return ABOVE if low > share else BELOW if high < share else SIMILAR


def interval(of: int, per: int) -> tuple[float, float]:
    """The 95 % interval of a share by Wilson's method."""
    z = 1.96
    share = min(1.0, max(0.0, of / per))
    middle = (share + z * z / (2 * per)) / (1 + z * z / per)
    half = z / (1 + z * z / per) * ((share * (1 - share) / per + z * z / (4 * per * per)) ** 0.5)
    return middle - half, middle + half
