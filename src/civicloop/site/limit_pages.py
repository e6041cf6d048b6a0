"""The numbers of clocks that the city and its districts set themselves, beside those of the procedures."""

from itertools import groupby
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from civicloop.calendars.rules.limits import SPELLINGS, Limit
from civicloop.calendars.words import limit_words
from civicloop.foundation.names import shown
from civicloop.matters import limits
from civicloop.matters.errors import Refused
from civicloop.matters.limits import Line
from civicloop.people import access
from civicloop.people.access import Actor
from civicloop.people.web import duty
from civicloop.places import selectors as places
from civicloop.site.acting import language


def written(limit: Limit | str) -> str:
    """A limit as it may be typed, its unit in the reader's language; "" for none."""
    if not limit:
        return ""
    found = limit if isinstance(limit, Limit) else Limit.parse(limit)
    chinese = next(word for word, unit in SPELLINGS.items() if unit is found.unit and not word.isascii())
    return f"{found.amount} {chinese}" if language().startswith("zh") else str(found)


class AreaForm(forms.Form):
    """For which area: the city, or one of its districts."""

    area = forms.ChoiceField(label=gettext_lazy("For"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = [(each.code, shown(each.names, language())) for each in places.areas(limits.DISTRICT)]
        self.fields["area"] = forms.ChoiceField(
            label=_("For"), required=False, choices=[("", _("The whole city")), *named]
        )


class NumberForm(forms.Form):
    """The own numbers of one procedure's clocks; an empty one is that of the wider area."""

    def __init__(self, lines: list[Line], area: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lines = {each.code: each for each in lines}
        for line in lines:
            usual, words = limit_words(line.usual), [f"{_('Procedure')}: {limit_words(line.usual)}"]
            if area and line.city:
                usual = limit_words(Limit.parse(line.city))
                words.append(f"{_('City')}: {usual}")
            self.fields[line.code] = forms.CharField(
                label=shown(line.procedure.clocks[line.name].names, language()), required=False, max_length=40,
                initial=written(line.district if area else line.city), help_text=" · ".join(words),
                widget=forms.TextInput(attrs={"placeholder": written(line.city if area and line.city else line.usual)}),
            )  # fmt: skip


@duty("settings.view")
@require_safe
def page(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Every number that may be an own one, for the city or a district."""
    return _page(request, actor, _area(request.GET.get("area", "")), None)


def _area(code: str) -> str:
    """The code of a district; "" for the city, and for what is no district."""
    return code if any(each.code == code for each in places.areas(limits.DISTRICT)) else ""


def _page(request: HttpRequest, actor: Actor, area: str, wrong: NumberForm | None, of: str = "") -> HttpResponse:
    sections = []
    for code, group in groupby(limits.lines(area), lambda each: each.procedure.code):
        lines = list(group)
        form = wrong if wrong is not None and code == of else NumberForm(lines, area, auto_id=f"{code}-%s")
        sections.append({"code": code, "names": lines[0].procedure.names, "form": form})
    context = {
        "sections": sections, "area": area, "choose": AreaForm(initial={"area": area}),
        "may_change": access.may(actor, "settings.change").allowed,
    }  # fmt: skip
    return render(request, "site/limits.html", context, status=422 if wrong is not None else 200)


@require_POST
@duty("settings.change")
def change(request: HttpRequest, actor: Actor, procedure: str) -> HttpResponse:
    """Set what was changed among the numbers of one procedure, all or none; what was typed stays on a refusal."""
    area = _area(request.POST.get("area", ""))
    lines = [each for each in limits.lines(area) if each.procedure.code == procedure]
    form = NumberForm(lines, area, request.POST, auto_id=f"{procedure}-%s")
    if form.is_valid():
        _set(actor, form, area)
    if form.errors:
        return _page(request, actor, area, form, procedure)
    messages.success(request, _("Saved. The numbers count for clocks that begin from now on."))
    return redirect(reverse("limits") + (f"?area={area}" if area else ""))


def _set(actor: Actor, form: NumberForm, area: str) -> None:
    with transaction.atomic():
        for code in form.changed_data:
            try:
                limits.set_own(actor, code=code, area_code=area, text=form.cleaned_data[code])
            except Refused as refused:
                form.add_error(code, refused.words)
        if form.errors:
            transaction.set_rollback(True)
