"""Reading one table of a declaration: every key of the right kind, unknown keys and bad values named as faults."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from civicloop.procedures.rules import language as la
from civicloop.procedures.rules.conditions import Condition, ConditionRefused, parse

Plain = Mapping[str, Any]
LIMIT = re.compile(r"(\d+(?:\.\d+)?) ([a-z_]+)")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a file. code: machine word; where: `action.file.to`; about: the offending name or value."""

    code: str
    where: str
    about: str = ""
    line: int = 0


class DeclarationRefused(Exception):
    """A file that is no sound declaration; `faults` lists everything that was found."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(f"{f.code} {f.where} {f.about}".strip() for f in faults))
        self.faults = faults


class Table:
    """One table of the declaration; remembers which keys were read, so that unknown ones can be named."""

    def __init__(self, plain: Any, where: str, faults: list[Fault]) -> None:
        self.where = where
        self.faults = faults
        if not isinstance(plain, Mapping):
            self.fault("not_a_table", "")
            plain = {}
        self.plain: Plain = plain
        self.read: set[str] = set()

    def fault(self, code: str, about: object, key: str = "") -> None:
        self.faults.append(Fault(code, f"{self.where}.{key}" if key else self.where, str(about)))

    def take(self, key: str, kinds: tuple[type, ...], default: Any, what: str) -> Any:
        self.read.add(key)
        if key not in self.plain:
            if default is ...:
                self.fault("missing_key", key)
                return None
            return default
        value = self.plain[key]
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            self.fault(what, value, key)
            return None if default is ... else default
        return value

    def text(self, key: str, default: Any = ...) -> Any:
        return self.take(key, (str,), default, "not_text")

    def flag(self, key: str) -> bool:
        return bool(self.take(key, (bool,), False, "not_a_flag"))

    def whole(self, key: str, default: Any = ..., least: int = 0) -> Any:
        value = self.take(key, (int,), default, "not_a_number")
        if isinstance(value, int) and value < least:
            self.fault("too_small", value, key)
        return value

    def number(self, key: str, default: Any = ...) -> float:
        return float(self.take(key, (int, float), default, "not_a_number") or 0)

    def table(self, key: str) -> Plain:
        found: Plain = self.take(key, (Mapping,), {}, "not_a_table")
        return found

    def list(self, key: str, default: Any = ()) -> tuple[Any, ...]:
        value = self.take(key, (list, tuple), default, "not_a_list")
        return tuple(value or ())

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, or one text."""
        value = self.take(key, (list, tuple, str), (), "not_a_list")
        found = (value,) if isinstance(value, str) else tuple(value or ())
        for each in found:
            if not isinstance(each, str):
                self.fault("not_text", each, key)
        return tuple(each for each in found if isinstance(each, str))

    def one_of(self, key: str, allowed: Any, default: Any = ...) -> Any:
        value = self.text(key, default)
        if value is not None and value != default and value not in allowed:
            self.fault("unknown_value", value, key)
        return value

    def limit(self, key: str, default: Any = ...) -> Any:
        value = self.text(key, default)
        if isinstance(value, str) and value != default and not limit_is_sound(value):
            self.fault("bad_limit", value, key)
        return value

    def names(self) -> la.Names:
        return {"zh-hans": self.text("zh") or "", "en": self.text("en") or ""}

    def condition(self, key: str) -> Condition | None:
        value = self.text(key, None)
        if value is None:
            return None
        try:
            return parse(value)
        except ConditionRefused as reason:
            self.fault(f"condition_{reason.args[0]}", value, key)
            return None

    def done(self) -> None:
        """Name the keys that nobody asked for."""
        for key in self.plain:
            if key not in self.read:
                self.fault("unknown_key", key)


def limit_is_sound(text: str) -> bool:
    """Whether `text` is `@filing_condition`, `@kind`, `@lead_remaining`, or a number and a unit of contract.md."""
    if text in la.LOOKED_UP_LIMITS:
        return True
    found = LIMIT.fullmatch(text)
    if not found or float(found[1]) <= 0:
        return False
    return found[2] in la.COUNTED_UNITS or (found[2] in la.CIVIL_UNITS and "." not in found[1])
