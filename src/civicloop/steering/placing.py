"""Which area or unit the page is about, within what the reader may look at."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from civicloop.figures import cubes, selectors
from civicloop.figures.cubes import LEVELS
from civicloop.foundation.names import shown
from civicloop.matters.errors import Refused
from civicloop.people.access import Actor
from civicloop.places import selectors as places
from civicloop.places.selectors import AreaRef


@dataclass(frozen=True, slots=True)
class Place:
    """An area with all below it, or one unit. `path`: level → area id from the district down to the area."""

    path: Mapping[str, int]
    top: str  # the highest level that the reader may look at
    unit_id: int | None = None

    @property
    def level(self) -> str:
        return cubes.deepest(self.path)[0]

    @property
    def area_id(self) -> int:
        """0 for the city."""
        return cubes.deepest(self.path)[1]

    @property
    def child(self) -> str:
        """The level of its parts; "" where it has none."""
        return "" if self.unit_id is not None else cubes.child_of(self.level)

    @property
    def scope(self) -> int:
        """What holds the area itself in the cube of its level."""
        if self.level in LEVELS[:2]:
            return 0
        return self.path.get(LEVELS[LEVELS.index(self.level) - 1], 0)

    @property
    def inside(self) -> Q:
        """The condition that a row with the columns of areas and unit belongs to it."""
        if self.unit_id is not None:
            return Q(unit_id=self.unit_id)
        return Q(**{f"{self.level}_id": self.area_id}) if self.area_id else Q()

    @property
    def columns(self) -> dict[str, int]:
        """The same as values: by the whole path, since indexes lead with the upper levels."""
        if self.unit_id is not None:
            return {"unit_id": self.unit_id}
        return {f"{level}_id": area for level, area in self.path.items()}


def place_for(actor: Actor, code: str) -> Place:
    """The area of a code, else that of the post, or its unit. Raises Refused; what lies outside is not found."""
    bound = selectors.bound_of(actor)
    if bound.unit_id is not None:
        if code:
            raise _nowhere()
        return Place({}, "city", bound.unit_id)
    try:
        area_id = places.by_code(code).id if code else bound.area_id
        path = {level: ref.id for level, ref in places.path(area_id).items() if level != "city"} if area_id else {}
    except LookupError:
        raise _nowhere() from None
    if bound.area_id and path.get(bound.level) != bound.area_id:
        raise _nowhere()
    return Place(path, bound.level)


def _nowhere() -> Refused:
    return Refused("not_found", 404, _("There is no such area."))


def name_of(place: Place, units: Mapping[int, str]) -> str:
    """What the whole is called."""
    if place.unit_id is not None:
        return units.get(place.unit_id, "")
    return named(places.area(place.area_id) if place.area_id else places.root())


def code_of(place: Place) -> str:
    """The code of the area; "" for the city and for a unit."""
    return places.area(place.area_id).code if place.area_id else ""


def crumbs(place: Place) -> list[tuple[str, str]]:
    """(code, name) of the areas above, as far up as the reader may look."""
    if place.unit_id is not None:
        return []
    levels = LEVELS[LEVELS.index(place.top) : LEVELS.index(place.level)]
    refs = [places.area(place.path[level]) if level in place.path else places.root() for level in levels]
    return [("" if ref.level == "city" else ref.code, named(ref)) for ref in refs]


def children(place: Place) -> list[AreaRef]:
    """The parts of an area, by code."""
    if not place.child:
        return []
    root = place.area_id or places.root().id
    return [ref for ref in places.children(root) if ref.level == place.child]


def named(ref: AreaRef) -> str:
    """The name of an area in the reader's language."""
    return shown(ref.names, get_language() or "zh-hans")
