"""A receiving side that does not answer is left alone for a while, longer each time. Real time: nobody moves it."""

import threading
import time
from dataclasses import dataclass

from civicloop.foundation import caches

FAILURES = 3  # in a row, before it is left alone
FIRST, LONGEST = 30.0, 900.0  # seconds


@dataclass
class _Side:
    failures: int = 0
    rest: float = 0.0
    until: float = 0.0


class Circuit:
    """The receiving sides of this process, by channel and route."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sides: dict[tuple[str, str], _Side] = {}

    def rests(self, channel: str, route: str) -> float:
        """Seconds for which this side is still left alone; 0 when it may be tried."""
        with self._lock:
            side = self._sides.get((channel, route))
            return max(0.0, side.until - time.monotonic()) if side else 0.0

    def failed(self, channel: str, route: str) -> None:
        """It did not answer. After a rest one try decides."""
        with self._lock:
            side = self._sides.setdefault((channel, route), _Side())
            side.failures += 1
            if side.failures >= FAILURES:
                side.rest = min(side.rest * 2 or FIRST, LONGEST)
                side.until = time.monotonic() + side.rest

    def answered(self, channel: str, route: str) -> None:
        """It answered: all is forgotten."""
        with self._lock:
            self._sides.pop((channel, route), None)

    def forget(self) -> None:
        """Every side may be tried again."""
        with self._lock:
            self._sides.clear()


circuit = Circuit()
caches.register(circuit.forget)
