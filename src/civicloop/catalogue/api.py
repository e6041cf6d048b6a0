"""Kinds over HTTP, for everybody, since residents choose one unsigned; who answers for what, for the staff."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema
from ninja.errors import HttpError
from pydantic import Field

from civicloop.calendars.words import limit_words
from civicloop.catalogue import component_selectors, exporting, routing, rule_words, selectors, words
from civicloop.catalogue.choices import Family
from civicloop.people import web
from civicloop.people.selectors import units
from civicloop.places import selectors as places

router = Router(tags=["catalogue"])
LARGEST_PAGE = 200


class ConditionOut(Schema):
    """When a matter of the kind is filed and how long handling may take."""

    id: int
    no: int
    condition: str
    conditions: dict[str, str] = Field(description="the text by language")
    closing: str
    limit: str = Field(description="number and unit, such as `4 work_hour`")
    limit_words: str
    source: str = Field(description="`default`: not from the standard; `sample_city`; `city`")
    source_words: str
    note: str


class KindOut(Schema):
    """A kind of matter or component. The key is standard, family and code together."""

    id: int
    standard: str
    family: str
    code: str
    class_code: str = Field(serialization_alias="class")
    class_name: str
    name: str
    names: dict[str, str]
    name_source: str = Field(description="`ours`: the English name is a translation of ours")
    custom: bool
    conditions: list[ConditionOut]


class KindsOut(Schema):
    """A page of kinds; `next` is what to send as `after` for the next one."""

    items: list[KindOut]
    next: int | None


class KindFilter(Schema):
    """How to narrow the list."""

    family: str = Field("", max_length=10, description="`matter` or `component`")
    class_code: str = Field("", max_length=8, alias="class", description="main class (大类), two digits")
    q: str = Field("", max_length=60, description="words in names or codes")
    after: int | None = Field(None, description="`next` of the page before")
    limit: int = Field(50, ge=1, le=LARGEST_PAGE)


def _condition(view: selectors.ConditionView) -> ConditionOut:
    return ConditionOut(
        id=view.id, no=view.no, condition=words.name(view.names), conditions=dict(view.names),
        closing=words.name(view.closing) if view.closing else "", limit=str(view.limit),
        limit_words=limit_words(view.limit), source=view.source, source_words=words.source_words(view.source),
        note=words.name(view.note) if view.note else "",
    )  # fmt: skip


def _kind(view: selectors.KindView) -> KindOut:
    return KindOut(
        id=view.id, standard=view.standard, family=view.family, code=view.code, class_code=view.class_code,
        class_name=words.name(view.class_names), name=words.name(view.names), names=dict(view.names),
        name_source=view.name_source, custom=view.custom,
        conditions=[_condition(each) for each in selectors.conditions(view.id)],
    )  # fmt: skip


@router.get("/kinds", response=KindsOut, by_alias=True, auth=None, operation_id="kinds")
@web.call(web.PUBLIC)
def kinds(request: HttpRequest, wanted: Query[KindFilter]) -> KindsOut:
    """Kinds in force with their filing conditions, by standard, family and code."""
    try:
        found, following = selectors.search(
            family=wanted.family, class_code=wanted.class_code, words=wanted.q, after=wanted.after, limit=wanted.limit
        )
    except selectors.UnknownKind as unknown:
        raise HttpError(404, f"after: {unknown}") from unknown
    return KindsOut(items=[_kind(view) for view in found], next=following)


class LookOut(Schema):
    """A rule that was looked at, in the order in which they count, and what came of it."""

    rule: int
    verdict: str = Field(
        description="decides, lower, barred, overlay, answer_missing, answer_other, hours, days, later, no_component, "
        "no_party"
    )
    verdict_words: str
    about: str
    area: str
    conditions: list[str]
    unit: str = Field(description="code of the unit, or {owner}, {maintainer}: a unit of the component")
    unit_name: str
    priority: int
    reason: str
    paper: str


class QuestionOut(Schema):
    """A question whose answer may change who answers."""

    code: str
    question: str
    answers: dict[str, str]


class DutyItemOut(Schema):
    """What the list of duties (履职事项清单) says of the kind in this area."""

    part: str = Field(description="basic, supporting, taken_back")
    number: str
    words: str
    paper: str
    paper_date: str
    lead: str


class WhoOut(Schema):
    """Who answers, why, and every rule that was looked at."""

    unit: str
    unit_name: str
    reason_code: str = Field(description="rule_condition, rule_kind, rule_class, rule_any, duty_list, duty_desk")
    reason: str
    rule: int | None
    questions: list[QuestionOut]
    duty_item: DutyItemOut | None
    looks: list[LookOut]


class WhoIn(Schema):
    """What is asked. A point needs its coordinate system; without a point an area may be named."""

    kind: str = Field("", max_length=80, description="five digits, or standard:code; empty: not known yet")
    lon: float | None = None
    lat: float | None = None
    crs: str = Field("", max_length=20)
    area: str = Field("", max_length=20)
    moment: datetime | None = Field(None, description="with its zone; default now")
    condition: int = Field(0, ge=0, le=999, description="number of the filing condition; 0: not filed yet")
    answers: str = Field("", max_length=400, description="question=answer;question=answer")
    component: str = Field("", max_length=17, description="code of a component; it says kind and place where they miss")


def _kind_id(code: str) -> int | None:
    if not code:
        return None
    standard, _colon, rest = code.rpartition(":")
    found = [
        view for view in selectors.kinds(family=Family.MATTER) if view.code == rest and standard in ("", view.standard)
    ]
    if not found:
        raise HttpError(404, _("There is no such kind."))
    return found[0].id


def _component(code: str) -> component_selectors.ComponentView | None:
    found = component_selectors.by_code(code) if code else None
    if code and found is None:
        raise HttpError(404, _("There is no such component."))
    return found


def _place(wanted: WhoIn) -> tuple[dict[str, int], tuple[tuple[str, int], ...]]:
    if wanted.lon is not None and wanted.lat is not None:
        try:
            located = places.locate(wanted.lon, wanted.lat, wanted.crs)
        except places.ImpossibleCoordinates as reason:
            raise HttpError(422, _("Impossible point: %(reason)s") % {"reason": reason.code}) from None
        return {level: ref.id for level, ref in located.areas.items()}, routing.overlays_of(located)
    if not wanted.area:
        return {}, ()
    try:
        path = places.path(places.by_code(wanted.area).id)
    except LookupError:
        raise HttpError(404, _("There is no such area.")) from None
    return {level: ref.id for level, ref in path.items()}, ()


@router.get("/who-answers", response=WhoOut, auth=[web.Bearer(), web.Session()], operation_id="who_answers")
@web.call("catalogue.view")
def who_answers(request: HttpRequest, wanted: Query[WhoIn]) -> WhoOut:
    """Who answers for a kind at a place and moment, with every rule that was looked at."""
    component = _component(wanted.component)
    kind_id = _kind_id(wanted.kind)
    if component is not None:
        if not wanted.area and wanted.lon is None:
            wanted.lon, wanted.lat, wanted.crs = component.lon, component.lat, "wgs84"
        kind = component_selectors.matter_kind_of(component.kind_id)
        kind_id = kind_id or (kind.id if kind else None)
    path, overlays = _place(wanted)
    pairs = (part.partition("=") for part in wanted.answers.split(";") if part)
    moment = wanted.moment
    if moment is not None and moment.tzinfo is None:
        raise HttpError(422, _("The moment needs its time zone."))
    case = routing.case(
        kind_id, path, moment, condition_no=wanted.condition, overlays=overlays,
        answers={question: answer for question, _equals, answer in pairs},
        **component_selectors.case_part(component.id if component else None, moment),
    )  # fmt: skip
    return who_out(routing.explain(case))


def who_out(found: routing.Explanation) -> WhoOut:
    """An explanation as the API gives it."""
    answer = found.answer
    unit = units().filter(id=answer.unit_id).first()
    views = [selectors.question(code) for code in answer.questions]
    return WhoOut(
        unit=unit.code if unit else "", unit_name=words.name(unit.names) if unit else "",
        reason_code=answer.reason_code, reason=words.reason_words(answer.reason_code, answer.reason_params),
        rule=answer.responsibility_id, looks=[_look(line) for line in rule_words.looks(found)],
        questions=[
            QuestionOut(code=view.code, question=words.name(view.names),
                        answers={code: words.name(names) for code, names in view.answers.items()})
            for view in views if view is not None
        ],
        duty_item=_duty_item(found.item) if found.item is not None else None,
    )  # fmt: skip


def _duty_item(view: selectors.DutyItemView) -> DutyItemOut:
    said = rule_words.item(view)
    return DutyItemOut(
        part=view.part, number=view.number, words=said["words"], paper=view.paper,
        paper_date=view.paper_date.isoformat(), lead=said["lead"],
    )  # fmt: skip


def _look(line: dict[str, Any]) -> LookOut:
    return LookOut(
        rule=line["row"].id, verdict=line["code"], verdict_words=str(line["verdict"]), about=line["about"],
        area=line["area"], conditions=line["conditions"], unit=exporting.unit_code(line["row"]), unit_name=line["unit"],
        priority=line["row"].priority, reason=line["reason"], paper=line["paper"],
    )  # fmt: skip
