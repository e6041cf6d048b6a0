"""Forms of the editor of rules: one rule, a whole file, and the period on which a change is tried."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from civicloop.catalogue import selectors as catalogue
from civicloop.catalogue import words
from civicloop.catalogue.choices import Days
from civicloop.catalogue.exporting import target_of, unit_code
from civicloop.catalogue.models import Responsibility
from civicloop.catalogue.naming import hours_of
from civicloop.foundation import clock
from civicloop.foundation.names import own
from civicloop.foundation.spreadsheets import text_of
from civicloop.matters import owners
from civicloop.matters.models import Matter
from civicloop.matters.reading import Reading
from civicloop.matters.selectors import Line
from civicloop.people.selectors import units
from civicloop.places import selectors as places
from civicloop.places.choices import LEVEL_WORDS, layer_words

QUESTION = "question_"
LARGEST = 500_000  # bytes; larger files are taken over on the command line
PERIODS = [("7", _("Last 7 days")), ("30", _("Last 30 days")), ("90", _("Last 90 days"))]
MOMENT = forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"})


def _named(code: str, names: Mapping[str, str]) -> str:
    return f"{code} {words.name(names)}"


class PeriodForm(forms.Form):
    """On which matters a change is tried."""

    period = forms.ChoiceField(label=_("Try it on the matters of"), choices=PERIODS, initial="30")


class RuleForm(PeriodForm):
    """One rule, in the words of the file responsibilities.csv."""

    about = forms.ChoiceField(label=_("What it is about"))
    condition = forms.IntegerField(
        label=_("Only this filing condition"), required=False, min_value=1, max_value=999,
        help_text=_("its number; empty: all of them"),
    )  # fmt: skip
    area = forms.CharField(
        label=_("Code of the area"), max_length=32,
        help_text=_("It counts for everything below, too. *district, *subdistrict …: one rule for each."),
    )  # fmt: skip
    overlay = forms.ChoiceField(label=_("Only inside"), required=False)
    hours = forms.CharField(
        label=_("Only at these hours"), required=False, max_length=60, help_text=_("such as 22:00-06:00")
    )
    days = forms.ChoiceField(label=_("Only on"), required=False, choices=Days.choices)
    unit = forms.CharField(
        label=_("Code of the unit"), max_length=64,
        help_text=_(
            "{area} stands for the code of the area; {owner} or {maintainer} alone for that unit of the component"
        ),
    )  # fmt: skip
    priority = forms.IntegerField(
        label=_("Priority"), initial=0, min_value=-30_000, max_value=30_000,
        help_text=_("0 is usual; a higher one goes before every rule of a lower one"),
    )  # fmt: skip
    reason = forms.CharField(label=_("Reason (Chinese)"), max_length=400)
    reason_en = forms.CharField(label=_("Reason (English)"), required=False, max_length=400)
    paper = forms.CharField(label=_("Number of the paper"), required=False, max_length=120)
    valid_from = forms.DateTimeField(label=_("In force from"), required=False, widget=MOMENT, help_text=_("Empty: now"))
    valid_to = forms.DateTimeField(
        label=_("In force until"), required=False, widget=MOMENT, help_text=_("Empty: without end")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        classes = [(target_of(row.standard.code, row.code), _named(row.code, row.names))
                   for row in catalogue.classes("matter")]  # fmt: skip
        kinds = [(target_of(view.standard, view.code), _named(view.code, view.names))
                 for view in catalogue.kinds(family="matter")]  # fmt: skip
        self._choices("about", [("*", words.EVERYTHING), (_("Main classes"), classes), (_("Kinds"), kinds)])
        layers = dict.fromkeys(each.layer for each in places.overlays())
        inside: list[tuple[Any, Any]] = [("", pgettext_lazy("overlay", "Everywhere"))]
        for layer in layers:
            each = [(f"{layer}:{ref.code}", words.name(ref.names)) for ref in places.overlays(layer)[:200]]
            inside.append((layer_words(layer), [(layer, layer_words(layer)), *each]))
        self._choices("overlay", inside)
        for view in catalogue.questions():
            choices = [(code, words.name(names)) for code, names in view.answers.items()]
            self.fields[f"{QUESTION}{view.code}"] = forms.ChoiceField(
                label=words.name(view.names), required=False,
                choices=[("", pgettext_lazy("answer", "Whatever the answer")), *choices],
            )  # fmt: skip

    def _choices(self, name: str, choices: list[tuple[Any, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def clean_area(self) -> str:
        """A code that there is, or a level with a star."""
        code = str(self.cleaned_data["area"]).strip()
        if code.startswith("*"):
            if code[1:] not in LEVEL_WORDS or not places.areas(code[1:]):
                raise forms.ValidationError(pgettext_lazy("area", "There is no such level."))
            return code
        try:
            return places.by_code(code).code
        except places.UnknownArea:
            raise forms.ValidationError(_("There is no area with this code.")) from None

    def clean_unit(self) -> str:
        """A code that there is, or one made of the area's."""
        code = str(self.cleaned_data["unit"]).strip()
        if "{" not in code and not units().filter(code=code).exists():
            raise forms.ValidationError(_("There is no unit with this code."))
        return code

    def clean_hours(self) -> str:
        """The spans in their one form."""
        try:
            return hours_of(self.cleaned_data["hours"].replace("，", ","))
        except ValueError:
            raise forms.ValidationError(_("Write hours such as 22:00-06:00.")) from None

    def clean(self) -> dict[str, Any]:
        """A condition belongs to a kind; the end comes after the beginning."""
        given = super().clean() or {}
        about = given.get("about", "")
        if given.get("condition") and about not in {target_of(v.standard, v.code) for v in catalogue.kinds()}:
            self.add_error("condition", _("Only a kind has filing conditions."))
        begins, ends = given.get("valid_from"), given.get("valid_to")
        if begins and ends and ends <= begins:
            self.add_error("valid_to", _("The end comes before the beginning."))
        return given

    def cells(self) -> dict[str, str]:
        """The line of the file that says the same."""
        given = self.cleaned_data
        answers = [f"{name.removeprefix(QUESTION)}={value}" for name, value in given.items()
                   if name.startswith(QUESTION) and value]  # fmt: skip

        def moment(value: datetime | None) -> str:
            return value.isoformat() if value else ""

        return {
            "kind_or_class": given["about"] + (f"/{given['condition']}" if given.get("condition") else ""),
            "area_code": given["area"], "overlay": given["overlay"], "answers": ";".join(answers),
            "hours": given["hours"], "days": given["days"], "unit_code": given["unit"],
            "priority": str(given["priority"]), "reason": given["reason"], "reason_en": given["reason_en"],
            "paper": given["paper"], "valid_from": moment(given["valid_from"]), "valid_to": moment(given["valid_to"]),
        }  # fmt: skip


def initial_of(row: Responsibility) -> dict[str, Any]:
    """A rule as the form shows it."""
    parent = row.kind or row.kind_class
    overlay = next((each.code for each in places.overlays(row.layer) if each.id == row.overlay_id), "")
    return {
        "about": target_of(parent.standard.code, parent.code) if parent else "*",
        "condition": row.condition_no or None, "area": places.area(row.area_id).code,
        "overlay": f"{row.layer}:{overlay}" if row.overlay_id else row.layer, "hours": row.hours, "days": row.days,
        "unit": unit_code(row), "priority": row.priority, "reason": own(row.reason),
        "reason_en": row.reason.get("en", ""), "paper": row.paper, "valid_to": row.valid_to,
        **{f"{QUESTION}{question}": answer for question, answer in row.answers.items()},
    }  # fmt: skip


def initial_from(seen: Reading, row: Matter, lines: Sequence[Line]) -> dict[str, Any] | None:
    """The rule that a matter's last designation (指定承办) suggests: its kind, its subdistrict, the unit, the paper.

    None where nobody has designated a unit. Its priority goes just before the rule that decided until now.
    """
    decided = next((line for line in reversed(lines) if line.action == "designate"), None)
    if decided is None:
        return None
    level = next((each for each in ("subdistrict", "district", "city") if each in seen.areas), None)
    unit = units().filter(id=int(decided.data.get("unit") or 0)).first()
    now = clock.now()
    before = owners.answer(owners.case_now(seen, now)).responsibility_id
    usual = catalogue.rules_to_come(now).filter(id=before or 0).first()
    return {
        "about": target_of(row.kind.standard.code, row.kind.code) if row.kind else "*",
        "area": places.area(seen.areas[level]).code if level else "", "unit": unit.code if unit else "",
        "priority": (usual.priority if usual else 0) + 1,
        "reason": (gettext("Designated for %(number)s") % {"number": row.number})[:400],
        "paper": str(decided.data.get("catalogue", ""))[:120],
    }  # fmt: skip


class RulesFileForm(PeriodForm):
    """A whole responsibilities.csv; what was read stays in the page, so that it need not be chosen again."""

    file = forms.FileField(label=_("File responsibilities.csv"), required=False)
    text = forms.CharField(widget=forms.HiddenInput, required=False, max_length=LARGEST, strip=False)

    def clean(self) -> dict[str, Any]:
        """The text of the file, from the upload or from the page before."""
        given = super().clean() or {}
        upload = given.get("file")
        if upload is not None:
            if upload.size > LARGEST:
                self.add_error("file", _("The file is too large for this page; take it over on the command line."))
                return given
            try:
                given["text"] = text_of(upload.read())
            except UnicodeDecodeError:
                self.add_error("file", _("This is no CSV file in UTF-8 or GB 18030."))
        elif not given.get("text"):
            self.add_error("file", _("Choose a file."))
        return given
