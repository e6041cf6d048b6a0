"""Reads of the register of components: by code, near a point, as a list, and who owns what. Never kept in process."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy

from civicloop.catalogue import selectors, sql
from civicloop.catalogue.choices import ComponentState, Family, Party
from civicloop.catalogue.component_files import STANDARD_STATES
from civicloop.catalogue.models import Component, ComponentEdition
from civicloop.catalogue.rules import components as rules
from civicloop.foundation import clock, coordinates, hot, morton
from civicloop.foundation.names import own
from civicloop.people.models import Unit
from civicloop.places import selectors as places
from civicloop.records import settings as adjustable

REACH = "catalogue.component_reach"
FARTHEST = 100.0  # metres that a point may be off at most
SHOWN = 5
PER_RANGE = 1_000  # components that are read of one range of cells, which is at most some 120 m wide
STANDARDS = ("GB/T 47678.5-2026", "local")  # where a kind is looked for by its five digits alone
BATCH = 2_000

adjustable.define(
    REACH, "int", 25, gettext_lazy("How far a reported point may be off"), low=0, high=int(FARTHEST),
    help=gettext_lazy("In metres. Components within this and their own accuracy are offered with a report"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ComponentView:
    """A component as other rooms see it; `metres` is how far it is from the point that was asked for."""

    id: int
    code: str
    kind_id: int
    names: Mapping[str, str]
    state: str
    accuracy: str
    lon: float
    lat: float
    address: str
    owner_id: int | None
    maintainer_id: int | None
    metres: float | None = None


@dataclass(frozen=True, slots=True)
class Parties:
    """Which units a component has: who owns it, who maintains it."""

    owner_id: int | None = None
    maintainer_id: int | None = None

    def known(self) -> dict[str, int]:
        """The units that there are, by what a rule calls them."""
        both = {Party.OWNER.value: self.owner_id, Party.MAINTAINER.value: self.maintainer_id}
        return {party: unit for party, unit in both.items() if unit is not None}


NOBODY = Parties()
_FIELDS = tuple(name for name in ComponentView.__dataclass_fields__ if name != "metres")


def _view(values: Sequence[Any]) -> ComponentView:
    return ComponentView(*values)


def by_code(code: str, *, ended: bool = False) -> ComponentView | None:
    """The component in force with this code; with `ended` also one that has ended."""
    rows = Component.objects.filter(code=code) if ended else Component.objects.filter(selectors.valid(), code=code)
    row = rows.values_list(*_FIELDS).first()
    return _view(row) if row else None


def by_id(component_id: int) -> ComponentView | None:
    """The component, also an ended one."""
    row = Component.objects.filter(id=component_id).values_list(*_FIELDS).first()
    return _view(row) if row else None


def near(
    lon: float, lat: float, *, within: float | None = None, kind_id: int | None = None, limit: int = SHOWN
) -> list[ComponentView]:
    """The components that may stand at a WGS-84 point, the nearest first; one read by the index of their cells.

    `within` is by how many metres the point may be off (default: the setting); each component adds the tolerance of its
    own accuracy class. `kind_id` is a kind of components.
    """
    off = min(FARTHEST, float(adjustable.get_int(REACH)) if within is None else within)
    ranges = morton.around(lon, lat, off + max(rules.TOLERANCE.values()))
    firsts, lasts = [first for first, _last in ranges], [last for _first, last in ranges]
    rows = hot.all_rows(sql.NEAR, {"firsts": firsts, "lasts": lasts, "most": PER_RANGE})
    found = []
    for identifier, code, kind, names, state, accuracy, east, north, address, owner, maintainer in rows:
        metres = coordinates.metres((lon, lat), (east, north))
        if kind_id in (None, kind) and rules.reaches(accuracy, metres, off):
            found.append(ComponentView(
                identifier, code, kind, json.loads(names), state, accuracy, east, north, address, owner, maintainer,
                metres,
            ))  # fmt: skip
    return sorted(found, key=lambda each: (each.metres or 0.0, each.code))[:limit]


def in_cells(first: int, last: int, limit: int) -> list[ComponentView]:
    """What stands in a range of cells of the map, by cell; what is removed is not there any more."""
    rows = Component.objects.filter(valid_to=None, cell__range=(first, last)).exclude(state=ComponentState.REMOVED)
    return [_view(row) for row in rows.order_by("cell", "id").values_list(*_FIELDS)[:limit]]


def kind_named(code: str) -> selectors.KindView | None:
    """The kind of components that five digits (or `standard:code`) name."""
    standard, _colon, rest = code.rpartition(":")
    for each in (standard,) if standard else STANDARDS:
        try:
            return selectors.kind_by_code(each, Family.COMPONENT, rest)
        except selectors.UnknownKind:
            continue
    return None


def component_kind_of(matter_kind_id: int) -> selectors.KindView | None:
    """The kind of components that a kind of matters is about: the same digits in the other family."""
    kind = selectors.kind(matter_kind_id)
    try:
        return selectors.kind_by_code(kind.standard, Family.COMPONENT, kind.code)
    except selectors.UnknownKind:
        return None


def matter_kind_of(component_kind_id: int) -> selectors.KindView | None:
    """The kind of matters in force that is about a kind of components: 01001 供水井盖 is 01001 供水井盖异常."""
    kind = selectors.kind(component_kind_id)
    try:
        found = selectors.kind_by_code(kind.standard, Family.MATTER, kind.code)
    except selectors.UnknownKind:
        return None
    return found if found.valid_to is None or found.valid_to > clock.now() else None


# -- who owns what ----------------------------------------------------------------------------------------------------


def parties(component_id: int | None, moment: datetime | None = None) -> Parties:
    """Owner and maintainer of a component at `moment` (default: now); a unit that has ended is none."""
    if component_id is None:
        return NOBODY
    return parties_of([component_id], moment).get(component_id, NOBODY)


def case_part(component_id: int | None, moment: datetime | None = None) -> dict[str, Any]:
    """A component as catalogue.routing.case takes it."""
    return {"component_id": component_id, "parties": parties(component_id, moment)}


def parties_of(component_ids: Collection[int], moment: datetime | None = None) -> dict[int, Parties]:
    """The same for many, in a few statements."""
    at, found, earlier = moment or clock.now(), {}, set()
    rows = Component.objects.filter(id__in=component_ids).values_list("id", "owner_id", "maintainer_id", "since")
    for identifier, owner, maintainer, since in rows:
        found[identifier] = Parties(owner, maintainer)
        if since > at:
            earlier.add(identifier)
    if earlier:
        then = ComponentEdition.objects.filter(component_id__in=earlier, valid_from__lte=at, valid_to__gt=at)
        for identifier, owner, maintainer in then.values_list("component_id", "owner_id", "maintainer_id"):
            found[identifier] = Parties(owner, maintainer)
    units = {unit for each in found.values() for unit in (each.owner_id, each.maintainer_id) if unit is not None}
    ended = set(Unit.objects.filter(id__in=units, valid_to__lte=at).values_list("id", flat=True))
    if ended:
        found = {
            identifier: Parties(*(None if unit in ended else unit for unit in (each.owner_id, each.maintainer_id)))
            for identifier, each in found.items()
        }
    return found


def ownerless() -> dict[tuple[int, int | None], int]:
    """How many components in force have no owner, by kind of components and subdistrict; by an index of those alone."""
    rows = Component.objects.filter(owner=None, valid_to=None).exclude(state=ComponentState.REMOVED)
    counted = rows.values_list("kind_id", "subdistrict_id").annotate(number=Count("id")).order_by()
    return {(kind, area): number for kind, area, number in counted}


# -- the list ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wanted:
    """What a list of components is narrowed to; empty values narrow nothing. `code` are the first digits."""

    code: str = ""
    kind_id: int | None = None
    area: places.AreaRef | None = None
    state: str = ""
    ownerless: bool = False
    with_ended: bool = False

    def condition(self) -> Q:
        """As a condition; each part has an index that goes on by code."""
        found = Q() if self.with_ended else Q(valid_to=None)
        if self.code:
            found &= Q(code__gte=self.code, code__lt=self.code + ":")  # ":" comes after every digit
        if self.kind_id is not None:
            found &= Q(kind_id=self.kind_id)
        if self.area is not None and self.area.level != "city":
            found &= Q(**{f"{self.area.level}_id": self.area.id})
            if self.area.level == "grid" and self.area.parent_id is not None:
                found &= Q(community_id=self.area.parent_id)
        if self.state:
            found &= Q(state=self.state)
        if self.ownerless:
            found &= Q(owner=None) & ~Q(state=ComponentState.REMOVED)
        return found


def page(wanted: Wanted, *, after: str = "", limit: int = 50) -> QuerySet[Component]:
    """Components by code, those after `after`; with kind and units."""
    rows = Component.objects.filter(wanted.condition(), code__gt=after)
    return rows.select_related("kind", "owner", "maintainer", "department").order_by("code")[:limit]


def views(wanted: Wanted, *, after: str = "", limit: int = 50) -> list[ComponentView]:
    """The same page as other rooms see components."""
    rows = Component.objects.filter(wanted.condition(), code__gt=after).order_by("code")
    return [_view(row) for row in rows.values_list(*_FIELDS)[:limit]]


def number(wanted: Wanted) -> int:
    """How many components a list has."""
    return Component.objects.filter(wanted.condition()).count()


def editions(component_id: int) -> QuerySet[ComponentEdition]:
    """What the register said before, the newest first."""
    return ComponentEdition.objects.filter(component_id=component_id).order_by("-edition")


def cells_of(row: Component, crs: str = "wgs84", *, standard_words: bool = False) -> dict[str, Any]:
    """A component in the columns of its file. With `standard_words` the state is said as the standard's table does."""
    lon, lat = coordinates.from_wgs84(row.lon, row.lat, crs)
    names = {"": ""} | {
        unit.code: own(unit.names) for unit in (row.department, row.owner, row.maintainer) if unit is not None
    }
    codes = {name: unit.code if unit else "" for name, unit in
             (("department", row.department), ("owner", row.owner), ("maintainer", row.maintainer))}  # fmt: skip
    return {
        "code": row.code, "name": own(row.names), "name_en": row.names.get("en", ""),
        "state": STANDARD_STATES[row.state] if standard_words else row.state, "accuracy": row.accuracy,
        "lon": f"{lon:.7f}", "lat": f"{lat:.7f}", "address": row.address,
        **{f"{name}_code": code for name, code in codes.items()}, "source": row.source,
        "first_on": row.first_on.isoformat(), "changed_on": row.changed_on.isoformat() if row.changed_on else "",
        "note": row.note, "synthetic": "yes" if row.synthetic else "no",
        "kind_name": own(row.kind.names), "owner_name": names[codes["owner"]],
        "maintainer_name": names[codes["maintainer"]], **_areas(row),
    }  # fmt: skip


def _areas(row: Component) -> dict[str, str]:
    found = {}
    for level in ("district", "subdistrict", "community", "grid"):
        identifier = getattr(row, f"{level}_id")
        try:
            found[f"{level}_code"] = places.area(identifier).code if identifier is not None else ""
        except places.UnknownArea:  # it has ended since
            found[f"{level}_code"] = ""
    return found


def each(wanted: Wanted, crs: str = "wgs84") -> Iterator[dict[str, Any]]:
    """Every component of a list in the columns of the file, read in pages so that a million fit into little memory."""
    after = ""
    while rows := list(page(wanted, after=after, limit=BATCH)):
        for row in rows:
            yield cells_of(row, crs)
        after = rows[-1].code
