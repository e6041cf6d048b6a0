"""Limits: a number and a unit, such as 4 工作时 or 2 months."""

import re
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Self

MICROSECONDS_OF_HOUR = 3_600_000_000


class LimitUnit(StrEnum):
    """The units of both families. The four counted ones are those of city practice under GB/T 30428.8."""

    URGENT_HOUR = "urgent_hour"  # 紧急工作时, runs day and night
    WORK_HOUR = "work_hour"  # 工作时, working time only
    WORK_DAY = "work_day"  # 工作日, the calendar's daily working time, not "next day same time"
    NATURAL_DAY = "natural_day"  # 紧急工作日, 24 hours running through
    LEGAL_DAY = "legal_day"
    LEGAL_WORK_DAY = "legal_work_day"
    MONTH = "month"
    YEAR = "year"


CONTINUOUS = {LimitUnit.URGENT_HOUR: MICROSECONDS_OF_HOUR, LimitUnit.NATURAL_DAY: 24 * MICROSECONDS_OF_HOUR}
WORKING = frozenset({LimitUnit.WORK_HOUR, LimitUnit.WORK_DAY})
COUNTED = WORKING | frozenset(CONTINUOUS)
CIVIL = frozenset(LimitUnit) - COUNTED

# about a century: beyond it a limit is a slip of the pen, and dates run out
LARGEST = {
    LimitUnit.URGENT_HOUR: 876_000, LimitUnit.WORK_HOUR: 200_000, LimitUnit.WORK_DAY: 25_000,
    LimitUnit.NATURAL_DAY: 36_500, LimitUnit.LEGAL_DAY: 36_500, LimitUnit.LEGAL_WORK_DAY: 25_000,
    LimitUnit.MONTH: 1_200, LimitUnit.YEAR: 100,
}  # fmt: skip

SPELLINGS = {unit.value: unit for unit in LimitUnit} | {
    "紧急工作时": LimitUnit.URGENT_HOUR, "工作时": LimitUnit.WORK_HOUR, "工作日": LimitUnit.WORK_DAY,
    "紧急工作日": LimitUnit.NATURAL_DAY, "法定日": LimitUnit.LEGAL_DAY, "法定工作日": LimitUnit.LEGAL_WORK_DAY,
    "月": LimitUnit.MONTH, "个月": LimitUnit.MONTH, "年": LimitUnit.YEAR, "legal_month": LimitUnit.MONTH,
    "legal_year": LimitUnit.YEAR,
}  # fmt: skip
# in cities' sheets these mean now working time, now running time: nobody may guess
AMBIGUOUS = frozenset({"小时", "时", "天", "日", "hour", "hours", "day", "days", "h", "d"})
_FORM = re.compile(r"\s*(\d{1,9}(?:\.\d{1,6})?|\d{1,9}/\d{1,9})\s*(\S+)\s*")


class LimitRefused(ValueError):
    """A text or number that is no limit; `code` says why, `text` is what was given."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text


@dataclass(frozen=True, slots=True)
class Limit:
    """How long something may take. Civil units take whole numbers only."""

    number: Fraction
    unit: LimitUnit

    def __post_init__(self) -> None:
        object.__setattr__(self, "number", Fraction(self.number))
        if self.number <= 0:
            raise LimitRefused("not_positive", str(self.number))
        if self.unit in CIVIL and self.number.denominator != 1:
            raise LimitRefused("not_whole", str(self.number))
        if self.number > LARGEST[self.unit]:
            raise LimitRefused("too_large", str(self.number))

    @classmethod
    def parse(cls, text: str) -> Self:
        """The limit that `text` names: "4 工作时", "0.25 urgent_hour", "2 legal_month".

        Raises LimitRefused with code no_limit, ambiguous_unit (plain 小时/天), unknown_unit, not_positive, not_whole,
        too_large.
        """
        found = _FORM.fullmatch(text)
        if not found:
            raise LimitRefused("no_limit", text)
        unit = SPELLINGS.get(found[2])
        if unit is None:
            raise LimitRefused("ambiguous_unit" if found[2] in AMBIGUOUS else "unknown_unit", text)
        try:
            return cls(Fraction(found[1]), unit)
        except ZeroDivisionError:
            raise LimitRefused("no_limit", text) from None

    def __str__(self) -> str:
        return f"{self.amount} {self.unit.value}"

    def __mul__(self, factor: Fraction | int) -> "Limit":
        return Limit(self.number * factor, self.unit)

    @property
    def amount(self) -> str:
        """The number as a decimal where it has one, else as a fraction."""
        scaled = self.number * 1_000_000
        if scaled.denominator != 1:
            return str(self.number)
        whole, rest = divmod(scaled.numerator, 1_000_000)
        return f"{whole}.{rest:06d}".rstrip("0").rstrip(".") if rest else str(whole)

    @property
    def is_civil(self) -> bool:
        """Whether the limit is counted in days of the law instead of minutes."""
        return self.unit in CIVIL
