"""Which indicators are in force: what ships with the product, and over it what the city has loaded, by period.

What is loaded holds from the next month on, so that nobody changes a formula within a period that it is measured in.
"""

from datetime import date
from typing import Any

from django.db.models import QuerySet

from civicloop.figures import rules
from civicloop.figures.models import Definition
from civicloop.foundation import caches

_made: dict[tuple[int, ...], rules.Set] = {}


@caches.register
def forget() -> None:
    """Read anew."""
    _made.clear()


def in_force(day: date) -> rules.Set:
    """The indicators for a period that begins on `day`."""
    key = tuple(_known(day).values_list("id", flat=True))
    if key not in _made:
        _made[key] = rules.read(_over(_known(day).filter(id__in=key)))
    return _made[key]


def content(day: date) -> dict[str, Any]:
    """The same as the files say it."""
    return _over(_known(day))


def _known(day: date) -> QuerySet[Definition]:
    return Definition.objects.filter(valid_from__lte=day).order_by("valid_from", "id")


def _over(rows: QuerySet[Definition]) -> dict[str, Any]:
    found = rules.shipped()
    for told in rows.values_list("content", flat=True):
        found = rules.over(found, told)
    return found
