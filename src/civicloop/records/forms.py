"""Forms of the pages of this room."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from civicloop.foundation import clock
from civicloop.records import settings

MOST_DAYS = 92  # of a search that no index but the one by time leads
Offer = Callable[[str], list[tuple[Any, Any]]]
_offers: dict[str, Offer] = {}


def offer(name: str) -> Callable[[Offer], Offer]:
    """Register what a field of the audit log's form offers, in words; it is given what is asked for already."""

    def keep(function: Offer) -> Offer:
        _offers[name] = function
        return function

    return keep


def _day(label: Any) -> forms.DateField:
    return forms.DateField(
        label=label, required=False, widget=forms.DateInput(attrs={"type": "date"}),
        validators=[MinValueValidator(date(2000, 1, 1)), MaxValueValidator(date(2999, 12, 31))],
    )  # fmt: skip


class LogFilterForm(forms.Form):
    """What both logs are narrowed by. A search by text reads a bounded period, so that it never walks the whole log."""

    since = _day(pgettext_lazy("log", "From day"))
    until = _day(pgettext_lazy("log", "To day"))
    actor = forms.CharField(label=_("Account number or sign-in name"), required=False, max_length=64)
    post = forms.IntegerField(label=_("Number of the post"), required=False, min_value=1, max_value=10**18)
    q = forms.CharField(label=_("Text in the codes"), required=False, max_length=64)

    def wide(self, cleaned: dict[str, Any]) -> bool:
        """Whether no index leads to what is asked for, only the period."""
        return bool(cleaned.get("q"))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until < since:
            self.add_error("until", gettext("The last day lies before the first one."))
        elif self.wide(cleaned) and not self.errors:
            if since is None:
                until = until or timezone.localdate(clock.now())
                since = max(until - timedelta(days=MOST_DAYS - 1), date(2000, 1, 1))
            until = until or min(since + timedelta(days=MOST_DAYS - 1), date(2999, 12, 31))
            if (until - since).days >= MOST_DAYS:
                words = gettext("A search by text covers at most %(days)s days. Name the first and the last day.")
                self.add_error("since", words % {"days": MOST_DAYS})
            cleaned |= {"since": since, "until": until}
        return cleaned


class AuditFilterForm(LogFilterForm):
    """What the audit log is narrowed by. An action that ends with a dot stands for all that begin so."""

    action = forms.CharField(label=pgettext_lazy("log", "Action"), required=False, max_length=64)
    object = forms.CharField(label=pgettext_lazy("log", "On what"), required=False, max_length=120)
    outcome = forms.CharField(label=pgettext_lazy("log", "Outcome"), required=False, max_length=16)
    field_order = ("since", "until", "action", "actor", "post", "object", "outcome", "q")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, offered in _offers.items():
            asked = str(self.data.get(name, ""))[:64] if self.is_bound else ""
            self.fields[name].widget = forms.Select(choices=offered(asked))

    def wide(self, cleaned: dict[str, Any]) -> bool:
        """As above; also all actions that begin in one way."""
        return super().wide(cleaned) or cleaned.get("action", "").endswith(".")


class ReadFilterForm(LogFilterForm):
    """What the read log is narrowed by."""

    matter = forms.UUIDField(label=_("Key of the matter"), required=False)
    field = forms.CharField(label=pgettext_lazy("log", "What"), required=False, max_length=64)
    field_order = ("since", "until", "actor", "post", "field", "matter", "q")


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
