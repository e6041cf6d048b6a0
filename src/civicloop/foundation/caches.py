"""Reference data kept in process, forgotten together.

A cache registers how it is forgotten. What is cached is immutable (a procedure's row) or carries a revision that its
room compares; `forget_all` serves tests and the end of a bulk load in the same process.
"""

from collections.abc import Callable

_forget: list[Callable[[], None]] = []


def register(forget: Callable[[], None]) -> Callable[[], None]:
    """Name the function that empties a cache; usable as a decorator."""
    _forget.append(forget)
    return forget


def forget_all() -> None:
    """Empty every registered cache of this process."""
    for forget in _forget:
        forget()
