"""The worker's round: as soon as a day is over, it gets its root. Between two days a round costs nothing."""

import logging
import time
from dataclasses import dataclass
from datetime import date

from civicloop.foundation import caches, clock
from civicloop.receipts import actions, days, publishing

log = logging.getLogger("civicloop.receipts")
PATIENCE = 60.0  # seconds of real time after a trouble that is not the database's


@dataclass
class _Watch:
    """What this process has done already: the last day that it has looked after."""

    done: date | None = None
    rest_until: float = 0.0


_watch = _Watch()


@caches.register
def forget() -> None:
    """Look anew."""
    _watch.done, _watch.rest_until = None, 0.0


def round() -> int:
    """Close the days that are due and publish their roots; how many were closed. Several workers may do it at once."""
    last = days.last_over(clock.now())
    if _watch.done == last or time.monotonic() < _watch.rest_until:
        return 0
    try:
        closed = actions.close_due()
        publishing.publish()
    except (OSError, ValueError):
        # a full disk, a damaged key file, a damaged head: nothing is lost, the worker's other work must go on
        log.exception("the daily roots have to wait")
        _watch.rest_until = time.monotonic() + PATIENCE
        return 0
    _watch.done = last
    return len(closed)
