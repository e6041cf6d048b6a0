"""Areas over HTTP; public, since boundaries and names are."""

from typing import Annotated

from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema
from ninja.errors import HttpError

from civicloop.foundation.names import shown
from civicloop.places import selectors
from civicloop.places.models import LEVELS

router = Router(tags=["places"])


class AreaOut(Schema):
    """An area; `synthetic` means that its boundary is approximate."""

    level: str
    code: str
    name: str
    synthetic: bool


class OverlayOut(AreaOut):
    """An area of another body, such as a police precinct; `layer` says whose. Overlays may overlap each other."""

    layer: str


class LocatedOut(Schema):
    """The path of areas at a point; empty with a reason outside every area. Beside it, the overlays that hold it."""

    areas: list[AreaOut]
    overlays: list[OverlayOut]
    crs_in: str
    reason: str | None = None


def _out(ref: selectors.AreaRef) -> AreaOut:
    name = shown(ref.names, get_language() or "zh-hans")
    return AreaOut(level=ref.level, code=ref.code, name=name, synthetic=ref.synthetic)


@router.get("/places/locate", response=LocatedOut, auth=None, summary="The areas that hold a point")
def locate(request: HttpRequest, lon: float, lat: float, crs: Annotated[str, Query(max_length=20)] = "") -> LocatedOut:
    """`crs` is wgs84, cgcs2000, gcj02 or bd09 and must be given."""
    try:
        found = selectors.locate(lon, lat, crs)
    except selectors.ImpossibleCoordinates as reason:
        raise HttpError(422, _("Impossible point: %(reason)s") % {"reason": reason.code}) from None
    return LocatedOut(
        areas=[_out(ref) for ref in found.areas.values()],
        overlays=[OverlayOut(layer=ref.layer, **_out(ref).dict()) for ref in found.overlays],
        crs_in=crs,
        reason=found.reason or None,
    )


@router.get("/areas", response=list[AreaOut], auth=None, summary="Areas by level, parent and name")
def areas(
    request: HttpRequest, level: str = "", parent: str = "", q: str = "", after: str = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 200,
) -> list[AreaOut]:  # fmt: skip
    """By code; `after` is the last code of the page before."""
    try:
        found = selectors.children(selectors.by_code(parent).id) if parent else selectors.areas(level or LEVELS[1])
    except LookupError:
        raise HttpError(404, _("There is no such area.")) from None
    wanted = [
        ref
        for ref in found
        if ref.code > after
        and (not level or ref.level == level)
        and (not q or any(q in name for name in ref.names.values()) or ref.code.startswith(q))
    ]
    return [_out(ref) for ref in wanted[:limit]]


locate.duty = "public"  # type: ignore[attr-defined]  # people.web.call stands above this room
areas.duty = "public"  # type: ignore[attr-defined]
