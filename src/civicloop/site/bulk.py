"""批量: choose matters, see what an act would do to each before anything is done, do it, go on, take it back.

Works without scripts: choosing, looking and doing are three pages; a script only goes on by itself.
"""

from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from civicloop.deskwork import batches, filling
from civicloop.deskwork import selectors as deskwork
from civicloop.deskwork.choices import ItemState
from civicloop.deskwork.models import Batch
from civicloop.foundation import ids
from civicloop.foundation.names import shown
from civicloop.matters import selectors
from civicloop.matters.errors import Refused
from civicloop.matters.models import Matter
from civicloop.matters.reading import Reading
from civicloop.people.access import Actor
from civicloop.people.web import duty
from civicloop.procedures import selectors as procedures
from civicloop.site import acting, pointing, queue
from civicloop.site.acting import language

RETURN = 300  # the longest address that a page remembers to go back to


@duty("matters.list")
def listed(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The own batches, so that one which was cut off is found again."""
    rows = [
        {"batch": each, "words": _words(each), "counts": batches.counts(each), "number": each.items.count()}
        for each in deskwork.batches(actor)
    ]
    return render(request, "site/bulk_list.html", {"title": _("Batches"), "rows": rows})


@require_POST
@duty("matters.list")
def look(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What may be done with the chosen matters; with an act chosen, what it would do to each. Writes nothing."""
    try:
        chosen, fixed, former = _chosen(request, actor)
    except Refused:
        raise Http404 from None
    if not chosen:
        messages.info(request, _("Nothing was selected."))
        return HttpResponseRedirect(_back(request))
    return _look(request, actor, chosen, fixed, former)


def _look(
    request: HttpRequest, actor: Actor, chosen: dict[UUID, int | None], fixed: str, former: Batch | None,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    seen = batches.readings(actor, chosen)
    offers = batches.choices(actor, seen)
    if fixed:
        offers = [each for each in offers if each.action == fixed]
    code = request.POST.get("act", "") or (_code(offers[0]) if len(offers) == 1 else "")
    choice = next((each for each in offers if _code(each) == code), None)
    context: dict[str, Any] = {
        "title": _("Take a batch back") if former else _("For many at once"), "back": _back(request),
        "chosen": [f"{matter_id}:{version}" if version is not None else str(matter_id)
                   for matter_id, version in chosen.items()],
        "number": len(seen), "undo": former, "cut": len(chosen) > batches.MOST,
        "offers": [{"code": _code(each), "words": _offer_words(each), "number": each.number,
                    "current": each is choice} for each in offers],
        "placeholders": " ".join(f"{{{name}}}" for name in filling.NAMES),
    }  # fmt: skip
    if choice is not None:
        context |= _looked(request, actor, seen, choice, {k: v for k, v in chosen.items() if v is not None})
        status = context.pop("status", status)
    return render(request, "site/bulk.html", context, status=status)


def _looked(
    request: HttpRequest, actor: Actor, seen: list[Reading], choice: batches.Choice, versions: dict[UUID, int]
) -> dict[str, Any]:
    """The form of the act and, where it is filled, what would happen to each matter."""
    asked = request.POST.get("do") in {"look", "begin"}
    form = form_of(choice, actor, request.POST if asked else None)
    needs = any(field.required for field in form.fields.values())
    ready = not needs and not asked
    found: dict[str, Any] = {
        "choice": choice, "act": _code(choice), "act_words": _offer_words(choice), "form": form,
        "batch_id": request.POST.get("batch_id") or str(ids.uuid7()), "undo_words": undo_words(choice),
        "happens_approval": choice.sample.approval is not None, "phrases": deskwork.phrases(actor, choice.action),
        "fill": any(isinstance(field.widget, forms.Textarea) for field in form.fields.values()),
    }  # fmt: skip
    if asked and not form.is_valid():
        return found | {"status": 422}
    if not (asked or ready):
        return found
    data = acting.collected(choice.sample, form) if asked else {}
    lines = batches.look(actor, seen, choice.action, choice.result, data, versions)
    names = selectors.unit_names({each.foreseen.unit_id for each in lines if each.foreseen})
    by_id = {each.id: each for each in seen}
    return found | {
        "lines": [_line(each, by_id[each.matter_id], names) for each in lines], "data": _hidden(form, asked),
        "may": [f"{each.matter_id}:{each.step_version}" for each in lines if each.foreseen],
        "fine": sum(each.foreseen is not None for each in lines),
        "refused": sum(each.foreseen is None for each in lines),
    }  # fmt: skip


def _line(each: batches.Looked, seen: Reading, names: Any) -> dict[str, Any]:
    steps, after = seen.procedure.steps, each.foreseen
    return {
        "id": each.matter_id, "number": each.number, "title": each.title, "why": each.why,
        "before": shown(steps[each.before].names, language()),
        "after": shown(steps[after.step].names, language()) if after else "",
        "unit": shown(names[after.unit_id], language()) if after and after.unit_id in names else "",
        "asks": bool(after and after.requested),
    }  # fmt: skip


def form_of(choice: batches.Choice, actor: Actor, data: QueryDict | None) -> forms.Form:
    """The fields of the act for all of them; a suggestion of one matter says nothing of the others."""
    form = acting.form_of(choice.sample, choice.seen, actor, data)
    for name, kind, _names in choice.sample.seats:
        if kind == "unit":
            form.fields[name].help_text = _("Empty: each goes to the unit that the rules name for it.")
    for name in [name for name in form.fields if pointing.of_one(name)]:
        del form.fields[name]  # an answer and a component belong to one matter
    return form


def _hidden(form: forms.Form, asked: bool) -> list[tuple[str, str]]:
    """The values of the form as they were sent, to be sent again with the act."""
    if not asked or not isinstance(form.data, QueryDict):
        return []
    return [(name, value) for name in form.fields for value in form.data.getlist(name)]


@require_POST
@duty("matters.list")
def begin(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Begin what was looked at, for the matters that the page had found possible; the same page again is the same."""
    batch_id = acting.uuid_of(request.POST.get("batch_id", ""))
    try:
        batch = batches.mine(actor, batch_id)
    except Refused:
        begun = _begin(request, actor, batch_id)
        if isinstance(begun, HttpResponse):
            return begun
        batch = begun
    batches.go_on(actor, batch.id)
    return HttpResponseRedirect(reverse("batch", args=[batch.id]))


def _begin(request: HttpRequest, actor: Actor, batch_id: UUID) -> Batch | HttpResponse:
    try:
        chosen, fixed, former = _chosen(request, actor)
        seen = batches.readings(actor, chosen)
        offers = [each for each in batches.choices(actor, seen) if not fixed or each.action == fixed]
        choice = next((each for each in offers if _code(each) == request.POST.get("act", "")), None)
        if choice is None:  # what was looked at is not possible any more, for any of them
            messages.warning(request, _("This cannot be done any more. Nothing was done; look again."))
            return _look(request, actor, chosen, fixed, former, 409) if chosen else HttpResponseRedirect(_back(request))
        form = form_of(choice, actor, request.POST)
        if not form.is_valid():
            return _look(request, actor, chosen, fixed, former, 422)
        known = {each.id: each.row["step_version"] for each in seen}
        items = [(matter_id, version if version is not None else known[matter_id])
                 for matter_id, version in chosen.items() if matter_id in known]  # fmt: skip
        return batches.begin(
            actor, batch_id=batch_id, action=choice.action, result=choice.result, items=items,
            data=acting.collected(choice.sample, form), undoes=former.id if former else None,
        )  # fmt: skip
    except Refused as reason:
        messages.error(request, reason.words)
        return HttpResponseRedirect(_back(request))


@duty("matters.list")
def batch(request: HttpRequest, actor: Actor, batch_id: UUID) -> HttpResponse:
    """How far a batch is, what became of each matter, and its way back."""
    try:
        found = batches.mine(actor, batch_id)
    except Refused:
        raise Http404 from None
    items = list(found.items.order_by("no"))
    rows = Matter.objects.filter(selectors.visible(actor)).in_bulk([item.matter_id for item in items])
    counts = batches.counts(found)
    waiting = counts[ItemState.WAITING]
    way = batches.undoing(actor, found) if not waiting else None
    still = [(matter_id, version) for matter_id, version in way.items] if way else []
    context = {
        "title": _words(found), "batch": found, "counts": counts, "waiting": waiting, "number": len(items),
        "finished": len(items) - waiting, "refused": counts[ItemState.REFUSED],
        "done": counts[ItemState.DONE], "asked": counts[ItemState.ASKED],
        "lines": [{"item": item, "row": rows.get(item.matter_id), "words": ItemState(item.state).label}
                  for item in items],
        "way": way, "undo_number": len(still),
        "undo_step": shown(way.seen[0].procedure.steps[way.while_at].names, language()) if way and way.seen else "",
        "undone": found.undone_by.order_by("begun_at"), "not_undoable": not waiting and way is None,
    }  # fmt: skip
    return render(request, "site/bulk_batch.html", context)


@require_POST
@duty("matters.list")
def go(request: HttpRequest, actor: Actor, batch_id: UUID) -> HttpResponse:
    """The next portion of a batch."""
    try:
        batches.go_on(actor, batch_id)
    except Refused:
        raise Http404 from None
    return HttpResponseRedirect(reverse("batch", args=[batch_id]))


# -- what was chosen --------------------------------------------------------------------------------------------------


def _chosen(request: HttpRequest, actor: Actor) -> tuple[dict[UUID, int | None], str, Batch | None]:
    """(matter → step version that was looked at, the act that is fixed, the batch to be taken back). Raises Refused."""
    undo = request.POST.get("undo", "")
    former = batches.mine(actor, acting.uuid_of(undo)) if undo else None
    if former is not None:
        way = batches.undoing(actor, former)
        return (dict(way.items), way.action, former) if way else ({}, "", former)
    if request.POST.get("all"):
        return dict.fromkeys(_of_list(request, actor)), "", None
    found: dict[UUID, int | None] = {}
    for text in request.POST.getlist("matter")[: batches.MOST + 1]:
        identifier, _colon, version = text.partition(":")
        try:
            found[UUID(identifier)] = int(version) if version.isdecimal() and len(version) < 10 else None
        except ValueError:
            continue
    return found, "", None


def _of_list(request: HttpRequest, actor: Actor) -> list[UUID]:
    """The matters of the list that the page showed, in its order, at most as many as a batch takes."""
    sent = QueryDict(request.POST.get("query", "")[:2000])
    form = queue.FilterForm(sent, actor=actor)
    if not form.is_valid():
        return []
    filters = queue.filters_of(form)
    if form.errors:
        return []
    order = form.cleaned_data["order"] or "newest"
    return [row.id for row in selectors.matters(actor, filters, limit=batches.MOST, order=order).rows]


def _back(request: HttpRequest) -> str:
    """The list that one came from, with its filters."""
    query = request.POST.get("query", "")
    fine = len(query) <= RETURN and parse_qs(query) is not None
    if request.POST.get("from") == "receiving":
        return reverse("receiving")
    return f"{reverse('matters')}?{query}" if fine and query else reverse("matters")


def _code(choice: batches.Choice) -> str:
    return f"{choice.action}|{choice.result or ''}"


def _offer_words(choice: batches.Choice) -> str:
    offer = choice.sample
    words = shown(offer.names, language())
    return f"{words} · {shown(offer.result_names, language())}" if offer.result_names else words


def undo_words(choice: batches.Choice) -> str:
    """Whether the act can be taken back, and until when: told before it is done."""
    way = batches.inverse(choice.seen, choice.action)
    if choice.sample.approval is not None:
        return _("It is only asked for; until somebody answers nothing moves.")
    if way is None:
        return _("This act cannot be taken back.")
    step = shown(choice.seen.procedure.steps[way[1]].names, language())
    return _("It can be taken back as long as the matter still stands at “%(step)s”.") % {"step": step}


def _words(found: Batch) -> str:
    """What a batch does, in words."""
    for version in procedures.versions():
        declared = procedures.by_id(version.pk).actions.get(found.action)
        if declared is not None:
            return shown(declared.names, language())
    return found.action
