"""收单台: a table made for batches. Accept, assign, handle, feed back; one answer for many; a printable order."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from civicloop.foundation import ids
from civicloop.foundation.names import shown
from civicloop.matters import actions, selectors
from civicloop.matters.errors import Refused
from civicloop.matters.models import Matter
from civicloop.people.access import Actor
from civicloop.people.choices import Role
from civicloop.people.web import duty
from civicloop.site import acting, matter_page
from civicloop.site.acting import language

# (code of the tab, words, steps, act that may be done for many)
TABS = (
    ("dispatched", gettext_lazy("To be accepted"), ("dispatched", "to_accept"), "accept"),
    ("accepted", gettext_lazy("To be assigned"), ("accepted",), "assign"),
    ("handling", gettext_lazy("Being handled"), ("handling", "tasked", "ordered", "in_enforcement"), ""),
    ("handled", gettext_lazy("To be fed back"), ("handled",), "feed_back"),
)
MOST = 100


@duty("matters.list")
def receiving(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The table of one tab; without a choice the first that is not empty."""
    counts = {code: _rows(actor, steps, count=True) for code, _words, steps, _act in TABS}
    chosen = request.GET.get("tab", "") if request.GET.get("tab") in counts else ""
    chosen = chosen or next((code for code in counts if counts[code]), TABS[0][0])
    _code, _words, steps, bulk = next(tab for tab in TABS if tab[0] == chosen)
    rows = _rows(actor, steps)
    context = {
        "title": _("Receiving desk"), "chosen": chosen, "bulk": bulk if Role.RECEIVING_CLERK in actor.roles else "",
        "tabs": [{"code": code, "words": words, "n": counts[code]} for code, words, _steps, _act in TABS],
        "lines": [_line(row) for row in rows], "workers": acting.worker_choices(actor, Role.UNIT_WORKER),
        "parts": selectors.parts_for(actor), "bulk_words": _bulk_words(bulk),
    }  # fmt: skip
    return render(request, "site/receiving.html", context)


def _rows(actor: Actor, steps: tuple[str, ...], *, count: bool = False) -> Any:
    found = selectors.at_unit(actor, steps)
    return found.count() if count else list(found[:MOST])


def _line(row: Matter) -> dict[str, Any]:
    return {
        "id": row.id, "number": row.number, "title": row.title, "place": acting.place_words(row), "due": row.due_at,
        "kind": shown(row.kind.names, language()) if row.kind else "", "act_id": str(ids.uuid7()),
        "step": acting.stage_bag(row)["word"],
    }  # fmt: skip


def _bulk_words(bulk: str) -> str:
    return {
        "accept": _("Accept the selected"),
        "assign": _("Assign the selected"),
        "feed_back": _("Feed back the selected"),
    }.get(bulk, "")


@require_POST
@duty("matters.list")
def bulk(request: HttpRequest, actor: Actor) -> HttpResponse:
    """One act for every selected matter, each its own entry; what was refused is named with its reason."""
    action = request.POST.get("action", "")
    if action not in {"accept", "assign", "feed_back"}:
        raise Http404
    data = {"worker": request.POST["worker"]} if action == "assign" and request.POST.get("worker") else {}
    done, refused = 0, []
    for text in request.POST.getlist("matter")[:MOST]:
        identifier, _colon, act_id = text.partition(":")
        try:
            matter_id = UUID(identifier)
            wanted = actions.Act(matter_id, action, acting.uuid_of(act_id), data=data)
            actions.act(actor, wanted)
            done += 1
        except ValueError:
            continue
        except Refused as reason:
            refused.append(_("%(number)s: %(why)s") % {"number": _number(identifier), "why": reason.words})
    if done:
        messages.success(request, _("Done for %(n)s.") % {"n": done})
    for line in refused[:10]:
        messages.warning(request, line)
    if not done and not refused:
        messages.info(request, _("Nothing was selected."))
    return HttpResponseRedirect(f"{reverse('receiving')}?tab={request.POST.get('tab', '')}")


def _number(identifier: str) -> str:
    return Matter.objects.filter(id=identifier).values_list("number", flat=True).first() or identifier


@duty("matters.list")
def order(request: HttpRequest, actor: Actor, matter_id: UUID) -> HttpResponse:
    """The printable order (交办单) of a matter."""
    try:
        return render(request, "site/order.html", matter_page.bag(request, actor, matter_id))
    except Refused:
        raise Http404 from None


@require_POST
@duty("matters.list")
def answer_part(request: HttpRequest, actor: Actor, matter_id: UUID) -> HttpResponse:
    """A co-unit answers its part."""
    number = request.POST.get("task", "")
    data = {
        "task": int(number) if number.isdecimal() else 0, "answer": request.POST.get("answer", ""),
        "note": request.POST.get("note", ""),
    }  # fmt: skip
    wanted = actions.Act(matter_id, "answer_part", acting.uuid_of(request.POST.get("act_id", "")), data=data)
    try:
        actions.act(actor, wanted)
    except Refused as reason:
        return acting.refused(request, actor, matter_id, reason)
    messages.success(request, _("Your answer is recorded."))
    return HttpResponseRedirect(reverse("matter", args=[matter_id]))


@duty("matters.list")
def approvals(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What waits for this post's yes or no."""
    lines = []
    for asked in selectors.requests_for(actor):
        seen = selectors.seen_by(actor, asked.matter_id)
        if not any(each["no"] == asked.no for each in selectors.decisions(actor, seen)):
            continue
        words = shown(seen.procedure.actions[asked.action].names, language())
        reason = asked.data.get("data", {}).get("reason", "")
        lines.append({"matter": asked.matter, "words": words, "due": asked.due_at, "reason": reason, "no": asked.no,
                      "act_id": str(ids.uuid7())})  # fmt: skip
    return render(
        request, "site/approvals.html", {"title": _("Approvals"), "lines": lines, "here": reverse("approvals")}
    )
