"""Reports that may be the same: a line at the desk for each, both side by side, and the word that they are not."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from civicloop.foundation import ids
from civicloop.matters import alike
from civicloop.matters.alike import Alike
from civicloop.matters.errors import Refused
from civicloop.matters.models import Matter
from civicloop.people import access
from civicloop.people.access import Actor
from civicloop.people.web import duty
from civicloop.site import matter_page, queue


def lines(actor: Actor, row: Matter) -> list[dict[str, Any]]:
    """What the desk shows beside a matter."""
    return [_line(row, each) for each in alike.alike(actor, row)]


def _line(row: Matter, found: Alike) -> dict[str, Any]:
    return queue.line(found.row) | {
        "why": why(row, found), "compare_url": reverse("compare", args=[row.id, found.row.id]),
    }  # fmt: skip


def why(row: Matter, found: Alike) -> list[str]:
    """What makes two reports look the same, in words."""
    said = [_("%(metres)s m away") % {"metres": round(found.metres)}] if found.metres >= 0 else []
    if row.kind_id is not None and row.kind_id == found.row.kind_id:
        said.append(_("the same kind"))
    if found.likeness.shared:
        said.append(_("both say: %(words)s") % {"words": " ".join(found.likeness.shared)})
    return said


@duty("matters.list")
def compare(request: HttpRequest, actor: Actor, matter_id: UUID, other_id: UUID) -> HttpResponse:
    """Both reports side by side."""
    try:
        row, found = alike.pair(actor, matter_id, other_id)
        sides = [matter_page.bag(request, actor, each) for each in (matter_id, other_id)]
    except Refused:
        raise Http404 from None
    context = {
        "title": _("Are these the same?"), "sides": sides, "why": why(row, found), "matter_id": matter_id,
        "other_id": other_id, "joins": _joins(row, found.row),
        "may_judge": access.may(actor, "alike.judge").allowed, "other_number": found.row.number,
    }  # fmt: skip
    return render(request, "site/compare.html", context)


def _joins(row: Matter, other: Matter) -> list[dict[str, Any]]:
    """Which of the two could be joined to which; the older one leads first."""
    pairs = sorted(((row, other), (other, row)), key=lambda pair: pair[1].id)
    return [
        {"lead": lead.id, "lead_number": lead.number, "matter": member.id, "number": member.number,
         "run_id": ids.uuid7()}
        for member, lead in pairs
        if not lead.end and not member.end
    ]  # fmt: skip


@require_POST
@duty("alike.judge")
def keep_apart(request: HttpRequest, actor: Actor, matter_id: UUID, other_id: UUID) -> HttpResponse:
    """They are not the same: never suggested again."""
    try:
        alike.keep_apart(actor, matter_id=matter_id, other_id=other_id)
    except Refused:
        raise Http404 from None
    messages.success(request, _("Noted: these two are not the same. They are not suggested together again."))
    return HttpResponseRedirect(f"{reverse('desk')}?m={matter_id}")
