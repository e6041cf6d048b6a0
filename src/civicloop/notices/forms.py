"""Forms of the inbox and its administration."""

from django import forms
from django.core.validators import ProhibitNullCharactersValidator
from django.utils.translation import gettext_lazy, pgettext_lazy

from civicloop.notices.broadcasts import LONGEST
from civicloop.notices.choices import Channel, DeliveryState


class LogForm(forms.Form):
    """What the log of sendings is narrowed by."""

    state = forms.ChoiceField(
        label=pgettext_lazy("a sending", "State"), required=False,
        choices=[("", gettext_lazy("All")), *DeliveryState.choices],
    )  # fmt: skip
    channel = forms.ChoiceField(
        label=pgettext_lazy("a sending", "Way"), required=False, choices=[("", gettext_lazy("All")), *Channel.choices]
    )
    day = forms.DateField(
        label=pgettext_lazy("a sending", "Day"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )


class ContactForm(forms.Form):
    """An address of one's own."""

    to = forms.CharField(max_length=254, validators=[ProhibitNullCharactersValidator()])


class BroadcastForm(forms.Form):
    """One answer for all who reported the same."""

    id = forms.UUIDField(widget=forms.HiddenInput)
    text = forms.CharField(
        label=gettext_lazy("What you tell them"), max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("What is known, what happens next, by when. Name nobody; it goes out as it stands."),
        validators=[ProhibitNullCharactersValidator()],
    )  # fmt: skip
