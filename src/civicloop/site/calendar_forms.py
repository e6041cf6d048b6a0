"""Forms of the calendar pages."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from civicloop.calendars.rules.body import shift
from civicloop.calendars.rules.calendar import DayKind, Shifts

LONGEST = timedelta(days=366)
USUAL = "usual"
KINDS: tuple[tuple[str, Any], ...] = (
    ("holiday", _("Holiday, nobody works")),
    ("make_up", _("Make-up working day")),
    ("closure", _("Closed for once")),
    ("special", _("Other hours than usual")),
    (USUAL, _("As the week says (take back)")),
)
DATE = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})  # the only form that browsers take


class DaysForm(forms.Form):
    """Days that differ from the weekly pattern."""

    kind = forms.ChoiceField(label=_("What these days are"), choices=KINDS)
    first = forms.DateField(label=_("From (day)"), widget=DATE)
    last = forms.DateField(label=_("Up to and with (day)"), widget=DATE, required=False, help_text=_("empty: one day"))
    name = forms.CharField(label=_("Name in Chinese"), required=False, max_length=40)
    name_en = forms.CharField(label=_("Name in English"), required=False, max_length=60)
    hours = forms.CharField(
        label=_("Working hours"), required=False, max_length=80,
        help_text=_("such as 08:00-12:00, 14:00-18:00; empty for a make-up day: those of a working day"),
    )  # fmt: skip

    def clean_hours(self) -> Shifts:
        """The shifts, in order."""
        parts = [part for part in self.cleaned_data["hours"].replace("，", ",").split(",") if part.strip()]
        try:
            found = tuple(sorted((shift(part) for part in parts), key=lambda each: each.start))
        except ValueError:
            raise forms.ValidationError(_("Write hours as 08:00-12:00, several with commas."), "hours") from None
        return found

    def clean(self) -> dict[str, Any]:
        """Dates in order, and hours where they are needed."""
        given = super().clean() or self.cleaned_data
        first, last = given.get("first"), given.get("last")
        if first:
            given["last"] = last = last or first
            if not timedelta(0) <= last - first <= LONGEST:
                self.add_error("last", _("The last day lies before the first one, or more than a year after it."))
        if given.get("kind") == "special" and not given.get("hours") and "hours" not in self.errors:
            self.add_error("hours", _("Say the hours of these days."))
        return given

    def kind_of_day(self) -> DayKind | None:
        """The kind as the calendar has it; None for days that follow the week again."""
        wanted: DayKind | None = None if self.cleaned_data["kind"] == USUAL else self.cleaned_data["kind"]
        return wanted


class PublishedForm(forms.Form):
    """Up to when the days are officially known."""

    until = forms.DateField(
        label=_("Published up to and with"), widget=DATE,
        help_text=_("Deadlines that reach beyond this day are marked provisional and are counted again later."),
    )  # fmt: skip

    def clean_until(self) -> date:
        """A day within reason."""
        until: date = self.cleaned_data["until"]
        if not date(2000, 1, 1) <= until <= date(2100, 12, 31):
            raise forms.ValidationError(_("A day between 2000 and 2100."), "until")
        return until


class FileForm(forms.Form):
    """Days from an iCalendar file."""

    kind = forms.ChoiceField(label=_("What these days are"), choices=KINDS[:3])
    file = forms.FileField(label=_("iCalendar file (.ics)"), help_text=_("events of whole days, up to 1 MB"))


class PublishForm(forms.Form):
    """From when the new version counts."""

    valid_from = forms.DateField(
        label=_("In force from"), widget=DATE, required=False,
        help_text=_("empty: at once. Clocks that run keep the version with which they began."),
    )  # fmt: skip
