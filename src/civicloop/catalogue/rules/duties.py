"""The list of duties of subdistricts (履职事项清单): what it says of a kind at a place, and whom it keeps from leading.

Pure. An item is of the basic part (基本履职: the subdistrict leads), of the supporting part (配合履职: a department
leads, the subdistrict helps), or taken back (上级部门收回: a department leads).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from civicloop.catalogue.rules.answering import DEEPEST_FIRST, DEPTH

BASIC, SUPPORTING, TAKEN_BACK = "basic", "supporting", "taken_back"
KEPT_FROM_LEADING = frozenset({SUPPORTING, TAKEN_BACK})


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a list in an area and all below it. `unit_id` is the department that leads, where the list says so."""

    id: int
    part: str
    scope: Literal["kind", "class"]
    target: int
    area_id: int
    level: str
    unit_id: int | None
    valid_from: datetime
    valid_to: datetime | None = None

    def holds(self, moment: datetime) -> bool:
        """Whether the item is in force."""
        return self.valid_from <= moment and (self.valid_to is None or moment < self.valid_to)


class Lists:
    """All items, arranged for look-ups."""

    def __init__(self, items: Iterable[Item]) -> None:
        self.by_key: dict[tuple[str, int, int], list[Item]] = {}
        # of two items that say the same thing at once the one that came later holds: a list is replaced by the next
        newest = sorted(items, key=lambda item: item.id)
        for item in sorted(newest, key=lambda item: item.valid_from, reverse=True):
            self.by_key.setdefault((item.scope, item.target, item.area_id), []).append(item)

    def find(self, kind_id: int | None, class_id: int | None, path: Mapping[str, int], moment: datetime) -> Item | None:
        """What the list says: an item for the kind before one for its class, then of the deeper area; None: nothing."""
        if not self.by_key:
            return None
        for scope, target in (("kind", kind_id), ("class", class_id)):
            if target is None:
                continue
            for level in DEEPEST_FIRST:
                if level in path:
                    for item in self.by_key.get((scope, target, path[level]), ()):
                        if item.holds(moment):
                            return item
        return None


def keeps_from_leading(item: Item | None, *, of_subdistrict: bool) -> bool:
    """Whether the item keeps a unit from leading: only units of subdistricts, when the duty is not theirs."""
    return item is not None and of_subdistrict and item.part in KEPT_FROM_LEADING


def is_of_subdistrict(kind: str, level: str, bodies: frozenset[str]) -> bool:
    """Whether a unit belongs to a subdistrict: one of its `bodies` (kinds of units) at its level or below."""
    return kind in bodies and DEPTH.get(level, 0) >= DEPTH["subdistrict"]
