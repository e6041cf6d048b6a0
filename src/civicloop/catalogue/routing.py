"""Who answers for what where: the rules asked with what is known of a matter, in process and without a statement.

`answering_unit` gives the unit with the reason; `explain` every line that was looked at. Both go through one Case and
one Picture (catalogue.rules), so that they cannot differ.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy

from civicloop.calendars import selectors as calendars
from civicloop.catalogue import selectors
from civicloop.catalogue.component_selectors import NOBODY, Parties
from civicloop.catalogue.rules.answering import Case, Look, Rule
from civicloop.catalogue.rules.deciding import Decision, Picture
from civicloop.foundation import clock, locality
from civicloop.people import desks
from civicloop.places import selectors as places
from civicloop.records import settings as adjustable

CALENDAR = "catalogue.calendar"


def _known(value: object) -> bool:
    return value in calendars.codes()


adjustable.define(
    CALENDAR, "str", "cn-8h", gettext_lazy("Working calendar of the responsibilities"),
    pattern=r"[a-z0-9][a-z0-9-]{0,39}", known=_known,
    help=gettext_lazy("The code of a calendar; tells working days from days of rest where a line asks for them"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """Who answers, and why.

    `reason_code` is `rule_condition`, `rule_kind`, `rule_class`, `rule_any` (then `responsibility_id` is set),
    `duty_list` (then `duty_item_id` is) or `duty_desk`; `reason_params` holds level and area_id of the line, its words
    and paper, or why no line applied. `questions` are those whose answers could still change the unit.
    """

    unit_id: int
    reason_code: str
    reason_params: Mapping[str, Any]
    responsibility_id: int | None
    duty_item_id: int | None = None
    questions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer, what the list of duties says, and every line that was looked at, in the order in which they count."""

    answer: Answer
    item: selectors.DutyItemView | None
    looks: tuple[Look, ...]
    case: Case


def overlays_of(located: places.Located) -> tuple[tuple[str, int], ...]:
    """The overlays that hold a point, as the rules take them."""
    return tuple((ref.layer, ref.id) for ref in located.overlays)


def _whole(path: Mapping[str, int]) -> Mapping[str, int]:
    """The path with the city, which matters do not keep: it is the installation itself."""
    if not path or "city" in path:
        return path
    try:
        deepest = next(path[level] for level in ("grid", "community", "subdistrict", "district") if level in path)
        return {**path, "city": places.path(deepest)["city"].id}
    except (LookupError, StopIteration):  # an area that has ended since
        return path


def case(
    kind_id: int | None, path: Mapping[str, int], moment: datetime | None = None, *, condition_no: int = 0,
    overlays: Iterable[tuple[str, int]] = (), answers: Mapping[str, str] | None = None, as_of: datetime | None = None,
    known: Picture | None = None, component_id: int | None = None, parties: Parties = NOBODY,
) -> Case:  # fmt: skip
    """What is asked. `moment` gives the hour and the day, `as_of` (default: the same) which lines are in force.

    `parties` are the units of the component `component_id` (component_selectors.parties).

    Raises UnknownKind.
    """
    at = moment or clock.now()
    rules = (known or selectors.picture()).rules
    local = at.astimezone(locality.zone())
    return Case(
        kind_id=kind_id,
        class_id=selectors.kind(kind_id).class_id if kind_id is not None else None,
        path=_whole(path),
        moment=as_of or at,
        condition_no=condition_no,
        overlays=tuple(overlays),
        answers=answers or {},
        minute=local.hour * 60 + local.minute,
        working=_works(at) if rules.by_days else True,
        component_id=component_id,
        parties=parties.known(),
    )


def _works(at: datetime) -> bool:
    calendar = calendars.working_calendar(adjustable.get_str(CALENDAR), at)
    return calendar.works_on(calendar.local(at).date())


def answering_unit(
    kind_id: int | None, path: Mapping[str, int], moment: datetime | None = None, *, condition_no: int = 0,
    overlays: Iterable[tuple[str, int]] = (), answers: Mapping[str, str] | None = None,
) -> Answer:  # fmt: skip
    """Who answers for a kind (None: not known yet) in `path` (level → area id, empty outside every area).

    Never nobody: where no line applies the duty desk of the deepest area that has one answers, at last the city's.
    Raises UnknownKind, and people.desks.NoDutyDesk when the installation has no duty desk at all.
    """
    asked = case(kind_id, path, moment, condition_no=condition_no, overlays=overlays, answers=answers)
    return answer(asked, selectors.picture())


def answer(asked: Case, known: Picture) -> Answer:
    """Who answers for a case by a picture of the rules, which need not be the one in force."""
    found = known.decide(asked)
    questions = tuple(known.questions(asked)) if known.rules.by_answers else ()
    return _answer(asked, found, questions)


def _answer(asked: Case, found: Decision, questions: tuple[str, ...]) -> Answer:
    if found.rule is not None:
        rule = found.rule
        assert found.unit_id is not None
        return Answer(found.unit_id, f"rule_{rule.scope}", _of_rule(rule), rule.id, questions=questions)
    if found.unit_id is not None and found.item is not None:
        item = selectors.duty_item(found.item.id)
        return Answer(found.unit_id, "duty_list", _of_item(item), None, item.id, questions)
    why = "outside_every_area" if not asked.path else "no_kind" if asked.kind_id is None else "no_rule"
    return Answer(desks.duty_desk(asked.path), "duty_desk", {"why": why}, None, questions=questions)


def explain(asked: Case) -> Explanation:
    """Who answers for a case, and how every line about the right thing and area came out."""
    known = selectors.picture()
    item = known.item(asked)
    view = selectors.duty_item(item.id) if item is not None else None
    return Explanation(answer(asked, known), view, tuple(known.look(asked)), asked)


def reason_of(code: str, rule_id: int | None, item_id: int | None) -> Mapping[str, Any] | None:
    """The particulars of a reason that an entry kept, from memory; None when nothing more than its code is known."""
    known = selectors.picture().rules
    if rule_id is not None and rule_id in known.ranks:
        return _of_rule(known.lines[known.ranks[rule_id]])
    if item_id is not None:
        return _of_item(selectors.duty_item(item_id))
    return {"why": "no_rule"} if code == "duty_desk" else None


def _of_rule(rule: Rule) -> dict[str, Any]:
    words, paper = selectors.line_words(rule.id)
    return {"level": rule.level, "area_id": rule.area_id, "words": words, "paper": paper, "party": rule.party}


def _of_item(item: selectors.DutyItemView) -> dict[str, Any]:
    return {"part": item.part, "number": item.number, "words": item.names, "paper": item.paper}


def kept_from_leading(asked: Case, unit_id: int) -> selectors.DutyItemView | None:
    """The item of a list of duties that keeps a unit from leading in a case; None when it may lead."""
    item = selectors.picture().bars(asked, unit_id)
    return selectors.duty_item(item.id) if item is not None else None
