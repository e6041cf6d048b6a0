"""受理派遣台: what waits, sorted by what is lost soonest; the chosen matter; its surroundings. One screen, one key."""

from collections import Counter
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from civicloop.calendars import words as calendar_words
from civicloop.catalogue import selectors as catalogue
from civicloop.catalogue import words as catalogue_words
from civicloop.classifier import selectors as suggested_kinds
from civicloop.foundation import clock, ids
from civicloop.foundation.names import shown
from civicloop.matters import actions, owners, selectors
from civicloop.matters.errors import Refused
from civicloop.matters.models import Matter
from civicloop.matters.reading import Reading
from civicloop.people.access import Actor
from civicloop.people.choices import Role
from civicloop.people.web import duty
from civicloop.site import acting, comparing, matter_page, pointing, queue
from civicloop.site.acting import language

QUEUE = 60
LOCAL = "local"  # kinds that a procedure made for itself are never chosen by hand


@duty("matters.list")
def desk(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The three panes. `?m=` is the chosen matter, `?kind=` the kind whose conditions are shown."""
    return show(request, actor, request.GET.get("m", ""))


def show(request: HttpRequest, actor: Actor, chosen: str, status: int = 200, form: Any = None) -> HttpResponse:
    """The desk with a matter open; also after a refusal, with what was typed."""
    found = selectors.matters(actor, selectors.Filters(desk=True), order="due", limit=QUEUE)
    rows, here = found.rows, reverse("desk")
    open_id = chosen or (str(rows[0].id) if rows else "")
    context: dict[str, Any] = {
        "title": _("Acceptance and dispatch"), "wide": True, "waiting": len(rows), "more": found.next is not None,
        "cards": [queue.short_card(row, actor, f"{here}?m={row.id}", str(row.id) == open_id) for row in rows],
        "apart": selectors.matters(actor, selectors.Filters(desk=True, doubted=True), order="due", limit=1).rows,
        "chosen": bool(chosen), "opened": bool(open_id), "news_url": _news_url(rows, open_id),
    }  # fmt: skip
    if open_id:
        context |= _middle(request, actor, open_id, here, form)
        context["alike"] = comparing.lines(actor, context["row"])
        known = {line["id"] for line in context["alike"]}
        near = [row for row in queue.nearby(actor, context["row"]) if row.id not in known]
        context["nearby"] = [queue.short_card(row, actor, reverse("matter", args=[row.id]), False) for row in near]
        context["title"] = _("Acceptance and dispatch")
    return render(request, "site/desk.html", context, status=status)


def _middle(request: HttpRequest, actor: Actor, open_id: str, here: str, form: Any) -> dict[str, Any]:
    """The chosen matter with the one-screen form, when the post may file it. 404 for what one must not know of."""
    try:
        seen = selectors.seen_by(actor, UUID(open_id))
    except (ValueError, Refused):
        raise Http404 from None
    may = _filing_offer(actor, seen) is not None
    found = matter_page.bag(request, actor, seen.id, here, frozenset({"file"}) if may else frozenset())
    found["matter_title"] = found["row"].title
    if may:
        found |= filing(request, actor, seen, form)
    return found


def _news_url(rows: list[Matter], open_id: str) -> str:
    newest = max((row.step_at for row in rows), default=None)
    return f"{reverse('desk-news')}?{urlencode({'since': newest.isoformat() if newest else '', 'm': open_id})}"


@duty("matters.list")
def news(request: HttpRequest, actor: Actor) -> HttpResponse:
    """How many matters came to this desk since the page was made: a line, so that the list never jumps."""
    try:
        since = datetime.fromisoformat(request.GET["since"]) if request.GET.get("since") else None
    except ValueError:
        raise Http404 from None
    rows = selectors.matters(actor, selectors.Filters(desk=True), order="due", limit=QUEUE).rows
    fresh = sum(1 for row in rows if since is None or since.tzinfo is None or row.step_at > since)
    shown_here = {"fresh": fresh, "news_url": request.get_full_path(), "open_id": request.GET.get("m", "")[:36]}
    return render(request, "site/desk_news.html", shown_here)


# -- one screen: accept and dispatch --------------------------------------------------------------------------------


class FilingForm(forms.Form):
    """Kind, filing condition and, where the post also dispatches, the unit."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind of matter"))
    condition = forms.ChoiceField(label=gettext_lazy("Filing condition and limit"), widget=forms.RadioSelect)
    answering = forms.ChoiceField(label=gettext_lazy("Answering unit"), required=False)


def _filing_offer(actor: Actor, seen: Reading) -> selectors.Offered | None:
    """The act that files the matter with a filing condition and nothing else, when this post may do it now."""
    for offer in selectors.offered(actor, seen):
        if offer.action == "file" and not offer.seats and [need.kind for need in offer.needs] == ["filing_condition"]:
            return offer
    return None


def dispatches_too(actor: Actor, seen: Reading) -> bool:
    """Whether the post holds acceptance and dispatch, and filing leads to a step from which it dispatches."""
    offer = _filing_offer(actor, seen)
    if offer is None or Role.DISPATCHER not in actor.roles:
        return False
    dispatch = seen.procedure.actions.get("dispatch")
    return dispatch is not None and any(offer.to in move.from_ for move in dispatch.moves)


def filing(request: HttpRequest, actor: Actor, seen: Reading, form: Any = None) -> dict[str, Any]:
    """What the one-screen form shows: the form, the suggestion with its reason, both addresses."""
    form = form or filing_form(request, actor, seen)
    kind_id = _kind(form)
    both = dispatches_too(actor, seen)
    return {
        "both": form, "both_id": request.POST.get("act_id") or str(ids.uuid7()), "dispatches": both,
        "both_words": _("File and dispatch") if both else _("File the case"),
        "guess": _guess(seen, kind_id), "why": matter_page.suggestion(seen, kind_id) if both else "",
        "matter_id": seen.id, "about": [form[name] for name in form.fields if name not in FilingForm.base_fields],
    }  # fmt: skip


def _guess(seen: Reading, kind_id: int | None) -> dict[str, Any] | None:
    """The kind that the texts are about, as one line with its reason; None while nothing sure can be said."""
    row = selectors.row_of(seen.id)
    found = suggested_kinds.suggest(row.title, row.text)
    if found is None:
        return None
    return {
        "id": found.kind.id, "code": found.kind.code, "name": shown(found.kind.names, language()),
        "percent": round(found.confidence * 100), "reasons": list(found.reasons), "taken": found.kind.id == kind_id,
    }  # fmt: skip


def filing_form(request: HttpRequest, actor: Actor, seen: Reading, data: Any = None) -> FilingForm:
    """The form for a matter; `?kind=` chooses the kind whose conditions are offered."""
    form = FilingForm(data, auto_id="file_%s")
    fields: dict[str, Any] = form.fields
    wanted = (data or request.GET).get("kind", "") or str(seen.row["kind_id"] or "")
    fields["kind"].choices = [("", _("Choose")), *kind_groups(actor, seen)]
    fields["kind"].initial = wanted
    kind_id = _kind(form)
    conditions = condition_choices(kind_id) if kind_id is not None else []
    fields["condition"].choices = conditions
    if len(conditions) == 1:
        fields["condition"].initial = conditions[0][0]
    fields["answering"].choices = [("", _("As suggested")), *acting.unit_groups(seen)]
    fields["answering"].initial = request.GET.get("answering", "")
    sent = data or request.GET
    case = owners.case_of(seen, clock.now(), kind_id=kind_id, condition_id=None)
    form.fields |= pointing.fields_of(seen, kind_id, owners.answer(case).questions)
    for name, field in form.fields.items():
        if name in sent and (name == owners.COMPONENT or name.startswith(pointing.QUESTION)):
            field.initial = sent[name]
    return form


def _kind(form: FilingForm) -> int | None:
    """The kind that the form stands at, None while there is none."""
    text = str((form.data.get("kind") if form.is_bound else form.fields["kind"].initial) or "")
    try:
        return catalogue.kind(int(text)).id if text.isdecimal() else None
    except LookupError:
        return None


def kind_groups(actor: Actor, seen: Reading) -> list[tuple[str, list[tuple[str, str]]]]:
    """The kinds by class; before them those that are open most often in the same community."""
    kinds = [kind for kind in catalogue.kinds(family="matter") if kind.standard != LOCAL]
    words = {kind.id: f"{kind.code} {shown(kind.names, language())}" for kind in kinds}
    groups: dict[str, list[tuple[str, str]]] = {}
    near = queue.nearby(actor, selectors.row_of(seen.id), most=40)
    often = [kind_id for kind_id, _n in Counter(row.kind_id for row in near if row.kind_id in words).most_common(5)]
    if often:
        groups[_("Often here")] = [(str(kind_id), words[kind_id]) for kind_id in often if kind_id is not None]
    for kind in kinds:
        name = f"{kind.class_code} {shown(kind.class_names, language())}"
        groups.setdefault(name, []).append((str(kind.id), words[kind.id]))
    return list(groups.items())


def condition_choices(kind_id: int) -> list[tuple[str, str]]:
    """The filing conditions of a kind with limit and source in words."""
    found = []
    for each in catalogue.conditions(kind_id):
        parts = [shown(each.names, language()), calendar_words.limit_words(each.limit)]
        found.append((str(each.id), " · ".join([*parts, catalogue_words.source_words(each.source)])))
    return found


@duty("matters.list")
def form(request: HttpRequest, actor: Actor, matter_id: UUID) -> HttpResponse:
    """The one-screen form alone, for another kind: what the page's script loads when the kind is changed."""
    try:
        seen = selectors.seen_by(actor, matter_id)
    except Refused:
        raise Http404 from None
    if _filing_offer(actor, seen) is None:
        raise Http404
    return render(request, "site/desk_file.html", filing(request, actor, seen))


@require_POST
@duty("matters.list")
def file_and_dispatch(request: HttpRequest, actor: Actor, matter_id: UUID) -> HttpResponse:
    """受理并派遣: two acts, each its own entry. If the second is refused the first stays, and the page says so."""
    try:
        seen = selectors.seen_by(actor, matter_id)
    except Refused:
        raise Http404 from None
    # a form sent again finds the matter further on: what was meant stands in the form, what is allowed in the action
    both = Role.DISPATCHER in actor.roles and request.POST.get("dispatch", "1") == "1"
    form = filing_form(request, actor, seen, request.POST)
    if not form.is_valid():
        return show(request, actor, str(matter_id), 422, form)
    act_id = acting.uuid_of(request.POST.get("act_id", ""))
    values = form.cleaned_data
    try:
        data = {"condition": int(values["condition"]), **pointing.chosen(form)}
        actions.act(actor, actions.Act(matter_id, "file", act_id, None, data))
    except Refused as reason:
        form.add_error(None, reason.words)
        return show(request, actor, str(matter_id), reason.status, form)
    if both:
        data = {"answering": values["answering"]} if values["answering"] else {}
        try:
            actions.act(actor, actions.Act(matter_id, "dispatch", acting.second_id(act_id), None, data))
        except Refused as reason:
            messages.warning(request, _("Filed, but not dispatched: %(why)s") % {"why": reason.words})
            return HttpResponseRedirect(f"{reverse('desk')}?m={matter_id}")
    row = selectors.row_of(matter_id)
    said = {"title": row.title, "step": shown(seen.procedure.steps[row.step].names, language()),
            "unit": shown(row.unit.names, language())}  # fmt: skip
    messages.success(request, _("%(title)s: now %(step)s, at %(unit)s.") % said)
    return HttpResponseRedirect(reverse("desk"))
