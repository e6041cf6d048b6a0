"""Components over HTTP, for the staff: the list, one by its code, and those near a point."""

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema
from ninja.errors import HttpError
from pydantic import Field

from civicloop.catalogue import component_selectors as register
from civicloop.catalogue import selectors, words
from civicloop.catalogue.choices import ComponentState
from civicloop.people import web
from civicloop.people.models import Unit
from civicloop.places import selectors as places

router = Router(tags=["catalogue"])
STAFF = [web.Bearer(), web.Session()]
LARGEST_PAGE = 200


class ComponentOut(Schema):
    """A component of the register. `distance` in metres stands only where a point was asked for."""

    code: str = Field(description="17 digits: 6 of the division, 2 of the class, 3 of the kind, 6 of its own number")
    kind: str = Field(description="five digits of the kind of components")
    kind_name: str
    matter_kind: str = Field(description="the kind of matters about it, that a report takes over; empty: none")
    name: str
    state: str = Field(description=", ".join(ComponentState.values))
    state_words: str
    accuracy: str = Field(description="accuracy class of the point: A 0.5 m, B 1 m, C 10 m")
    lon: float = Field(description="WGS-84")
    lat: float
    address: str
    owner: str = Field(description="code of the unit; empty: none is known")
    maintainer: str
    distance: float | None = None


class ComponentsOut(Schema):
    """A page of components; `next` is what to send as `after` for the next one, None also for a search by point."""

    items: list[ComponentOut]
    next: str | None


class ComponentFilter(Schema):
    """What is asked for. With `near` the nearest come first, else all come by code."""

    near: str = Field("", max_length=60, description="longitude,latitude")
    crs: str = Field("", max_length=20, description="required with near: wgs84, gcj02, bd09, cgcs2000")
    within: float | None = Field(
        None, ge=0, le=register.FARTHEST,
        description="by how many metres the point may be off, beside the component's own accuracy; default: a setting",
    )  # fmt: skip
    code: str = Field("", max_length=17, pattern=r"^\d*$", description="how the code begins")
    kind: str = Field("", max_length=80, description="kind of components, five digits or standard:code")
    area: str = Field("", max_length=20, description="code of an area: all inside it")
    state: str = Field("", max_length=10)
    ownerless: bool = Field(False, description="only those without an owner")
    after: str = Field("", max_length=17, pattern=r"^\d*$", description="`next` of the page before")
    limit: int = Field(50, ge=1, le=LARGEST_PAGE)


@router.get("/components", response=ComponentsOut, auth=STAFF, operation_id="components")
@web.call("lists.use")
def components(request: HttpRequest, wanted: Query[ComponentFilter]) -> ComponentsOut:
    """Components near a point, the nearest first, or a page of the register by code."""
    kind = register.kind_named(wanted.kind) if wanted.kind else None
    if wanted.kind and kind is None:
        raise HttpError(404, _("There is no such kind."))
    if wanted.near:
        return ComponentsOut(items=_out(_near(wanted, kind.id if kind else None)), next=None)
    if wanted.state not in ("", *ComponentState.values):
        raise HttpError(422, _("There is no such state."))
    try:
        area = places.by_code(wanted.area) if wanted.area else None
    except places.UnknownArea:
        raise HttpError(404, _("There is no such area.")) from None
    narrowed = register.Wanted(wanted.code, kind.id if kind else None, area, wanted.state, wanted.ownerless)
    found = register.views(narrowed, after=wanted.after, limit=wanted.limit + 1)
    following = found[wanted.limit - 1].code if len(found) > wanted.limit else None
    return ComponentsOut(items=_out(found[: wanted.limit]), next=following)


def _near(wanted: ComponentFilter, kind_id: int | None) -> list[register.ComponentView]:
    try:
        lon, lat = (float(part) for part in wanted.near.split(","))
        located = places.locate(lon, lat, wanted.crs)
    except places.ImpossibleCoordinates as reason:
        raise HttpError(422, _("Impossible point: %(reason)s") % {"reason": reason.code}) from None
    except ValueError:
        raise HttpError(422, _("Write longitude and latitude, such as 117.2, 39.1.")) from None
    return register.near(located.lon, located.lat, within=wanted.within, kind_id=kind_id, limit=wanted.limit)


@router.get("/components/{code}", response=ComponentOut, auth=STAFF, operation_id="component")
@web.call("lists.use")
def component(request: HttpRequest, code: str) -> ComponentOut:
    """The component in force with this code."""
    found = register.by_code(code)
    if found is None:
        raise HttpError(404, _("There is no such component."))
    return _out([found])[0]


def _out(found: list[register.ComponentView]) -> list[ComponentOut]:
    ids = {unit for each in found for unit in (each.owner_id, each.maintainer_id) if unit is not None}
    codes: dict[int | None, str] = {None: "", **dict(Unit.objects.filter(id__in=ids).values_list("id", "code"))}
    return [_one(each, codes) for each in found]


def _one(view: register.ComponentView, codes: dict[int | None, str]) -> ComponentOut:
    kind, matter_kind = selectors.kind(view.kind_id), register.matter_kind_of(view.kind_id)
    return ComponentOut(
        code=view.code, kind=kind.code, kind_name=words.name(kind.names), name=words.name(view.names),
        matter_kind=matter_kind.code if matter_kind else "", state=view.state,
        state_words=str(ComponentState(view.state).label), accuracy=view.accuracy, lon=view.lon, lat=view.lat,
        address=view.address, owner=codes[view.owner_id], maintainer=codes[view.maintainer_id],
        distance=None if view.metres is None else round(view.metres, 1),
    )  # fmt: skip
