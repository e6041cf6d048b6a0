"""Which line of the responsibilities applies: kind before class before any, then deeper area, then priority. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

DEEPEST_FIRST = ("grid", "community", "subdistrict", "district", "city")
Scope = Literal["kind", "class", "any"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One line. `target` is the id of the kind or class, 0 for any."""

    id: int
    scope: Scope
    target: int
    area_id: int
    unit_id: int
    priority: int
    valid_from: datetime
    valid_to: datetime | None

    def holds(self, moment: datetime) -> bool:
        """Whether the line is in force."""
        return self.valid_from <= moment and (self.valid_to is None or moment < self.valid_to)


@dataclass(frozen=True, slots=True)
class Hit:
    """The line that applies, and how it was found."""

    rule: Rule
    level: str


class Rules:
    """All lines, arranged for look-ups: at most three scopes times five levels are asked."""

    def __init__(self, lines: Iterable[Rule]) -> None:
        self.by_key: dict[tuple[str, int, int], list[Rule]] = {}
        for rule in sorted(lines, key=lambda rule: (-rule.priority, rule.id)):
            self.by_key.setdefault((rule.scope, rule.target, rule.area_id), []).append(rule)

    def find(self, kind_id: int | None, class_id: int | None, path: Mapping[str, int], moment: datetime) -> Hit | None:
        """The one line that applies at `moment` for a kind in `path` (level → area id), or None."""
        targets: list[tuple[Scope, int]] = [("any", 0)]
        if class_id is not None:
            targets.insert(0, ("class", class_id))
        if kind_id is not None:
            targets.insert(0, ("kind", kind_id))
        for scope, target in targets:
            for level in DEEPEST_FIRST:
                if level not in path:
                    continue
                for rule in self.by_key.get((scope, target, path[level]), ()):
                    if rule.holds(moment):
                        return Hit(rule, level)
        return None
