"""Forms of the order pages."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from civicloop.calendars.rules.limits import Limit
from civicloop.calendars.words import limit_words
from civicloop.foundation.names import shown
from civicloop.matters.models import Matter
from civicloop.people import selectors as directory
from civicloop.people.access import Actor
from civicloop.people.choices import Role
from civicloop.people.models import Unit
from civicloop.supervision import actions, demands, timing, words
from civicloop.supervision.actions import NewOrder
from civicloop.supervision.choices import BY_HAND, LEVELS, Level, Proof, Source, State
from civicloop.supervision.demands import Wanted
from civicloop.supervision.selectors import Filters

ALL = ("", pgettext_lazy("filter", "All"))
TEXT_ROWS = {"rows": 3}


def unit_called(text: str) -> Unit:
    """The unit with this code, or the only one whose name holds these words. Raises ValidationError."""
    rows = directory.units()
    exact = rows.filter(code=text).first()
    found = [exact] if exact is not None else list(rows.filter(names__icontains=text)[:6])
    if len(found) == 1 and found[0] is not None:
        return found[0]
    if found:
        names = "、".join(shown(unit.names, words.language()) for unit in found[:5] if unit is not None)
        raise ValidationError(_("Several units fit: %(names)s. Write more of the name.") % {"names": names})
    raise ValidationError(_("There is no unit with this name or code."))


def name_of(unit: Unit) -> str:
    """The name of a unit where it means only this one, else its code: what a field is prefilled with."""
    name = shown(unit.names, words.language())
    try:
        return name if unit_called(name) == unit else unit.code
    except ValidationError:
        return unit.code


class FilterForm(forms.Form):
    """What the register may be narrowed by."""

    unit = forms.CharField(label=gettext_lazy("Unit (name or code)"), required=False, max_length=64)
    level = forms.ChoiceField(
        label=pgettext_lazy("order", "Level"), required=False, choices=[ALL, *Level.choices]
    )  # fmt: skip
    source = forms.ChoiceField(
        label=pgettext_lazy("order", "Source"), required=False, choices=[ALL, *Source.choices]
    )  # fmt: skip
    state = forms.ChoiceField(
        label=pgettext_lazy("filter", "State"), required=False,
        choices=[ALL, ("unended", gettext_lazy("All that have not ended")), *State.choices],
    )  # fmt: skip
    due = forms.ChoiceField(
        label=pgettext_lazy("filter", "Deadline"), required=False,
        choices=[
            ALL, ("overdue", pgettext_lazy("deadline", "Overdue")), ("soon", gettext_lazy("Due within a day")),
        ],
    )  # fmt: skip
    mine = forms.BooleanField(label=gettext_lazy("To my unit only"), required=False)

    def clean_unit(self) -> Unit | None:
        """The unit that is meant."""
        text = self.cleaned_data["unit"].strip()
        return unit_called(text) if text else None

    def filters(self) -> Filters:
        """The filters of a valid form."""
        values = self.cleaned_data
        unit = values["unit"]
        return Filters(
            unit_id=unit.id if unit else None, level=values["level"], source=values["source"], state=values["state"],
            due=values["due"], mine=values["mine"],
        )  # fmt: skip


class NewOrderForm(forms.Form):
    """A new order; the fields of proof stand beside the kinds, each with why."""

    level = forms.ChoiceField(label=pgettext_lazy("order", "Level"), widget=forms.RadioSelect)
    source = forms.ChoiceField(
        label=pgettext_lazy("order", "Source"), choices=[(each.value, each.label) for each in BY_HAND],
        widget=forms.RadioSelect, initial=Source.INSPECTION,
    )  # fmt: skip
    paper = forms.CharField(
        label=gettext_lazy("Paper or meeting"), required=False, max_length=actions.LONGEST_PAPER,
        help_text=gettext_lazy("By which the leader gave the instruction, or the number of the proposal"),
    )  # fmt: skip
    unit = forms.CharField(
        label=gettext_lazy("Unit addressed (name or code)"), max_length=64,
        help_text=gettext_lazy("An order is addressed to a unit, never to a person"),
    )  # fmt: skip
    title = forms.CharField(label=gettext_lazy("Title"), max_length=actions.LONGEST_TITLE)
    text = forms.CharField(
        label=gettext_lazy("What is required"), max_length=actions.LONGEST_TEXT, widget=forms.Textarea(attrs=TEXT_ROWS)
    )
    limit = forms.CharField(label=gettext_lazy("Time to answer"), required=False, max_length=40)
    matters = forms.CharField(
        label=gettext_lazy("Numbers of the matters"), required=False, max_length=1500,
        widget=forms.Textarea(attrs={"rows": 2}), help_text=gettext_lazy("One a line; may be empty"),
    )  # fmt: skip

    def __init__(self, *args: Any, actor: Actor, matters: Sequence[Matter] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.found = list(matters)
        usual = {level: limit_words(Limit.parse(timing.usual_limit(level))) for level in LEVELS}
        offered = [level for level in Level if level != Level.SUMMONS or Role.LEADER in actor.roles]
        fields: dict[str, Any] = self.fields
        fields["level"].choices = [(level.value, level.label) for level in offered]
        fields["level"].initial = Level.ORDINARY
        listed = "；".join(f"{Level(level).label} {limit}" for level, limit in usual.items())
        fields["limit"].help_text = _("Empty: the usual one (%(limits)s)") % {"limits": listed}
        for kind in Proof:
            why = next((own for row in self.found if (own := demands.own_why(row, kind))), None)
            self.fields[f"proof_{kind.value}"] = forms.BooleanField(label=kind.label, required=False)
            self.fields[f"why_{kind.value}"] = forms.CharField(
                label=_("Which closing condition needs it: %(proof)s") % {"proof": kind.label}, required=False,
                max_length=demands.LONGEST_WHY, initial=shown(why, words.language()) if why else "",
            )  # fmt: skip

    @property
    def proofs(self) -> list[tuple[Any, Any]]:
        """The kinds of proof, each with the field of its reason."""
        return [(self[f"proof_{kind.value}"], self[f"why_{kind.value}"]) for kind in Proof]

    @property
    def plain(self) -> list[Any]:
        """The other fields, in their order."""
        return [bound for bound in self if not bound.name.startswith(("proof_", "why_"))]

    def clean_unit(self) -> Unit:
        """The unit that is meant."""
        return unit_called(self.cleaned_data["unit"].strip())

    def clean_matters(self) -> list[str]:
        """The numbers, one by one."""
        return list(dict.fromkeys(self.cleaned_data["matters"].upper().split()))[: actions.MOST_MATTERS + 1]

    def order(self, act_id: Any, matters: Sequence[Any]) -> NewOrder:
        """What a valid form asks for."""
        values = self.cleaned_data
        wanted = tuple(
            Wanted(kind.value, values[f"why_{kind.value}"]) for kind in Proof if values[f"proof_{kind.value}"]
        )
        return NewOrder(
            id=act_id, level=values["level"], source=values["source"], unit=values["unit"].id, title=values["title"],
            text=values["text"], paper=values["paper"], limit=values["limit"], matters=tuple(matters), demands=wanted,
        )  # fmt: skip


class RaiseForm(forms.Form):
    """Raise an order."""

    level = forms.ChoiceField(label=pgettext_lazy("order", "Level"), widget=forms.RadioSelect)
    reason = forms.CharField(
        label=pgettext_lazy("order", "Reason"),
        max_length=actions.LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, offered: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["level"].choices = [(level, Level(level).label) for level in offered]
        fields["level"].initial = offered[0]


class ReasonForm(forms.Form):
    """A reason in words."""

    reason = forms.CharField(
        label=pgettext_lazy("order", "Reason"),
        max_length=actions.LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
