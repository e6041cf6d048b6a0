"""What rooms above add to an act in the same transaction: they register at start-up, a test lists all registrations.

A guard answers a named question of a procedure (civicloop.procedures.guards); a fact hook counts more facts.
"""

from collections.abc import Callable, Mapping
from typing import Any

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


def registered() -> list[str]:
    """The names of all hooks, for the structural test."""
    return sorted(_facts)
