"""Forms of the register of components: the list, one component, a file."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from civicloop.catalogue import component_selectors as register
from civicloop.catalogue import selectors, words
from civicloop.catalogue.choices import Accuracy, ComponentSource, ComponentState, Family
from civicloop.catalogue.rule_forms import SYSTEMS
from civicloop.people.selectors import units
from civicloop.places import selectors as places

LARGEST = 10_000_000  # bytes; larger files are taken over on the command line
DAY = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


def _area(code: str) -> places.AreaRef | None:
    if not code:
        return None
    try:
        return places.by_code(code)
    except places.UnknownArea:
        raise forms.ValidationError(_("There is no area with this code.")) from None


class ComponentFilterForm(forms.Form):
    """What the list of components is narrowed by."""

    code = forms.CharField(label=_("Code, or how it begins"), required=False, max_length=17)
    kind = forms.ChoiceField(label=_("Kind"), required=False)
    area = forms.CharField(label=_("Code of the area"), required=False, max_length=32)
    state = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("All")), *ComponentState.choices])
    ownerless = forms.BooleanField(label=_("Only without an owner"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["kind"]
        assert isinstance(field, forms.ChoiceField)
        known = selectors.kinds(family=Family.COMPONENT)
        field.choices = [("", _("All")), *((view.id, f"{view.code} {words.name(view.names)}") for view in known)]

    def clean_area(self) -> places.AreaRef | None:
        """The area with this code."""
        return _area(self.cleaned_data["area"].strip())

    def clean_code(self) -> str:
        """Digits only: a code, or its beginning."""
        code = str(self.cleaned_data["code"]).strip()
        if code and not (code.isascii() and code.isdigit()):
            raise forms.ValidationError(_("A code has digits only."))
        return code

    def wanted(self) -> register.Wanted:
        """The list that is asked for; everything when the form is not sound."""
        if not self.is_valid():
            return register.Wanted()
        given = self.cleaned_data
        return register.Wanted(
            code=given["code"], kind_id=int(given["kind"]) if given["kind"] else None, area=given["area"],
            state=given["state"], ownerless=given["ownerless"],
        )  # fmt: skip


class ComponentForm(forms.Form):
    """One component, in the columns of the register's file."""

    code = forms.CharField(
        label=_("Code"), max_length=17,
        help_text=_("17 digits: 6 of the district, 5 of the kind, 6 of its own number"),
    )  # fmt: skip
    name = forms.CharField(
        label=_("Name (Chinese)"), required=False, max_length=60, help_text=_("Empty: that of the kind")
    )
    name_en = forms.CharField(label=_("Name (English)"), required=False, max_length=120)
    state = forms.ChoiceField(label=_("State"), choices=ComponentState.choices)
    lon = forms.CharField(label=_("Longitude"), max_length=24)
    lat = forms.CharField(label=_("Latitude"), max_length=24)
    crs = forms.ChoiceField(label=_("Coordinate system"), choices=SYSTEMS)
    accuracy = forms.ChoiceField(label=_("Accuracy class"), choices=Accuracy.choices, initial=Accuracy.C)
    address = forms.CharField(label=_("Address or landmark"), required=False, max_length=300)
    department_code = forms.CharField(label=_("Code of the department in charge"), required=False, max_length=64)
    owner_code = forms.CharField(label=_("Code of the owner's unit"), required=False, max_length=64)
    maintainer_code = forms.CharField(label=_("Code of the maintainer's unit"), required=False, max_length=64)
    source = forms.ChoiceField(label=_("Source of the data"), choices=ComponentSource.choices, initial="other")
    first_on = forms.DateField(label=_("First recorded on"), required=False, widget=DAY)
    changed_on = forms.DateField(label=_("Changed on"), required=False, widget=DAY)
    note = forms.CharField(
        label=pgettext_lazy("of a component", "Note"), required=False, max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}), help_text=_("About the component, not about persons."),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """Units that there are."""
        given = super().clean() or {}
        for name in ("department_code", "owner_code", "maintainer_code"):
            code = str(given.get(name, "")).strip()
            unchanged = code == self.initial.get(name, "")
            if code and not unchanged and not units().filter(code=code).exists():
                self.add_error(name, _("There is no unit with this code."))
        return given

    def cells(self) -> dict[str, str]:
        """The line of the file that says the same."""
        given = self.cleaned_data
        days = {name: given[name].isoformat() if given[name] else "" for name in ("first_on", "changed_on")}
        return {name: str(value).strip() for name, value in (given | days).items() if name != "crs"}


class ComponentsFileForm(forms.Form):
    """A file of components to be taken over."""

    file = forms.FileField(label=_("CSV or GeoJSON file"))
    crs = forms.ChoiceField(label=_("Coordinate system of the points"), choices=SYSTEMS)

    def clean_file(self) -> Any:
        """A file that is not too large for a page."""
        upload = self.cleaned_data["file"]
        if upload.size > LARGEST:
            raise forms.ValidationError(_("The file is too large for this page; take it over on the command line."))
        return upload
