"""Signals about photos: both pictures side by side, why they ask for a look, and what somebody found who looked."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from civicloop.evidence import selectors as files
from civicloop.evidence import signals, words
from civicloop.evidence.models import Rule, Signal, SignalState
from civicloop.foundation import ids
from civicloop.matters import reading, selectors
from civicloop.matters import signals as judging
from civicloop.matters.errors import Refused
from civicloop.people import access
from civicloop.people.access import Actor
from civicloop.people.web import duty
from civicloop.site import acting

LOOKED_THROUGH, SHOWN = 200, 30


def bag(actor: Actor, signal: Signal) -> dict[str, Any]:
    """A signal as a page shows it; the other matter only to somebody who may see it."""
    other = None
    if signal.other_matter_id != signal.matter_id:
        seen = reading.read(signal.other_matter_id)
        if seen is not None and access.sees(actor, seen.subject).known:
            other = {"number": seen.row["number"], "url": reverse("matter", args=[signal.other_matter_id])}
    visible = other is not None or signal.other_matter_id == signal.matter_id
    row = selectors.row_of(signal.matter_id)
    capture = files.captures([signal.matter_id]).get((signal.matter_id, signal.evidence_id))
    alone = signal.other_id == signal.evidence_id
    return {
        "off_by": words.off_by(signal), "made": words.made(capture, row.received_at), "alone": alone,
        "signal": signal, "rule": Rule(signal.rule).label, "other": other, "act_id": ids.uuid7(),
        "number": row.number, "url": reverse("matter", args=[signal.matter_id]),
        "picture": _picture(signal.matter_id, signal.evidence_id),
        "other_picture": _picture(signal.other_matter_id, signal.other_id) if visible else "",
        "state": SignalState(signal.state).label, "open": signal.state == SignalState.OPEN,
        "may_judge": access.may(actor, "signals.judge").allowed,
    }  # fmt: skip


def _picture(matter_id: UUID, evidence_id: UUID) -> str:
    return reverse("evidence", args=[matter_id, evidence_id, "derivative"])


def of_matter(actor: Actor, matter_id: UUID) -> list[dict[str, Any]]:
    """The signals of one matter for its pages."""
    return [bag(actor, signal) for signal in judging.of_matter(actor, matter_id)]


@duty("signals.view")
def listed(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Signals that wait for a look in the place of the post, and how often each rule was wrong."""
    lines = []
    for signal in Signal.objects.filter(state=SignalState.OPEN).order_by("-found_at")[:LOOKED_THROUGH]:
        seen = reading.read(signal.matter_id)
        if seen is not None and judging.may_see(actor, seen):
            lines.append(bag(actor, signal))
        if len(lines) == SHOWN:
            break
    rates = [{**line, "label": Rule(str(line["rule"])).label} for line in signals.rates()]
    return render(request, "site/signals.html", {"lines": lines, "rates": rates})


@require_POST
@duty("signals.judge")
def judge(request: HttpRequest, actor: Actor, matter_id: UUID, signal_id: UUID) -> HttpResponse:
    """Keep what was found."""
    try:
        act_id = UUID(request.POST.get("act_id", ""))
    except ValueError:
        raise Http404 from None
    try:
        judging.judge(
            actor, matter_id=matter_id, signal_id=signal_id, outcome=request.POST.get("outcome", ""),
            reason=request.POST.get("reason", ""), act_id=act_id,
        )  # fmt: skip
    except Refused as reason:
        if reason.code == "not_found":
            raise Http404 from None
        messages.error(request, reason.words)
    else:
        messages.success(request, _("Kept. It stands in the timeline of the matter."))
    return HttpResponseRedirect(acting.next_of(request, matter_id))
