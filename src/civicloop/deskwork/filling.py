"""Placeholders of phrases: {number}, {title}, {place}, {unit}, {due}, {kind}, filled with what a matter says.

Only these names are taken; every other brace stays as it was written.
"""

import re
from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import get_language

from civicloop.catalogue import selectors as catalogue
from civicloop.foundation.names import shown
from civicloop.matters import selectors
from civicloop.matters.reading import Reading
from civicloop.places import selectors as places

NAMES = ("number", "title", "place", "unit", "due", "kind")
SLOT = re.compile(r"\{(" + "|".join(NAMES) + r")\}")


def values_of(seen: Reading) -> dict[str, str]:
    """What the placeholders stand for in a matter."""
    row, language = seen.row, get_language() or "zh-hans"
    areas = [shown(places.area(each).names, language) for level, each in seen.areas.items() if level != "city"]
    units = selectors.unit_names({row["unit_id"]})
    due = row["due_at"]
    return {
        "number": row["number"], "title": row["title"],
        "place": row["address"] or "".join(areas),
        "unit": shown(units[row["unit_id"]], language) if row["unit_id"] in units else "",
        "due": f"{timezone.localtime(due):%Y-%m-%d %H:%M}" if due else "",
        "kind": shown(catalogue.kind(row["kind_id"]).names, language) if row["kind_id"] else "",
    }  # fmt: skip


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its placeholders filled."""
    return SLOT.sub(lambda found: values.get(found[1], found[0]), text)


def fill_all(data: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    """The data of an act with the placeholders of its texts filled."""
    return {name: fill(value, values) if isinstance(value, str) else value for name, value in data.items()}
