"""Lines of responsibility and lists of duties in words, in the language that is active, for pages and files."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from civicloop.catalogue import routing, selectors, words
from civicloop.catalogue.choices import Days, Part, Party
from civicloop.catalogue.models import Responsibility
from civicloop.people.selectors import units
from civicloop.places import selectors as places
from civicloop.places.choices import layer_words

VERDICTS = {
    "decides": (gettext_lazy("This one decides"), "good"),
    "lower": (gettext_lazy("Fits too, but comes later in the order"), ""),
    "barred": (gettext_lazy("The list of duties keeps this unit from leading"), "caution"),
    "overlay": (gettext_lazy("The place does not lie inside such an overlay"), ""),
    "answer_missing": (gettext_lazy("Its question has not been answered"), "caution"),
    "answer_other": (gettext_lazy("Its question was answered otherwise"), ""),
    "hours": (gettext_lazy("Not at this hour"), ""),
    "days": (gettext_lazy("Not on such a day"), ""),
    "later": (gettext_lazy("Begins later"), ""),
    "no_component": (gettext_lazy("The matter points to no component"), ""),
    "no_party": (gettext_lazy("The component has no such unit in the register"), "caution"),
}  # fmt: skip


def about(row: Responsibility) -> str:
    """What a line is about."""
    parent = row.kind or row.kind_class
    if parent is None:
        return str(words.EVERYTHING)
    text = f"{parent.code} {words.name(parent.names)}"
    if row.condition_no:
        text += " · " + _("filing condition %(no)s") % {"no": row.condition_no}
    return text


def area_name(area_id: int | None) -> str:
    """The name of an area; empty when it has ended."""
    if area_id is None:
        return ""
    try:
        return words.name(places.area(area_id).names)
    except places.UnknownArea:
        return ""


def conditions(row: Responsibility) -> list[str]:
    """The conditions of a line, one text each."""
    found = []
    if row.layer:
        overlay = next((each for each in places.overlays(row.layer) if each.id == row.overlay_id), None)
        inside = layer_words(row.layer) + (f" {words.name(overlay.names)}" if overlay is not None else "")
        found.append(_("inside: %(overlay)s") % {"overlay": inside})
    found += [answer_words(question, answer) for question, answer in sorted(row.answers.items())]
    if row.hours:
        found.append(row.hours.replace(",", " · "))
    if row.days:
        found.append(str(Days(row.days).label))
    return found


def answer_words(question: str, answer: str) -> str:
    """A question with its answer."""
    view = selectors.question(question)
    if view is None:
        return f"{question}: {answer}"
    said = words.name(view.answers[answer]) if answer in view.answers else answer
    return _("%(question)s %(answer)s") % {"question": words.name(view.names), "answer": said}


def unit_name(row: Responsibility) -> str:
    """Who answers by a line: a unit, or a party of the component."""
    return words.name(row.unit.names) if row.unit is not None else str(Party(row.party).label)


def line(row: Responsibility) -> dict[str, Any]:
    """A line as tables show it."""
    return {
        "row": row, "about": about(row), "area": area_name(row.area_id), "conditions": conditions(row),
        "unit": unit_name(row), "reason": words.name(row.reason), "paper": row.paper,
    }  # fmt: skip


def lines(ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """Lines by id, as tables show them."""
    rows = Responsibility.objects.filter(id__in=list(ids)).select_related("unit", "kind", "kind_class")
    return {row.id: line(row) for row in rows}


def looks(found: routing.Explanation) -> list[dict[str, Any]]:
    """Every line that was looked at, in order, with what came of it."""
    shown = lines(look.rule.id for look in found.looks)
    return [
        shown[look.rule.id]
        | {
            "code": look.verdict,
            "verdict": VERDICTS[look.verdict][0],
            "mark": VERDICTS[look.verdict][1],
            "decides": look.verdict == "decides",
        }
        for look in found.looks
        if look.rule.id in shown
    ]


def item(view: selectors.DutyItemView) -> dict[str, Any]:
    """An item of a list of duties: its part, line, text and paper."""
    lead = units().filter(id=view.unit_id).first() if view.unit_id else None
    return {
        "part": Part(view.part).label, "code": view.part, "number": view.number, "words": words.name(view.names),
        "paper": view.paper, "paper_date": view.paper_date, "lead": words.name(lead.names) if lead else "",
    }  # fmt: skip


def questions(codes: Sequence[str], given: Mapping[str, str]) -> list[str]:
    """Open questions and given answers in words."""
    asked = [selectors.question(code) for code in codes]
    return [words.name(view.names) for view in asked if view is not None] + [
        answer_words(question, answer) for question, answer in sorted(given.items())
    ]


def explained(found: routing.Explanation) -> dict[str, Any]:
    """An explanation as pages show it."""
    unit = units().filter(id=found.answer.unit_id).first()
    overlays = {each.id: each for each in places.overlays()}
    return {
        "unit": unit, "reason": words.reason_words(found.answer.reason_code, found.answer.reason_params),
        "by": found.answer.reason_code, "looks": looks(found), "item": item(found.item) if found.item else None,
        "questions": questions(found.answer.questions, {}), "answers": questions((), found.case.answers),
        "overlays": [
            f"{layer_words(layer)} {words.name(overlays[area].names)}"
            for layer, area in found.case.overlays
            if area in overlays
        ],
        "minute": f"{found.case.minute // 60:02d}:{found.case.minute % 60:02d}",
    }  # fmt: skip
