"""Which working calendar counts for a unit: its own setting, else that of the unit above, the district, the city.

`clocks.calendar` is a setting of the installation, of districts and of units. Where none but the installation's is
set, nothing is looked up.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from django.utils.translation import gettext_lazy

from civicloop.calendars import selectors as calendars
from civicloop.calendars.rules import WorkingCalendar
from civicloop.foundation import caches
from civicloop.people.models import Unit
from civicloop.places import selectors as places
from civicloop.records import settings

DEFAULT = "cn-8h"
SETTING = "clocks.calendar"
DEEPEST = 12  # units above one another; a ring would be a fault of the data
_above: dict[int, tuple[str, int | None]] = {}


def _known(value: object) -> bool:
    return value in calendars.codes()


settings.define(
    SETTING, "str", DEFAULT, gettext_lazy("Working calendar of deadlines"), settings.LEVELS,
    pattern=r"[a-z0-9][a-z0-9-]{0,39}", known=_known,
    help=gettext_lazy("The code of a calendar; clocks that begin from now on count by it"),
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
