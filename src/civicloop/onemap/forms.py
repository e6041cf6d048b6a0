"""The filters of the map as a form."""

from typing import Any

from django import forms
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy

from civicloop.catalogue import selectors as catalogue
from civicloop.catalogue.selectors import KindView
from civicloop.foundation.names import shown
from civicloop.matters.choices import Stage
from civicloop.onemap import colouring
from civicloop.onemap.choices import Due, State
from civicloop.onemap.filters import code_of
from civicloop.people.access import Actor
from civicloop.ui.widgets import SearchSelect

ALL = ("", pgettext_lazy("filter", "All"))
THIS_MONTH = ("", gettext_lazy("This month"))


class MonthInput(forms.TextInput):
    """A month; browsers without such a field take the text 2026-03."""

    input_type = "month"


class DayInput(forms.DateInput):
    """A day; the browser's own calendar."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class MapForm(forms.Form):
    """What the map may be narrowed by; the area is chosen by going there."""

    more = ("since", "until", "indicator", "period", "day")  # less used: folded away by the filter bar

    area = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput)
    state = forms.ChoiceField(label=pgettext_lazy("filter", "State"), required=False, choices=State.choices)
    stage = forms.ChoiceField(label=pgettext_lazy("filter", "Stage"), required=False, choices=[ALL, *Stage.choices])
    due = forms.ChoiceField(label=pgettext_lazy("filter", "Deadline"), required=False, choices=[ALL, *Due.choices])
    since = forms.CharField(
        label=gettext_lazy("Received from month"), required=False, max_length=7, widget=MonthInput,
        help_text=gettext_lazy("Such as 2026-03"),
    )  # fmt: skip
    until = forms.CharField(
        label=gettext_lazy("Received until month"), required=False, max_length=7, widget=MonthInput
    )  # fmt: skip

    def __init__(self, *args: Any, actor: Actor, kind: KindView | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        label = gettext_lazy("Main class")
        choices = [ALL, *classes(actor)]
        self.fields["class"] = forms.ChoiceField(label=label, required=False, choices=choices)
        self.fields["kind"] = forms.ChoiceField(
            label=pgettext_lazy("filter", "Kind"), required=False, choices=[ALL, *kinds(actor, kind)],
            widget=SearchSelect,
        )  # fmt: skip
        indicators, periods = colouring.offered(actor)
        if indicators:
            colours = [("", gettext_lazy("Matters that fit")), *indicators]
            self.fields["indicator"] = forms.ChoiceField(
                label=gettext_lazy("Colour areas by"), required=False, choices=colours
            )
            self.fields["period"] = forms.ChoiceField(
                label=gettext_lazy("Period of the figure"), required=False, choices=[THIS_MONTH, *periods]
            )
            self.fields["day"] = forms.DateField(
                label=gettext_lazy("As at the end of"), required=False, widget=DayInput
            )
        self.order_fields(
            ["area", "state", "stage", "due", "class", "kind", "since", "until", "indicator", "period", "day"]
        )


def classes(actor: Actor) -> list[tuple[str, str]]:
    """The main classes of matters, by code; those of the post where it has only some."""
    found: dict[str, str] = {}
    for row in catalogue.classes("matter"):
        if not actor.classes or row.code in actor.classes:
            found.setdefault(row.code, shown(row.names, get_language() or "zh-hans"))
    return sorted(found.items())


def kinds(actor: Actor, chosen: KindView | None) -> list[tuple[str, list[tuple[str, str]]]]:
    """The kinds of matters in force by their main class, those of the post; `chosen` too when it has ended."""
    language, found = get_language() or "zh-hans", dict[str, list[tuple[str, str]]]()
    offered = catalogue.kinds(family="matter")
    if actor.classes:
        offered = [each for each in offered if each.class_code in actor.classes]
    if chosen and chosen not in offered:
        offered.append(chosen)
    for each in offered:
        group = found.setdefault(f"{each.class_code} {shown(each.class_names, language)}", [])
        group.append((code_of(each), f"{each.code} {shown(each.names, language)}"))
    return sorted(found.items())
