"""responsibilities.csv and duty-lists.csv: lines with wildcards become one row per area; each file is the whole truth.

What the cells mean: catalogue.naming. Equal rows stay, missing ones end, new ones begin; nothing is overwritten.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import TypeVar

from django.db.models import QuerySet

from civicloop.catalogue.choices import Part
from civicloop.catalogue.files import Row
from civicloop.catalogue.loading import Loader
from civicloop.catalogue.models import DutyItem, Responsibility
from civicloop.catalogue.naming import PARTIES, Names, to_come
from civicloop.foundation import clock

R = TypeVar("R", Responsibility, DutyItem)
Identity = tuple[object, ...]
BATCH = 2000


class Responsibilities:
    """Compares the lines of a file with the rows in force."""

    def __init__(self, loader: Loader) -> None:
        self.loader = loader
        self.names = Names(loader)

    def load(self, rows: list[Row]) -> None:
        """Make the rows in force equal to the file."""
        wanted = self._made(rows, self._lines)
        if not self.loader.faults:
            _replace(self.loader, Responsibility.objects.all(), wanted, "responsibilities", "responsibilities.csv")

    def lines_of(self, rows: Sequence[Row]) -> list[Responsibility]:
        """What the lines say, not saved; with faults in the loader."""
        return list(self._made(rows, self._lines).values())

    def load_lists(self, rows: list[Row]) -> None:
        """Make the items of the lists of duties equal to the file."""
        wanted = self._made(rows, self._items)
        if not self.loader.faults:
            _replace(self.loader, DutyItem.objects.all(), wanted, "items of duty lists", "duty-lists.csv")

    def _made(self, rows: Sequence[Row], lines: Callable[[Row], Iterator[R]]) -> dict[Identity, R]:
        found: dict[Identity, R] = {}
        for row in rows:
            for made in lines(row):
                if made.valid_to is None or made.valid_to > self.loader.at:
                    found[identity(made, self.loader.at)] = made
        return found

    def _lines(self, row: Row) -> Iterator[Responsibility]:
        loader, names = self.loader, self.names
        target, reason = names.target(row), loader.names(row, "reason")
        answers, hours, days = names.answers(row), names.hours(row), names.days(row)
        begins, ends = self._times(row)
        try:
            priority = int(row["priority"] or 0)
        except ValueError:
            priority = 99_999
        if not -30_000 <= priority <= 30_000:
            loader.fault(row, f"priority {row['priority']!r} is no whole number from -30000 to 30000")
        within = names.within(row)
        for place in names.areas(row):
            for inside in within:
                party = PARTIES.get(row["unit_code"], "")
                code = row["unit_code"].replace("{area}", place.code).replace("{overlay}", inside.code)
                unit = None if party else names.unit(row, code)
                if (party or unit is not None) and target is not None:
                    yield Responsibility(
                        kind_id=target.kind_id, kind_class_id=target.class_id, condition_no=target.condition_no,
                        area_id=place.area_id, layer=inside.layer, overlay_id=inside.overlay_id, answers=answers,
                        hours=hours, days=days, party=party, unit_id=unit, priority=priority, reason=reason,
                        paper=row["paper"][:120], valid_from=begins, valid_to=ends,
                    )  # fmt: skip

    def _items(self, row: Row) -> Iterator[DutyItem]:
        loader, names = self.loader, self.names
        target, said = names.target(row), loader.names(row, "name")
        part = loader.choice(row, "part", Part, "")
        begins, ends = self._times(row)
        if target is not None and (target.condition_no or target.kind_id is target.class_id is None):
            loader.fault(row, "an item of a list is about a kind or a class")
        if not row["paper"]:
            loader.fault(row, "an item needs the number of the paper that says so")
        try:
            dated = date.fromisoformat(row["paper_date"])
        except ValueError:
            loader.fault(row, f"paper_date {row['paper_date']!r} is no date; write 2026-07-01")
            return
        for place in names.areas(row):
            code = row["lead_unit_code"].replace("{area}", place.code)
            unit = names.unit(row, code) if code else None
            if target is not None and part:
                yield DutyItem(
                    part=part, kind_id=target.kind_id, kind_class_id=target.class_id, area_id=place.area_id,
                    number=row["number"][:40], names=said, unit_id=unit, paper=row["paper"][:120], paper_date=dated,
                    valid_from=begins, valid_to=ends,
                )  # fmt: skip

    def _times(self, row: Row) -> tuple[datetime, datetime | None]:
        """From when and until when: what is dated back begins when the import does."""
        begins, ends = self.names.moment(row, "valid_from"), self.names.moment(row, "valid_to")
        since = max(begins or self.loader.at, self.loader.at)
        if ends is not None and ends > self.loader.at and ends <= since:
            self.loader.fault(row, "valid_to comes before valid_from")
        return since, ends


def _replace(loader: Loader, table: QuerySet[R], wanted: Mapping[Identity, R], what: str, file: str) -> None:
    """Equal rows stay, others end, new ones begin. What is planned and not wanted any more never begins."""
    kept: set[Identity] = set()
    ended: list[R] = []
    for old in table.filter(to_come(loader.at)).order_by("id"):
        key = identity(old, loader.at)
        if key in wanted and key not in kept:
            kept.add(key)
        else:
            ended.append(old)
    now = clock.now()
    late = next((old for old in ended if loader.at <= old.valid_from <= now), None)
    if late is not None:
        loader.faults.append(f"{file}: a line that would end began later ({late.valid_from.isoformat()})")
        return
    new = [made for key, made in wanted.items() if key not in kept]
    for old in ended:
        old.valid_to = max(loader.at, old.valid_from)
    table.bulk_update(ended, ["valid_to"], batch_size=BATCH)
    table.bulk_create(new, batch_size=BATCH)
    for word, rows in (("added", new), ("ended", ended)):
        if rows:
            loader.changes[f"{what} {word}"] += len(rows)


def identity(row: Responsibility | DutyItem, at: datetime) -> Identity:
    """What makes two lines say the same, seen from `at`."""
    times = (row.valid_from if row.valid_from > at else None, row.valid_to)
    if isinstance(row, DutyItem):
        return (
            row.part, row.kind_id, row.kind_class_id, row.area_id, row.number, _said(row.names), row.unit_id, row.paper,
            row.paper_date, *times,
        )  # fmt: skip
    return (
        row.kind_id, row.kind_class_id, row.condition_no, row.area_id, row.layer, row.overlay_id,
        tuple(sorted(row.answers.items())), row.hours, row.days, row.party, row.unit_id, row.priority,
        _said(row.reason), row.paper, *times,
    )  # fmt: skip


def _said(words: Mapping[str, str]) -> Sequence[object]:
    return tuple(sorted(words.items()))
