"""Forms of the catalogue's pages."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from civicloop.calendars.rules import Limit, LimitRefused
from civicloop.calendars.words import limit_fault_words
from civicloop.catalogue import selectors, words
from civicloop.catalogue.choices import Family


class KindFilterForm(forms.Form):
    """What the list of kinds is narrowed by."""

    q = forms.CharField(label=_("Name or code"), required=False, max_length=60)
    family = forms.ChoiceField(label=_("Family"), required=False, choices=[("", _("All")), *Family.choices])
    class_code = forms.ChoiceField(label=_("Main class"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known: dict[str, str] = {}
        for row in selectors.classes():
            known.setdefault(row.code, f"{row.code} {words.name(row.names)}")
        field = self.fields["class_code"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("All")), *sorted(known.items())]


class ConditionForm(forms.Form):
    """One filing condition of a kind; the number of one in force replaces it."""

    no = forms.IntegerField(label=_("Number of the condition"), min_value=1, max_value=999)
    condition = forms.CharField(label=_("Filing condition (Chinese)"), max_length=400)
    condition_en = forms.CharField(label=_("Filing condition (English)"), required=False, max_length=400)
    closing = forms.CharField(label=_("Closing condition (Chinese)"), required=False, max_length=400)
    closing_en = forms.CharField(label=_("Closing condition (English)"), required=False, max_length=400)
    limit = forms.CharField(label=_("Limit"), max_length=40, help_text=_("such as 4 工作时, 2 紧急工作时, 5 工作日"))

    def clean_limit(self) -> Limit:
        """The limit as a value."""
        try:
            return Limit.parse(self.cleaned_data["limit"])
        except LimitRefused as refused:
            raise forms.ValidationError(limit_fault_words(refused)) from refused
