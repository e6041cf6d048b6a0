"""Opening sealed data from the page of a matter: what is held, masked; a purpose; shown once, under a watermark."""

import json
from typing import Any
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from civicloop.evidence.models import Evidence, Stage
from civicloop.foundation import clock
from civicloop.matters import opening, selectors
from civicloop.matters.errors import Refused
from civicloop.matters.opening import Held, Purpose
from civicloop.matters.reading import Reading
from civicloop.people.access import Actor
from civicloop.people.web import duty
from civicloop.site import signin

ENDINGS = {
    "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "application/pdf": "pdf", "video/mp4": "mp4",
    "video/quicktime": "mov",
}  # fmt: skip


class PurposeForm(forms.Form):
    """What it is opened for; `lists` names the field of what there is."""

    lists: str

    purpose = forms.ChoiceField(label=gettext_lazy("What for"), choices=())
    words = forms.CharField(
        label=gettext_lazy("In a few words"), max_length=opening.WORDS_MOST,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip

    def __init__(self, choices: list[tuple[str, Any]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["purpose"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "—"), *opening.PURPOSES.items()]
        listed = self.fields[self.lists]
        assert isinstance(listed, forms.ChoiceField)
        listed.choices = choices


class ValuesForm(PurposeForm):
    """Which sealed values are opened, and what for."""

    no = forms.MultipleChoiceField(label=gettext_lazy("What you need to see"), widget=forms.CheckboxSelectMultiple)
    field_order = ("no", "purpose", "words")
    lists = "no"


class OriginalForm(PurposeForm):
    """Which original is opened, and what for."""

    file = forms.ChoiceField(label=gettext_lazy("Photo or file"))
    field_order = ("file", "purpose", "words")
    lists = "file"


def bag(request: HttpRequest, actor: Actor, seen: Reading) -> dict[str, Any]:
    """What the page of a matter shows of sealed data to this post: masked values, and the sheets that open."""
    held = opening.held(actor, seen)
    rows = opening.originals(actor, seen)
    return {"held": held, "opening_sheets": [*_values(request, seen.id, held), *_originals(request, seen.id, rows)]}


def _values(request: HttpRequest, matter_id: UUID, held: list[Held]) -> list[dict[str, Any]]:
    if not held:
        return []
    choices = [(str(each.no), f"{each.label} {each.masked}") for each in held]
    return [_sheet(request, "open-values", _("Show in full"), ValuesForm, choices, matter_id)]


def _originals(request: HttpRequest, matter_id: UUID, rows: list[Evidence]) -> list[dict[str, Any]]:
    if not rows:
        return []
    choices = [(str(row.id), _file_words(row)) for row in rows]
    return [_sheet(request, "open-original", _("Open an original photo or file"), OriginalForm, choices, matter_id)]


def _file_words(row: Evidence) -> str:
    kind = row.media_type.rpartition("/")[2].upper()
    return f"{Stage(row.stage).label} · {kind} · {timezone.localtime(row.created_at):%Y-%m-%d %H:%M}"


def _sheet(
    request: HttpRequest, name: str, title: str, kind: type[PurposeForm], choices: list[tuple[str, Any]],
    matter_id: UUID,
) -> dict[str, Any]:  # fmt: skip
    """An act sheet; after a refusal with everything that was typed, open."""
    reason: Refused | None = getattr(request, "refused_opening", None)
    mine = reason is not None and request.resolver_match is not None and request.resolver_match.url_name == name
    form = kind(choices, request.POST if mine else None, auto_id=f"{name}_%s")
    if mine and reason is not None and reason.extra.get("field") in set(form.fields) - set(form.errors):
        form.add_error(str(reason.extra["field"]), reason.words)
    return {
        "code": name, "title": title, "url": reverse(name, args=[matter_id]), "form": form, "hidden": {}, "open": mine,
        "happens": _("Who opens what, when and what for stands in the read log. You and your unit cannot change it."),
        "submit": pgettext("sealed data", "Open"), "evidence": [], "suggested": False,
        "again": name == "open-original",
    }  # fmt: skip


def _purpose(request: HttpRequest) -> Purpose:
    return Purpose(request.POST.get("purpose", ""), request.POST.get("words", ""))


def _refused(request: HttpRequest, actor: Actor, matter_id: UUID, reason: Refused) -> HttpResponse:
    """The page of the matter with the reason and what was typed; nothing was opened."""
    from civicloop.site import matter_page

    if reason.code == "not_found":
        raise Http404
    request.refused_act = request.refused_opening = reason  # type: ignore[attr-defined]
    return matter_page.show(request, actor, matter_id, status=reason.status)


@require_POST
@never_cache
@duty("matters.list")
def values(request: HttpRequest, actor: Actor, matter_id: UUID) -> HttpResponse:
    """POST: open sealed values and show them once. 403 for a post that may not, 422 without a purpose."""
    numbers = [int(text) for text in request.POST.getlist("no") if text.isdecimal() and len(text) < 10]
    purpose = _purpose(request)
    try:
        found = opening.open_values(actor, matter_id, numbers, purpose)
    except Refused as reason:
        return _refused(request, actor, matter_id, reason)
    row = selectors.row_of(matter_id)
    shell = signin.describe(request)
    context = {
        "title": row.title, "row": row, "purpose": purpose.said(), "at": clock.now(),
        "post": str(shell.post.label) if shell and shell.post else actor.words,
        "values": [{"label": each.label, "lines": _lines(each.text), "phone": each.field.endswith("_phone")}
                   for each in found],
    }  # fmt: skip
    return render(request, "site/opened.html", context)


def _lines(text: str) -> list[str]:
    """A value as lines: several parties stand one below the other."""
    try:
        found = json.loads(text)
    except ValueError:
        return text.splitlines() or [text]
    if not isinstance(found, list):
        return text.splitlines() or [text]
    return [" ".join(map(str, each.values())) if isinstance(each, dict) else str(each) for each in found]


@require_POST
@never_cache
@duty("matters.list")
def original(request: HttpRequest, actor: Actor, matter_id: UUID) -> HttpResponse:
    """POST: the original of a photo or file, for a purpose, as a download that no cache keeps."""
    try:
        identifier = UUID(request.POST.get("file", ""))
    except ValueError:
        identifier = UUID(int=0)
    try:
        content, row = opening.open_original(actor, matter_id, identifier, _purpose(request))
    except Refused as reason:
        return _refused(request, actor, matter_id, reason)
    response = HttpResponse(content, content_type=row.media_type)
    name = f"{selectors.row_of(matter_id).number}-{str(row.id)[-6:]}.{ENDINGS.get(row.media_type, 'bin')}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"  # should a browser show it all the same
    return response
