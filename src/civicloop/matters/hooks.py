"""What rooms above add to an act in the same transaction: they register at start-up, a test lists all registrations.

A guard answers a named question of a procedure (civicloop.procedures.guards); a fact hook counts more facts; a mark
hook is told of the marks of the ladder that fired, an erasure hook of the matter whose personal data are destroyed,
each in the transaction in which it happens.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from civicloop.procedures.rules.run import Effects

FactHook = Callable[[Mapping[str, Any], Effects], list[tuple[str, int, str]]]
_facts: dict[str, FactHook] = {}


def register_facts(name: str, hook: FactHook) -> None:
    """Let `hook(row, effects)` add facts (name, delta, detail) to each act. A name is registered once."""
    if name in _facts and _facts[name] is not hook:
        raise ValueError(name)
    _facts[name] = hook


def facts(row: Mapping[str, Any], effects: Effects) -> list[tuple[str, int, str]]:
    """What all hooks add."""
    return [fact for name in sorted(_facts) for fact in _facts[name](row, effects)]


@dataclass(frozen=True, slots=True)
class Marked:
    """A mark of the ladder that has fired: of which clock of which matter, and what the ladder asks for.

    `mark` is the mark's code within its ladder, `at` the moment for which it was set (UTC), `late` says that it fired
    long after that; `order` is the level of the supervision order that it opens, `raised_to` that to which it hands the
    matter up, "" for none.
    """

    matter_id: UUID
    number: str
    seq: int
    clock: str
    clock_no: int
    mark: str
    at: datetime
    fired_at: datetime
    late: bool
    due_at: datetime
    unit_id: int
    district_id: int | None
    subdistrict_id: int | None
    order: str
    raised_to: str = ""


MarkHook = Callable[[Sequence[Marked]], None]
_marks: dict[str, MarkHook] = {}


def register_marks(name: str, hook: MarkHook) -> None:
    """Tell `hook` of all marks that fire, in their transaction: it must be idempotent. A name is registered once."""
    if name in _marks and _marks[name] is not hook:
        raise ValueError(name)
    _marks[name] = hook


def marked(fired: Sequence[Marked]) -> None:
    """Tell all hooks."""
    for name in sorted(_marks):
        _marks[name](fired)


ErasureHook = Callable[[UUID, str], None]
_erasures: dict[str, ErasureHook] = {}


def register_erasures(name: str, hook: ErasureHook) -> None:
    """Let `hook(matter_id, rule)` destroy what a room above keeps of a matter. A name is registered once."""
    if name in _erasures and _erasures[name] is not hook:
        raise ValueError(name)
    _erasures[name] = hook


def erased(matter_id: UUID, rule: str) -> None:
    """Tell all hooks."""
    for name in sorted(_erasures):
        _erasures[name](matter_id, rule)


def registered() -> list[str]:
    """Which rooms hear of what, for the structural test."""
    heard = (("facts", _facts), ("marks", _marks), ("erasures", _erasures))
    return sorted(f"{what}:{name}" for what, hooks in heard for name in hooks)
