"""Units as a CSV file, out and in: an exported file taken in again changes nothing.

A line is about one unit, by its code. A unit that the file does not name stays as it is; a column that the file does
not have says nothing. What a unit was before a change is kept (UnitEdition).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from civicloop.foundation import caches, clock, spreadsheets
from civicloop.foundation.names import own
from civicloop.people import exchange
from civicloop.people.access import Actor
from civicloop.people.actions import edition, note, require
from civicloop.people.choices import UnitKind
from civicloop.people.exchange import Areas, Change, Faults, Line, Outcome
from civicloop.people.models import Post, Unit, UnitEdition
from civicloop.people.selectors import not_ended

COLUMNS = (
    "code", "name", "name_en", "kind", "area", "level", "parent", "duty_phone", "valid_from", "valid_to",
)  # fmt: skip
NEEDED = ("code", "name", "kind", "area")
BATCH = 2000


def text() -> str:
    """The units in force or to come as a file, by code."""
    rows = list(Unit.objects.filter(not_ended()).select_related("parent"))
    areas = Areas({unit.area_id for unit in rows})
    return spreadsheets.written(COLUMNS, sorted(list(_cells(unit, areas).values()) for unit in rows))


def _cells(unit: Unit, areas: Areas) -> dict[str, str]:
    """A unit as the file has it."""
    return {
        "code": unit.code,
        "name": own(unit.names).strip(),
        "name_en": unit.names.get("en", "").strip(),
        "kind": unit.kind,
        "area": areas.code(unit.area_id),
        "level": areas.level(unit.area_id),
        "parent": unit.parent.code if unit.parent else "",
        "duty_phone": unit.duty_phone.strip(),
        "valid_from": exchange.written(unit.valid_from),
        "valid_to": exchange.written(unit.valid_to),
    }


@transaction.atomic
def take(actor: Actor, *, raw: bytes, name: str, effective: datetime | None = None, dry_run: bool = False) -> Outcome:
    """Take the units of a file: new ones begin, changed ones keep what they were as an edition, none is deleted.

    New units without a date of their own begin at `effective` (default, and at the earliest: now). All or nothing.
    Raises PeopleError `forbidden`, exchange.FileRefused with every fault by line and column.
    """
    require(actor, "units.change")
    lines = exchange.lines(raw, COLUMNS, NEEDED)
    exchange.one_at_a_time()
    work = _Import(lines, exchange.from_when(effective))
    work.plan()
    outcome = Outcome(work.at, dry_run, work.changes, work.unchanged)
    if not dry_run:
        work.write()
        note(actor, "units.import", name, outcome.audited())
        transaction.on_commit(caches.forget_all)
    return outcome


class _Import:
    """One file against the units that are there."""

    def __init__(self, lines: Sequence[Line], at: datetime) -> None:
        self.lines, self.at, self.now = lines, at, clock.now()
        self.faults = Faults()
        self.units = {unit.code: unit for unit in Unit.objects.select_related("parent")}
        self.areas = Areas({unit.area_id for unit in self.units.values()})
        self.fresh: list[Unit] = []
        self.changed: list[Unit] = []
        self.editions: list[UnitEdition] = []
        self.parents: list[tuple[Line, Unit]] = []
        self.desk_lines: list[Line] = []
        self.changes: list[Change] = []
        self.unchanged = 0

    def plan(self) -> None:
        """Decide on every line. Raises FileRefused."""
        had_desk = self._city_desk()
        said: dict[str, Line] = {}
        parents = {line["code"]: line["parent"] for line in self.lines if line.has("parent")}
        for line in self.lines:
            code = exchange.code(line, "code", 64, self.faults)
            if code in said:
                words = _("the unit stands on line %(line)s already") % {"line": said[code].number}
                self.faults.add(line, "code", words)
                continue
            said[code] = line
            unit = self.units.get(code)
            if unit is None:
                self._begin(line, code)
            else:
                self._compare(line, unit)
        for line, unit in self.parents:
            self._set_parent(line, unit, parents)
        self.faults.refuse()
        if had_desk and not self._city_desk():
            self.faults.add(self.desk_lines[-1], "code", _("the city would have no duty desk any more"))
        self.faults.refuse()

    def _city_desk(self) -> bool:
        desks = (unit for unit in self.units.values() if unit.kind == UnitKind.DUTY_DESK and unit.valid_to is None)
        return any(self.areas.level(unit.area_id) == "city" for unit in desks)

    def _begin(self, line: Line, code: str) -> None:
        unit = Unit(code=code, valid_from=exchange.moment(line, "valid_from", self.faults) or self.at)
        unit.valid_to = exchange.moment(line, "valid_to", self.faults)
        unit.names = exchange.names(line, {}, self.faults)
        self._fill(line, unit, {})
        if unit.valid_to and unit.valid_to <= unit.valid_from:
            self.faults.add(line, "valid_to", _("it must be later than the beginning"))
        self.units[code] = unit
        self.fresh.append(unit)
        self.parents.append((line, unit))
        self.changes.append(Change("unit", code, "created"))

    def _fill(self, line: Line, unit: Unit, before: Mapping[str, str]) -> None:
        """Kind, area and duty phone where the line says something else than before."""
        if line["kind"] != before.get("kind"):
            if line["kind"] not in UnitKind.values:
                self.faults.add(line, "kind", _("it must be one of %(known)s") % {"known": ", ".join(UnitKind.values)})
            unit.kind = line["kind"]
        if line["area"] != before.get("area"):
            area = self.areas.find(line, "area", self.faults)
            if area is not None:
                unit.area_id = area.id
        if unit.area_id is not None and line["level"] not in ("", self.areas.level(unit.area_id)):
            words = _("the area is of level %(level)s") % {"level": self.areas.level(unit.area_id)}
            self.faults.add(line, "level", words)
        if line.has("duty_phone"):
            if len(line["duty_phone"]) > 32:
                self.faults.add(line, "duty_phone", _("at most %(most)s characters") % {"most": 32})
            unit.duty_phone = line["duty_phone"]

    def _compare(self, line: Line, unit: Unit) -> None:
        before = _cells(unit, self.areas)
        differing = {
            column: (before[column], line[column])
            for column in COLUMNS
            if column not in ("valid_from", "valid_to", "level") and line.has(column) and line[column] != before[column]
        }
        end = exchange.moment(line, "valid_to", self.faults)
        ends = line.has("valid_to") and end != unit.valid_to
        if not differing and not ends:
            self._fill(line, unit, before)
            self.unchanged += 1
            return
        if unit.valid_to is not None and unit.valid_to <= self.now:
            words = _("the unit ended on %(moment)s; a new unit needs a new code")
            self.faults.add(line, "code", words % {"moment": exchange.said(unit.valid_to)})
            return
        if unit.kind == UnitKind.DUTY_DESK:
            self.desk_lines.append(line)
        if differing:
            self._change(line, unit, before, differing)
        if ends:
            self._end(line, unit, end)
            differing["valid_to"] = (before["valid_to"], exchange.written(end))
        self.changed.append(unit)
        self.changes.append(Change("unit", unit.code, "ended" if ends and end else "changed", differing))

    def _change(
        self, line: Line, unit: Unit, before: Mapping[str, str], differing: Mapping[str, tuple[str, str]]
    ) -> None:
        if self.at > self.now:
            words = _("a unit that is there changes at once: take this line in on the day, without a later date")
            self.faults.add(line, next(iter(differing)), words)
        self.editions.append(edition(unit, self.at))
        unit.names = exchange.names(line, unit.names, self.faults)
        self._fill(line, unit, before)
        if "parent" in differing:
            self.parents.append((line, unit))

    def _end(self, line: Line, unit: Unit, end: datetime | None) -> None:
        words = ""
        if end is not None and end < self.now:
            words = _("it lies in the past; what was done until now was done")
        elif end is not None and end <= unit.valid_from:
            words = _("it must be later than the beginning")
        elif end is not None:
            later = Post.objects.filter(unit=unit).exclude(valid_to__lte=end).order_by("code")
            codes = list(later.values_list("code", flat=True)[:4])
            if codes:
                words = _("posts of the unit go on after that: %(posts)s; end them first")
                words %= {"posts": ", ".join(codes)}
        if words:
            self.faults.add(line, "valid_to", words)
        else:
            unit.valid_to = end

    def _set_parent(self, line: Line, unit: Unit, said: Mapping[str, str]) -> None:
        code = line["parent"]
        if not code:
            unit.parent = None
            return
        parent = self.units.get(code)
        if parent is None or (parent.valid_to is not None and parent.valid_to <= self.now):
            self.faults.add(line, "parent", _("there is no unit with the code %(code)s") % {"code": code})
            return
        above, seen = code, {unit.code}
        while above:
            if above in seen:
                self.faults.add(line, "parent", _("the unit would stand above itself"))
                return
            seen.add(above)
            there = self.units.get(above)
            above = said.get(above, there.parent.code if there and there.pk and there.parent else "")
        unit.parent = parent

    def write(self) -> None:
        """Write what was planned."""
        UnitEdition.objects.bulk_create(self.editions, batch_size=BATCH)
        above = {unit.code: unit.parent for unit in self.fresh}
        for unit in self.fresh:
            unit.parent = None
        Unit.objects.bulk_create(self.fresh, batch_size=BATCH)
        placed = []
        for unit in self.fresh:
            if above[unit.code] is not None:
                unit.parent = above[unit.code]
                placed.append(unit)
        Unit.objects.bulk_update(placed, ["parent"], batch_size=BATCH)
        fields = ["names", "kind", "area", "parent", "duty_phone", "valid_to"]
        Unit.objects.bulk_update(self.changed, fields, batch_size=BATCH)
