"""What the cells of responsibilities and duty lists mean: kinds, areas, overlays, units, answers, times; with faults.

`kind_or_class` is `*` (anything), the code of a class or of a kind of matter, `CODE/2` for its second filing condition;
`STANDARD:CODE` where two lists have the same code. `area_code` is an area's code, or `*city`, `*district`,
`*subdistrict`, `*community`: one line for each area of that level; then `{area}` in a unit's code stands for that
area's code. `overlay` is a layer, `layer:code` for one overlay, `layer:*` for one line each; then `{overlay}` in a
unit's code stands for its code. `{owner}` or `{maintainer}` in the place of a unit's code is a unit of the component to
which a matter points.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q

from civicloop.calendars.rules.body import shift
from civicloop.catalogue.choices import Days, Family, Party
from civicloop.catalogue.files import Row
from civicloop.catalogue.loading import Loader
from civicloop.catalogue.models import Question
from civicloop.catalogue.selectors import valid
from civicloop.foundation import locality, moments
from civicloop.people.models import Unit
from civicloop.places.models import OVERLAY, AreaVersion

LEVELS = ("city", "district", "subdistrict", "community", "grid")
PARTIES = {f"{{{party}}}": party for party in Party.values if party}
MOST_FAULTS = 50
LONGEST_HOURS = 60


@dataclass(frozen=True, slots=True)
class Place:
    """An area as a file names it; `level` of an overlay is its layer."""

    area_id: int
    code: str
    level: str


@dataclass(frozen=True, slots=True)
class Target:
    """What a line is about; all empty for anything."""

    kind_id: int | None = None
    class_id: int | None = None
    condition_no: int = 0


@dataclass(frozen=True, slots=True)
class Within:
    """Where inside the area a line counts: everywhere, in any overlay of a layer, in one overlay."""

    layer: str = ""
    overlay_id: int | None = None
    code: str = ""


EVERYWHERE = Within()


def to_come(at: datetime) -> Q:
    """Rows that are in force at `at` or will be; one that ended before it began never is."""
    return Q(valid_to=None) | (Q(valid_to__gt=at) & Q(valid_to__gt=F("valid_from")))


class Names:
    """Resolves the cells of one import."""

    def __init__(self, loader: Loader) -> None:
        self.loader = loader
        self.by_code: dict[str, Place] = {}
        self.by_level: dict[str, list[Place]] = {}
        rows = AreaVersion.objects.filter(valid(), layer="admin").exclude(area__level__in=["grid", OVERLAY])
        for place in [Place(*row) for row in rows.order_by("code").values_list("area_id", "code", "area__level")]:
            self.by_code[place.code] = place
            self.by_level.setdefault(place.level, []).append(place)
        overlays = AreaVersion.objects.filter(valid(), area__level=OVERLAY).order_by("layer", "code")
        self.overlays: dict[str, list[Place]] = {}
        for row in overlays.values_list("area_id", "code", "layer"):
            self.overlays.setdefault(row[2], []).append(Place(*row))
        self.units = dict(Unit.objects.filter(valid()).values_list("code", "id"))
        self.questions = {
            code: frozenset(answers)
            for code, answers in Question.objects.filter(valid_to=None).values_list("code", "answers")
        }

    def _fault(self, row: Row, words: str) -> None:
        if len(self.loader.faults) < MOST_FAULTS:
            self.loader.fault(row, words)

    def target(self, row: Row) -> Target | None:
        """What the line is about; None with a fault when the code is unknown."""
        text = row["kind_or_class"]
        if text == "*":
            return Target()
        named, slash, number = text.partition("/")  # no standard's name holds both a colon and a slash after it
        if ":" in text:
            standard, _, code = text.rpartition(":")
            code, slash, number = code.partition("/")
        else:
            standard, code = "", named
        if slash and not (number.isdecimal() and 1 <= int(number) <= 999):
            self._fault(row, f"{text!r}: after the stroke stands the number of a filing condition")
            return None
        condition = int(number) if slash else 0
        found = [
            Target(kind_id=kind.id, condition_no=condition)
            for (its, family, its_code), kind in self.loader.kinds.items()
            if family == Family.MATTER and its_code == code and standard in ("", its)
        ]
        if not slash:
            found += [
                Target(class_id=parent.id)
                for (its, family, its_code), parent in self.loader.classes.items()
                if family == Family.MATTER and its_code == code and standard in ("", its)
            ]
        if len(found) == 1:
            return found[0]
        words = "there is no kind or class of matters" if not found else "several lists have"
        self._fault(row, f"{words} {text!r}" + ("; write STANDARD:CODE" if found else ""))
        return None

    def areas(self, row: Row) -> list[Place]:
        """The areas of the line, none with a fault."""
        text = row["area_code"]
        if text.startswith("*"):
            if text[1:] not in LEVELS[:-1]:
                self._fault(row, f"area_code {text!r} is none of {', '.join('*' + level for level in LEVELS[:-1])}")
            elif not self.by_level.get(text[1:]):
                self._fault(row, f"there is no area of the level {text[1:]}; load the places first")
            return self.by_level.get(text[1:], [])
        if text not in self.by_code:
            self._fault(row, f"there is no area {text!r}")
            return []
        return [self.by_code[text]]

    def within(self, row: Row) -> list[Within]:
        """Where inside the area; none with a fault."""
        text = row["overlay"]
        if not text:
            return [EVERYWHERE]
        layer, colon, code = text.partition(":")
        known = self.overlays.get(layer, [])
        found = [Within(layer, each.area_id, each.code) for each in known if code in ("*", each.code)]
        if not known:
            self._fault(row, f"there is no overlay of the layer {layer!r}; load the places first")
        elif not colon:
            return [Within(layer)]
        elif not found:
            self._fault(row, f"the layer {layer} has no overlay {code!r}")
        return found

    def unit(self, row: Row, code: str) -> int | None:
        """The id of a unit in force, None with a fault."""
        found = self.units.get(code)
        if found is None:
            self._fault(row, f"there is no unit {code!r}")
        return found

    def answers(self, row: Row) -> dict[str, str]:
        """{question: answer} of `question=answer;…`."""
        found: dict[str, str] = {}
        for part in (each.strip() for each in row["answers"].split(";") if each.strip()):
            question, _, answer = part.partition("=")
            if answer not in self.questions.get(question, frozenset()):
                self._fault(row, f"answers {part!r}: there is no such question in questions.csv, or no such answer")
            found[question] = answer
        return found

    def hours(self, row: Row) -> str:
        """The spans of the day, in their one form."""
        try:
            return hours_of(row["hours"])
        except ValueError as wrong:
            self._fault(row, f"hours {row['hours']!r}: {wrong}")
            return ""

    def days(self, row: Row) -> str:
        """Every day, working days or days of rest."""
        if row["days"] not in Days.values:
            self._fault(row, f"days {row['days']!r} is none of working, rest; empty means every day")
            return ""
        return row["days"]

    def moment(self, row: Row, column: str) -> datetime | None:
        """A date or moment of the city; None when the cell is empty."""
        if not row[column]:
            return None
        try:
            return moments.read(row[column], locality.zone_name())
        except ValueError:
            self._fault(row, f"{column} {row[column]!r} is no date or moment; write 2026-07-01")
            return None


def hours_of(text: str) -> str:
    """Spans of the day such as `22:00-06:00,12:00-13:30` in their one form. Raises ValueError."""
    found = ",".join(str(each) for each in sorted((shift(part) for part in text.split(",") if part.strip()), key=str))
    if len(found) > LONGEST_HOURS:
        raise ValueError("too many spans")
    return found
