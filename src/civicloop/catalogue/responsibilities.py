"""responsibilities.csv: lines with wildcards become one row per area; the file is the whole truth about who answers.

`kind_or_class` is `*` (anything), the code of a class, or the code of a kind of matter; `STANDARD:CODE` where two lists
have the same code. `area_code` is an area's code, or `*city`, `*district`, `*subdistrict`, `*community`: one line for
each area of that level; then `{area}` in `unit_code` stands for that area's code. A higher priority wins among equals.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from civicloop.catalogue.choices import Family
from civicloop.catalogue.files import Row
from civicloop.catalogue.loading import Loader
from civicloop.catalogue.models import Responsibility
from civicloop.catalogue.selectors import valid
from civicloop.people.models import Unit
from civicloop.places.models import AreaVersion

LEVELS = ("city", "district", "subdistrict", "community", "grid")
MOST_FAULTS = 50
Identity = tuple[int | None, int | None, int, int, int, str, str, str]


@dataclass(frozen=True, slots=True)
class Place:
    """An area as the file names it."""

    area_id: int
    code: str
    level: str


def places() -> list[Place]:
    """Every area in force, by code."""
    rows = AreaVersion.objects.filter(valid(), layer="admin").exclude(area__level="grid").order_by("code")
    return [Place(*row) for row in rows.values_list("area_id", "code", "area__level")]


class Responsibilities:
    """Compares the lines of a file with the rows in force."""

    def __init__(self, loader: Loader) -> None:
        self.loader = loader
        self.by_code: dict[str, Place] = {}
        self.by_level: dict[str, list[Place]] = {}
        for place in places():
            self.by_code[place.code] = place
            self.by_level.setdefault(place.level, []).append(place)
        self.units = dict(Unit.objects.filter(valid()).values_list("code", "id"))

    def load(self, rows: list[Row]) -> None:
        """Make the rows in force equal to the file: equal ones stay, others end, new ones begin."""
        loader = self.loader
        wanted: dict[Identity, Responsibility] = {}
        for row in rows:
            for made in self._lines(row):
                wanted[identity(made)] = made
        if loader.faults:
            return
        kept: set[Identity] = set()
        ended: list[int] = []
        for old in Responsibility.objects.filter(valid_to=None).order_by("id"):
            key = identity(old)
            if key in wanted and key not in kept:
                kept.add(key)
            else:
                ended.append(old.id)
        new = [made for key, made in wanted.items() if key not in kept]
        late = Responsibility.objects.filter(id__in=ended, valid_from__gte=loader.at).first()
        if late is not None:
            loader.faults.append(
                f"responsibilities.csv: a line that would end began later ({late.valid_from.isoformat()})"
            )
            return
        Responsibility.objects.filter(id__in=ended).update(valid_to=loader.at)
        Responsibility.objects.bulk_create(new, batch_size=2000)
        if new:
            loader.changes["responsibilities added"] += len(new)
        if ended:
            loader.changes["responsibilities ended"] += len(ended)

    def _target(self, row: Row) -> tuple[int | None, int | None] | None:
        """(kind id, class id), both None for anything; None with a fault when the code is unknown."""
        text = row["kind_or_class"]
        if text == "*":
            return None, None
        standard, _, code = text.rpartition(":")
        found: list[tuple[int | None, int | None]] = []
        for (its_standard, family, its_code), kind in self.loader.kinds.items():
            if family == Family.MATTER and its_code == code and standard in ("", its_standard):
                found.append((kind.id, None))
        for (its_standard, family, its_code), parent in self.loader.classes.items():
            if family == Family.MATTER and its_code == code and standard in ("", its_standard):
                found.append((None, parent.id))
        if len(found) == 1:
            return found[0]
        words = "there is no kind or class of matters" if not found else "several lists have"
        self.loader.fault(row, f"{words} {text!r}" + ("; write STANDARD:CODE" if found else ""))
        return None

    def _areas(self, row: Row) -> list[Place]:
        text = row["area_code"]
        if text.startswith("*"):
            if text[1:] not in LEVELS[:-1]:
                self.loader.fault(
                    row, f"area_code {text!r} is none of {', '.join('*' + level for level in LEVELS[:-1])}"
                )
            elif not self.by_level.get(text[1:]):
                self.loader.fault(row, f"there is no area of the level {text[1:]}; load the places first")
            return self.by_level.get(text[1:], [])
        if text not in self.by_code:
            self.loader.fault(row, f"there is no area {text!r}")
            return []
        return [self.by_code[text]]

    def _lines(self, row: Row) -> Iterator[Responsibility]:
        loader = self.loader
        target = self._target(row)
        reason = loader.names(row, "reason")
        try:
            priority = int(row["priority"] or 0)
        except ValueError:
            priority = 99_999
        if not -30_000 <= priority <= 30_000:
            loader.fault(row, f"priority {row['priority']!r} is no whole number from -30000 to 30000")
        for place in self._areas(row):
            code = row["unit_code"].replace("{area}", place.code)
            unit = self.units.get(code)
            if unit is None:
                if len(loader.faults) < MOST_FAULTS:
                    loader.fault(row, f"there is no unit {code!r}")
            elif target is not None:
                yield Responsibility(
                    kind_id=target[0], kind_class_id=target[1], area_id=place.area_id, unit_id=unit,
                    priority=priority, reason=reason, paper=row["paper"][:120], valid_from=loader.at,
                )  # fmt: skip


def identity(row: Responsibility) -> Identity:
    """What makes two lines say the same."""
    words = row.reason
    return (
        row.kind_id, row.kind_class_id, row.area_id, row.unit_id, row.priority, words.get("zh-hans", ""),
        words.get("en", ""), row.paper,
    )  # fmt: skip
