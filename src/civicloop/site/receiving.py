"""收单台: a table made for batches. Accept, assign, feed back, return: one answer for many; printable orders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import segno
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from civicloop.foundation import ids
from civicloop.foundation.names import shown
from civicloop.matters import actions, passage, selectors
from civicloop.matters.errors import Refused
from civicloop.matters.models import ApprovalRequest, Matter
from civicloop.people import access
from civicloop.people.access import Actor
from civicloop.people.choices import Role
from civicloop.people.web import duty
from civicloop.procedures import selectors as procedures
from civicloop.site import acting, matter_page, queue
from civicloop.site.acting import language
from civicloop.supervision import pages as supervision

MOST = 100


@dataclass(frozen=True)
class Tab:
    """One tab: the steps that it shows, and the acts that may be done for many at once."""

    code: str
    words: str | Promise
    steps: tuple[str, ...]
    acts: tuple[str, ...] = ()


TABS = (
    Tab("dispatched", gettext_lazy("To be accepted"), ("dispatched", "to_accept"), ("accept", "return")),
    Tab("accepted", gettext_lazy("To be assigned"), ("accepted",), ("assign", "return")),
    Tab("handling", gettext_lazy("Being handled"), ("handling", "tasked", "ordered", "in_enforcement")),
    Tab("handled", gettext_lazy("To be fed back"), ("handled",), ("feed_back",)),
)
OTHER = "other"  # returns that wait for an answer, and parts asked of this unit
# act → (words of the button, whether a reason is asked); whether it may be done is the procedure's and access's answer
ACTS: Mapping[str, tuple[str | Promise, bool]] = {
    "accept": (gettext_lazy("Accept the selected"), False),
    "assign": (gettext_lazy("Assign the selected"), False),
    "feed_back": (gettext_lazy("Feed back the selected"), False),
    "return": (gettext_lazy("Return the selected"), True),
}
DESK = frozenset({Role.RECEIVING_CLERK, Role.UNIT_HEAD})


@duty("matters.list")
def receiving(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The table of one tab; without a choice the first that is not empty. `?all=1` selects every row."""
    return show(request, actor, request.GET.get("tab", ""))


def show(
    request: HttpRequest, actor: Actor, chosen: str, results: Sequence[Mapping[str, Any]] = (), status: int = 200
) -> HttpResponse:
    """The table, also after a batch with refusals: what was refused stays selected, what was typed stays typed."""
    counts = {tab.code: rows_at(actor, tab.steps).count() for tab in TABS}
    others = _others(actor)
    counts[OTHER] = len(others)
    codes = [tab.code for tab in TABS] + [OTHER]
    chosen = chosen if chosen in codes else next((code for code in codes if counts[code]), codes[0])
    tab = next((each for each in TABS if each.code == chosen), None)
    picked = {line["matter"]: line["act_id"] for line in results if not line["done"]}
    rows = list(rows_at(actor, tab.steps)[:MOST]) if tab else []
    acts = tab.acts if tab and Role.RECEIVING_CLERK in actor.roles else ()
    shown_here = {
        "title": _("Receiving desk"), "chosen": chosen, "results": results,
        "tabs": [(code, words, counts[code]) for code, words in _tab_words()],
        "lines": [_line(row, picked, bool(request.GET.get("all"))) for row in rows],
        "cut": tab is not None and counts[chosen] > MOST, "others": others if chosen == OTHER else [],
        "acts": [{"code": code, "words": ACTS[code][0], "reason": ACTS[code][1]} for code in acts],
        "workers": acting.worker_choices(actor, Role.UNIT_WORKER) if "assign" in acts else [],
        "worker": request.POST.get("worker", ""), "reason": request.POST.get("reason", ""),
        "posted": request.POST.get("action", ""), "orders_waiting": supervision.waiting(actor),
    }  # fmt: skip
    return render(request, "site/receiving.html", shown_here, status=status)


def _tab_words() -> list[tuple[str, Any]]:
    return [*((tab.code, tab.words) for tab in TABS), (OTHER, _("Returns and parts"))]


def rows_at(actor: Actor, steps: tuple[str, ...]) -> QuerySet[Matter]:
    """What the unit has at these steps; a worker sees the own ones only."""
    rows = selectors.at_unit(actor, steps)
    return rows if actor.roles & DESK else rows.filter(desk_person_id__in=access.accounts(actor))


def _line(row: Matter, picked: Mapping[str, str], everything: bool) -> dict[str, Any]:
    key = str(row.id)
    fails = int((row.run.get("counts") or {}).get("reworks", 0))
    return queue.line(row) | {
        "act_id": picked.get(key) or str(ids.uuid7()), "picked": everything or key in picked, "reworks": fails,
    }  # fmt: skip


def _others(actor: Actor) -> list[dict[str, Any]]:
    """What the unit asked for and nobody has answered, what it received first, the parts that it owes beside others."""
    found = []
    if actor.roles & DESK:
        steps = tuple(step for tab in TABS for step in tab.steps)
        asked = ApprovalRequest.objects.filter(state="open")
        rows = selectors.at_unit(actor, steps).filter(id__in=asked.values("matter_id"))
        waiting = {row.id: row for row in rows[:MOST]}
        for request in asked.filter(matter_id__in=list(waiting)).order_by("asked_at"):
            row = waiting[request.matter_id]
            names = procedures.by_id(row.procedure_id).actions[request.action].names
            words = _("%(what)s: asked, not answered yet.") % {"what": shown(names, language())}
            found.append(queue.line(row) | {"words": words})
        held = passage.first_received(actor, MOST)
        found += [queue.line(row) | {"words": _("First received here: yours to answer for until another unit has it.")}
                  for row in held]  # fmt: skip
    for task in selectors.parts_for(actor):
        names = procedures.by_id(task.matter.procedure_id).tasks[task.group].names
        found.append(queue.line(task.matter) | {"words": shown(names, language())})
    return found


@require_POST
@duty("matters.list")
def bulk(request: HttpRequest, actor: Actor) -> HttpResponse:
    """One act for every selected matter, each its own entry; each row says what became of it."""
    action = request.POST.get("action", "")
    if action not in ACTS:
        raise Http404
    tab = request.POST.get("tab", "")
    results = [_one(actor, action, text, request) for text in request.POST.getlist("matter")[:MOST]]
    if not results:
        messages.info(request, _("Nothing was selected."))
        return HttpResponseRedirect(f"{reverse('receiving')}?tab={tab}")
    if all(line["done"] for line in results):
        numbers = acting.listed(line["number"] for line in results[:3])
        more = _(" and others") if len(results) > 3 else ""
        said = {"what": ACTS[action][0], "n": len(results), "numbers": f"{numbers}{more}"}
        messages.success(request, _("%(what)s: done for %(n)s (%(numbers)s).") % said)
        return HttpResponseRedirect(f"{reverse('receiving')}?tab={tab}")
    return show(request, actor, tab, results, 422)


def _one(actor: Actor, action: str, text: str, request: HttpRequest) -> dict[str, Any]:
    """Do the act for one row, `matter id:act id`; the same row sent again does nothing again."""
    identifier, _colon, act_id = text.partition(":")
    data = {}
    if action == "assign" and request.POST.get("worker"):
        data["worker"] = request.POST["worker"]
    if ACTS[action][1]:
        data["reason"] = request.POST.get("reason", "")
    found = {"matter": identifier, "act_id": act_id, "number": "", "title": "", "done": False, "why": ""}
    try:
        seen = selectors.seen_by(actor, UUID(identifier))
        row = selectors.row_of(seen.id)
        found |= {"number": row.number, "title": row.title}
        done = actions.act(actor, actions.Act(seen.id, action, acting.uuid_of(act_id), data=data))
    except ValueError:
        return found | {"why": _("There is no such matter.")}
    except Refused as reason:
        return found | {"why": reason.words}
    said = _("Asked for approval.") if done.requested else shown(
        seen.procedure.steps[done.step].names, language()
    )  # fmt: skip
    return found | {"done": True, "why": said}


def _sheet(request: HttpRequest, actor: Actor, matter_id: UUID) -> dict[str, Any]:
    """What stands on the paper of a matter, with the address of its page as a picture for a phone's camera."""
    address = request.build_absolute_uri(reverse("matter", args=[matter_id]))
    picture = segno.make(address, error="m", micro=False).svg_inline(scale=3, border=2)
    return matter_page.bag(request, actor, matter_id) | {"qr": picture}


@duty("matters.list")
def order(request: HttpRequest, actor: Actor, matter_id: UUID) -> HttpResponse:
    """The printable order (交办单) of a matter."""
    try:
        orders = [_sheet(request, actor, matter_id)]
    except Refused:
        raise Http404 from None
    return render(request, "site/receiving_order.html", {"title": _("Task order"), "orders": orders})


@require_POST
@duty("matters.list")
def orders(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The orders of the selected matters, each on its own sheet of paper. Reads only; a POST because of its length."""
    found = []
    for text in request.POST.getlist("matter")[:MOST]:
        try:
            found.append(_sheet(request, actor, UUID(text.partition(":")[0])))
        except (ValueError, Refused):
            continue
    if not found:
        messages.info(request, _("Nothing was selected."))
        return HttpResponseRedirect(f"{reverse('receiving')}?tab={request.POST.get('tab', '')}")
    return render(request, "site/receiving_order.html", {"title": _("Task orders"), "orders": found})


@require_POST
@duty("matters.list")
def answer_part(request: HttpRequest, actor: Actor, matter_id: UUID) -> HttpResponse:
    """A co-unit answers its part, with what the part needs."""
    number = request.POST.get("task", "")
    try:
        procedure = selectors.seen_by(actor, matter_id).procedure
    except Refused as reason:
        return acting.refused(request, actor, matter_id, reason)
    asked = {code for declared in procedure.tasks.values() for code in declared.needs}
    data = {
        "task": int(number) if number.isdecimal() else 0, "answer": request.POST.get("answer", ""),
        **{name: request.POST[name] for name in sorted(asked | {"note"}) if name in request.POST},
    }  # fmt: skip
    wanted = actions.Act(matter_id, "answer_part", acting.uuid_of(request.POST.get("act_id", "")), data=data)
    try:
        actions.act(actor, wanted)
    except Refused as reason:
        return acting.refused(request, actor, matter_id, reason)
    messages.success(request, _("Your answer is recorded."))
    return HttpResponseRedirect(reverse("matter", args=[matter_id]))
