"""社会治理一张图: one page of map, figures of areas and list, all of the same filter, whole without scripts."""

import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from civicloop.figures import showing
from civicloop.foundation import clock, morton
from civicloop.foundation.names import shown
from civicloop.matters import selectors as matters
from civicloop.matters.choices import Stage
from civicloop.matters.errors import Refused
from civicloop.matters.models import Matter
from civicloop.onemap import basemap, boundaries, colouring, drawing, filters, permission, selectors
from civicloop.onemap.choices import SHORT_STAGES, Due, Look, State
from civicloop.onemap.colouring import Colouring, Part
from civicloop.onemap.filters import MapFilters
from civicloop.onemap.forms import MapForm
from civicloop.onemap.permission import Reach
from civicloop.onemap.rules import grid
from civicloop.people import selectors as people
from civicloop.people.access import Actor
from civicloop.people.web import duty
from civicloop.places import selectors as places
from civicloop.places.choices import LEVEL_WORDS
from civicloop.places.selectors import AreaRef
from civicloop.ui import filters as ui_filters

PAGE = 20
MOST_HERE = 20
MOST_UNITS = 12
LONGEST = 24  # months that the slider goes back


def _name(ref: AreaRef) -> str:
    return shown(ref.names, get_language() or "zh-hans")


def wanted_by(request: HttpRequest, actor: Actor) -> tuple[MapFilters, AreaRef, Reach]:
    """The filters of an address with the area that they mean: the own one unless another is named.

    404 for an area that is not the post's and for values that say nothing.
    """
    try:
        found, home = filters.read(request.GET), permission.home(actor)
    except (filters.BadFilter, LookupError):
        raise Http404 from None
    area = found.area or home
    if area.id in {step.id for step in places.path(home.id).values()}:
        area = home  # the way up ends at the own area
    reach = permission.reach(actor, area)
    if reach.kind == "none":
        raise Http404
    return found.inside(area), area, reach


@require_safe
@duty(permission.DUTY)
def page(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The map of an area: filters, figures, map or drawing, the areas below, the matters."""
    wanted, area, reach = wanted_by(request, actor)
    below = places.children(area.id)
    coloured = _coloured(actor, reach, wanted, area, below or [area])
    if coloured.refused:
        wanted = wanted.of_now()
    base = basemap.chosen()
    look = request.GET.get("look", "") if request.GET.get("look") in Look.values else ""
    if coloured.kind != "matters":
        look = look or Look.AREAS
    months = [filters.written(month) for month in selectors.months_since(LONGEST)]
    form = _form(actor, wanted)
    share = request.build_absolute_uri(f"{reverse('onemap:map')}?{wanted.query(look=look)}")
    context = {
        "title": _("The map"), "wide": True, "area": area, "area_name": _name(area), "now": clock.now(), "base": base,
        "form": form, "active": _active(form, wanted, look), "path": _path(actor, area, wanted), "share": share,
        "months": months,
        "figures": _figures(actor, reach, wanted, area), "rows": _rows(actor, reach, wanted, below, coloured),
        "below": _below(below), "drawing": _drawing(wanted, below or [area], coloured), "coloured": coloured,
        "now_url": f"?{wanted.of_now().query()}",
        "days": colouring.LONGEST if colouring.looks_at_areas(actor) and area.level in ("city", "district") else 0,
        "looks": [(value, words, value == (look or Look.CLUSTERS)) for value, words in Look.choices],
        "config": json.dumps(_config(wanted, area, base, coloured) | {"months": months}, ensure_ascii=False),
        "units": _units(area), **_list(request, actor, wanted),
    }  # fmt: skip
    return basemap.allow(render(request, "onemap/map.html", context), base)


def _coloured(actor: Actor, reach: Reach, wanted: MapFilters, area: AreaRef, below: list[AreaRef]) -> Colouring:
    return colouring.chosen(
        actor, area, wanted, lambda: selectors.of_areas(actor, reach, wanted.of_now(), below)
    )  # fmt: skip


def _form(actor: Actor, wanted: MapFilters) -> MapForm:
    initial = {
        "area": wanted.area.code if wanted.area else "", "state": wanted.state, "stage": wanted.stage,
        "due": wanted.due, "class": wanted.class_code, "kind": filters.code_of(wanted.kind) if wanted.kind else "",
        "since": filters.written(wanted.since),
        "until": filters.written(wanted.until), "indicator": wanted.indicator, "period": wanted.period,
        "day": wanted.day or "",
    }  # fmt: skip
    return MapForm(initial=initial, actor=actor, kind=wanted.kind)


def _active(form: MapForm, wanted: MapFilters, look: str) -> list[dict[str, str]]:
    """What narrows the map, in words: on paper, and to be taken off one by one."""
    return ui_filters.active(form, dict(parse_qsl(wanted.query(look=look))), silent=("area", "look"))


def _path(actor: Actor, area: AreaRef, wanted: MapFilters) -> list[tuple[str, str]]:
    """The way from the own area down to this one, with the address of each."""
    home = permission.home(actor)
    steps = list(places.path(area.id).values())
    begin = next((number for number, step in enumerate(steps) if step.id == home.id), len(steps) - 1)
    return [(_name(step), f"?{wanted.inside(step).query()}") for step in steps[begin:]]


def _figures(actor: Actor, reach: Reach, wanted: MapFilters, area: AreaRef) -> list[dict[str, Any]]:
    """What leaders ask first: how much is open, late, due within a day, ended; each opens its list."""
    period = _period(wanted)
    found = []
    for words, state, due in (
        (pgettext("matters", "Open"), State.OPEN, ""), (pgettext("deadline", "Overdue"), State.OPEN, Due.OVERDUE),
        (_("Due within a day"), State.OPEN, Due.SOON), (_("Ended"), State.ENDED, ""),
    ):  # fmt: skip
        view = replace(wanted.of_now(), area=area, state=state, stage="", due=due)
        number = selectors.of_areas(actor, reach, view, [area]).get(area.id, 0)
        found.append({"number": number, "words": words, "url": f"?{view.query()}#list", "period": period,
                      "now": due == Due.OVERDUE and number > 0})  # fmt: skip
    return found


def _period(wanted: MapFilters) -> str:
    if not wanted.monthly:
        return ""
    return _("received %(since)s to %(until)s") % {
        "since": filters.written(wanted.since) or "…", "until": filters.written(wanted.until) or "…",
    }  # fmt: skip


def _rows(
    actor: Actor, reach: Reach, wanted: MapFilters, below: list[AreaRef], coloured: Colouring
) -> list[dict[str, Any]]:
    """The areas below with what colours each; with matters also how many are late. The table behind the drawing."""
    nothing = Part(showing.NONE if coloured.kind == "indicator" else "0", 0, stages=[0] * len(coloured.stages))
    rows = [
        {"name": _name(each), "url": f"?{wanted.inside(each).query()}", "part": coloured.parts.get(each.id, nothing),
         "code": each.code, "id": each.id} for each in below
    ]  # fmt: skip
    if coloured.kind != "matters":
        return sorted(rows, key=lambda row: row["code"])
    late_of = replace(wanted.of_now(), state=State.OPEN, stage="", due=Due.OVERDUE)
    late = selectors.of_areas(actor, reach, late_of, below)
    for row, each in zip(rows, below, strict=True):
        row["late"] = late.get(each.id, 0)
        row["late_url"] = f"?{late_of.inside(each).query()}#list"
    return sorted(rows, key=lambda row: (-int(row["part"].words), row["name"]))


def _below(below: list[AreaRef]) -> str:
    return str(LEVEL_WORDS[below[0].level]) if below else ""


def _drawing(wanted: MapFilters, areas: list[AreaRef], coloured: Colouring) -> dict[str, Any] | None:
    found = drawing.drawn(areas)
    if found is None:
        return None
    shapes = [
        {"name": _name(each.ref), "url": f"?{wanted.inside(each.ref).query()}", "path": each.path, "x": each.x,
         "y": each.y, "part": coloured.parts.get(each.ref.id)}
        for each in found.shapes
    ]  # fmt: skip
    return {"shapes": shapes, "width": found.width, "height": found.height, "few": len(shapes) <= 30}


def _config(wanted: MapFilters, area: AreaRef, base: basemap.BaseMap, coloured: Colouring) -> dict[str, Any]:
    """What the script needs; its words are in the template."""
    return {
        "bounds": boundaries.bounds(area.id), "filter": wanted.query(), "area": area.id, "level": area.level,
        "coloured": coloured.kind, "rawFrom": grid.RAW_FROM, "most": grid.HIGHEST,
        "stages": {code: str(words) for code, words in SHORT_STAGES.items()},
        "base": {"kind": base.kind, "url": base.url, "labels": base.labels, "credit": base.credit, "most": base.most},
    }  # fmt: skip


def _units(area: AreaRef) -> list[dict[str, str]]:
    """Units whose duty area this is, with their duty phones; where people are is never on the map."""
    rows = people.units().filter(area_id=area.id).order_by("code")[:MOST_UNITS]
    return [{"name": shown(row.names, get_language() or "zh-hans"), "phone": row.duty_phone} for row in rows]


# -- the list beside the map -------------------------------------------------------------------------------------------


def _list(request: HttpRequest, actor: Actor, wanted: MapFilters) -> dict[str, Any]:
    after = request.GET.get("after", "")[:120]
    try:
        found = matters.matters(actor, wanted.of_list(), after=after, limit=PAGE)
    except Refused as reason:
        raise BadRequest(reason.words) from None
    turn = {"next_url": f"?{wanted.query(after=found.next)}#list"} if found.next else {}
    if after:
        turn["previous_url"] = f"?{wanted.query()}#list"
    return {"lines": [line(row) for row in found.rows], "turn": turn}


def line(row: Matter) -> dict[str, Any]:
    """A matter as the list and the popup have it."""
    now = clock.now()
    return {
        "url": reverse("matter", args=[row.id]), "title": row.title, "number": row.number,
        "stage": _("Ended") if row.end else str(Stage(row.stage).label), "due": None if row.end else row.due_at,
        "late": not row.end and row.due_at is not None and row.due_at < now, "received": row.received_at,
        "confidential": row.confidentiality > 0,
    }  # fmt: skip


@require_safe
@duty(permission.DUTY)
def here(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The matters at a spot of the map, for whoever may see them; `z` says how exactly the spot was meant."""
    wanted, _area, _reach = wanted_by(request, actor)
    try:
        lon, lat, zoom = (float(request.GET.get(name, "")) for name in ("lon", "lat", "z"))
        cell = morton.cell(lon, lat)
    except (ValueError, OverflowError):
        return HttpResponse(status=400)  # no spot was named: the address itself is there
    down = 2 * max(0, morton.ZOOM - grid.FINEST - max(grid.RAW_FROM, min(int(zoom), grid.HIGHEST)))
    first = cell >> down << down
    spot = replace(wanted.of_list(), cells=(first, first + (1 << down) - 1))
    found = matters.matters(actor, spot, limit=MOST_HERE)
    rows = [line(row) for row in found.rows if not row.confidentiality and not row.complained_of]
    for row in rows:
        row["due"] = timezone.localtime(row["due"]).isoformat() if row["due"] else ""
        row["received"] = timezone.localtime(row["received"]).isoformat()
    return JsonResponse({"matters": rows})


@require_safe
@duty(permission.DUTY)
def areas(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What colours each area below the one that is looked at, by the areas' ids."""
    wanted, area, reach = wanted_by(request, actor)
    below = places.children(area.id) or [area]
    coloured = _coloured(actor, reach, wanted, area, below)
    parts = {each.id: coloured.parts.get(each.id) for each in below}
    return JsonResponse(
        {"level": below[0].level, "kind": coloured.kind, "areas": {
            str(area_id): {"band": part.band, "few": part.few, "words": part.words, "sample": part.sample,
                           "compared": part.compared, "url": part.url} if part else {"band": 0}
            for area_id, part in parts.items()
        }}
    )  # fmt: skip


@require_safe
@duty(permission.DUTY)
def days(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What stood open in each area below at the end of each of the last days, for the slider; 400 without figures."""
    wanted, area, _reach = wanted_by(request, actor)
    try:
        found = colouring.day_by_day(actor, area, colouring.last_day(), wanted.stage)
    except Refused:
        return HttpResponse(status=400)
    return JsonResponse(found)
