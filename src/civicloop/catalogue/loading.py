"""Takes a catalogue folder over into the tables: compares, ends what changed, adds what is new. Called by actions.

Nothing is overwritten that a matter may refer to. All faults are collected; the caller's transaction is rolled back
when there is one, so that nothing half-written stays.
"""

import re
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from civicloop.calendars.rules import Limit, LimitRefused
from civicloop.catalogue.choices import Certainty, Family, NameSource, Source
from civicloop.catalogue.files import Folder, Row
from civicloop.catalogue.models import Crosswalk, FilingCondition, Kind, KindClass, KindEdition, Question, Standard
from civicloop.foundation.names import REQUIRED

KIND_CODE = re.compile(r"\w[\w.-]*")  # : / ; and blanks part codes from one another
UNKNOWN_TEXT = "—"
LIMIT_FAULTS = {
    "no_limit": "is no limit; write a number and a unit, such as 4 work_hour or 4 工作时",
    "ambiguous_unit": "has a plain hour or day, which may be working or running time; say 工作时, 紧急工作时, 工作日 …",
    "unknown_unit": "has an unknown unit",
    "not_positive": "is not more than nothing",
    "not_whole": "is not whole; days, months and years of the law are",
    "too_large": "is more than a century",
}
KindKey = tuple[str, str, str]


class Loader:
    """One taking-over. `at` is when the new rows begin; `changes` counts added, changed, ended by file."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        self.faults: list[str] = []
        self.changes: Counter[str] = Counter()
        self.standards: dict[str, Standard] = {}
        self.classes: dict[KindKey, KindClass] = {}
        self.kinds: dict[KindKey, Kind] = {}

    def load(self, folder: Folder) -> None:
        """Everything but the responsibilities (see responsibilities.py)."""
        self._standards(folder)
        self._classes(folder)
        self._kinds(folder)
        self._crosswalk(folder)
        self._conditions(folder)
        self._defaults(folder)
        self._questions(folder)

    # helpers
    def fault(self, row: Row, words: str) -> None:
        self.faults.append(f"{row.where}: {words}")

    def choice(self, row: Row, column: str, known: type[Any], default: str) -> str:
        value = row[column] or default
        if value not in known.values:
            self.fault(row, f"{column} {value!r} is none of {', '.join(known.values)}")
            return default
        return value

    def names(self, row: Row, column: str) -> dict[str, str]:
        found = row.names(column)
        if row.language not in found:
            said = "Chinese text" if row.language == REQUIRED else f"text in the language of the file ({row.language})"
            self.fault(row, f"{column} has no {said}")
        return found

    def limit(self, row: Row) -> str:
        try:
            return str(Limit.parse(row["limit"]))
        except LimitRefused as refused:
            self.fault(row, f"limit {row['limit']!r} {LIMIT_FAULTS[refused.code]}")
            return ""

    def begins_after(self, row: Row, since: datetime) -> bool:
        """Whether a change at `at` comes after what it changes began."""
        if self.at <= since:
            self.fault(
                row, f"a change from {self.at.isoformat()} comes before what it changes began ({since.isoformat()})"
            )
            return False
        return True

    # files
    def _standards(self, folder: Folder) -> None:
        self.standards = {standard.code: standard for standard in Standard.objects.all()}
        for row in folder.rows("standards.csv"):
            wanted = {"names": self.names(row, "name"), "provenance": self.names(row, "provenance")}
            standard = self.standards.get(row["code"])
            if not row["code"]:
                self.fault(row, "a standard needs a code")
            elif standard is None:
                self.standards[row["code"]] = Standard.objects.create(code=row["code"], **wanted)
                self.changes["standards added"] += 1
            elif (standard.names, standard.provenance) != (wanted["names"], wanted["provenance"]):
                standard.names, standard.provenance = wanted["names"], wanted["provenance"]
                standard.save()
                self.changes["standards changed"] += 1

    def _key(self, row: Row, column: str = "code") -> KindKey | None:
        family = self.choice(row, "family", Family, "")
        if row["standard"] not in self.standards:
            self.fault(row, f"there is no standard {row['standard']!r}; name it in standards.csv")
            return None
        if not KIND_CODE.fullmatch(row[column]) or len(row[column]) > (12 if column == "code" else 8):
            self.fault(row, f"{column} {row[column]!r} is no code")
            return None
        return (row["standard"], family, row[column]) if family else None

    def _classes(self, folder: Folder) -> None:
        self.classes = {(c.standard.code, c.family, c.code): c for c in KindClass.objects.select_related("standard")}
        for row in folder.rows("classes.csv"):
            key = self._key(row)
            names = self.names(row, "name")
            source = self.choice(row, "name_source", NameSource, NameSource.NONE)
            if key is None:
                continue
            found = self.classes.get(key)
            if found is None:
                self.classes[key] = KindClass.objects.create(
                    standard=self.standards[key[0]], family=key[1], code=key[2][:8], names=names, name_source=source,
                    valid_from=self.at,
                )  # fmt: skip
                self.changes["classes added"] += 1
            elif (found.names, found.name_source) != (names, source):
                found.names, found.name_source = names, source
                found.save(update_fields=["names", "name_source"])
                self.changes["classes changed"] += 1

    def _kinds(self, folder: Folder) -> None:
        self.kinds = {
            (k.standard.code, k.family, k.code): k for k in Kind.objects.select_related("standard", "kind_class")
        }
        seen: set[KindKey] = set()
        new: list[Kind] = []
        for row in folder.rows("kinds.csv"):
            key = self._key(row)
            wanted = self._wanted_kind(row, key)
            if key is None or wanted is None:
                continue
            if key in seen:
                self.fault(row, f"{' '.join(key)} is said twice")
            seen.add(key)
            if key in self.kinds:
                self._change_kind(row, self.kinds[key], wanted)
            elif row["ended"] != "yes":
                made = Kind(standard=self.standards[key[0]], family=key[1], code=key[2], valid_from=self.at, **wanted)
                new.append(made)
                self.kinds[key] = made
        if self.faults:
            return  # what follows would refer to rows that cannot be made
        Kind.objects.bulk_create(new)
        KindEdition.objects.bulk_create([self._edition(kind) for kind in new])
        if new:
            self.changes["kinds added"] += len(new)

    def _wanted_kind(self, row: Row, key: KindKey | None) -> dict[str, Any] | None:
        names = self.names(row, "name")
        source = self.choice(row, "name_source", NameSource, NameSource.NONE)
        for column in ("custom", "ended"):
            if row[column] not in ("", "yes", "no"):
                self.fault(row, f"{column} is yes or no")
        parent = self.classes.get((key[0], key[1], row["class"])) if key else None
        if key and parent is None:
            self.fault(row, f"there is no class {row['class']!r} of {key[0]} {key[1]}")
        if parent is None:
            return None
        return {"kind_class": parent, "names": names, "name_source": source, "custom": row["custom"] == "yes"}

    def _edition(self, kind: Kind) -> KindEdition:
        return KindEdition(
            kind=kind, edition=kind.edition, names=kind.names, class_code=kind.kind_class.code, valid_from=self.at
        )

    def _change_kind(self, row: Row, kind: Kind, wanted: Mapping[str, Any]) -> None:
        if kind.valid_to is not None:
            if row["ended"] != "yes":
                self.fault(row, f"kind {kind.code} has ended; a kind that begins anew needs a code of its own")
            return
        if row["ended"] == "yes":
            if self.begins_after(row, kind.valid_from):
                kind.valid_to = self.at
                kind.save(update_fields=["valid_to"])
                self.changes["kinds ended"] += 1
            return
        same_content = kind.names == wanted["names"] and kind.kind_class_id == wanted["kind_class"].id
        if same_content and (kind.name_source, kind.custom) == (wanted["name_source"], wanted["custom"]):
            return
        last = kind.editions.get(edition=kind.edition)
        if not same_content and not self.begins_after(row, last.valid_from):
            return
        for field, value in wanted.items():
            setattr(kind, field, value)
        if not same_content:
            kind.edition += 1
            KindEdition.objects.filter(id=last.id).update(valid_to=self.at)
            self._edition(kind).save()
        kind.save()
        self.changes["kinds changed"] += 1

    def _crosswalk(self, folder: Folder) -> None:
        known = {(c.old_standard, c.family, c.old_code): c for c in Crosswalk.objects.all()}
        for row in folder.rows("crosswalk.csv"):
            family = self.choice(row, "family", Family, "")
            certainty = self.choice(row, "certainty", Certainty, Certainty.STATED)
            kind = self.kinds.get((row["standard"], family, row["code"])) if row["code"] else None
            if row["code"] and kind is None:
                self.fault(row, f"there is no kind {row['standard']} {family} {row['code']}")
                continue
            wanted = (row["old_name"], kind.id if kind else None, certainty)
            old = known.get((row["old_standard"], family, row["old_code"]))
            if old is None or (old.old_name, old.kind_id, old.certainty) != wanted:
                Crosswalk.objects.update_or_create(
                    old_standard=row["old_standard"], family=family, old_code=row["old_code"],
                    defaults={"old_name": wanted[0], "kind_id": wanted[1], "certainty": wanted[2]},
                )  # fmt: skip
                self.changes["crosswalk lines changed"] += 1

    def _conditions(self, folder: Folder) -> None:
        wanted: dict[int, dict[int, tuple[Row, dict[str, Any]]]] = {}
        for row in folder.rows("conditions.csv"):
            key = self._key(row)
            kind = self.kinds.get(key) if key else None
            if key and kind is None:
                self.fault(row, f"there is no kind {' '.join(key)}")
            content = {
                "names": self.names(row, "condition"),
                "closing": row.names("closing"),
                "limit": self.limit(row),
                "source": self.choice(row, "source", Source, Source.CITY),
                "note": row.names("note"),
            }
            if not row["no"].isdecimal() or not 1 <= int(row["no"]) <= 999:
                self.fault(row, f"no {row['no']!r} is no number from 1 to 999")
            elif kind is not None and kind.id is not None:
                lines = wanted.setdefault(kind.id, {})
                if int(row["no"]) in lines:
                    self.fault(row, f"number {row['no']} of kind {kind.code} is said twice")
                lines[int(row["no"])] = (row, content)
        if not self.faults:
            self.replace_conditions(wanted)

    def replace_conditions(self, wanted: Mapping[int, Mapping[int, tuple[Row, dict[str, Any]]]]) -> None:
        """Let the kinds named have exactly these conditions; equal ones stay the rows that they are."""
        in_force: dict[int, dict[int, FilingCondition]] = {}
        for old in FilingCondition.objects.filter(kind_id__in=list(wanted), valid_to=None):
            in_force.setdefault(old.kind_id, {})[old.no] = old
        ended: list[int] = []
        new: list[FilingCondition] = []
        for kind_id, lines in wanted.items():
            for no in sorted({*lines, *in_force.get(kind_id, {})}):
                before = in_force.get(kind_id, {}).get(no)
                row, content = lines.get(no, (None, None))
                if before and content and all(getattr(before, key) == value for key, value in content.items()):
                    continue
                if before:
                    some_row = row or next(iter(lines.values()))[0]
                    if self.begins_after(some_row, before.valid_from):
                        ended.append(before.id)
                if content:
                    new.append(FilingCondition(kind_id=kind_id, no=no, valid_from=self.at, **content))
        if self.faults:
            return
        FilingCondition.objects.filter(id__in=ended).update(valid_to=self.at)
        FilingCondition.objects.bulk_create(new)
        if ended:
            self.changes["conditions ended"] += len(ended)
        if new:
            self.changes["conditions added"] += len(new)

    def _defaults(self, folder: Folder) -> None:
        """One condition "—" with the limit of its main class for every kind of matter that has none."""
        if not folder.has("default-limits.csv") or self.faults:
            return
        limits: dict[int, str] = {}
        for row in folder.rows("default-limits.csv"):
            key = self._key(row, "class")
            limit = self.limit(row)
            if key and key not in self.classes:
                self.fault(row, f"there is no class {' '.join(key)}")
            elif key:
                limits[self.classes[key].id] = limit
        having = FilingCondition.objects.filter(valid_to=None).values("kind_id")
        without = Kind.objects.filter(family=Family.MATTER, valid_to=None).exclude(id__in=having)
        new = []
        for kind in without.select_related("kind_class").order_by("id"):
            if kind.kind_class_id in limits:
                new.append(self.default_condition(kind, limits[kind.kind_class_id]))
            else:
                self.faults.append(
                    f"default-limits.csv: no limit for the class of kind {kind.code}, which has no condition"
                )
        if not self.faults:
            FilingCondition.objects.bulk_create(new)
            if new:
                self.changes["default conditions added"] += len(new)

    def default_condition(self, kind: Kind, limit: str) -> FilingCondition:
        return FilingCondition(
            kind=kind, no=1, names={"zh-hans": UNKNOWN_TEXT, "en": UNKNOWN_TEXT}, closing={}, limit=limit,
            source=Source.DEFAULT, note={}, valid_from=self.at,
        )  # fmt: skip

    def _questions(self, folder: Folder) -> None:
        known = {question.code: question for question in Question.objects.all()}
        for row in folder.rows("questions.csv"):
            names, answers = self.names(row, "question"), _answers(row)
            if len(answers) < 2 or not all(row.language in texts for texts in answers.values()):
                self.fault(row, f"answers {row['answers']!r}: write at least two, such as yes=是;no=否")
            if not row["code"].replace("_", "").isalnum() or len(row["code"]) > 40:
                self.fault(row, f"code {row['code']!r} is no code")
            old = known.get(row["code"])
            ends = row["ended"] == "yes"
            if self.faults or (old is None and ends):
                continue
            wanted = {"names": names, "answers": answers}
            if old is None:
                Question.objects.create(code=row["code"], valid_from=self.at, **wanted)
                self.changes["questions added"] += 1
            elif (old.names, old.answers, old.valid_to is not None) != (names, answers, ends):
                ended = (old.valid_to or self.at) if ends else None
                Question.objects.filter(id=old.id).update(**wanted, valid_to=ended)
                self.changes["questions changed"] += 1


def _answers(row: Row) -> dict[str, dict[str, str]]:
    """{answer: {language: text}} of `yes=是;no=否` in the columns of both languages."""
    found: dict[str, dict[str, str]] = {}
    for column, language in (("answers", row.language), ("answers_en", "en")):
        for part in (each for each in row[column].split(";") if each.strip()):
            code, _, text = part.partition("=")
            if code.strip() and text.strip():
                found.setdefault(code.strip(), {})[language] = text.strip()
    return found
