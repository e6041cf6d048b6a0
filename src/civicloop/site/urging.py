"""Urging a matter from its page: by a superior with a reason, by the reporter with one button."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from civicloop.foundation import ids
from civicloop.matters import actions, urging
from civicloop.matters.errors import Refused
from civicloop.matters.reading import Reading
from civicloop.people.access import Actor
from civicloop.people.web import duty


def bag(actor: Actor, seen: Reading) -> dict[str, Any]:
    """How often the matter was urged, and whether this actor may urge it now; `later` are the words why not yet."""
    before = urging.of_matter(seen.id)
    refused = urging.refusal(actor, seen, before)
    later = refused.words if refused is not None and refused.code in {"not_yet", "too_soon"} else ""
    return {"urging": {"times": len(before), "may": refused is None, "later": later, "act_id": ids.uuid7()}}


@require_POST
@duty("matters.list")
def urge(request: HttpRequest, actor: Actor, matter_id: UUID) -> HttpResponse:
    """A superior urges the unit."""
    return perform(request, actor, matter_id, reverse("matter", args=[matter_id]))


def perform(request: HttpRequest, actor: Actor, matter_id: UUID, back: str) -> HttpResponse:
    """Do it, say what became of it, and go `back`."""
    try:
        act_id = UUID(request.POST.get("act_id", ""))
    except ValueError:
        raise Http404 from None
    data = {"reason": request.POST.get("reason", "")} if actor.kind == "staff" else {}
    try:
        actions.act(actor, actions.Act(matter_id, urging.ACTION, act_id, None, data))
    except Refused as reason:
        if reason.code == "not_found":
            raise Http404 from None
        messages.error(request, reason.words)
    else:
        messages.success(request, _("Passed on. It stands in the timeline, and the unit is told."))
    return HttpResponseRedirect(back)
