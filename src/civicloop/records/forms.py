"""Forms of the pages of this room."""

from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from civicloop.records import settings


class LogFilterForm(forms.Form):
    """What both logs are narrowed by."""

    actor = forms.CharField(label=_("Account number or name of the post"), required=False, max_length=64)
    day = forms.DateField(
        label=pgettext_lazy("log", "Day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        validators=[MinValueValidator(date(2000, 1, 1)), MaxValueValidator(date(2999, 12, 31))],
    )


class AuditFilterForm(LogFilterForm):
    """What the audit log is narrowed by."""

    action = forms.CharField(label=pgettext_lazy("log", "Action"), required=False, max_length=64)
    field_order = ("action", "actor", "day")


class ReadFilterForm(LogFilterForm):
    """What the read log is narrowed by."""

    matter = forms.UUIDField(label=_("Key of the matter"), required=False)
    field_order = ("matter", "actor", "day")


class SettingForm(forms.Form):
    """One setting, in a field of its type. An empty field of a number or a choice means the default."""

    def __init__(self, known: settings.Definition, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = known
        shared: dict[str, Any] = {"label": known.label, "help_text": known.help, "required": False}
        field: forms.Field
        if known.kind == "bool":
            field = forms.BooleanField(**shared)
        elif known.kind == "choice":
            field = forms.ChoiceField(choices=known.choices, **shared)
        elif known.kind == "int":
            field = forms.IntegerField(**shared)
        elif known.kind == "float":
            field = forms.FloatField(**shared)
        else:
            field = forms.CharField(max_length=settings.MOST_CHARACTERS, **shared)
        self.fields["value"] = field

    def clean_value(self) -> settings.Value | None:
        value = self.cleaned_data["value"]
        if value is None or (value == "" and self.known.default != ""):
            return None
        try:
            return self.known.checked(value)
        except settings.SettingRefused as reason:
            raise forms.ValidationError(str(reason), code=reason.code) from reason
