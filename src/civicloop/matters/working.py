"""Which working calendar counts for a unit: its own setting, else that of the unit above, the district, the city.

`clocks.calendar` is a setting of the installation, of districts and of units. Where none but the installation's is
set, nothing is looked up.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from civicloop.calendars import selectors as calendars
from civicloop.calendars.rules import WorkingCalendar
from civicloop.calendars.rules import clocks as arithmetic
from civicloop.calendars.rules.limits import Limit
from civicloop.foundation import caches, locality
from civicloop.matters.errors import invalid
from civicloop.people.models import Unit
from civicloop.places import selectors as places
from civicloop.procedures.rules.language import Hold
from civicloop.records import settings

DEFAULT = "cn-8h"
SETTING = "clocks.calendar"
DEEPEST = 12  # units above one another; a ring would be a fault of the data
CHECKING = "clocks.checking_counts"
_above: dict[int, tuple[str, int | None]] = {}


def _known(value: object) -> bool:
    return value in calendars.codes()


settings.define(
    SETTING, "str", DEFAULT, gettext_lazy("Working calendar of deadlines"), settings.LEVELS,
    pattern=r"[a-z0-9][a-z0-9-]{0,39}", known=_known,
    help=gettext_lazy("The code of a calendar; clocks that begin from now on count by it"),
)  # fmt: skip

settings.define(
    CHECKING, "bool", False, gettext_lazy("The time of a check that fails counts on the unit's limit"), settings.LEVELS,
    help=gettext_lazy("After a failed check the same limit goes on; by default the check is a pause on it"),
)  # fmt: skip


@caches.register
def forget() -> None:
    """Read units anew."""
    _above.clear()


def calendar_for(
    unit: int | Callable[[], int | None] | None, areas: Mapping[str, int], at: datetime
) -> WorkingCalendar:
    """The calendar by which a unit's clock counts that begins at `at`, in the version in force then.

    A function that finds the unit is asked only where some district or unit has a calendar of its own.
    """
    chain = (
        _chain(unit() if callable(unit) else unit, areas)
        if settings.scopes_set(SETTING) - {settings.INSTALLATION}
        else ()
    )
    code = settings.get_str(SETTING, chain)
    return calendars.working_calendar(code if _known(code) else DEFAULT, at)


def scopes(unit_id: int | None, areas: Mapping[str, int], *codes: str) -> tuple[str, ...]:
    """The scopes of a unit, nearest first; none are looked up where only the installation has values."""
    set_somewhere = frozenset().union(*(settings.scopes_set(code) for code in codes)) - {settings.INSTALLATION}
    return _chain(unit_id, areas) if set_somewhere else ()


def checking_counts(unit_id: int | None, areas: Mapping[str, int]) -> bool:
    """Whether the minutes of a failed check count on the unit's clock."""
    return bool(settings.get(CHECKING, scopes(unit_id, areas, CHECKING)))


def today(now: datetime) -> date:
    """The day of a moment in the city."""
    return now.astimezone(locality.zone()).date()


def hold_end(hold: Hold, chosen: str | None, unit_id: int | None, areas: Mapping[str, int], now: datetime) -> datetime:
    """When a pause that begins now ends by itself: at its chosen day, never later than the procedure allows.

    Raises Refused too_late for a day beyond that.
    """
    latest = arithmetic.due(calendar_for(unit_id, areas, now), now, Limit.parse(hold.up_to)).moment
    if chosen is None:
        return latest
    day = datetime.combine(date.fromisoformat(chosen), time(0), tzinfo=locality.zone())
    if day > latest:
        raise invalid(hold.until or "", "too_late", _("The pause may not last that long."))
    return day


def _chain(unit_id: int | None, areas: Mapping[str, int]) -> tuple[str, ...]:
    found: list[str] = []
    while unit_id is not None and len(found) < DEEPEST:
        if unit_id not in _above:
            _above[unit_id] = Unit.objects.filter(id=unit_id).values_list("code", "parent_id").get()
        code, unit_id = _above[unit_id]
        found.append(f"unit:{code}")
    if "district" in areas:
        found.append(f"district:{places.area(areas['district']).code}")
    return tuple(found)
