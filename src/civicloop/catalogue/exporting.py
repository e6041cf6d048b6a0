"""The catalogue as the files that `catalogue import` takes: an exported folder imported again changes nothing."""

from collections.abc import Iterable, Mapping

from civicloop.catalogue.files import COLUMNS
from civicloop.catalogue.models import Crosswalk, FilingCondition, Kind, KindClass, Responsibility, Standard
from civicloop.catalogue.selectors import valid
from civicloop.foundation.names import REQUIRED
from civicloop.foundation.spreadsheets import written

Cells = list[object]


def _texts(names: Mapping[str, str]) -> Cells:
    return [names.get(REQUIRED, ""), names.get("en", "")]


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


def _responsibilities() -> Iterable[Cells]:
    from civicloop.places.models import AreaVersion

    codes = dict(AreaVersion.objects.filter(valid()).values_list("area_id", "code"))
    rows = Responsibility.objects.filter(valid()).select_related("unit", "kind__standard", "kind_class__standard")
    for row in rows.order_by("kind_class__code", "kind__code", "area_id", "-priority", "id"):
        parent = row.kind or row.kind_class
        target = f"{parent.standard.code}:{parent.code}" if parent else "*"
        zh, en = _texts(row.reason)
        yield [target, codes.get(row.area_id, ""), row.unit.code, row.priority, zh, row.paper, en]


EXPORTS = {
    "standards.csv": _standards,
    "classes.csv": _classes,
    "kinds.csv": _kinds,
    "crosswalk.csv": _crosswalk,
    "conditions.csv": _conditions,
    "responsibilities.csv": _responsibilities,
}


def text_of(name: str) -> str:
    """The text of one file. Raises KeyError for a file that is not exported."""
    columns = (*COLUMNS[name], "reason_en") if name == "responsibilities.csv" else COLUMNS[name]
    return written(columns, EXPORTS[name]())
