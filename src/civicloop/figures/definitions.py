"""Which indicators are in force: what ships with the product, and over it what the city has loaded, by period.

What is loaded holds from the next month on, so that nobody changes a formula within a period that it is measured in.
"""

from collections.abc import Mapping
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
    rows = list(
        Definition.objects.filter(valid_from__lte=day).order_by("valid_from", "id").values_list("id", "content")
    )
    key = tuple(number for number, _content in rows)
    if key not in _made:
        content: Mapping[str, Any] = rules.shipped()
        for _number, told in rows:
            content = rules.over(content, told)
        _made[key] = rules.read(content)
    return _made[key]
