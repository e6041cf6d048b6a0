"""The catalogue as the files that `catalogue import` takes: an exported folder imported again changes nothing."""

from collections.abc import Iterable, Mapping

from civicloop.catalogue.files import COLUMNS
from civicloop.catalogue.models import (
    Crosswalk,
    DutyItem,
    FilingCondition,
    Kind,
    KindClass,
    Question,
    Responsibility,
    Standard,
)
from civicloop.catalogue.naming import to_come
from civicloop.catalogue.selectors import valid
from civicloop.foundation import clock, locality
from civicloop.foundation.names import own
from civicloop.foundation.spreadsheets import written

Cells = list[object]


def _texts(names: Mapping[str, str]) -> Cells:
    return [own(names), names.get("en", "")]


def _standards() -> Iterable[Cells]:
    for row in Standard.objects.order_by("code"):
        yield [row.code, *_texts(row.names), *_texts(row.provenance)]


def _classes() -> Iterable[Cells]:
    for row in KindClass.objects.select_related("standard").order_by("standard__code", "family", "code"):
        yield [row.standard.code, row.family, row.code, *_texts(row.names), row.name_source]


def _kinds() -> Iterable[Cells]:
    rows = Kind.objects.select_related("standard", "kind_class").order_by("standard__code", "family", "code")
    for row in rows:
        marks = ["yes" if row.custom else "no", "yes" if row.valid_to else ""]
        yield [
            row.standard.code, row.family, row.code, row.kind_class.code, *_texts(row.names), row.name_source, *marks,
        ]  # fmt: skip


def _crosswalk() -> Iterable[Cells]:
    for row in Crosswalk.objects.select_related("kind__standard").order_by("old_standard", "family", "old_code"):
        new = [row.kind.standard.code, row.kind.code] if row.kind else ["", ""]
        yield [row.old_standard, row.family, row.old_code, row.old_name, *new, row.certainty]


def _conditions() -> Iterable[Cells]:
    rows = FilingCondition.objects.filter(valid(), kind__valid_to=None).select_related("kind__standard")
    for row in rows.order_by("kind__standard__code", "kind__family", "kind__code", "no"):
        kind = row.kind
        yield [
            kind.standard.code, kind.family, kind.code, row.no, *_texts(row.names), *_texts(row.closing), row.limit,
            row.source, *_texts(row.note),
        ]  # fmt: skip


def target_of(standard: str, code: str, condition_no: int = 0) -> str:
    """A kind, class or filing condition as the column `kind_or_class` names it."""
    return f"{standard}:{code}" + (f"/{condition_no}" if condition_no else "")


def _codes() -> dict[int, str]:
    from civicloop.places.models import AreaVersion

    return dict(AreaVersion.objects.filter(valid()).values_list("area_id", "code"))


def _times(row: Responsibility | DutyItem) -> Cells:
    """From when and until when, empty for what is in force already and for what does not end."""
    begins = row.valid_from.isoformat() if row.valid_from > clock.now() else ""
    return [begins, row.valid_to.isoformat() if row.valid_to else ""]


def unit_code(row: Responsibility) -> str:
    """Who answers by a rule, as the column `unit_code` says it."""
    return row.unit.code if row.unit is not None else f"{{{row.party}}}"


def _responsibilities() -> Iterable[Cells]:
    codes = _codes()
    rows = Responsibility.objects.filter(to_come(clock.now())).select_related(
        "unit", "kind__standard", "kind_class__standard"
    )
    for row in rows.order_by("kind_class__code", "kind__code", "area_id", "-priority", "id"):
        parent = row.kind or row.kind_class
        target = target_of(parent.standard.code, parent.code, row.condition_no) if parent else "*"
        zh, en = _texts(row.reason)
        overlay = f"{row.layer}:{codes.get(row.overlay_id, '')}" if row.overlay_id else row.layer
        answers = ";".join(f"{question}={answer}" for question, answer in sorted(row.answers.items()))
        yield [
            target, codes.get(row.area_id, ""), unit_code(row), row.priority, zh, row.paper, en, overlay, answers,
            row.hours, row.days, *_times(row),
        ]  # fmt: skip


def _questions() -> Iterable[Cells]:
    for row in Question.objects.order_by("code"):
        texts = [
            ";".join(f"{code}={names[language]}" for code, names in row.answers.items() if language in names)
            for language in (locality.language(), "en")
        ]
        yield [row.code, *_texts(row.names), *texts, "yes" if row.valid_to else ""]


def _duty_lists() -> Iterable[Cells]:
    codes = _codes()
    rows = DutyItem.objects.filter(to_come(clock.now())).select_related(
        "unit", "kind__standard", "kind_class__standard"
    )
    for row in rows.order_by("area_id", "part", "number", "id"):
        parent = row.kind or row.kind_class
        assert parent is not None
        yield [
            row.part, target_of(parent.standard.code, parent.code), codes.get(row.area_id, ""), row.number,
            *_texts(row.names), row.unit.code if row.unit else "", row.paper, row.paper_date.isoformat(), *_times(row),
        ]  # fmt: skip


EXPORTS = {
    "standards.csv": _standards,
    "classes.csv": _classes,
    "kinds.csv": _kinds,
    "crosswalk.csv": _crosswalk,
    "conditions.csv": _conditions,
    "questions.csv": _questions,
    "responsibilities.csv": _responsibilities,
    "duty-lists.csv": _duty_lists,
}


def text_of(name: str) -> str:
    """The text of one file. Raises KeyError for a file that is not exported."""
    return written(COLUMNS[name], EXPORTS[name]())
