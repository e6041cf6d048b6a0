"""Forms of the field face. Lengths of texts are checked by the actions, which say what was kept."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from civicloop.site.complaints import ComplaintForm
from civicloop.site.portal import kind_choices


def _text(label: Any, help_text: Any = "", rows: int = 3, required: bool = True) -> forms.CharField:
    return forms.CharField(
        label=label, help_text=help_text, required=required, widget=forms.Textarea(attrs={"rows": rows})
    )


class WhatForm(forms.Form):
    """What is seen."""

    text = _text(gettext_lazy("What do you see?"))
    kind = forms.ChoiceField(label=gettext_lazy("Kind (may stay empty)"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = kind_choices()  # type: ignore[attr-defined]


class ReportForm(WhatForm, ComplaintForm):
    """What is seen, and whether it is a complaint."""


class HandledForm(WhatForm):
    """What was there and what was done about it, with a photo before and after."""

    text = _text(gettext_lazy("What was wrong?"), rows=2)
    result = _text(gettext_lazy("What did you do?"), rows=2)
    before = forms.FileField(required=True, label=gettext_lazy("Photo before"))
    after = forms.FileField(required=True, label=gettext_lazy("Photo after"))
    field_order = ("text", "result", "kind")


class VisitForm(forms.Form):
    """A household's problem and what comes of it."""

    text = _text(gettext_lazy("What does the household need?"))
    outcome = forms.ChoiceField(
        label=gettext_lazy("What now?"),
        choices=[
            ("fixed", gettext_lazy("Fixed on the spot")),
            ("task", gettext_lazy("Make it a task with a date")),
            ("later", gettext_lazy("Only record it, decide today")),
        ],
        widget=forms.RadioSelect,
        initial="fixed",
    )
    result = _text(
        gettext_lazy("What did you do?"), gettext_lazy("Only if it is fixed on the spot."), rows=2, required=False
    )
    due_on = forms.DateField(
        label=gettext_lazy("Done by"),
        help_text=gettext_lazy("Only if it becomes a task."),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    name = forms.CharField(
        label=pgettext_lazy("household", "How is the household called? (optional)"), max_length=40, required=False
    )
    phone = forms.CharField(
        label=pgettext_lazy("household", "Phone of the household (optional)"),
        help_text=gettext_lazy("Name and phone are kept sealed and used only for this matter."),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel"}),
    )

    def clean(self) -> dict[str, Any]:
        """What an outcome needs."""
        given = super().clean() or self.cleaned_data
        if given.get("outcome") == "fixed" and not given.get("result"):
            self.add_error("result", ValidationError(_("Say in a few words what you did.")))
        if given.get("outcome") == "task" and not given.get("due_on") and "due_on" not in self.errors:
            self.add_error("due_on", ValidationError(_("Choose a date by which it is done.")))
        return given


class ServiceForm(forms.Form):
    """What a resident wants done, and who that is; and which of the delegated affairs, where those are named."""

    kind = forms.ChoiceField(label=gettext_lazy("Which affair"))
    text = _text(gettext_lazy("What is to be done for the resident?"))
    name = forms.CharField(label=gettext_lazy("Name of the resident"), max_length=40)
    phone = forms.CharField(
        label=gettext_lazy("Phone of the resident"),
        help_text=gettext_lazy("Name and phone are kept sealed and used only for this matter."),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel"}),
    )

    def __init__(self, data: Any, delegated: list[tuple[str, str]]) -> None:
        super().__init__(data)
        if delegated:
            self.fields["kind"].choices = [("", "—"), *delegated]  # type: ignore[attr-defined]
        else:
            del self.fields["kind"]


class FeedbackForm(forms.Form):
    """A word about the work with this product."""

    text = forms.CharField(
        label=gettext_lazy("What hinders you, what would help?"),
        help_text=gettext_lazy("It is kept for good: leave out names, phone numbers and addresses of residents."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
