"""Tiles over HTTP: `/tiles/{layer}/{z}/{x}/{y}.mvt`. Who asks decides what is read, before anything is read.

Boundaries and the picture for everybody need no sign-in; matters need the duty of the map, by session or token.
"""

import gzip
import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from civicloop.catalogue import component_selectors as components
from civicloop.catalogue import selectors as catalogue
from civicloop.foundation import morton, mvt
from civicloop.foundation.names import shown
from civicloop.onemap import boundaries, filters, permission, selectors
from civicloop.onemap.choices import STATES
from civicloop.onemap.models import PublicCell
from civicloop.onemap.rules import grid, public
from civicloop.people import web
from civicloop.people.access import Actor

MEDIA = "application/vnd.mapbox-vector-tile"
MOST_COMPONENTS = 5000  # of one tile
ZIPPED_FROM = 1024  # bytes; below it a packet more or less makes no difference
View = Callable[..., HttpResponse]


def guarded(view: View) -> View:
    """The duty of the map for a page's session, or for the owner of a bearer token."""
    by_session = web.duty(permission.DUTY)(view)

    @wraps(view)
    def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        given = request.headers.get("Authorization", "")
        if not given:
            return by_session(request, *args, **kwargs)
        scheme, _space, token = given.partition(" ")
        actor = web.Bearer().authenticate(request, token.strip()) if scheme.lower() == "bearer" else None
        if actor is None:
            return HttpResponse(status=401)
        if permission.reach(actor).kind == "none":
            return HttpResponse(status=403)
        return view(request, actor, *args, **kwargs)

    asked.duty = permission.DUTY  # type: ignore[attr-defined]
    return asked


@require_safe
@web.public
def of_boundaries(request: HttpRequest, layer: str, z: int, x: int, y: int) -> HttpResponse:
    """Areas or overlays."""
    _existing(z, x, y)
    found = boundaries.tile(layer, z, x, y, get_language() or "zh-hans")
    return answered(request, found, "public, max-age=300")


@require_safe
@guarded
def of_matters(request: HttpRequest, actor: Actor, z: int, x: int, y: int) -> HttpResponse:
    """Matters that fit the filters of the address: as clusters, or `by=cell` at their cells."""
    _existing(z, x, y)
    try:
        wanted = filters.read(request.GET)
    except filters.BadFilter:
        raise Http404 from None
    reach = permission.reach(actor, wanted.area)
    found = selectors.in_tile(actor, reach, wanted, z, x, y)
    by_cell = request.GET.get("by") == "cell" or z >= grid.RAW_FROM
    return answered(request, encoded(found, by_cell=by_cell), "private, no-cache")


@require_safe
@guarded
def of_components(request: HttpRequest, _actor: Actor, z: int, x: int, y: int) -> HttpResponse:
    """What stands where, by the register of components; near by only, for there are many."""
    _existing(z, x, y)
    layer = mvt.Layer("components", mvt.POINT)
    if z >= grid.RAW_FROM:
        language = get_language() or "zh-hans"
        for each in components.in_cells(*morton.cells_of_tile(z, x, y), MOST_COMPONENTS):
            kind = catalogue.kind(each.kind_id)
            px, py = grid.place(each.lon, each.lat, z, x, y)
            said = {"name": shown(each.names or kind.names, language), "code": each.code, "state": each.state}
            layer.add(mvt.point(int(px * mvt.EXTENT), int(py * mvt.EXTENT)), said, each.id)
    return answered(request, mvt.tile(layer), "private, no-cache")


@require_safe
@web.public
def for_everybody(request: HttpRequest, z: int, x: int, y: int) -> HttpResponse:
    """Coarse cells, a day old; none where there are few."""
    _existing(z, x, y)
    if z > public.HIGHEST:
        raise Http404
    first, last = grid.span(public.LEVEL, z, x, y)
    layer, bits = mvt.Layer("matters", mvt.POINT), min(grid.CLUSTERED, public.LEVEL - z)
    counted: dict[int, list[int]] = {}
    for cell, still, solved in PublicCell.objects.filter(cell__range=(first, last)).values_list(
        "cell", "open", "solved"
    ):
        into = counted.setdefault((cell - first) >> 2 * (public.LEVEL - z - bits), [0, 0])
        into[0] += still
        into[1] += solved
    for cell, (still, solved) in sorted(counted.items()):
        layer.add(mvt.points_of_cells(bits)[cell], {"open": still, "solved": solved})
    return answered(request, mvt.tile(layer), "public, max-age=600")


def encoded(found: selectors.Found, *, by_cell: bool) -> bytes:
    """A layer of points: `n` matters, `late` of them over their deadline; `state` where all have the same."""
    layer = mvt.Layer("matters", mvt.POINT)
    if by_cell:
        geometry = mvt.points_of_cells(found.bits)
        for cell, count, late, least, most in found.rows:
            said: dict[str, mvt.Value] = {"n": count}
            if found.raw:
                said |= {"late": late, "state": STATES[least] if least == most else ""}
            layer.add(geometry[cell], said)
    else:
        for x, y, count, late in grid.clusters(found.rows, found.bits):
            layer.add(mvt.point(int(x * mvt.EXTENT), int(y * mvt.EXTENT)), {"n": count, "late": late})
    return mvt.tile(layer)


def _existing(z: int, x: int, y: int) -> None:
    if not grid.exists(z, x, y):
        raise Http404


def answered(request: HttpRequest, content: bytes, caching: str) -> HttpResponse:
    """The tile, or 304 where the browser has it already; packed where it is large and the browser can unpack."""
    tag = f'"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'
    if request.headers.get("If-None-Match", "").removeprefix("W/") == tag:
        response = HttpResponse(status=304)
    elif len(content) >= ZIPPED_FROM and "gzip" in request.headers.get("Accept-Encoding", ""):
        response = HttpResponse(gzip.compress(content, 4, mtime=0), content_type=MEDIA)
        response["Content-Encoding"] = "gzip"
    else:
        response = HttpResponse(content, content_type=MEDIA)
    response["ETag"], response["Cache-Control"] = tag, caching
    response["Vary"] = "Accept-Encoding, Accept-Language, Cookie, Authorization"
    return response


@require_safe
@guarded
def news(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Whether anything on the map has changed: an ETag'd answer that pages ask for every few seconds."""
    tag = f'"{selectors.token()}"'
    if request.headers.get("If-None-Match", "").removeprefix("W/") == tag:
        response = HttpResponse(status=304)
    else:
        response = JsonResponse({"state": tag.strip('"')})
    response["ETag"], response["Cache-Control"] = tag, "private, no-cache"
    return response
