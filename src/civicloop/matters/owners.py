"""Who answers for a matter by the catalogue: the matter as the rules take it, and whom a list keeps from leading."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from civicloop.catalogue import component_selectors as register
from civicloop.catalogue import routing
from civicloop.catalogue import selectors as catalogue
from civicloop.catalogue import words as catalogue_words
from civicloop.catalogue.component_selectors import ComponentView
from civicloop.catalogue.rules.answering import Case
from civicloop.catalogue.rules.components import LENGTH as LONGEST_CODE
from civicloop.foundation import coordinates
from civicloop.foundation.names import shown
from civicloop.matters.errors import Refused, invalid
from civicloop.matters.reading import Reading
from civicloop.people.models import Unit
from civicloop.places import selectors as places

ANSWERS = "answers"  # in the data of an act: {question: answer} of the catalogue
COMPONENT = "component"  # in the data of an act and of entries: the code of the component pointed to; empty: to none
AS_IT_WAS = -1
FARTHEST = 500.0  # metres: what lies farther from a report's point is not what it is about
MOST = 20


def answers_of(given: Any) -> dict[str, str]:
    """Answers to the catalogue's questions as they were sent. Raises Refused unknown_question, not_offered."""
    if not isinstance(given, Mapping) or len(given) > MOST:
        raise invalid(ANSWERS, "not_offered", _("Answers are given as question and answer."))
    for code, answer in given.items():
        question = catalogue.question(str(code))
        if question is None:
            words = _("There is no question %(code)s in the catalogue.")
            raise invalid(ANSWERS, "unknown_question", words % {"code": str(code)[:40]})
        if not isinstance(answer, str) or answer not in question.answers:
            words = _("%(field)s must be one of: %(values)s")
            label = shown(question.names, get_language() or "zh-hans")
            raise invalid(ANSWERS, "not_offered", words % {"field": label, "values": ", ".join(question.answers)})
    return {str(code): answer for code, answer in given.items()}


def component_of(code: Any) -> ComponentView | None:
    """The component that a report or an act points to, also one that has ended since; None for an empty code.

    Raises Refused unknown_component.
    """
    if code in (None, ""):
        return None
    found = register.by_code(code, ended=True) if isinstance(code, str) and len(code) <= LONGEST_CODE else None
    if found is None:
        raise invalid(COMPONENT, "unknown_component", _("There is no component with this code in the register."))
    return found


def stands_at(component: ComponentView, point: tuple[float, float] | None) -> None:
    """Refuse a component that is not what a place is about. Raises Refused component_far."""
    if point is not None and coordinates.metres(point, (component.lon, component.lat)) > FARTHEST:
        words = _("This component stands more than %(metres)s m from the place. Check its code, or the place.")
        raise invalid(COMPONENT, "component_far", words % {"metres": int(FARTHEST)})


def component_after(seen: Reading, data: Mapping[str, Any]) -> int | None:
    """The component that a matter points to after an act with this data. Raises Refused."""
    before: int | None = seen.row["component_id"]
    if COMPONENT not in data:
        return before
    found = component_of(data[COMPONENT])
    if found is None:
        return None
    if found.id != before:
        stands_at(found, point_of(seen))
    return found.id


def point_of(seen: Reading) -> tuple[float, float] | None:
    """Where a matter lies, in WGS-84; None where only an area is known."""
    lon, lat = seen.row["lon"], seen.row["lat"]
    return (lon, lat) if lon is not None and lat is not None else None


def case_at(
    *, kind_id: int | None, condition_id: int | None, areas: Mapping[str, int], point: tuple[float, float] | None,
    answers: Mapping[str, str], moment: datetime, component_id: int | None = None,
) -> Case:  # fmt: skip
    """What is asked of the rules; the overlays at a point (WGS-84) are those that hold now.

    Owner and maintainer of the component are those of the moment.
    """
    overlays = routing.overlays_of(places.locate(*point, "wgs84")) if point is not None else ()
    number = catalogue.condition(condition_id).no if condition_id is not None else 0
    return routing.case(
        kind_id, areas, moment, condition_no=number, overlays=overlays, answers=answers,
        **register.case_part(component_id, moment),
    )  # fmt: skip


def case_of(
    seen: Reading, moment: datetime, *, kind_id: int | None, condition_id: int | None,
    answers: Mapping[str, str] | None = None, component_id: int | None = AS_IT_WAS,
) -> Case:  # fmt: skip
    """A matter as the rules take it, with what an act that is being done adds to it."""
    return case_at(
        kind_id=kind_id, condition_id=condition_id, areas=seen.areas, point=point_of(seen),
        answers=seen.row["answers"] if answers is None else answers, moment=moment,
        component_id=seen.row["component_id"] if component_id == AS_IT_WAS else component_id,
    )  # fmt: skip


def case_now(seen: Reading, moment: datetime) -> Case:
    """A matter as it stands, as the rules take it."""
    return case_of(seen, moment, kind_id=seen.row["kind_id"], condition_id=seen.row["condition_id"])


def case_in(seen: Reading, areas: Mapping[str, int], moment: datetime) -> Case:
    """The same, were the matter in other areas."""
    row = seen.row
    return case_at(
        kind_id=row["kind_id"], condition_id=row["condition_id"], areas=areas, point=point_of(seen),
        answers=row["answers"], moment=moment, component_id=row["component_id"],
    )  # fmt: skip


def answer(case: Case) -> routing.Answer:
    """Who answers."""
    return routing.answer(case, catalogue.picture())


def reasons(seat: str, found: routing.Answer) -> Iterator[tuple[str, Any]]:
    """What an entry keeps of why a seat was filled: the code of the reason, the line or item that decided."""
    yield f"{seat}.why", found.reason_code
    if found.responsibility_id is not None:
        yield f"{seat}.rule", found.responsibility_id
    if found.duty_item_id is not None:
        yield f"{seat}.duty_item", found.duty_item_id


def guard(case: Case, unit_ids: set[int]) -> None:
    """Refuse to let a unit lead that the list of duties keeps from it. Raises Refused kept_from_leading."""
    for unit_id in sorted(unit_ids):
        item = routing.kept_from_leading(case, unit_id)
        if item is not None:
            raise _kept_from_leading(unit_id, item)


def _kept_from_leading(unit_id: int, item: catalogue.DutyItemView) -> Refused:
    names = Unit.objects.values_list("names", flat=True).get(id=unit_id)
    words = {
        "taken_back": _(
            "%(unit)s cannot lead here: this duty was taken back by a higher department (line %(line)s, %(paper)s). "
            "Name the department that leads. Nothing was written."
        ),
        "supporting": _(
            "%(unit)s cannot lead here: by the list of duties it only supports (line %(line)s, %(paper)s). Name the "
            "department that leads, and %(unit)s as a co-unit. Nothing was written."
        ),
    }[item.part]
    said = {"unit": catalogue_words.name(names), "line": item.number, "paper": item.paper}
    return Refused("kept_from_leading", 409, words % said, duty_item=item.id, part=item.part, paper=item.paper)
