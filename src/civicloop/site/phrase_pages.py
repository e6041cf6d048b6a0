"""话术库: reply templates and lawful grounds of the unit and of the city; shown, changed, taken as a file and back."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_POST

from civicloop.deskwork import actions, files, filling, selectors
from civicloop.deskwork.actions import NewPhrase
from civicloop.deskwork.choices import Use
from civicloop.matters.errors import Refused
from civicloop.people.access import Actor
from civicloop.people.web import duty
from civicloop.records import amounts

CITY = "city"


class PhraseForm(forms.Form):
    """One phrase."""

    code = forms.SlugField(label=gettext_lazy("Code"), max_length=40)
    use = forms.ChoiceField(label=gettext_lazy("What it is for"), choices=Use.choices)
    name_zh = forms.CharField(label=gettext_lazy("Name (Chinese)"), max_length=60)
    text_zh = forms.CharField(
        label=gettext_lazy("Text (Chinese)"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )
    name_en = forms.CharField(label=gettext_lazy("Name (English)"), max_length=60, required=False)
    text_en = forms.CharField(
        label=gettext_lazy("Text (English)"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    fits = forms.CharField(
        label=gettext_lazy("For which acts"), max_length=200, required=False,
        help_text=gettext_lazy("Codes of acts with a space between, such as decline return; empty: all"),
    )  # fmt: skip
    source = forms.CharField(
        label=pgettext_lazy("phrase", "Source"), max_length=200, required=False,
        help_text=gettext_lazy("Law and article; needed for a lawful ground"),
    )  # fmt: skip

    def phrase(self) -> NewPhrase:
        """The phrase that the form describes."""
        given = self.cleaned_data
        languages = (("zh-hans", "zh"), ("en", "en"))
        return NewPhrase(
            given["code"], given["use"], {whole: given[f"name_{s}"] for whole, s in languages if given[f"name_{s}"]},
            {whole: given[f"text_{s}"] for whole, s in languages if given[f"text_{s}"]},
            tuple(given["fits"].split()), given["source"],
        )  # fmt: skip


class FileForm(forms.Form):
    """A file of phrases."""

    file = forms.FileField(label=gettext_lazy("CSV file"), max_length=200)
    whole = forms.BooleanField(label=gettext_lazy("End those that the file does not hold"), required=False)


@duty("matters.list")
def listed(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The phrases that this desk is offered, the unit's own first."""
    return _show(request, actor, PhraseForm(initial={"use": Use.REPLY}))


def _show(request: HttpRequest, actor: Actor, form: forms.Form, status: int = 200, upload: Any = None) -> HttpResponse:
    found = selectors.phrases(actor)
    groups = [(use.label, [each for each in found if each.use == use]) for use in Use]
    whose = _whose(actor)
    context = {
        "title": _("Phrases"), "groups": [(label, rows) for label, rows in groups if rows], "form": form,
        "upload": upload or FileForm(), "may": whose is not None, "city": whose == CITY,
        "placeholders": " ".join(f"{{{name}}}" for name in filling.NAMES),
        "may_end": {each.id for each in found if actions.may_change(actor, each.unit_id)},
    }  # fmt: skip
    return render(request, "site/phrases.html", context, status=status)


def _whose(actor: Actor) -> str | int | None:
    """Whose phrases this post changes: the city's, its unit's, nobody's."""
    if actions.may_change(actor, None):
        return CITY
    return actor.unit_id if actor.unit_id is not None and actions.may_change(actor, actor.unit_id) else None


def _unit(actor: Actor) -> int | None:
    return None if _whose(actor) == CITY else actor.unit_id


@require_POST
@duty("phrases.change")
def save(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Keep one phrase; the same code again replaces it."""
    form = PhraseForm(request.POST)
    if not form.is_valid():
        return _show(request, actor, form, 422)
    try:
        actions.save_phrases(actor, [form.phrase()], unit=_unit(actor))
    except Refused as reason:
        form.add_error(None, reason.words)
        return _show(request, actor, form, reason.status)
    messages.success(request, _("The phrase is saved."))
    return HttpResponseRedirect(reverse("phrases"))


@require_POST
@duty("phrases.change")
def end(request: HttpRequest, actor: Actor, phrase_id: int) -> HttpResponse:
    """A phrase is not offered any more."""
    try:
        actions.end_phrase(actor, phrase_id)
    except Refused as reason:
        messages.error(request, reason.words)
    else:
        messages.success(request, _("The phrase is ended."))
    return HttpResponseRedirect(reverse("phrases"))


@require_POST
@duty("phrases.change")
def take_file(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Phrases from a file; with one fault nothing is taken."""
    form = FileForm(request.POST, request.FILES)
    if not form.is_valid():
        return _show(request, actor, PhraseForm(), 422, form)
    upload = form.cleaned_data["file"]
    try:
        content = upload.read(files.LARGEST + 1)
        told = actions.save_phrases(actor, files.read(content), unit=_unit(actor), whole=form.cleaned_data["whole"])
    except Refused as reason:
        form.add_error("file", reason.words)
        return _show(request, actor, PhraseForm(), reason.status, form)
    messages.success(request, _("New %(new)s, changed %(changed)s, ended %(ended)s.") % dict(told))
    return HttpResponseRedirect(reverse("phrases"))


@duty("matters.list")
@amounts.taken_away
def export(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The phrases of the unit, or with `?of=city` those of the city, as the file that can be taken back."""
    unit = None if request.GET.get("of") == CITY or actor.unit_id is None else actor.unit_id
    content = "\ufeff" + files.export(selectors.in_force(unit))
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="phrases.csv"'
    return response
