"""退单 within its limit: until when the unit may return a matter, and how often it went to and fro. Reads only.

The limit is a setting of the city, of districts and of units, counted from the dispatch by the working calendar of the
unit that it was dispatched to. Whoever is late must handle it.
"""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy

from civicloop.calendars.rules import clocks as arithmetic
from civicloop.calendars.rules.limits import Limit
from civicloop.foundation import clock
from civicloop.matters import marking, working
from civicloop.matters.reading import Reading
from civicloop.records import settings

SETTING = "returns.limit"
DEFAULT = "1 work_day"
RECEIVE, BOUND = "receive", "returns"  # the clock that begins with a dispatch, the counter of returns

settings.define(
    SETTING, "str", DEFAULT, gettext_lazy("Limit for returning a matter"), settings.LEVELS,
    pattern=r"[1-9]\d{0,2}(\.5)? (urgent_hour|work_hour|work_day|natural_day)",
    help=gettext_lazy("Counted from the dispatch; after it the unit must handle the matter"),
)  # fmt: skip


@dataclass(frozen=True)
class Returning:
    """How often it was returned, how often it may be, until when the unit that has it may return it; None: no limit."""

    times: int
    most: int
    until: datetime | None

    @property
    def late(self) -> bool:
        """Whether the time for returning it is over."""
        return self.until is not None and self.until <= clock.now()


def until(seen: Reading) -> datetime | None:
    """When the time for returning ends; None where no dispatch has begun it."""
    rows = [row for row in seen.clocks if row["name"] == RECEIVE]
    if not rows:
        return None
    begun = marking.moment_of(max(rows, key=lambda row: row["no"])["started_at"])
    unit = seen.row["unit_id"]
    limit = settings.get_str(SETTING, working.scopes(unit, seen.areas, SETTING))
    calendar = working.calendar_for(unit, seen.areas, begun)
    return arithmetic.due(calendar, begun, Limit.parse(limit)).moment


def of(seen: Reading) -> Returning | None:
    """The returning of a matter; None where its procedure knows none."""
    bound = seen.procedure.bounds.get(BOUND)
    if bound is None:
        return None
    may = any(move.counts == BOUND for move in seen.procedure.moves_from.get(seen.row["step"], ()))
    times = seen.state.count(BOUND)
    return Returning(times, bound.max, until(seen) if may and times < bound.max else None)
