"""Which indicators are in force: what ships with the product, and over it what the city has loaded, by period.

What is loaded holds from the next month on, so that nobody changes a formula within a period that it is measured in.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

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
    rows = _loaded(day)
    key = tuple(number for number, _content in rows)
    if key not in _made:
        _made[key] = rules.read(_over(rows))
    return _made[key]


def content(day: date) -> dict[str, Any]:
    """The same as the files say it."""
    return _over(_loaded(day))


def _loaded(day: date) -> list[tuple[int, Any]]:
    rows = Definition.objects.filter(valid_from__lte=day).order_by("valid_from", "id")
    return list(rows.values_list("id", "content"))


def _over(rows: Sequence[tuple[int, Any]]) -> dict[str, Any]:
    found = rules.shipped()
    for _number, told in rows:
        found = rules.over(found, told)
    return found
