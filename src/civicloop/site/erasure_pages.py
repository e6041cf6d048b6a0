"""Erasure by schedule: one administrator proposes a list, another approves or refuses it, both see how far it is."""

import json
from typing import Any

from django import forms
from django.contrib import messages
from django.core.validators import ProhibitNullCharactersValidator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from civicloop.foundation import clock
from civicloop.matters import erasure, selectors
from civicloop.matters.choices import ErasureRule, ErasureState, ItemState
from civicloop.matters.errors import Refused
from civicloop.matters.models import ErasureHold, ErasureList, Matter
from civicloop.people import access
from civicloop.people.access import Actor
from civicloop.people.models import Post
from civicloop.people.web import duty
from civicloop.receipts import certificates

SHOWN = 50
LEFT_OUT = {
    "held": gettext_lazy("Kept for a stated reason"),
    "goes_on": gettext_lazy("It goes on, or has not ended for long enough"),
}


class HoldForm(forms.Form):
    """Which matter must be kept, and why."""

    number = forms.CharField(
        label=gettext_lazy("Number of the matter"), max_length=20, validators=[ProhibitNullCharactersValidator()]
    )
    reason = forms.CharField(
        label=gettext_lazy("Why it must be kept"), max_length=300, validators=[ProhibitNullCharactersValidator()],
        help_text=gettext_lazy("Such as a dispute or an audit; name no person"),
    )  # fmt: skip


@duty("erasure.view")
@require_safe
def listed(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What is due, the lists, and what is kept."""
    return _listed(request, actor, HoldForm())


def _listed(request: HttpRequest, actor: Actor, form: HoldForm, status: int = 200) -> HttpResponse:
    now = clock.now()
    rules = [
        {"code": rule.value, "words": rule.label, "before": erasure.due_before(rule, now),
         "due": erasure.candidates(rule, erasure.due_before(rule, now)).count()}
        for rule in ErasureRule
    ]  # fmt: skip
    holds = list(ErasureHold.objects.filter(ended_at=None).order_by("-placed_at")[:SHOWN])
    numbers = dict(Matter.objects.filter(id__in=[each.matter_id for each in holds]).values_list("id", "number"))
    rows = list(ErasureList.objects.order_by("-id")[:SHOWN])
    context = {
        "rules": rules, "rows": [{"list": row, "progress": erasure.progress(row)} for row in rows], "form": form,
        "holds": [{"hold": each, "number": numbers.get(each.matter_id, "")} for each in holds],
        "may_propose": access.may(actor, "erasure.propose").allowed,
        "may_decide": access.may(actor, "erasure.decide").allowed,
    }  # fmt: skip
    return render(request, "site/erasure.html", context, status=status)


@duty("erasure.propose")
@require_POST
def propose(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Make a list of all that is due under a rule."""
    rule = request.POST.get("rule", "")
    if rule not in ErasureRule.values:
        raise Http404
    try:
        made = erasure.propose(actor, rule=rule)
    except Refused as reason:
        messages.error(request, reason.words)
        return HttpResponseRedirect(reverse("erasure"))
    messages.success(request, _("The list was made. Somebody else has to approve it."))
    return HttpResponseRedirect(reverse("erasure-list", args=[made.id]))


@duty("erasure.view")
@require_safe
def page(request: HttpRequest, actor: Actor, list_id: int) -> HttpResponse:
    """One list: what it would destroy, how far it is, and the decision."""
    row = _row(list_id)
    posts = dict(Post.objects.filter(id__in=[row.proposed_post, row.decided_post]).values_list("id", "code"))
    items = list(row.items.order_by("id")[:SHOWN])
    numbers = dict(Matter.objects.filter(id__in=[each.matter_id for each in items]).values_list("id", "number"))
    context: dict[str, Any] = {
        "row": row, "progress": erasure.progress(row), "digest": bytes(row.digest).hex(),
        "proposed": posts.get(row.proposed_post or 0, ""), "decided": posts.get(row.decided_post or 0, ""),
        "items": [
            {"number": numbers.get(each.matter_id, ""), "state": ItemState(each.state).label,
             "why": LEFT_OUT.get(each.why, "")}
            for each in items
        ],
        "more": row.items.count() - len(items),
        "waits": row.state == ErasureState.PROPOSED, "done": row.state == ErasureState.DONE,
        "own": row.proposed_by == actor.account_id, "may_decide": access.may(actor, "erasure.decide").allowed,
    }  # fmt: skip
    return render(request, "site/erasure_list.html", context)


@duty("erasure.decide")
@require_POST
def decide(request: HttpRequest, actor: Actor, list_id: int) -> HttpResponse:
    """Approve or refuse; a press more changes nothing."""
    reason = request.POST.get("reason", "").replace("\0", "")
    try:
        erasure.decide(actor, list_id=list_id, yes=request.POST.get("yes") == "1", reason=reason)
    except Refused as refused:
        if refused.status == 404:
            raise Http404 from refused
        messages.error(request, refused.words)
    else:
        messages.success(request, _("Your decision is in the audit log."))
    return HttpResponseRedirect(reverse("erasure-list", args=[list_id]))


@duty("erasure.decide")
@require_POST
def hold(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Keep a matter, or end that."""
    if request.POST.get("release"):
        matter_id = selectors.by_number(request.POST["release"].replace("\0", ""))
        if matter_id is not None:
            erasure.release(actor, matter_id=matter_id)
        return HttpResponseRedirect(reverse("erasure"))
    form = HoldForm(request.POST)
    if form.is_valid():
        matter_id = selectors.by_number(form.cleaned_data["number"])
        if matter_id is None:
            form.add_error("number", _("There is no matter with this number."))
        else:
            erasure.hold(actor, matter_id=matter_id, reason=form.cleaned_data["reason"])
            messages.success(request, _("The matter is kept until somebody ends it here."))
            return HttpResponseRedirect(reverse("erasure"))
    return _listed(request, actor, form, 422)


@duty("erasure.view")
@require_safe
def certificate(request: HttpRequest, actor: Actor, list_id: int) -> HttpResponse:
    """The signed certificate as a file."""
    made = certificates.certificate(_row(list_id))
    if made is None:
        raise Http404
    body = json.dumps(made, ensure_ascii=False, indent=2, sort_keys=True)
    answer = HttpResponse(body, content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="erasure-{list_id}.json"'
    return answer


def _row(list_id: int) -> ErasureList:
    row = ErasureList.objects.filter(id=list_id).first() if list_id < 2**63 else None
    if row is None:
        raise Http404
    return row
