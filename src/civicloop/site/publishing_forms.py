"""The boxes of a photo as plain numbers: edges in percent of its width and height, as the rulers beside it say."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BaseFormSet, formset_factory
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from civicloop.evidence.boxes_find import MOST_BOXES
from civicloop.evidence.covering import Box
from civicloop.matters.choices import Unpublished

SIDES = ("left", "top", "right", "bottom")
BLANK = 3  # rows for further boxes
LEAST = 0.5  # percent


def _edge(label: Any) -> forms.FloatField:
    bounds = {"class": "form-control", "min": 0, "max": 100, "step": "0.1", "inputmode": "decimal"}
    numbers = forms.NumberInput(attrs=bounds)
    return forms.FloatField(label=label, min_value=0, max_value=100, required=False, widget=numbers)


class BoxForm(forms.Form):
    """One box; a row without any number is no box."""

    left = _edge(pgettext_lazy("edge of a box", "Left"))
    top = _edge(pgettext_lazy("edge of a box", "Top"))
    right = _edge(pgettext_lazy("edge of a box", "Right"))
    bottom = _edge(pgettext_lazy("edge of a box", "Bottom"))
    remove = forms.BooleanField(label=gettext_lazy("Remove this box"), required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        given = [cleaned.get(side) for side in SIDES]
        if cleaned.get("remove") or self.errors or all(each is None for each in given):
            return cleaned
        if any(each is None for each in given):
            raise ValidationError(_("A box needs all four numbers."))
        if cleaned["right"] - cleaned["left"] < LEAST or cleaned["bottom"] - cleaned["top"] < LEAST:
            raise ValidationError(_("Right must be more than left, and bottom more than top."))
        return cleaned

    def edges(self) -> dict[str, float] | None:
        """The four numbers of a box that is there and stays."""
        cleaned = self.cleaned_data
        if cleaned.get("remove") or any(cleaned.get(side) is None for side in SIDES):
            return None
        return {side: float(cleaned[side]) for side in SIDES}


BoxFormSet = formset_factory(BoxForm, extra=0, max_num=MOST_BOXES, absolute_max=MOST_BOXES + BLANK, validate_max=False)


def blank_rows(edges: Sequence[Mapping[str, float]]) -> "BaseFormSet[BoxForm]":
    """Rows for these boxes and some for further ones."""
    several = formset_factory(BoxForm, extra=BLANK, max_num=MOST_BOXES + BLANK, absolute_max=MOST_BOXES + BLANK)
    return several(initial=[dict(each) for each in edges], prefix="box")


def rows_of(data: Mapping[str, Any]) -> "BaseFormSet[BoxForm]":
    """The rows as they were sent."""
    return BoxFormSet(data, prefix="box")


def edges_of(rows: "BaseFormSet[BoxForm]") -> list[dict[str, float]]:
    """The boxes of valid rows, in percent."""
    return [found for row in rows if (found := row.edges()) is not None]


def in_pixels(edges: Mapping[str, float], size: tuple[int, int]) -> Box:
    """A box in whole pixels of a picture, rather a little too large."""
    width, height = size
    return Box(
        math.floor(edges["left"] * width / 100), math.floor(edges["top"] * height / 100),
        math.ceil(edges["right"] * width / 100), math.ceil(edges["bottom"] * height / 100),
    )  # fmt: skip


def in_percent(sides: Sequence[float], size: tuple[int, int]) -> dict[str, float]:
    """Pixels of a picture (left, top, right, bottom) in percent, rather a little too large, within the picture."""
    width, height = size
    left, top, right, bottom = sides
    return {
        "left": max(0.0, math.floor(left * 1000 / width) / 10), "top": max(0.0, math.floor(top * 1000 / height) / 10),
        "right": min(100.0, math.ceil(right * 1000 / width) / 10),
        "bottom": min(100.0, math.ceil(bottom * 1000 / height) / 10),
    }  # fmt: skip


class WithholdForm(forms.Form):
    """Why a photo is not for the public."""

    reason = forms.ChoiceField(label=pgettext_lazy("form", "Why not?"), widget=forms.RadioSelect)
    words = forms.CharField(
        label=gettext_lazy("In your own words (needed for another reason)"), max_length=500, required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].choices = Unpublished.choices  # type: ignore[attr-defined]
