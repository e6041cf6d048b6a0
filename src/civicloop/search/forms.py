"""What a search may be narrowed by."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy, pgettext_lazy

from civicloop.people.access import Actor
from civicloop.people.area_choices import ALL, area_choices
from civicloop.search.selectors import LONGEST


class SearchForm(forms.Form):
    """Words, and where, when and in which state."""

    q = forms.CharField(
        label=gettext_lazy("Words or number"), required=False, max_length=LONGEST,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off", "enterkeyhint": "search"}),
    )  # fmt: skip
    area = forms.CharField(label=gettext_lazy("Area"), required=False, max_length=20)
    days = forms.TypedChoiceField(
        label=gettext_lazy("Received in"), required=False, coerce=int, empty_value=None,
        choices=[
            ("", pgettext_lazy("period", "All the time")), (7, gettext_lazy("The last 7 days")),
            (30, gettext_lazy("The last 30 days")), (365, gettext_lazy("The last 365 days")),
        ],
    )  # fmt: skip
    state = forms.ChoiceField(
        label=pgettext_lazy("filter", "State"), required=False,
        choices=[ALL, ("open", pgettext_lazy("matters", "Open")), ("ended", gettext_lazy("Ended"))],
    )  # fmt: skip

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["area"].widget = forms.Select(choices=area_choices(actor, self.data.get("area", "")))
