"""网格端: four buttons for work outside.

A form answers a redirect when all of it is taken, so that the phone's queue may drop it; else the form with its errors.
"""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST

from civicloop.catalogue import selectors as catalogue
from civicloop.foundation import clock, ids, locality
from civicloop.foundation.names import shown
from civicloop.matters import actions, selectors
from civicloop.matters.choices import Channel
from civicloop.matters.errors import Refused
from civicloop.matters.models import Matter
from civicloop.people.access import Actor
from civicloop.people.web import duty
from civicloop.places import selectors as places
from civicloop.records import audit
from civicloop.site import acting, complaints, faces, field_forms, hinting, pointing

MINE = timedelta(days=14)
CODE_SHOWN = timedelta(minutes=30)  # long enough to hand it over, too short to keep and use in a household's name
MOST = 50


# -- home and lists -------------------------------------------------------------------------------------------------


@duty("matters.list")
def home(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Four buttons and today's line."""
    if faces.sent_by_queue(request):
        return HttpResponse(status=204)
    rows = selectors.matters(actor, selectors.Filters(desk=True), order="due", limit=selectors.MOST).rows
    now = clock.now()
    zone = locality.zone()
    midnight = datetime.combine(now.astimezone(zone).date() + timedelta(days=1), time(0), tzinfo=zone)
    over = [row for row in rows if row.due_at is not None and row.due_at < now]
    soon = [row for row in rows if row.due_at is not None and now <= row.due_at <= midnight]
    context = {
        "waiting": len(rows), "over": len(over), "soon": len(soon), "next": soon[0] if soon else None,
        "area": places.area(actor.area_id).names if actor.area_id else {},
    }  # fmt: skip
    return render(request, "site/field_home.html", context)


@duty("matters.list")
def checks(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What this post has to look at or go on with, soonest first; below it open checks of the same area."""
    rows = selectors.matters(actor, selectors.Filters(desk=True), order="due", limit=MOST).rows
    mine = {row.id for row in rows}
    near = [
        row
        for step in ("to_check", "to_spot_check")
        for row in selectors.matters(actor, _here(actor, step), order="due", limit=10).rows
        if row.id not in mine
    ]
    context = {"cards": [_card(row, actor) for row in rows], "near": [_card(row, actor) for row in near]}
    return render(request, "site/field_checks.html", context)


def _here(actor: Actor, step: str) -> selectors.Filters:
    """What stands at a step in the area of the post; not what its unit has to do with elsewhere."""
    return selectors.Filters(step=step, area_level=actor.level if actor.area_id else "", area_id=actor.area_id)


def _card(row: Matter, actor: Actor) -> dict[str, Any]:
    return acting.card(row, actor, url=reverse("field_matter", args=[row.id]))


@duty("matters.list")
def mine(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What this post has reported lately, newest first."""
    rows = Matter.objects.filter(
        selectors.visible(actor), id__gte=ids.first_of(clock.now() - MINE), caller=actions.caller_of(actor)
    ).select_related(*selectors.SHOWN)
    path = places.path(actor.area_id) if actor.area_id else {}
    if "subdistrict" in path:  # the index that makes this quick; what lies elsewhere is found by its number
        rows = rows.filter(subdistrict_id=path["subdistrict"].id)
    return render(
        request, "site/field_mine.html", {"cards": [_card(row, actor) for row in rows.order_by("-id")[:MOST]]}
    )


# -- one matter -----------------------------------------------------------------------------------------------------


@duty("matters.list")
def matter(request: HttpRequest, actor: Actor, matter_id: UUID) -> HttpResponse:
    """A matter as one needs it at the place: what, where, the photo before, and what may be done now."""
    if faces.sent_by_queue(request):
        return HttpResponse(status=204)
    return show_matter(request, actor, matter_id)


def show_matter(request: HttpRequest, actor: Actor, matter_id: UUID, *, status: int = 200) -> HttpResponse:
    """The page; after a refusal with everything that was typed."""
    try:
        seen = selectors.seen_by(actor, matter_id)
    except Refused:
        return acting.not_found(request)
    row = selectors.row_of(matter_id)
    pictures = faces.photos_of([matter_id], with_films=True)[matter_id]
    context = {
        "row": row, "card": acting.card(row, actor, url="#"), "photos": pictures, "has_photos": any(pictures.values()),
        "sheets": faces.sheets(request, actor, seen, reverse("field_act", args=[matter_id])),
        "refused": faces.trouble(request), "code": _code(row, actor),
    }  # fmt: skip
    return render(request, "site/field_matter.html", context, status=status)


def _code(row: Matter, actor: Actor) -> str:
    """The check code for the household or applicant, shown to the post that wrote the report, for a while."""
    handed_on = row.channel == Channel.VISIT and row.caller == actions.caller_of(actor)
    fresh = timedelta(0) <= clock.now() - row.received_at < CODE_SHOWN
    return actions.check_code(row.id, bytes(row.fingerprint)) if handed_on and fresh else ""


@require_POST
@duty("matters.list")
def act(request: HttpRequest, actor: Actor, matter_id: UUID) -> HttpResponse:
    """An act sheet of the page above."""
    return faces.act(request, actor, matter_id, show_matter, reverse("field_matter", args=[matter_id]))


# -- reports --------------------------------------------------------------------------------------------------------


@duty("matters.report")
def report(request: HttpRequest, actor: Actor) -> HttpResponse:
    """拍一件: a photo, a sentence, here."""
    form = field_forms.ReportForm(request.POST or None)
    page = _Page("site/field_report.html", _("Take a picture"), [_photo("photo", _("Photo"))])
    if pointing.looks(request):
        return page.show(request, actor, field_forms.ReportForm(initial=request.POST.dict()))
    if request.method != "POST" or not form.is_valid():
        return page.show(request, actor, form)
    if pointing.ask_first(request):
        return page.show(request, actor, field_forms.ReportForm(initial=request.POST.dict()))
    said = pointing.said(request.POST)
    new = faces.new_matter(request.POST, channel=Channel.GRID, **complaints.said(form), **said)
    made = _taken(request, actor, form, page, new, {"before": "photo"})
    if isinstance(made, HttpResponse):
        return made
    if hinting.add(made.id, request.POST.get("voice", ""), actor):
        messages.success(request, _("Reported and joined to the same: %(number)s") % {"number": made.number})
    else:
        messages.success(request, _("Reported: %(number)s") % {"number": made.number})
    return HttpResponseRedirect(reverse("field"))


@duty("matters.report")
def handled(request: HttpRequest, actor: Actor) -> HttpResponse:
    """我处理好了: report, photos before and after, and the act, in one form."""
    form = field_forms.HandledForm(request.POST or None, files=request.FILES or None)
    photos = [_photo("before", _("Photo before"), True), _photo("after", _("Photo after"), True)]
    page = _Page("site/field_handled.html", _("I have put it right"), photos)
    if pointing.looks(request):
        return page.show(request, actor, field_forms.HandledForm(initial=request.POST.dict()))
    if request.method != "POST" or not form.is_valid():
        return page.show(request, actor, form)
    new = faces.new_matter(request.POST, channel=Channel.GRID, **pointing.said(request.POST))
    made = _taken(request, actor, form, page, new, {"before": "before", "after": "after"})
    if isinstance(made, HttpResponse):
        return made
    return _then(request, actor, made, "handle_on_spot", {"result": form.cleaned_data["result"]})


@duty("matters.report")
def visit(request: HttpRequest, actor: Actor) -> HttpResponse:
    """走访: a household's problem; fixed on the spot, or a task with its date. Never a photo of a household."""
    form = field_forms.VisitForm(request.POST or None)
    page = _Page("site/field_visit.html", _("Visit"), [])
    if request.method != "POST" or not form.is_valid():
        return page.show(request, actor, form)
    data = request.POST
    new = faces.new_matter(data, procedure="visit-problem", channel=Channel.VISIT, reporter=faces.person(data))
    made = _taken(request, actor, form, page, new, {})
    if isinstance(made, HttpResponse):
        return made
    given = form.cleaned_data
    if given["outcome"] == "fixed":
        return _then(request, actor, made, "fix_on_spot", {"result": given["result"]})
    if given["outcome"] == "task":
        return _then(request, actor, made, "make_task", {"due_on": given["due_on"].isoformat()})
    return HttpResponseRedirect(reverse("field_matter", args=[made.id]))


@duty("matters.report")
def service(request: HttpRequest, actor: Actor) -> HttpResponse:
    """帮办代办: who wants what done; authorisation and papers follow on the matter's page."""
    form = field_forms.ServiceForm(request.POST or None, _delegated_kinds(actor))
    page = _Page("site/field_service.html", _("Do it for a resident"), [])
    if request.method != "POST" or not form.is_valid():
        return page.show(request, actor, form)
    data = request.POST
    new = faces.new_matter(data, procedure="delegated-service", channel=Channel.VISIT, reporter=faces.person(data))
    made = _taken(request, actor, form, page, new, {})
    if isinstance(made, HttpResponse):
        return made
    messages.success(request, _("Recorded: %(number)s") % {"number": made.number})
    return HttpResponseRedirect(reverse("field_matter", args=[made.id]))


def _delegated_kinds(actor: Actor) -> list[tuple[str, str]]:
    """The kinds that were delegated by name; none to choose from where every affair was, or nothing."""
    given = [each.kinds for each in actor.delegated if each.act]
    if frozenset() in given:
        return []
    codes = frozenset[str]().union(*given)
    rows = catalogue.kinds(family="matter") if codes else []
    return [
        (f"{kind.standard}:{kind.code}", shown(kind.names, acting.language()))
        for kind in rows
        if codes & {kind.code, kind.class_code}
    ]


class _Page:
    """A form's page, shown empty or with everything that was typed."""

    def __init__(self, template: str, title: str, demands: list[dict[str, Any]]) -> None:
        self.template, self.title, self.demands = template, title, demands

    def show(
        self, request: HttpRequest, actor: Actor, form: Any, refused: Refused | None = None, problems: Any = ()
    ) -> HttpResponse:
        """422 when the form was not taken."""
        data: Mapping[str, Any] = request.POST
        renew = refused is not None and refused.code == "id_reused"
        field = str(refused.extra.get("field", "")) if refused else ""
        if refused is not None and field in form.fields:
            form.add_error(field, refused.words)
        wanted = [demand["name"] for demand in self.demands if demand["name"] in form.errors]
        problems = [*problems, *(f"{form.fields[name].label}：{form.errors[name][0]}" for name in wanted)]
        wrong = bool(refused or problems or (form.is_bound and form.errors))
        context = {
            "form": form, "title": self.title, "demands": self.demands, "refused": refused, "problems": problems,
            "wrong": wrong, "had_photo": bool(request.FILES), "picker": faces.picker(data, home=actor.area_id),
            "client_id": "" if renew else data.get("id", ""), "act_id": "" if renew else data.get("act_id", ""),
            "fresh_id": ids.uuid7(), "fresh_act_id": ids.uuid7(), "about": pointing.part(data, components=True),
            "asking": request.method == "POST" and not wrong and not pointing.looks(request),
        }  # fmt: skip
        status = 200 if not wrong else refused.status if refused else 422
        return render(request, self.template, context, status=status)


def _photo(name: str, label: str, required: bool = False) -> dict[str, Any]:
    return {"name": name, "label": label, "required": required, "capture": True, "multiple": True}


def _taken(
    request: HttpRequest, actor: Actor, form: Any, page: _Page, new: actions.NewMatter, photos: Mapping[str, str]
) -> actions.Reported | HttpResponse:
    """Check the photos, then report, then keep the photos: a refused photo leaves nothing half-done."""
    prepared, problems = [], []
    for stage, name in photos.items():
        uploads, hows = request.FILES.getlist(name), faces.captured(request, name)
        fine, refused = faces.prepare_photos(actor, new.id, uploads, stage, hows)
        prepared += fine
        problems += refused
    if problems:
        return page.show(request, actor, form, problems=problems)
    try:
        made = actions.report(actor, new)
    except Refused as reason:
        return page.show(request, actor, form, refused=reason)
    for words in faces.store_photos(actor, prepared):
        messages.warning(request, words)
    return made


def _then(
    request: HttpRequest, actor: Actor, made: actions.Reported, action: str, data: Mapping[str, Any]
) -> HttpResponse:
    """The act that belongs to the report. What is reported stays reported, also when the act is refused."""
    wanted = actions.Act(made.id, action, faces.id_of(request.POST.get("act_id")), data=data)
    try:
        actions.act(actor, wanted)
    except Refused as reason:
        words = _("Reported as %(number)s, but not put down as handled: %(reason)s")
        messages.warning(request, words % {"number": made.number, "reason": reason.words})
        if reason.code == "not_found":
            return HttpResponseRedirect(reverse("field"))
    else:
        messages.success(request, _("Recorded: %(number)s") % {"number": made.number})
    return HttpResponseRedirect(reverse("field_matter", args=[made.id]))


# -- a word to those who make it ------------------------------------------------------------------------------------


@duty("matters.list")
def feedback(request: HttpRequest, actor: Actor) -> HttpResponse:
    """意见建议: what hinders the work, to the city's system desk, by way of the audit log."""
    form = field_forms.FeedbackForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        audit.write(
            actor_id=actor.account_id, post_id=actor.post_id, actor_words=actor.words, action="feedback",
            object="field", outcome="done", detail={"text": form.cleaned_data["text"]},
        )  # fmt: skip
        messages.success(request, _("Thank you. It is read by those who look after the system."))
        return HttpResponseRedirect(reverse("field"))
    title = pgettext("to the makers", "Opinions and suggestions")
    context = {"form": form, "title": title}
    return render(request, "site/field_feedback.html", context, status=422 if form.errors else 200)
