"""Who answers for a matter by the catalogue: the matter as the rules take it, and whom a list keeps from leading."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from civicloop.catalogue import routing
from civicloop.catalogue import selectors as catalogue
from civicloop.catalogue import words as catalogue_words
from civicloop.catalogue.rules.answering import Case
from civicloop.foundation.names import shown
from civicloop.matters.errors import Refused, invalid
from civicloop.matters.reading import Reading
from civicloop.people.models import Unit
from civicloop.places import selectors as places

ANSWERS = "answers"  # in the data of an act: {question: answer} of the catalogue
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


def case_at(
    *, kind_id: int | None, condition_id: int | None, areas: Mapping[str, int], point: tuple[float, float] | None,
    answers: Mapping[str, str], moment: datetime,
) -> Case:  # fmt: skip
    """What is asked of the rules; the overlays at a point (WGS-84) are those that hold now."""
    overlays = routing.overlays_of(places.locate(*point, "wgs84")) if point is not None else ()
    number = catalogue.condition(condition_id).no if condition_id is not None else 0
    return routing.case(kind_id, areas, moment, condition_no=number, overlays=overlays, answers=answers)


def case_of(
    seen: Reading, moment: datetime, *, kind_id: int | None, condition_id: int | None,
    answers: Mapping[str, str] | None = None,
) -> Case:  # fmt: skip
    """A matter as the rules take it, with what an act that is being done adds to it."""
    lon, lat = seen.row["lon"], seen.row["lat"]
    return case_at(
        kind_id=kind_id, condition_id=condition_id, areas=seen.areas,
        point=(lon, lat) if lon is not None and lat is not None else None,
        answers=seen.row["answers"] if answers is None else answers, moment=moment,
    )  # fmt: skip


def case_now(seen: Reading, moment: datetime) -> Case:
    """A matter as it stands, as the rules take it."""
    return case_of(seen, moment, kind_id=seen.row["kind_id"], condition_id=seen.row["condition_id"])


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
