"""Named guards: conditions that a declaration cannot say, written in Python by the room that owns them.

A room registers its guards in `apps.ready()`: `register("matters.ended_overdue", function)`. A guard is pure, answers
yes or no about `(matter, actor, moment)`, and may only narrow. Names carry no version: a guard whose meaning changes
gets a new name, since stored versions refer to the old one.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

Guard = Callable[[Any, Any, datetime], bool]
_guards: dict[str, Guard] = {}


def register(name: str, guard: Guard) -> None:
    """Let declarations refer to `guard` as `guard:<name>`. Raises ValueError when another has that name."""
    if _guards.get(name, guard) is not guard:
        raise ValueError(f"two guards are called {name}")
    _guards[name] = guard


def known() -> frozenset[str]:
    """The names of all registered guards."""
    return frozenset(_guards)


def answer(name: str, matter: Any, actor: Any, moment: datetime) -> bool:
    """What the guard says. Raises LookupError when it is not registered."""
    return _guards[name](matter, actor, moment)
