"""The base map under our own boundaries: none (the boundaries are the map), or the city's own choice by settings.

Tiles by an address with {z}, {x}, {y} serve XYZ and WMTS services alike (a WMTS in its KVP form has the same three
values); a PMTiles file is read by ranges. A base map in GCJ-02 is refused: its streets lie some hundred metres beside
what is drawn on it, and nobody would see why.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from civicloop.records import settings

_ADDRESS = r"(https?://[^\s\"'<>;,]{4,480})?"
_TILES = gettext_lazy("With {z}, {x} and {y}, or {-y}; a WMTS has them as TILEMATRIX, TILECOL and TILEROW")
settings.define(
    "map.base", "choice", "none", gettext_lazy("Base map"),
    choices=[
        ("none", gettext_lazy("None: the boundaries are the map")),
        ("tiles", gettext_lazy("Picture tiles (XYZ or WMTS)")),
        ("pmtiles", gettext_lazy("A PMTiles file")),
    ],
)  # fmt: skip
settings.define("map.base_url", "str", "", gettext_lazy("Address of the base map"), pattern=_ADDRESS, help=_TILES)
settings.define(
    "map.labels_url", "str", "", gettext_lazy("Address of the names over the base map"), pattern=_ADDRESS, help=_TILES
)
settings.define("map.base_credit", "str", "", gettext_lazy("Whose base map it is, as its licence asks to say"))
settings.define("map.base_most", "int", 18, gettext_lazy("Finest zoom of the base map"), low=1, high=22)
settings.define(
    "map.base_crs", "choice", "wgs84", gettext_lazy("Coordinate system of the base map"),
    choices=[("wgs84", gettext_lazy("CGCS2000 or WGS-84")), ("gcj02", gettext_lazy("GCJ-02 (shifted)"))],
    help=gettext_lazy("A shifted base map is not drawn: everything on it would lie beside its place"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class BaseMap:
    """What the page is told. `refused` says why a base map is not drawn, "" for none or for one that is drawn."""

    kind: str = "none"
    url: str = ""
    labels: str = ""
    credit: str = ""
    most: int = 18
    refused: str = ""


def chosen() -> BaseMap:
    """The base map of this installation."""
    kind, url = settings.get_str("map.base"), settings.get_str("map.base_url")
    if kind == "none":
        return BaseMap()
    if settings.get_str("map.base_crs") == "gcj02":
        return BaseMap(
            refused=_("The base map is in GCJ-02 and would be shifted by some hundred metres: it is left out.")
        )
    if not url or (kind == "tiles" and not ("{z}" in url and "{x}" in url and ("{y}" in url or "{-y}" in url))):
        return BaseMap(refused=_("The base map has no address from which tiles can be read: it is left out."))
    labels = settings.get_str("map.labels_url") if kind == "tiles" else ""
    return BaseMap(kind, url, labels, settings.get_str("map.base_credit"), settings.get_int("map.base_most"))


def allow(response: HttpResponse, base: BaseMap) -> HttpResponse:
    """Let the page of the map read from the hosts of its base map, and from no other."""
    hosts = sorted(
        {f"{parts.scheme}://{parts.netloc}" for parts in map(urlsplit, (base.url, base.labels)) if parts.netloc}
    )
    if hosts:
        response._csp_update = {"img-src": hosts, "connect-src": hosts}  # type: ignore[attr-defined]
    return response
