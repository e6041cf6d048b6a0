"""Writes of the register of components: a file taken over, one component entered or changed, one ended.

A component that changes keeps its row and its code; what it was stays as ComponentEdition. A file's sound lines are
taken and each other line is named with its fault, since a register of a city is mended line by line; the same file sent
twice changes nothing. One transaction and one audit entry for each file, which names the codes it touched.
"""

import copy
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from civicloop.catalogue import component_selectors as register
from civicloop.catalogue import sql
from civicloop.catalogue.actions import CatalogueError, require
from civicloop.catalogue.choices import Accuracy, ComponentSource, ComponentState
from civicloop.catalogue.component_files import WORDS, Line
from civicloop.catalogue.files import CatalogueRefused
from civicloop.catalogue.models import Component, ComponentEdition
from civicloop.catalogue.rules import components as rules
from civicloop.catalogue.selectors import KindView, valid
from civicloop.foundation import clock, coordinates, locality, morton
from civicloop.people.access import Actor
from civicloop.people.models import Unit
from civicloop.places import selectors as places
from civicloop.records import audit

BATCH = 2_000
SAID = 50  # codes that an audit entry names of each sort
SAME = 2e-7  # degrees: a point that went out in another system and came back
UNITS = ("department", "owner", "maintainer")
# what makes two states of a component the same; the point is compared by itself
CONTENT = ("kind_id", "names", "state", "accuracy", "address", "department_id", "owner_id", "maintainer_id", "source",
           "note", "synthetic", "first_on", "changed_on")  # fmt: skip
AREAS = ("district_id", "subdistrict_id", "community_id", "grid_id")
POINT = ("lon", "lat", "crs_in", "lon_in", "lat_in", "cell")
LONGEST = {"name": 60, "name_en": 120, "address": 300, "note": 1_000}


@dataclass
class Taken:
    """What came of a file: how many of each sort, and the fault of every line that was not taken."""

    added: int = 0
    changed: int = 0
    ended: int = 0
    unchanged: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def kept(self) -> int:
        return self.added + self.changed + self.ended + self.unchanged


class _Fault(ValueError):
    """What is wrong with a line, in words."""


@transaction.atomic
def take_over(actor: Actor, *, lines: Iterable[Line], crs: str, what: str, at: datetime | None = None) -> Taken:
    """Take the components of a file over. Sound lines are kept, the others are named in `faults`.

    `crs` is the system of the points of the file. Raises CatalogueError forbidden, crs_unknown; CatalogueRefused when
    the file cannot be read at all, and then nothing is kept.
    """
    require(actor)
    if crs not in coordinates.SYSTEMS:
        words = _("This coordinate system is not known; use wgs84, gcj02, bd09 or cgcs2000.")
        raise CatalogueError("crs_unknown", words)
    work = _Work(crs, at or clock.now())
    _lock()
    waiting = iter(lines)
    while batch := list(islice(waiting, BATCH)):
        work.take(batch)
    if work.said:
        audit.write(
            actor_id=actor.account_id, post_id=actor.post_id, actor_words=actor.words, action="catalogue.components",
            object=what, outcome="done", detail=work.told(),
        )  # fmt: skip
    return work.taken


def save(actor: Actor, *, cells: Mapping[str, str], crs: str) -> Component:
    """Enter one component, or change the one with this code. Raises CatalogueError forbidden; CatalogueRefused."""
    taken = take_over(actor, lines=[Line(cells.get("code", ""), cells)], crs=crs, what=cells.get("code", "")[:40])
    if taken.faults:
        raise CatalogueRefused([fault.partition(": ")[2] for fault in taken.faults])
    return Component.objects.get(code=cells["code"])


def end(actor: Actor, *, code: str) -> Component:
    """Take a component out of the register; matters that point to it keep it. Raises CatalogueError, CatalogueRefused.

    One that has ended already stays as it is.
    """
    return save(actor, cells={"code": code, "ended": "yes"}, crs="wgs84")


def _lock() -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql.COMPONENT_LOCK)


class _Work:
    """One taking-over: the lines in batches, each compared with what is registered."""

    def __init__(self, crs: str, at: datetime) -> None:
        self.crs, self.at, self.taken = crs, at, Taken()
        self.units = dict(Unit.objects.filter(valid()).values_list("code", "id"))
        self.divisions = {ref.code[:6] for level in ("city", "district") for ref in places.areas(level)}
        self.by_digits = any(len(code) == 6 and code.isdigit() for code in self.divisions)
        self.kinds: dict[str, KindView | None] = {}
        self.seen: set[str] = set()
        self.said: Counter[str] = Counter()
        self.codes: dict[str, list[str]] = {"added": [], "changed": [], "ended": []}

    def take(self, batch: Sequence[Line]) -> None:
        """Compare and write some lines."""
        given = {line.cells.get("code", "") for line in batch}
        rows = Component.objects.filter(code__in=given).select_related("kind", *UNITS)
        old = {row.code: row for row in rows}
        new: list[Component] = []
        changed: list[Component] = []
        editions: list[ComponentEdition] = []
        for line in batch:
            try:
                row = self._line(line, old, editions)
            except _Fault as fault:
                self.taken.faults.append(f"{line.where}: {fault}")
                continue
            if row is not None:
                (changed if row.id else new).append(row)
        ComponentEdition.objects.bulk_create(editions)
        Component.objects.bulk_create(new)
        Component.objects.bulk_update(
            changed, [*CONTENT, *POINT, *AREAS, "edition", "since", "valid_to"], batch_size=500
        )

    def _line(self, line: Line, old: Mapping[str, Component], editions: list[ComponentEdition]) -> Component | None:
        """The row that a line makes new or changes; None when it says what is registered already. Raises _Fault."""
        cells = line.cells
        if "" in cells:
            raise _Fault(_("more cells than columns, or no feature of GeoJSON"))
        kind, code = self._code(cells)
        row = old.get(code)
        if cells.get("ended", "") not in ("", "no", "yes"):
            raise _Fault(_("%(column)s is yes or no") % {"column": "ended"})
        ends = cells.get("ended") == "yes"
        if row is not None and row.valid_to is not None:
            if not ends:
                raise _Fault(_("this component has ended; one that takes its place has a code of its own"))
            self.taken.unchanged += 1
            return None
        if row is None and ends:
            raise _Fault(_("there is no such component that could end"))
        if row is None:
            return self._added(code, kind, cells)
        return self._ended(row, editions) if ends else self._changed(row, kind, cells, editions)

    def _added(self, code: str, kind: KindView, cells: Mapping[str, str]) -> Component:
        today = self.at.astimezone(locality.zone()).date()
        row = Component(
            code=code, kind_id=kind.id, names=dict(kind.names), first_on=today, valid_from=self.at, since=self.at
        )
        if not cells.get("lon") or not cells.get("lat"):
            raise _Fault(_("a new component needs lon and lat"))
        self._fill(row, cells)
        self._count("added", code)
        return row

    def _changed(
        self, row: Component, kind: KindView, cells: Mapping[str, str], editions: list[ComponentEdition]
    ) -> Component | None:
        before = copy.copy(row)
        self._fill(row, cells)
        if all(getattr(row, name) == getattr(before, name) for name in (*CONTENT, *AREAS, "lon", "lat")):
            self.taken.unchanged += 1
            return None
        self._follows(row)
        editions.append(self._edition(before))
        row.edition, row.since = row.edition + 1, self.at
        self._count("changed", row.code)
        return row

    def _ended(self, row: Component, editions: list[ComponentEdition]) -> Component:
        self._follows(row)
        row.valid_to = self.at
        self._count("ended", row.code)
        return row

    def _follows(self, row: Component) -> None:
        if self.at < row.since:
            raise _Fault(_("a change cannot begin before what it changes"))

    def _edition(self, row: Component) -> ComponentEdition:
        cells = {name: value for name, value in register.cells_of(row).items() if not name.endswith("_name")}
        return ComponentEdition(
            component=row, edition=row.edition, cells=cells, owner_id=row.owner_id, maintainer_id=row.maintainer_id,
            valid_from=row.since, valid_to=self.at,
        )  # fmt: skip

    def _count(self, sort: str, code: str) -> None:
        setattr(self.taken, sort, getattr(self.taken, sort) + 1)
        self.said[sort] += 1
        if len(self.codes[sort]) < SAID:
            self.codes[sort].append(code)

    def told(self) -> dict[str, Any]:
        """What the audit entry keeps."""
        return {**self.said, "refused": len(self.taken.faults), "codes": {k: v for k, v in self.codes.items() if v}}

    # -- cells --------------------------------------------------------------------------------------------------------

    def _code(self, cells: Mapping[str, str]) -> tuple[KindView, str]:
        code = cells.get("code", "")
        try:
            parts = rules.parts(code)
        except rules.CodeRefused as refused:
            raise _Fault({
                "not_digits": _("code %(code)r is no code of 17 digits"),
                "old_edition": _("code %(code)r has 16 digits, as in the 2013 edition; the present one has 17"),
                "length": _("code %(code)r is no code of 17 digits"),
            }[refused.code] % {"code": code[:40]}) from None  # fmt: skip
        if code in self.seen:
            raise _Fault(_("code %(code)s is said twice in this file") % {"code": code})
        if parts.kind not in self.kinds:
            self.kinds[parts.kind] = register.kind_named(parts.kind)
        kind = self.kinds[parts.kind]
        if kind is None:
            raise _Fault(_("code %(code)s: there is no kind of components %(kind)s")
                         % {"code": code, "kind": parts.kind})  # fmt: skip
        if self.by_digits and parts.division not in self.divisions:
            raise _Fault(_("code %(code)s: %(division)s is no district of this city")
                         % {"code": code, "division": parts.division})  # fmt: skip
        self.seen.add(code)
        return kind, code

    def _fill(self, row: Component, cells: Mapping[str, str]) -> None:
        """Let a row say what the cells say; columns that are missing leave it as it is. Raises _Fault."""
        for column, most in LONGEST.items():
            if len(cells.get(column, "")) > most:
                raise _Fault(_("%(column)s is longer than %(most)s characters") % {"column": column, "most": most})
        names = dict(row.names)
        for column, language in (("name", "zh-hans"), ("name_en", "en")):
            if cells.get(column):
                names[language] = cells[column]
            elif column == "name_en" and column in cells:
                names.pop(language, None)
        row.names = names
        for column, known in (("state", ComponentState), ("accuracy", Accuracy), ("source", ComponentSource)):
            if cells.get(column):
                setattr(row, column, _choice(column, cells[column], known))
        for column in ("address", "note"):
            if column in cells:
                setattr(row, column, cells[column])
        for unit in UNITS:
            if f"{unit}_code" in cells:
                setattr(row, f"{unit}_id", self._unit(row, unit, cells[f"{unit}_code"]))
        if cells.get("synthetic"):
            row.synthetic = cells["synthetic"] == "yes"
        row.first_on = _date("first_on", cells.get("first_on", "")) or row.first_on
        if "changed_on" in cells:
            row.changed_on = _date("changed_on", cells["changed_on"])
        if row.changed_on is not None and row.changed_on < row.first_on:
            raise _Fault(_("changed_on comes before first_on"))
        if cells.get("lon") or cells.get("lat"):
            self._point(row, cells.get("lon", ""), cells.get("lat", ""))

    def _unit(self, row: Component, name: str, code: str) -> int | None:
        """The unit with a code; one that has ended since may stay where it was."""
        if not code:
            return None
        present: Unit | None = getattr(row, name)
        if present is not None and present.code == code:
            return present.id
        if code not in self.units:
            raise _Fault(_("%(column)s: there is no unit %(code)r") % {"column": f"{name}_code", "code": code[:64]})
        return self.units[code]

    def _point(self, row: Component, lon: str, lat: str) -> None:
        try:
            found = places.locate(float(lon), float(lat), self.crs)
        except ValueError as wrong:
            reason = wrong.code if isinstance(wrong, places.ImpossibleCoordinates) else "not_a_number"
            raise _Fault(_("impossible point %(lon)s, %(lat)s: %(reason)s")
                         % {"lon": lon[:24], "lat": lat[:24], "reason": reason}) from None  # fmt: skip
        same = row.id and abs(row.lon - found.lon) < SAME and abs(row.lat - found.lat) < SAME
        if found.areas:  # also for a point that stayed: boundaries may have moved over it
            for level in AREAS:
                ref = found.areas.get(level.removesuffix("_id"))
                setattr(row, level, ref.id if ref else None)
        if same:
            return
        if not found.areas:
            raise _Fault(_("the point %(lon)s, %(lat)s lies outside every area; is it really in %(crs)s?")
                         % {"lon": lon[:24], "lat": lat[:24], "crs": self.crs})  # fmt: skip
        row.lon, row.lat = round(found.lon, 7), round(found.lat, 7)
        row.crs_in, row.lon_in, row.lat_in = self.crs, float(lon), float(lat)
        row.cell = morton.cell(row.lon, row.lat)


def _choice(column: str, value: str, known: Any) -> str:
    said = WORDS.get(column, {}).get(value, value)
    if said not in known.values:
        raise _Fault(_("%(column)s %(value)r is none of %(known)s")
                     % {"column": column, "value": value[:40], "known": ", ".join(known.values)})  # fmt: skip
    return said


def _date(column: str, text: str) -> date | None:
    """A day as 2026-07-01, 20260701 or 2026/7/1; None when the cell is empty."""
    if not text:
        return None
    parts = text.replace("/", "-").split("-")
    try:
        return date(*(int(part) for part in parts)) if len(parts) == 3 else date.fromisoformat(text)
    except ValueError:
        raise _Fault(_("%(column)s %(value)r is no day; write 20260701 or 2026-07-01")
                     % {"column": column, "value": text[:40]}) from None  # fmt: skip
