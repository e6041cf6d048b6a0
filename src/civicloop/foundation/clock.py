"""The only source of the present moment.

Everything that decides about a matter asks `now()`; replays and tests move this clock. Sessions, signing, caches
and migrations keep real time. A context variable carries a moved clock through one thread of work; threads do not
inherit it, so `set_process_clock` gives a process-wide fall-back.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

Source = Callable[[], datetime]


def _system() -> datetime:
    return datetime.now(UTC)


_moved: ContextVar[Source | None] = ContextVar("civicloop_clock", default=None)
_process: list[Source] = [_system]


def now() -> datetime:
    """The present moment, in UTC, with microseconds."""
    source = _moved.get() or _process[0]
    return source()


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Inside the block it is always `moment` (aware). Blocks may be nested."""
    fixed = moment.astimezone(UTC)
    token = _moved.set(lambda: fixed)
    try:
        yield
    finally:
        _moved.reset(token)


def set_process_clock(source: Source | None) -> None:
    """Let every thread of this process that has no clock of its own take the time from `source`; None restores."""
    _process[0] = source or _system
