"""Administration pages of areas: levels and search, one area with its versions and boundary. Plain views; the site puts
them behind a duty."""

from typing import Any

import shapely
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from civicloop.places import selectors
from civicloop.places.choices import ORGAN_WORDS, level_words
from civicloop.places.models import LEVELS, AreaVersion

PAGE = 50
SIDE = 320.0  # of the drawing, in its own units


def areas(request: HttpRequest) -> HttpResponse:
    """Areas of a level, below one area or all, searched by name or code, 50 a page."""
    parent = request.GET.get("parent", "")[:20]
    level = request.GET.get("level", "") if request.GET.get("level") in LEVELS else ""
    wanted, after = request.GET.get("q", "").strip()[:40], request.GET.get("after", "")[:20]
    above: selectors.AreaRef | None = None
    try:
        above = selectors.by_code(parent) if parent else None
    except LookupError:
        raise Http404 from None
    found = selectors.children(above.id) if above else selectors.areas(level or "district")
    fitting = [
        ref for ref in found
        if ref.code > after and (not wanted or ref.code.startswith(wanted) or _named(ref, wanted))
    ]  # fmt: skip
    context = {
        "rows": fitting[:PAGE], "next": fitting[PAGE - 1].code if len(fitting) > PAGE else "", "q": wanted,
        "level": level or (fitting[0].level if fitting else "district"),
        "levels": [(each, level_words(each)) for each in LEVELS],
        "above": above, "path": list(selectors.path(above.id).values()) if above else [],
    }  # fmt: skip
    return render(request, "places/areas.html", context)


def _named(ref: selectors.AreaRef, wanted: str) -> bool:
    return any(wanted in name for name in ref.names.values())


def area(request: HttpRequest, code: str) -> HttpResponse:
    """One area: responsible organ, boundary, versions, what lies below."""
    try:
        ref = selectors.by_code(code)
    except LookupError:
        raise Http404 from None
    versions = list(AreaVersion.objects.filter(area_id=ref.id).order_by("-valid_from"))
    now = versions[0]
    context = {
        "ref": ref, "now": now, "versions": versions, "path": list(selectors.path(ref.id).values()),
        "below": len(selectors.children(ref.id)), "drawing": drawing(now), "level": level_words(ref.level),
        "organ": ORGAN_WORDS.get(now.organ_kind, ""),
    }  # fmt: skip
    return render(request, "places/area.html", context)


def drawing(version: AreaVersion) -> dict[str, Any] | None:
    """An SVG path of the boundary, fitted into a square; None where there is no polygon."""
    if version.polygon is None:
        return None
    shape = shapely.from_wkb(bytes(version.polygon))
    west, south, east, north = shape.bounds
    # a degree of longitude is shorter than one of latitude
    across = 0.777
    scale = SIDE / max((east - west) * across, north - south, 1e-9)
    parts = []
    for polygon in shapely.get_parts(shape):
        for ring in (polygon.exterior, *polygon.interiors):
            points = [f"{(x - west) * across * scale:.1f},{(north - y) * scale:.1f}" for x, y in ring.coords]
            parts.append("M" + "L".join(points) + "Z")
    return {
        "path": "".join(parts),
        "width": f"{(east - west) * across * scale:.0f}",
        "height": f"{(north - south) * scale:.0f}",
    }
