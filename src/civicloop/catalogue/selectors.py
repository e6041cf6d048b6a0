"""Reads of the catalogue. What the hot path asks is kept in process and read anew when the revision has moved."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from threading import Lock
from types import MappingProxyType

from django.db import connection
from django.db.models import F, Q, QuerySet

from civicloop.calendars.rules import Limit
from civicloop.calendars.rules.body import shift
from civicloop.catalogue import sql
from civicloop.catalogue.models import (
    Crosswalk,
    DutyItem,
    FilingCondition,
    Kind,
    KindClass,
    KindEdition,
    Question,
    Responsibility,
    Revision,
    Standard,
)
from civicloop.catalogue.rules.answering import Rule, Rules, Scope
from civicloop.catalogue.rules.deciding import Picture
from civicloop.catalogue.rules.duties import Item, Lists, is_of_subdistrict
from civicloop.foundation import caches, clock
from civicloop.people.choices import UnitKind
from civicloop.people.models import Unit

RECHECK_SECONDS = 5.0
# units that are a subdistrict's own; stations are sent by districts, enterprises and property managers are no offices
SUBDISTRICT_BODIES = frozenset(
    {UnitKind.SUBDISTRICT_OFFICE, UnitKind.ZONE_OR_FARM, UnitKind.GRID_CENTRE, UnitKind.COMMITTEE}
)


class UnknownKind(LookupError):
    """There is no such kind."""


class UnknownCondition(LookupError):
    """There is no such filing condition."""


@dataclass(frozen=True, slots=True)
class ConditionView:
    """A filing condition as other rooms see it."""

    id: int
    kind_id: int
    no: int
    names: Mapping[str, str]
    closing: Mapping[str, str]
    limit: Limit
    source: str
    note: Mapping[str, str]
    valid_from: datetime
    valid_to: datetime | None


@dataclass(frozen=True, slots=True)
class KindView:
    """A kind as other rooms see it."""

    id: int
    standard: str
    family: str
    code: str
    class_id: int
    class_code: str
    class_names: Mapping[str, str]
    names: Mapping[str, str]
    name_source: str
    custom: bool
    edition: int
    valid_from: datetime
    valid_to: datetime | None


@dataclass(frozen=True, slots=True)
class QuestionView:
    """A question whose answer may decide who answers; `answers` is answer → {language: text}."""

    id: int
    code: str
    names: Mapping[str, str]
    answers: Mapping[str, Mapping[str, str]]
    valid_from: datetime
    valid_to: datetime | None


@dataclass(frozen=True, slots=True)
class DutyItemView:
    """An item of a list of duties as other rooms see it."""

    id: int
    part: str
    number: str
    names: Mapping[str, str]
    area_id: int
    unit_id: int | None
    paper: str
    paper_date: date


@dataclass
class _Kept:
    signature: tuple[int, ...] | None = None
    checked: float = float("-inf")
    kinds: dict[int, KindView] = field(default_factory=dict)
    by_code: dict[tuple[str, str, str], KindView] = field(default_factory=dict)
    conditions: dict[int, ConditionView] = field(default_factory=dict)
    of_kind: dict[int, list[ConditionView]] = field(default_factory=dict)
    picture: Picture = field(default_factory=Picture)
    words: dict[int, tuple[Mapping[str, str], str]] = field(default_factory=dict)
    items: dict[int, DutyItemView] = field(default_factory=dict)
    questions: dict[str, QuestionView] = field(default_factory=dict)


_kept = _Kept()
_lock = Lock()


@caches.register
def forget() -> None:
    """Read the catalogue anew at the next question."""
    global _kept
    _kept = _Kept()


def _current() -> _Kept:
    """The kept catalogue: no statement, except one every RECHECK_SECONDS."""
    global _kept
    kept = _kept
    if time.monotonic() - kept.checked < RECHECK_SECONDS:
        return kept
    with _lock:
        with connection.cursor() as cursor:
            cursor.execute(sql.SIGNATURE)
            signature: tuple[int, ...] = cursor.fetchone()
        if signature != kept.signature:
            # a new value instead of a changed one: readers in other threads keep a whole picture
            kept = _read(signature)
        kept.checked = time.monotonic()
        _kept = kept
    return kept


def _read(signature: tuple[int, ...]) -> _Kept:
    fresh = _Kept(signature)
    for row in Kind.objects.select_related("standard", "kind_class").order_by("id"):
        view = _kind_view(row)
        fresh.kinds[row.id] = view
        fresh.by_code[row.standard.code, row.family, row.code] = view
    for condition_row in FilingCondition.objects.order_by("kind_id", "no", "id"):
        condition_ = _condition_view(condition_row)
        fresh.conditions[condition_.id] = condition_
        fresh.of_kind.setdefault(condition_.kind_id, []).append(condition_)
    ends: dict[int, datetime | None] = {}
    of_subdistrict: set[int] = set()
    for unit, kind_, level, ended in Unit.objects.values_list("id", "kind", "area__level", "valid_to"):
        ends[unit] = ended
        if is_of_subdistrict(kind_, level, SUBDISTRICT_BODIES):
            of_subdistrict.add(unit)
    lines = []
    for line in Responsibility.objects.select_related("area").order_by("id"):
        fresh.words[line.id] = (line.reason, line.paper)
        lines.append(rule_of(line, ends))
    items = []
    for item in DutyItem.objects.select_related("area").order_by("id"):
        fresh.items[item.id] = DutyItemView(
            item.id, item.part, item.number, MappingProxyType(item.names), item.area_id, item.unit_id, item.paper,
            item.paper_date,
        )  # fmt: skip
        items.append(_item(item, ends))
    fresh.picture = Picture(Rules(lines), Lists(items), frozenset(of_subdistrict))
    for question in Question.objects.order_by("code"):
        fresh.questions[question.code] = QuestionView(
            question.id, question.code, MappingProxyType(question.names), MappingProxyType(question.answers),
            question.valid_from, question.valid_to,
        )  # fmt: skip
    return fresh


def rule_of(
    row: Responsibility, ends: Mapping[int, datetime | None], *, number: int | None = None, level: str = ""
) -> Rule:
    """A row as the rules see it. `ends` is when units end: a dissolved one answers no more, whatever a line says.

    A row that is not saved yet is given a number of its own and the level of its area.
    """
    ended = ends.get(row.unit_id) if row.unit_id is not None else None
    known = [moment for moment in (row.valid_to, ended) if moment is not None]
    scope: Scope = "any"
    if row.kind_id:
        scope = "condition" if row.condition_no else "kind"
    elif row.kind_class_id:
        scope = "class"
    return Rule(
        id=row.id if number is None else number,
        scope=scope,
        target=row.kind_id or row.kind_class_id or 0,
        condition_no=row.condition_no,
        area_id=row.area_id,
        level=level or row.area.level,
        layer=row.layer,
        overlay_id=row.overlay_id,
        answers=tuple(sorted(row.answers.items())),
        hours=tuple(shift(each) for each in row.hours.split(",") if each),
        days=row.days,
        party=row.party,
        unit_id=row.unit_id,
        priority=row.priority,
        valid_from=row.valid_from,
        valid_to=min(known, default=None),
    )


def _item(row: DutyItem, ends: Mapping[int, datetime | None]) -> Item:
    ended = row.unit_id is not None and ends.get(row.unit_id) is not None
    return Item(
        row.id, row.part, "kind" if row.kind_id else "class", row.kind_id or row.kind_class_id or 0, row.area_id,
        row.area.level, None if ended else row.unit_id, row.valid_from, row.valid_to,
    )  # fmt: skip


def _kind_view(row: Kind) -> KindView:
    return KindView(
        row.id, row.standard.code, row.family, row.code, row.kind_class_id, row.kind_class.code,
        MappingProxyType(row.kind_class.names), MappingProxyType(row.names), row.name_source, row.custom, row.edition,
        row.valid_from, row.valid_to,
    )  # fmt: skip


def _condition_view(row: FilingCondition) -> ConditionView:
    return ConditionView(
        row.id, row.kind_id, row.no, MappingProxyType(row.names), MappingProxyType(row.closing),
        Limit.parse(row.limit), row.source, MappingProxyType(row.note), row.valid_from, row.valid_to,
    )  # fmt: skip


def _in_force(row: KindView | ConditionView | QuestionView, moment: datetime) -> bool:
    return row.valid_from <= moment and (row.valid_to is None or moment < row.valid_to)


def kind(kind_id: int) -> KindView:
    """The kind with this id, also an ended one. Raises UnknownKind."""
    found = _current().kinds.get(kind_id)
    if found is None:
        raise UnknownKind(str(kind_id))
    return found


def kind_by_code(standard: str, family: str, code: str) -> KindView:
    """The kind of a standard, also an ended one. Raises UnknownKind."""
    found = _current().by_code.get((standard, family, code))
    if found is None:
        raise UnknownKind(f"{standard} {family} {code}")
    return found


def lists() -> frozenset[str]:
    """The codes of all lists of kinds."""
    return frozenset(standard for standard, _family, _code in _current().by_code)


def kinds(
    *, family: str = "", class_code: str = "", standard: str = "", moment: datetime | None = None
) -> list[KindView]:
    """The kinds in force at `moment`, by standard, family and code."""
    at = moment or clock.now()
    found = [
        view
        for view in _current().kinds.values()
        if _in_force(view, at)
        and family in ("", view.family)
        and class_code in ("", view.class_code)
        and standard in ("", view.standard)
    ]
    return sorted(found, key=_place)


def search(
    *, family: str = "", class_code: str = "", words: str = "", after: int | None = None, limit: int = 50
) -> tuple[list[KindView], int | None]:
    """(a page of the kinds in force now, the id to pass as `after` for the next page or None at the end).

    `words` are looked for in the names of all languages and in the codes; all of them must be found. An unknown `after`
    raises UnknownKind.
    """
    looked_for = words.lower().split()
    found = [
        view
        for view in kinds(family=family, class_code=class_code)
        if all(any(word in text for text in _searched(view)) for word in looked_for)
    ]
    if after is not None:
        last = kind(after)
        found = [view for view in found if _place(view) > _place(last)]
    return found[:limit], found[limit - 1].id if len(found) > limit else None


def _place(view: KindView) -> tuple[str, str, str]:
    return view.standard, view.family, view.code


def _searched(view: KindView) -> list[str]:
    return [view.code, *(text.lower() for text in (*view.names.values(), *view.class_names.values()))]


def conditions(kind_id: int, moment: datetime | None = None) -> list[ConditionView]:
    """The filing conditions of a kind in force at `moment`, by number. Raises UnknownKind."""
    kind(kind_id)
    at = moment or clock.now()
    return [each for each in _current().of_kind.get(kind_id, ()) if _in_force(each, at)]


def condition(condition_id: int) -> ConditionView:
    """The filing condition with this id, also an ended one. Raises UnknownCondition."""
    found = _current().conditions.get(condition_id)
    if found is None:
        raise UnknownCondition(str(condition_id))
    return found


def question(code: str) -> QuestionView | None:
    """The question with this code, also an ended one."""
    return _current().questions.get(code)


def questions() -> list[QuestionView]:
    """The questions in force, by code."""
    return [each for each in _current().questions.values() if _in_force(each, clock.now())]


def duty_item(item_id: int) -> DutyItemView:
    """The item of a list of duties with this id. Raises KeyError."""
    return _current().items[item_id]


def picture() -> Picture:
    """All lines and lists, from memory."""
    return _current().picture


def line_words(rule_id: int) -> tuple[Mapping[str, str], str]:
    """(reason, number of the paper) of a line; empty for one that is not saved yet."""
    return _current().words.get(rule_id, ({}, ""))


def valid(moment: datetime | None = None) -> Q:
    """The condition that a row with valid_from/valid_to is in force."""
    at = moment or clock.now()
    return Q(valid_from__lte=at) & (Q(valid_to=None) | Q(valid_to__gt=at))


def classes(family: str = "") -> QuerySet[KindClass]:
    """The main classes in force, by standard, family and code."""
    found = KindClass.objects.filter(valid()).select_related("standard").order_by("standard__code", "family", "code")
    return found.filter(family=family) if family else found


def standards() -> QuerySet[Standard]:
    """All lists of kinds, by code."""
    return Standard.objects.order_by("code")


def formerly(kind_ids: Iterable[int]) -> dict[int, list[Crosswalk]]:
    """The 2013 codes of kinds."""
    found: dict[int, list[Crosswalk]] = {}
    for row in Crosswalk.objects.filter(kind_id__in=list(kind_ids)).order_by("old_code"):
        found.setdefault(row.kind_id or 0, []).append(row)
    return found


def conditions_in_force(kind_id: int) -> QuerySet[FilingCondition]:
    """The rows of a kind's conditions that have not ended, by number; for editing."""
    return FilingCondition.objects.filter(kind_id=kind_id, valid_to=None).order_by("no")


def responsibilities_page(area_id: int | None, *, after: int = 0, limit: int = 50) -> QuerySet[Responsibility]:
    """Lines in force by id, only those of one area when it is given."""
    rows = Responsibility.objects.filter(valid(), id__gt=after).select_related("unit", "kind", "kind_class")
    if area_id is not None:
        rows = rows.filter(area_id=area_id)
    return rows.order_by("id")[:limit]


def rules_to_come(at: datetime) -> QuerySet[Responsibility]:
    """The rules that are in force at `at` or will be, by id."""
    planned = Q(valid_to=None) | (Q(valid_to__gt=at) & Q(valid_to__gt=F("valid_from")))
    return Responsibility.objects.filter(planned).select_related("unit", "kind", "kind_class", "area").order_by("id")


def lock_rules() -> None:
    """Let changes of the rules wait for one another until the transaction ends."""
    Revision.objects.select_for_update(no_key=True).filter(id=1).first()


def duty_items_page(*, after: int = 0, limit: int = 50) -> QuerySet[DutyItem]:
    """Items of the lists of duties in force, by id."""
    rows = DutyItem.objects.filter(valid(), id__gt=after).select_related("unit", "kind", "kind_class")
    return rows.order_by("id")[:limit]


def editions(kind_id: int) -> QuerySet[KindEdition]:
    """What a kind was called when, the newest first."""
    return KindEdition.objects.filter(kind_id=kind_id).order_by("-edition")
