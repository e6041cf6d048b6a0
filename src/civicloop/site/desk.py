"""受理派遣台: what waits, sorted by what is lost soonest; the chosen matter; its surroundings. One screen, one key."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from civicloop.catalogue import selectors as catalogue
from civicloop.catalogue import words as catalogue_words
from civicloop.foundation import clock, ids
from civicloop.foundation.names import shown
from civicloop.matters import actions, selectors
from civicloop.matters.errors import Refused
from civicloop.matters.reading import Reading
from civicloop.people.access import Actor
from civicloop.people.choices import Role
from civicloop.people.models import Unit
from civicloop.people.web import duty
from civicloop.site import acting, matter_page
from civicloop.site.acting import language

QUEUE = 60
BOTH = frozenset({Role.ACCEPTANCE_CLERK, Role.DISPATCHER})


@duty("matters.list")
def desk(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The three panes. `?m=` is the chosen matter, `?kind=` a kind tried out for filing."""
    return show(request, actor, request.GET.get("m", ""))


def show(request: HttpRequest, actor: Actor, chosen: str, status: int = 200, form: Any = None) -> HttpResponse:
    """The desk with a matter open; also after a refusal, with what was typed."""
    queue = selectors.matters(actor, selectors.Filters(desk=True), order="due", limit=QUEUE)
    rows = queue.rows
    known = {str(row.id) for row in rows}
    open_id = chosen or (str(rows[0].id) if rows else "")
    here = reverse("desk")
    context: dict[str, Any] = {
        "title": _("Acceptance and dispatch"), "wide": True, "waiting": len(rows), "more": queue.next is not None,
        "cards": [acting.card(row, actor, url=f"{here}?m={row.id}", selected=str(row.id) == open_id) for row in rows],
        "chosen": bool(open_id),
    }  # fmt: skip
    if open_id:
        try:
            matter_id = UUID(open_id)
            context |= matter_page.bag(request, actor, matter_id, next_url=here) | {"title": context["title"]}
        except (ValueError, Refused):
            raise Http404 from None
        seen: Reading = context["seen"]
        context["matter_title"] = context["row"].title
        context["here"] = f"{here}?m={open_id}" if open_id in known else here
        context["nearby"] = [acting.card(row, actor) for row in matter_page.nearby(actor, context["row"])]
        if can_do_both(actor, seen):
            context["both"] = form or both_form(request, seen)
            context["both_id"] = request.POST.get("act_id") or str(ids.uuid7())
            context["why"] = suggestion(seen, context["both"])
    return render(request, "site/desk.html", context, status=status)


# -- one screen: accept and dispatch --------------------------------------------------------------------------------


class BothForm(forms.Form):
    """Kind, filing condition and unit in one form."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind of matter"))
    condition = forms.ChoiceField(label=gettext_lazy("Filing condition and limit"))
    answering = forms.ChoiceField(label=gettext_lazy("Answering unit"), required=False)


def can_do_both(actor: Actor, seen: Reading) -> bool:
    """Whether this post may file the matter now and dispatch it right after."""
    return actor.roles >= BOTH and any(offer.action == "file" for offer in selectors.offered(actor, seen))


def both_form(request: HttpRequest, seen: Reading, data: Any = None) -> BothForm:
    """The form for a matter; `?kind=` chooses the kind whose conditions are offered."""
    form = BothForm(data)
    kinds = [kind for kind in catalogue.kinds(family="matter") if kind.standard != "local"]
    wanted = (data or request.GET).get("kind", "") or str(seen.row["kind_id"] or "")
    form.fields["kind"].choices = [  # type: ignore[attr-defined]
        ("", "—"), *((str(kind.id), f"{kind.code} {shown(kind.names, language())}") for kind in kinds)
    ]  # fmt: skip
    form.fields["kind"].initial = wanted
    conditions = matter_page.conditions_of(int(wanted)) if wanted.isdecimal() and _is_kind(int(wanted)) else []
    form.fields["condition"].choices = conditions or [("", _("Choose the kind first"))]  # type: ignore[attr-defined]
    form.fields["answering"].choices = [("", _("As suggested")), *_units(seen)]  # type: ignore[attr-defined]
    return form


def _is_kind(kind_id: int) -> bool:
    try:
        catalogue.kind(kind_id)
    except LookupError:
        return False
    return True


def _units(seen: Reading) -> list[tuple[str, str]]:
    """Units of the matter's subdistrict and district, and of the city: whom a dispatcher here may name."""
    areas = [
        identifier for level, identifier in seen.areas.items() if level in {"subdistrict", "district", "community"}
    ]
    rows = Unit.objects.filter(valid_to=None).select_related("area")
    found = rows.filter(area_id__in=areas) | rows.filter(area__level="city")
    return [(unit.code, shown(unit.names, language())) for unit in found.order_by("-area__level", "code")[:200]]


def suggestion(seen: Reading, form: BothForm) -> str:
    """The suggested unit and its reason in one line."""
    kind = form.data.get("kind") if form.is_bound else form.fields["kind"].initial
    kind_id = int(kind) if kind and str(kind).isdecimal() and _is_kind(int(kind)) else None
    answer = catalogue.answering_unit(kind_id, seen.areas, clock.now())
    unit = Unit.objects.get(id=answer.unit_id)
    reason = catalogue_words.reason_words(answer.reason_code, answer.reason_params)
    return _("Suggested: %(unit)s (%(reason)s)") % {"unit": shown(unit.names, language()), "reason": reason}


@require_POST
@duty("matters.list")
def file_and_dispatch(request: HttpRequest, actor: Actor, matter_id: UUID) -> HttpResponse:
    """受理并派遣: two acts, each its own entry. If the second is refused the first stays, and the page says so."""
    try:
        seen = selectors.seen_by(actor, matter_id)
    except Refused:
        raise Http404 from None
    form = both_form(request, seen, request.POST)
    if not form.is_valid():
        return show(request, actor, str(matter_id), 422, form)
    act_id = acting.uuid_of(request.POST.get("act_id", ""))
    values = form.cleaned_data
    try:
        actions.act(actor, actions.Act(matter_id, "file", act_id, None, {"condition": int(values["condition"])}))
    except Refused as reason:
        form.add_error(None, reason.words)
        return show(request, actor, str(matter_id), reason.status, form)
    data = {"answering": values["answering"]} if values["answering"] else {}
    try:
        done = actions.act(actor, actions.Act(matter_id, "dispatch", acting.second_id(act_id), None, data))
    except Refused as reason:
        messages.warning(request, _("Filed, but not dispatched: %(why)s") % {"why": reason.words})
        return HttpResponseRedirect(f"{reverse('desk')}?m={matter_id}")
    step = seen.procedure.steps[done.step].names
    messages.success(request, _("Filed and dispatched. Now: %(step)s") % {"step": shown(step, language())})
    return HttpResponseRedirect(reverse("desk"))
