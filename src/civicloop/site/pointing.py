"""What decides who answers, asked with a report: the component that it points to, and the questions of its kind.

A part of the form that is shown anew when kind or place were chosen. Without scripts a button shows it anew, and the
questions come on the next step; nobody has to answer them, and whoever dispatches sees what was answered.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from civicloop.catalogue import component_selectors as register
from civicloop.catalogue import routing
from civicloop.catalogue import selectors as catalogue
from civicloop.catalogue import words as catalogue_words
from civicloop.catalogue.choices import ComponentState
from civicloop.foundation import clock
from civicloop.matters import actions, owners
from civicloop.matters.errors import Refused
from civicloop.matters.reading import Reading
from civicloop.people.access import Actor
from civicloop.people.web import duty, public
from civicloop.places import selectors as places

QUESTION = "question_"  # before the code of a question in the name of its field
TYPED = "component_code"  # the code on a plate, typed
ASKED = "asked"  # stands in a form whose questions were shown
LOOK = "look"  # the button that shows them without scripts
LISTED = 20  # components of a community that are listed where no point is known
LEVELS = ("community", "subdistrict", "district")
Values = Mapping[str, Any]


# -- fields -----------------------------------------------------------------------------------------------------------


def question_fields(codes: Iterable[str], given: Mapping[str, str]) -> dict[str, forms.Field]:
    """The questions whose answers could change who answers, with what was answered; nobody has to answer them."""
    found: dict[str, forms.Field] = {}
    for code in dict.fromkeys([*codes, *given]):
        question = catalogue.question(code)
        if question is not None:
            answers = [(answer, catalogue_words.name(names)) for answer, names in question.answers.items()]
            found[f"{QUESTION}{code}"] = forms.ChoiceField(
                label=catalogue_words.name(question.names), choices=[("", pgettext("answer", "Not known")), *answers],
                required=False, help_text=_("The answer may change who answers."), initial=given.get(code, ""),
            )  # fmt: skip
    return found


def component_field(
    point: tuple[float, float] | None, kind_id: int | None, present: register.ComponentView | None,
    community: places.AreaRef | None = None,
) -> dict[str, forms.Field]:  # fmt: skip
    """The nearest components as radio buttons, the present one among them; no field where there is none.

    Where only a community is known, those of the kind that stand in it, by code.
    """
    of_kind = register.component_kind_of(kind_id) if kind_id is not None else None
    if point is not None:
        near = register.near(*point, kind_id=of_kind.id if of_kind is not None else None)
    elif of_kind is not None and community is not None:  # no device told where: all of this kind in the community
        listed = register.views(register.Wanted(kind_id=of_kind.id, area=community), limit=LISTED)
        near = [each for each in listed if each.state != ComponentState.REMOVED]
    else:
        near = []
    if present is not None and present.code not in {each.code for each in near}:
        near = [present, *near]
    if not near:
        return {}
    choices = [("", _("None of these")), *((each.code, component_words(each)) for each in near)]
    field = forms.ChoiceField(
        label=_("Which component is it?"), choices=choices, required=False, widget=forms.RadioSelect,
        initial=present.code if present is not None else "",
        help_text=_("Its owner may be the one who answers. A kind that is not chosen is taken from it."),
    )  # fmt: skip
    return {owners.COMPONENT: field}


def component_words(view: register.ComponentView) -> str:
    """A component in one line: name, code, how far away, and its state where it is not intact."""
    said = [catalogue_words.name(view.names), view.code]
    if view.metres is not None:
        said.append(_("%(metres)s m away") % {"metres": round(view.metres)})
    if view.state != ComponentState.INTACT:
        said.append(str(ComponentState(view.state).label))
    return " · ".join(said)


def fields_of(seen: Reading, kind_id: int | None, questions: Iterable[str]) -> dict[str, forms.Field]:
    """Component and questions of a matter that is dispatched, as far as they are known already."""
    present = register.by_id(seen.row["component_id"]) if seen.row["component_id"] is not None else None
    return component_field(owners.point_of(seen), kind_id, present) | question_fields(questions, seen.row["answers"])


def of_one(name: str) -> bool:
    """Whether a field says something that belongs to one matter alone."""
    return name == owners.COMPONENT or name.startswith(QUESTION)


def chosen(form: forms.Form) -> dict[str, Any]:
    """What a valid form says of component and questions, as the data of an act."""
    field = form.fields.get(owners.COMPONENT)
    parted = field is not None and field.initial and not form.cleaned_data.get(owners.COMPONENT)
    return as_data(form.cleaned_data) | ({owners.COMPONENT: ""} if parted else {})


def as_data(values: Values) -> dict[str, Any]:
    """The same of plain values: the component pointed to, and the answers given."""
    found: dict[str, Any] = {}
    if values.get(owners.COMPONENT):
        found[owners.COMPONENT] = values[owners.COMPONENT]
    answers = {name.removeprefix(QUESTION): value for name, value in values.items()
               if name.startswith(QUESTION) and value}  # fmt: skip
    return found | ({owners.ANSWERS: answers} if answers else {})


# -- with a report ----------------------------------------------------------------------------------------------------


def said(data: Values) -> dict[str, Any]:
    """Component and answers of a report's form, as NewMatter takes them."""
    component = str(data.get(owners.COMPONENT, "") or data.get(TYPED, "")).strip()
    return {"component": component, "answers": _given(data)}


def _given(data: Values) -> dict[str, str]:
    """The answers in a form that are answers of the catalogue."""
    found = {}
    for name, value in data.items():
        question = catalogue.question(name.removeprefix(QUESTION)) if name.startswith(QUESTION) else None
        if question is not None and value in question.answers:
            found[question.code] = str(value)
    return found


def _kind(data: Values) -> int | None:
    """The kind of a form, else that of the component that it points to."""
    try:
        kind = actions.kind_of(str(data.get("kind", "")))
    except Refused:
        kind = None
    if kind is None:
        component = register.by_code(said(data)["component"])
        kind = register.matter_kind_of(component.kind_id) if component is not None else None
    return kind.id if kind is not None else None


def _located(data: Values) -> places.Located | None:
    try:
        return places.locate(float(data.get("lon") or ""), float(data.get("lat") or ""), str(data.get("crs", "")))
    except ValueError:  # no point, or an impossible one, which the report itself refuses
        return None


def _path(data: Values) -> dict[str, int]:
    code = next((str(data[f"area_{level}"]) for level in LEVELS if data.get(f"area_{level}")), "")
    try:
        return {level: ref.id for level, ref in places.path(places.by_code(code).id).items()} if code else {}
    except places.UnknownArea:
        return {}


def _community(data: Values) -> places.AreaRef | None:
    try:
        return places.by_code(str(data["area_community"])) if data.get("area_community") else None
    except places.UnknownArea:
        return None


def looks(request: HttpRequest) -> bool:
    """Whether somebody without scripts pressed to see what stands near the place and what is asked; nothing is sent."""
    return request.method == "POST" and LOOK in request.POST


def questions(data: Values) -> list[str]:
    """The questions that a report of this kind should be asked; while the place is not known, wherever they count."""
    kind_id = _kind(data)
    if kind_id is None:
        return []
    located = _located(data)
    path = {level: ref.id for level, ref in located.areas.items()} if located is not None else _path(data)
    if not path:
        return catalogue.picture().rules.asked_about(kind_id, catalogue.kind(kind_id).class_id, clock.now())
    component = register.by_code(said(data)["component"])
    case = routing.case(
        kind_id, path, overlays=routing.overlays_of(located) if located is not None else (),
        **register.case_part(component.id if component is not None else None),
    )  # fmt: skip
    return catalogue.picture().questions(case)


def ask_first(request: HttpRequest) -> bool:
    """Whether the form is shown again to ask: not when it has asked, nor when photos or what a phone kept were lost."""
    if request.POST.get(ASKED) or request.FILES or "X-Queue" in request.headers:
        return False
    return bool(questions(request.POST))


def part(data: Values, *, components: bool) -> dict[str, Any]:
    """What the part of the page shows for the kind and place that a form holds."""
    asked = questions(data)
    form = forms.Form(initial={name: str(value) for name, value in data.items()}, auto_id="about_%s")
    if components:
        located = _located(data)
        present = register.by_code(str(data.get(owners.COMPONENT, "")))
        point = (located.lon, located.lat) if located is not None else None
        form.fields |= component_field(point, _chosen_kind(data), present, _community(data))
        form.fields[TYPED] = forms.CharField(
            label=_("Or the code on its plate"), required=False, max_length=17,
            widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        )  # fmt: skip
    form.fields |= question_fields(asked, {code: answer for code, answer in _given(data).items() if code in asked})
    return {
        "form": form,
        "asked": bool(asked),
        "look": LOOK if components else "",
        "url": reverse("field_about" if components else "report-about"),
    }


def _chosen_kind(data: Values) -> int | None:
    """The kind that was chosen, without that of a component: it must not hide the others."""
    return _kind({"kind": data.get("kind", "")})


@public
def of_resident(request: HttpRequest) -> HttpResponse:
    """The questions of a kind, for the resident's form."""
    return render(request, "site/about.html", {"about": part(request.GET, components=False)})


@duty("matters.report")
def of_worker(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The nearest components and the questions of a kind, for the forms of work outside."""
    return render(request, "site/about.html", {"about": part(request.GET, components=True)})
