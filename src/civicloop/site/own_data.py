"""查阅复制与更正: on the status page, a copy of what is kept about the person concerned, and the correction of it."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.validators import ProhibitNullCharactersValidator
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from civicloop.evidence import selectors as files
from civicloop.foundation import clock, ids
from civicloop.matters import opening, own_data, selectors
from civicloop.matters.choices import Channel
from civicloop.matters.errors import Refused
from civicloop.matters.models import Matter
from civicloop.matters.reading import Reading
from civicloop.people import collecting
from civicloop.people.access import Actor
from civicloop.records import inventory
from civicloop.site import portal_words
from civicloop.site.acting import place_words

MOST_LINES = 200
WHY_ASKED = gettext_lazy("So that nobody who finds your slip learns who you are.")


def _line(label: Any, most: int = 120, kind: str = "text", hint: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label, max_length=most, required=False, validators=[ProhibitNullCharactersValidator()], help_text=hint,
        widget=forms.TextInput(attrs={"type": kind, "autocomplete": "off", "data-no-draft": ""}),
    )  # fmt: skip


def _said() -> forms.CharField:
    """What shows that it is the person: never needed for the story, which the check code opens."""
    return _line(gettext_lazy("The phone that you gave before (or the name, if you gave no phone)"), hint=WHY_ASKED)


class CopyForm(forms.Form):
    """Who asks for a copy."""

    prefix = "copy"
    said = _said()


class CorrectForm(forms.Form):
    """What is to be corrected."""

    prefix = "correct"
    name = _line(gettext_lazy("How may we call you? (optional)"), 40)
    phone = _line(gettext_lazy("Phone (optional)"), 40, "tel")
    note = forms.CharField(
        label=gettext_lazy("What is wrong in what you wrote (optional)"),
        help_text=gettext_lazy("It stands beside it; what you reported is not rewritten."),
        max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3}),
        validators=[ProhibitNullCharactersValidator()],
    )  # fmt: skip
    said = _said()
    act_id = forms.UUIDField(widget=forms.HiddenInput)


def bag(seen: Reading, bound: forms.Form | None = None) -> dict[str, Any]:
    """What the status page needs for both forms; `bound` is the one that was refused."""
    asked = bool(own_data.own_fields(seen))
    found: dict[str, Any] = {
        "copy_form": CopyForm(), "correct_form": CorrectForm(initial={"act_id": ids.uuid7()}),
        "corrected": own_data.corrections(seen.id),
    }  # fmt: skip
    if isinstance(bound, CopyForm):
        found |= {"copy_form": bound, "copy_open": True}
    elif bound is not None:
        found |= {"correct_form": bound, "correct_open": True}
    if not asked:  # nothing is kept that a finder of the slip could learn
        for name in ("copy_form", "correct_form"):
            found[name].fields.pop("said", None)
    return found


def correct(request: HttpRequest, actor: Actor, matter_id: UUID) -> forms.Form | None:
    """Do a correction; the form with its errors when it was refused."""
    form = CorrectForm(request.POST)
    if not form.is_valid():
        return form
    given = form.cleaned_data
    try:
        own_data.correct(
            actor, matter_id, act_id=given["act_id"], said=given["said"],
            given={name: given[name] for name in ("name", "phone", "note")},
        )  # fmt: skip
    except Refused as reason:
        field = str(reason.extra.get("field", ""))
        form.add_error(field if field in form.fields else None, reason.words)
        return form
    messages.success(request, _("Corrected. What was replaced is destroyed, and the desk sees that you corrected it."))
    return None


def copy(request: HttpRequest, actor: Actor, matter_id: UUID) -> HttpResponse | CopyForm:
    """The copy as a file, or the form with its errors when it was refused."""
    form = CopyForm(request.POST)
    if not form.is_valid():
        return form
    try:
        values = own_data.values(actor, matter_id, form.cleaned_data["said"])
    except Refused as reason:
        form.add_error("said" if reason.code == "not_proven" else None, reason.words)
        return form
    row, seen = selectors.row_of(matter_id), selectors.seen_by(actor, matter_id)
    document = _document(row, seen, values)
    if "json" in request.POST:
        body = json.dumps(document, ensure_ascii=False, indent=1)
        answer = HttpResponse(body, content_type="application/json; charset=utf-8")
    else:
        answer = HttpResponse(render_to_string("site/own_copy.html", document, request))
    kind = "json" if "json" in request.POST else "html"
    answer["Content-Disposition"] = f'attachment; filename="my-data-{row.number}.{kind}"'
    answer["Cache-Control"] = "no-store"
    return answer


def _document(row: Matter, seen: Reading, values: list[own_data.Value]) -> dict[str, Any]:
    """Everything kept about the person in this matter, in plain words: the same for people and for programs."""
    facts = {name: fact for fact in inventory.facts() for name in fact.kept_in}
    story = portal_words.story(row, seen)[:MOST_LINES]
    photos = [each for each in files.of_matter(row.id) if each.post_id is None and each.account_id is None]
    return {
        "made_at": _when(clock.now()),
        "number": row.number, "received_at": _when(row.received_at), "channel": str(Channel(row.channel).label),
        "place": place_words(row), "title": row.title, "text": row.text,
        "about_texts": _about(facts["matters_matter.text"]),
        "contact": [
            {"what": each.label, "value": each.text, "whole": each.whole, "since": _when(each.since),
             "corrected": each.corrected, **_about(facts.get(inventory.SEALED + each.field))}
            for each in values
        ],
        "photos": [
            {"received_at": _when(each.created_at), "type": each.media_type, "bytes": each.bytes, "sha256": each.sha256}
            for each in photos
        ],
        "about_photos": _about(facts["evidence_evidence.sealed_original"]),
        "history": [
            {"when": _when(each["when"]), "what": str(each["what"]), "text": str(each["text"] or "")} for each in story
        ],
        "openings": [
            {"when": _when(each.at), "by": each.post, "for": each.purpose} for each in opening.told(row.id)
        ],
        "corrections": [_when(each) for each in own_data.corrections(row.id)],
    }  # fmt: skip


def _about(fact: inventory.Fact | None) -> dict[str, str]:
    """Why it is kept, on which basis, how long, and who may open it: from the declared inventory."""
    if fact is None:
        return {}
    rule = inventory.rules()[fact.retention]
    return {
        "why": inventory.said(fact.why), "basis": str(collecting.BASES[fact.basis]),
        "kept": inventory.said(rule.kept), "then": inventory.said(rule.then), "opens": collecting.readers(fact),
    }  # fmt: skip


def _when(moment: datetime) -> str:
    return timezone.localtime(moment).isoformat(timespec="seconds")
