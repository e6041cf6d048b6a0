"""Forms around the rules: who answers for this, and what the reports are narrowed to."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from civicloop.catalogue import component_selectors as register
from civicloop.catalogue import routing, selectors, words
from civicloop.catalogue.choices import Family
from civicloop.catalogue.rules.answering import Case, Look
from civicloop.foundation import clock
from civicloop.places import selectors as places

QUESTION = "question_"  # before the code of a question in the name of its field
SYSTEMS = [("wgs84", "WGS-84"), ("cgcs2000", "CGCS2000"), ("gcj02", "GCJ-02"), ("bd09", "BD-09")]


def kind_choices() -> list[tuple[Any, str]]:
    """The kinds of matters in force."""
    return [(view.id, f"{view.code} {words.name(view.names)}") for view in selectors.kinds(family=Family.MATTER)]


class LookUpForm(forms.Form):
    """Who answers for this: a kind of matter at a point or in an area, at a moment."""

    kind = forms.ChoiceField(label=_("Kind"), required=False)
    area = forms.CharField(
        label=_("Code of the area"), required=False, max_length=32,
        help_text=_("of a district, subdistrict or community"),
    )  # fmt: skip
    point = forms.CharField(
        label=_("Or a point"), required=False, max_length=60, help_text=_("longitude and latitude, such as 117.2, 39.1")
    )
    crs = forms.ChoiceField(label=_("Coordinate system"), required=False, choices=SYSTEMS)
    component = forms.CharField(
        label=_("Or the code of a component"), required=False, max_length=17,
        help_text=_("it says kind and place where they are empty"),
    )  # fmt: skip
    moment = forms.DateTimeField(
        label=_("Moment"), required=False,
        widget=forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"}),
        help_text=_("Empty: now"),
    )  # fmt: skip
    condition = forms.IntegerField(
        label=_("Number of the condition"), required=False, min_value=1, max_value=999,
        help_text=_("where the matter has been filed"),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["kind"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("Not known yet")), *kind_choices()]
        for name, value in self.data.items():
            question = selectors.question(name.removeprefix(QUESTION)) if name.startswith(QUESTION) else None
            if question is not None and value in question.answers:
                self.fields[name] = self._question(question)

    @staticmethod
    def asked(data: Mapping[str, Any]) -> bool:
        """Whether an address asks anything."""
        return "area" in data or "point" in data or "component" in data

    def _question(self, view: selectors.QuestionView) -> forms.ChoiceField:
        choices = [(code, words.name(names)) for code, names in view.answers.items()]
        return forms.ChoiceField(
            label=words.name(view.names), required=False, choices=[("", pgettext_lazy("answer", "Not known")), *choices]
        )

    def add_questions(self, looks: Iterable[Look]) -> None:
        """Offer every question that a line looked at asks."""
        for code in sorted({question for look in looks for question, _answer in look.rule.answers}):
            view = selectors.question(code)
            if view is not None and f"{QUESTION}{code}" not in self.fields:
                self.fields[f"{QUESTION}{code}"] = self._question(view)

    def clean_area(self) -> places.AreaRef | None:
        """The area with this code."""
        code = self.cleaned_data["area"].strip()
        if not code:
            return None
        try:
            return places.by_code(code)
        except places.UnknownArea:
            raise forms.ValidationError(_("There is no area with this code.")) from None

    def clean_point(self) -> tuple[float, float] | None:
        """The two numbers of the point."""
        text = self.cleaned_data["point"].replace("，", ",").strip()
        if not text:
            return None
        try:
            lon, lat = (float(part) for part in text.replace(",", " ").split())
        except ValueError:
            raise forms.ValidationError(_("Write longitude and latitude, such as 117.2, 39.1.")) from None
        return lon, lat

    def clean_component(self) -> register.ComponentView | None:
        """The component in force with this code."""
        code = self.cleaned_data["component"].strip()
        found = register.by_code(code) if code else None
        if code and found is None:
            raise forms.ValidationError(_("There is no such component."))
        return found

    def clean(self) -> dict[str, Any]:
        """Where the point lies; a component says its kind and place where the form does not."""
        given = super().clean() or {}
        component: register.ComponentView | None = given.get("component")
        if component is not None:
            kind = register.matter_kind_of(component.kind_id)
            given["kind"] = given.get("kind") or (str(kind.id) if kind else "")
            if given.get("point") is None and not given.get("area"):
                given["located"] = places.locate(component.lon, component.lat, "wgs84")
        if given.get("point") is not None:
            lon, lat = given["point"]
            try:
                given["located"] = places.locate(lon, lat, given.get("crs") or SYSTEMS[0][0])
            except places.ImpossibleCoordinates:
                self.add_error("point", _("These coordinates are impossible."))
        return given

    def place(self) -> list[places.AreaRef]:
        """The areas that are asked about, from the city inwards."""
        given = self.cleaned_data
        if given.get("located") is not None:
            return list(given["located"].areas.values())
        return list(places.path(given["area"].id).values()) if given.get("area") else []

    def pointed_to(self) -> register.ComponentView | None:
        """The component that is asked about."""
        found: register.ComponentView | None = self.cleaned_data.get("component")
        return found

    def area_id(self) -> int | None:
        """The area whose rules are listed."""
        area = self.cleaned_data.get("area")
        return area.id if area is not None else None

    def case(self) -> Case:
        """What is asked of the rules."""
        given = self.cleaned_data
        located: places.Located | None = given.get("located")
        moment: datetime = given.get("moment") or clock.now()
        answers = {name.removeprefix(QUESTION): value for name, value in given.items()
                   if name.startswith(QUESTION) and value}  # fmt: skip
        return routing.case(
            int(given["kind"]) if given.get("kind") else None, {ref.level: ref.id for ref in self.place()}, moment,
            condition_no=given.get("condition") or 0, answers=answers,
            overlays=routing.overlays_of(located) if located is not None else (),
            **register.case_part(given["component"].id if given.get("component") else None, moment),
        )  # fmt: skip


class ReportForm(forms.Form):
    """What a report about the rules is narrowed to."""

    district = forms.ChoiceField(label=_("District"), required=False)
    main_class = forms.ChoiceField(label=_("Main class"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        areas = [(ref.code, words.name(ref.names)) for ref in places.areas("district")]
        known = {row.code: f"{row.code} {words.name(row.names)}" for row in selectors.classes(Family.MATTER)}
        for name, choices in (("district", areas), ("main_class", sorted(known.items()))):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [("", _("All")), *choices]

    def chosen(self, name: str) -> str:
        """The code that was chosen, empty for all."""
        return str(self.cleaned_data.get(name, "")) if self.is_valid() else ""
