"""What a table of figures may be asked for."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from civicloop.figures import periods
from civicloop.figures.periods import DAY, MONTH, SEASON, WEEK, YEAR, Period

BY = (
    ("area", pgettext_lazy("figures", "Areas")),
    ("unit", pgettext_lazy("figures", "Units")),
    ("class", pgettext_lazy("figures", "Main classes")),
    ("kind", pgettext_lazy("figures", "Kinds")),
    ("channel", pgettext_lazy("figures", "Channels")),
)
OFFERED = ((DAY, 8), (WEEK, 6), (MONTH, 14), (SEASON, 5), (YEAR, 3))


class CutForm(forms.Form):
    """By what, in which period, which group of indicators; the area is chosen by clicking."""

    by = forms.ChoiceField(label=pgettext_lazy("figures", "By"), choices=BY, required=False)
    period = forms.ChoiceField(label=gettext_lazy("Period"), required=False)
    group = forms.ChoiceField(label=pgettext_lazy("figures", "Indicators"), required=False)
    area = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput)

    def __init__(self, *args: Any, today: date, groups: list[tuple[str, str]], shown: str = "", **more: Any) -> None:
        super().__init__(*args, **more)
        choices = offered(today)
        if shown and shown not in {code for _words, group in choices for code, _name in group}:
            choices.append((_("Chosen"), [(shown, shown)]))
        self.fields["period"].choices = choices  # type: ignore[attr-defined]
        self.fields["group"].choices = groups  # type: ignore[attr-defined]


OBJECTS = (("area", pgettext_lazy("figures", "Areas")), ("unit", pgettext_lazy("figures", "Units")))


class ScoreForm(forms.Form):
    """Whose scores, of which month; the area is chosen by clicking."""

    by = forms.ChoiceField(label=pgettext_lazy("figures", "By"), choices=OBJECTS, required=False)
    period = forms.ChoiceField(label=gettext_lazy("Month"), required=False)
    area = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput)

    def __init__(self, *args: Any, today: date, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["period"].choices = dict(offered(today))[_("Month")]  # type: ignore[attr-defined]


class WeightsForm(forms.Form):
    """Weights for areas or units: a number for each rate that says what is better, 100 together."""

    object = forms.ChoiceField(label=pgettext_lazy("weights", "For"), choices=OBJECTS)
    reason = forms.CharField(label=pgettext_lazy("weights", "Why"), max_length=300)

    def __init__(self, *args: Any, rates: list[tuple[str, str]], **more: Any) -> None:
        super().__init__(*args, **more)
        self.rates = [code for code, _name in rates]
        for code, name in rates:
            self.fields[f"w_{code}"] = forms.IntegerField(label=name, min_value=0, max_value=100, required=False)

    def weights(self) -> dict[str, int]:
        """The weights that were given, by code."""
        return {code: given for code in self.rates if (given := self.cleaned_data.get(f"w_{code}"))}


class WorkForm(forms.Form):
    """Which month, and which posts below."""

    period = forms.ChoiceField(label=gettext_lazy("Month"), required=False)
    role = forms.ChoiceField(label=pgettext_lazy("workload", "Posts below"), required=False)

    def __init__(self, *args: Any, today: date, roles: list[tuple[str, str]], **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["period"].choices = dict(offered(today))[_("Month")]  # type: ignore[attr-defined]
        self.fields["role"].choices = roles  # type: ignore[attr-defined]
        if not roles:
            del self.fields["role"]


def offered(today: date) -> list[tuple[str, list[tuple[str, str]]]]:
    """The periods to choose from, the newest of each kind first."""
    words = {DAY: _("Day"), WEEK: _("Week"), MONTH: _("Month"), SEASON: _("Season"), YEAR: _("Year")}
    found = []
    for kind, number in reversed(OFFERED):
        period, codes = periods.of_kind(kind, today), []
        for _each in range(number):
            codes.append((period.code, words_of(period)))
            period = period.before()
        found.append((words[kind], codes))
    return found


def words_of(period: Period) -> str:
    """A period in words."""
    year, since = period.since.year, period.since
    if period.kind == WEEK:
        iso = since.isocalendar()
        return _("Week %(week)s of %(year)s") % {"week": iso.week, "year": iso.year}
    if period.kind == SEASON:
        return _("Season %(season)s of %(year)s") % {"season": (since.month + 2) // 3, "year": year}
    if period.kind == YEAR:
        return str(year)
    if period.kind == MONTH:
        return f"{year}-{since.month:02d}"
    return since.isoformat()
