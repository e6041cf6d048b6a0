"""The map for everybody: coarse cells, a day late, few left out; a table by district without scripts.

Nothing of a single matter is on it, and nothing that is confidential, of persons, or not yet looked through.
"""

import json
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from civicloop.foundation.names import shown
from civicloop.onemap import basemap, boundaries, colouring, drawing
from civicloop.onemap.colouring import Colouring
from civicloop.onemap.models import FoldState, PublicArea
from civicloop.onemap.rules import classes, public
from civicloop.people.web import public as for_everybody
from civicloop.places import selectors as places
from civicloop.places.selectors import AreaRef


@require_safe
@for_everybody
def public_map(request: HttpRequest) -> HttpResponse:
    """What is open and what was put right in the last three months, by district and in coarse cells."""
    try:
        city = places.root()
    except LookupError:
        city = None
    districts = [each for each in places.children(city.id) if each.level == "district"] if city else []
    rows = PublicArea.objects.values_list("area", "open", "solved")
    counted = {area: (still, solved) for area, still, solved in rows}
    coloured = colouring.of_counts({each.id: counted.get(each.id, (0, 0))[0] for each in districts})
    made = FoldState.objects.exclude(public_at=None).values_list("public_at", flat=True).first()
    base = basemap.chosen()
    context = {
        "title": _("Where matters are open and what was put right"), "base": base, "coloured": coloured,
        "rows": [{"name": _name(each), "numbers": counted.get(each.id, (0, 0))} for each in districts],
        "least": public.LEAST, "until": made - public.DELAY if made else None, "days": public.SPAN.days,
        "drawing": _drawing(districts, coloured),
        "config": json.dumps(_config(city, base, counted), ensure_ascii=False),
    }  # fmt: skip
    return basemap.allow(render(request, "onemap/public.html", context), base)


def _name(ref: AreaRef) -> str:
    return shown(ref.names, get_language() or "zh-hans")


def _drawing(districts: list[AreaRef], coloured: Colouring) -> dict[str, Any] | None:
    found = drawing.drawn(districts) if districts else None
    if found is None:
        return None
    shapes = [
        {"name": _name(each.ref), "path": each.path, "x": each.x, "y": each.y, "part": coloured.parts[each.ref.id]}
        for each in found.shapes
    ]
    return {"shapes": shapes, "width": found.width, "height": found.height}


def _config(city: AreaRef | None, base: basemap.BaseMap, counted: Mapping[int, tuple[int, int]]) -> dict[str, Any]:
    bands = {}
    for place, name in enumerate(("open", "solved")):
        counts = {area: numbers[place] for area, numbers in counted.items()}
        least = classes.by_root(counts)
        bands[name] = {str(area): classes.band(count, least) for area, count in counts.items()}
    return {
        "bands": bands, "bounds": boundaries.bounds(city.id) if city else None, "most": public.HIGHEST,
        "base": {"kind": base.kind, "url": base.url, "labels": base.labels, "most": base.most},
    }  # fmt: skip
