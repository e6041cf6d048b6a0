"""并案: the reports joined to a case, what else could be joined, joining many at once, taking one out again."""

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

from civicloop.foundation import ids
from civicloop.foundation.names import shown
from civicloop.matters import cluster_lists, clusters, merging, selectors
from civicloop.matters.cluster_lists import Member
from civicloop.matters.errors import Refused
from civicloop.matters.models import Matter, Merging
from civicloop.matters.reading import Reading
from civicloop.notices import broadcasts
from civicloop.people import access
from civicloop.people.access import Actor
from civicloop.people.choices import Role
from civicloop.people.web import duty
from civicloop.places import selectors as places
from civicloop.site import acting, queue
from civicloop.site.acting import language

PAGE = 50
ON_MATTER = 5
AT_ONCE = 100  # reports that the button of the progress page joins
DAYS = (1, 3, 7, 30)


class SearchForm(forms.Form):
    """What could be joined: which words, where, since when."""

    text = forms.CharField(label=gettext_lazy("Words"), required=False, max_length=60)
    area = forms.ChoiceField(label=gettext_lazy("Area"), required=False)
    days = forms.ChoiceField(label=gettext_lazy("Received in the last"))
    same_kind = forms.BooleanField(label=gettext_lazy("Only of the same kind"), required=False)

    def __init__(self, *args: Any, lead: Matter, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        found = [(f"{level}:{area}", shown(places.area(area).names, language())) for level, area in _places(lead)]
        fields["area"].choices = [*found, ("", _("The whole city"))]
        fields["days"].choices = [(str(n), _("%(days)s days") % {"days": n}) for n in DAYS]


def _places(lead: Matter) -> list[tuple[str, int]]:
    """The areas in which a case lies, the smallest first."""
    levels = (("community", lead.community_id), ("subdistrict", lead.subdistrict_id), ("district", lead.district_id))
    return [(level, area) for level, area in levels if area is not None]


# -- on the page of a matter -----------------------------------------------------------------------------------------


def bag(actor: Actor, seen: Reading, row: Matter) -> dict[str, Any]:
    """What the page of a matter says about joining: the case that it is joined to, or what is joined to it."""
    may = access.may(actor, clusters.DUTY).allowed
    lead_id = cluster_lists.lead_of(row)
    found: dict[str, Any] = {"lead": None, "members": [], "many": 0, "may": may, "waits": clusters.waits(seen.row)}
    if lead_id is not None:
        found["lead"] = _lead_line(actor, lead_id)
        found["may_take_out"] = may and (not row.end or Role.SUPERVISOR in actor.roles)
        found["act_id"] = ids.uuid7()
    elif row.lead_id is not None:
        found["many"] = cluster_lists.how_many(row.id)
        found["members"] = [_line(each) for each in cluster_lists.members(actor, row, most=ON_MATTER)]
    open_case = not row.end and not row.confidentiality and not row.complained_of and lead_id is None
    found["may_join"] = may and open_case and clusters.can_be_shared(seen.procedure)
    return {"cluster": found}


def _lead_line(actor: Actor, lead_id: UUID) -> dict[str, Any]:
    """The case that a matter is joined to; its page only for whoever may see it."""
    number = Matter.objects.filter(id=lead_id).values_list("number", flat=True).first()
    try:
        selectors.seen_by(actor, lead_id)
    except Refused:
        return {"number": number, "url": ""}
    return {"number": number, "url": reverse("matter", args=[lead_id])}


def _line(member: Member) -> dict[str, Any]:
    return queue.line(member.row) | {"unlike": member.unlike, "act_id": ids.uuid7(), "text": member.row.text}


# -- the page of a case ----------------------------------------------------------------------------------------------


@duty("matters.list")
def page(request: HttpRequest, actor: Actor, matter_id: UUID) -> HttpResponse:
    """What is joined to a case; for desks, what could be."""
    return _show(request, actor, matter_id)


def _show(request: HttpRequest, actor: Actor, matter_id: UUID, refused: str = "", status: int = 200) -> HttpResponse:
    try:
        seen = selectors.seen_by(actor, matter_id)
    except Refused:
        raise Http404 from None
    row = selectors.row_of(matter_id)
    lead_id = cluster_lists.lead_of(row)
    if lead_id is not None:
        return HttpResponseRedirect(reverse("matter", args=[matter_id]))
    members = cluster_lists.members(actor, row, after=_after(request), most=PAGE + 1)
    turn = {"next_url": f"?{urlencode({'after': str(members[PAGE - 1].row.id)})}"} if len(members) > PAGE else {}
    context: dict[str, Any] = {
        "row": row, "number": row.number, "title": _("Reports of the same"), "refused": refused,
        "members": [_line(each) for each in members[:PAGE]], "out_id": ids.uuid7(),
        "many": cluster_lists.how_many(row.id), "page": turn,
        "may_take_out": access.may(actor, clusters.DUTY).allowed and (not row.end or Role.SUPERVISOR in actor.roles),
        "may_broadcast": broadcasts.may_send(actor, seen),
    }  # fmt: skip
    context |= bag(actor, seen, row)
    if context["cluster"]["may_join"]:
        context |= _candidates(request, actor, row)
    return render(request, "site/cluster.html", context, status=status)


def _after(request: HttpRequest) -> UUID | None:
    try:
        return UUID(request.GET["after"]) if request.GET.get("after") else None
    except ValueError:
        raise Http404 from None


def _candidates(request: HttpRequest, actor: Actor, lead: Matter) -> dict[str, Any]:
    """The form of the search and what it found, with how far each lies from the case."""
    asked = request.POST if request.method == "POST" else request.GET
    first = f"subdistrict:{lead.subdistrict_id}" if lead.subdistrict_id is not None else ""
    form = SearchForm(asked if "days" in asked else {"area": first, "days": "3", "same_kind": "on"}, lead=lead)
    rows = _found(actor, lead, form)
    some = rows.select_related(*selectors.SHOWN) if rows is not None else []
    found = list(some[: cluster_lists.SHOWN + 1])
    lines = []
    for row in found[: cluster_lists.SHOWN]:
        metres = cluster_lists.metres_from(lead, row)
        lines.append(queue.line(row) | {"metres": None if metres is None else round(metres)})
    wanted = {name: str(value) for name, value in form.data.items() if name in form.fields and value}
    return {
        "form": form, "lines": lines, "cut": len(found) > cluster_lists.SHOWN, "run_id": ids.uuid7(),
        "ticked": asked.get("tick") == "all", "most": merging.MOST, "hidden": wanted,
        "tick_url": f"?{urlencode({**wanted, 'tick': 'all'})}",
    }  # fmt: skip


def _found(actor: Actor, lead: Matter, form: SearchForm) -> Any:
    """The candidates that a valid form asks for."""
    if not form.is_valid():
        return None
    values = form.cleaned_data
    level, _colon, area = values["area"].partition(":")
    return cluster_lists.candidates(
        actor, lead, area=(level, int(area)) if area else None, days=int(values["days"]), text=values["text"].strip(),
        same_kind=values["same_kind"],
    )  # fmt: skip


def _ticked(request: HttpRequest) -> tuple[UUID, list[UUID]]:
    """The run's id and the reports that were ticked."""
    try:
        return UUID(request.POST.get("run_id", "")), [UUID(each) for each in request.POST.getlist("matter")]
    except ValueError:
        raise Http404 from None


@require_POST
@duty("clusters.join")
def join(request: HttpRequest, actor: Actor, matter_id: UUID) -> HttpResponse:
    """Begin to join the ticked reports, or all that fit, and go on on the page of the run."""
    run_id, chosen = _ticked(request)
    try:
        selectors.seen_by(actor, matter_id)
        if request.POST.get("which") == "all":
            lead = selectors.row_of(matter_id)
            rows = _found(actor, lead, SearchForm(request.POST, lead=lead))
            chosen = list(rows.values_list("id", flat=True)[: merging.MOST + 1]) if rows is not None else []
        run = merging.begin(actor, merging_id=run_id, lead_id=matter_id, matter_ids=chosen)
        merging.go_on(run.id)
    except Refused as reason:
        if reason.code == "not_found":
            raise Http404 from None
        return _show(request, actor, matter_id, reason.words, reason.status)
    return HttpResponseRedirect(reverse("merging", args=[run.id]))


# -- a run -----------------------------------------------------------------------------------------------------------


@duty("clusters.join")
def run(request: HttpRequest, actor: Actor, merging_id: UUID) -> HttpResponse:
    """How far a run is. A POST goes on with it at once; otherwise the worker does."""
    try:
        found = merging.of(actor, merging_id)
    except Refused:
        raise Http404 from None
    if request.method == "POST":
        merging.go_on(found.id, AT_ONCE)
        return HttpResponseRedirect(reverse("merging", args=[found.id]))
    lead = selectors.row_of(found.lead_id)
    context = {
        "title": _("Joining reports"), "work": _work(found), "lead": lead, "run": found,
        "left_out": [queue.line(row) | {"why": why} for row, why in merging.left_out(actor, found)],
    }  # fmt: skip
    return render(request, "site/merging.html", context)


@duty("clusters.join")
def news(request: HttpRequest, actor: Actor, merging_id: UUID) -> HttpResponse:
    """The progress alone, for the page that waits."""
    try:
        found = merging.of(actor, merging_id)
    except Refused:
        raise Http404 from None
    return render(request, "site/merging_news.html", {"work": _work(found)})


def _work(found: Merging) -> dict[str, Any]:
    done = merging.progress(found)
    words = _("%(joined)s of %(whole)s joined") % {"joined": done.joined, "whole": done.whole}
    if done.left_out:
        words = f"{words} · {_('%(number)s left out') % {'number': done.left_out}}"
    over = found.finished_at is not None
    return {
        "title": _("All are looked at") if over else _("Reports are being joined"), "words": words, "over": over,
        "share": 1.0 if over else (done.whole - done.to_come) / max(1, done.whole), "since": found.asked_at,
        "url": "" if over else reverse("merging-news", args=[found.id]),
    }  # fmt: skip


# -- out again -------------------------------------------------------------------------------------------------------


@require_POST
@duty("clusters.join")
def take_out(request: HttpRequest, actor: Actor, matter_id: UUID) -> HttpResponse:
    """Take one report out of its cluster, with the reason."""
    act_id, back = acting.uuid_of(request.POST.get("act_id", "")), acting.next_of(request, matter_id)
    try:
        merging.take_out(actor, matter_id=matter_id, act_id=act_id, reason=request.POST.get("reason", ""))
    except Refused as reason:
        if reason.code == "not_found":
            raise Http404 from None
        messages.error(request, reason.words)
    else:
        messages.success(request, _("Taken out. It stands where it stood, with the same deadline."))
    return HttpResponseRedirect(back)


@require_POST
@duty("clusters.join")
def take_out_many(request: HttpRequest, actor: Actor, matter_id: UUID) -> HttpResponse:
    """Take the ticked reports out of a case, all for the same reason."""
    run_id, chosen = _ticked(request)
    try:
        out, stayed = merging.take_out_many(
            actor, lead_id=matter_id, matter_ids=chosen, run_id=run_id, reason=request.POST.get("reason", "")
        )
    except Refused as reason:
        if reason.code == "not_found":
            raise Http404 from None
        return _show(request, actor, matter_id, reason.words, reason.status)
    if out:
        words = _("%(number)s taken out. Each stands where it stood, with the same deadline.")
        messages.success(request, words % {"number": out})
    seen = Matter.objects.filter(selectors.visible(actor), id__in=[each for each, _why in stayed])
    numbers = dict(seen.values_list("id", "number"))
    for each, why in stayed:
        messages.error(request, f"{numbers.get(each, '')} {why}".strip())
    return HttpResponseRedirect(reverse("cluster", args=[matter_id]))
