"""The page of scores: what areas and units reach in a month by the sealed weights, and who decided on the weights."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from civicloop.figures import definitions, forms, periods, scoring, selectors, showing, weighing
from civicloop.figures.api import query
from civicloop.figures.models import Weighting
from civicloop.figures.pages import asked_cut, turned
from civicloop.figures.scoring import Score
from civicloop.figures.weighing import Scored
from civicloop.foundation import clock
from civicloop.matters.errors import Refused
from civicloop.people.access import Actor
from civicloop.people.choices import role_words
from civicloop.people.web import duty
from civicloop.records import days


@require_safe
@duty("figures.view")
def scores(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The scores of a month, in the order of codes, with the weights and who decided on them."""
    return _page(request, actor, asked_cut(request, actor))


def _page(
    request: HttpRequest, actor: Actor, cut: selectors.Cut, form: forms.WeightsForm | None = None
) -> HttpResponse:
    if cut.by not in scoring.OBJECTS or cut.period.kind != periods.MONTH:
        raise BadRequest(_("Scores are of areas and units, by month."))
    found, may = weighing.scores(actor, cut), weighing.may(actor)
    asked = {"by": cut.by, "period": cut.period.code, "area": selectors.code_of(cut)}
    chosen = forms.ScoreForm(asked, today=days.day_of(clock.now()))
    context = {
        "title": _("Scores"), "name": selectors.name_of_whole(cut), "period": forms.words_of(cut.period),
        "form": chosen, "scored": found, "columns": _columns(found) if found else [],
        "lines": _lines(cut, found) if found else [],
        "crumbs": [(name, turned(asked, area=code)) for code, name in selectors.crumbs(actor, cut)],
        "grades": _grades(found) if found else [],
        "proposals": [_proposal(actor, row, may=may) for row in weighing.listed(actor)],
        "proposing": (form or forms.WeightsForm(rates=_rates())) if may else None,
        "here": turned(asked),
    }  # fmt: skip
    return render(request, "figures/scores.html", context)


def _rates() -> list[tuple[str, str]]:
    chosen = definitions.in_force(days.day_of(clock.now())).indicators
    return [(each.code, showing.name_of(each)) for each in scoring.offered(chosen)]


def _grades(found: Scored) -> list[tuple[str, int]]:
    steps = sorted(found.grades.items(), key=lambda each: -each[1])
    return [(showing.grade_words(name), least) for name, least in steps]


def _columns(found: Scored) -> list[dict[str, Any]]:
    indicators = [(found.chosen.indicators[code], weight) for code, weight in found.weights.items()]
    return [
        {"name": showing.name_of(each), "weight": weight, "low": each.goal == "low", "said": showing.said_of(each),
         "formula": each.formula()} for each, weight in indicators
    ]  # fmt: skip


def _lines(cut: selectors.Cut, found: Scored) -> list[dict[str, Any]]:
    return [
        {"name": name, "code": code, "score": score, "total": showing.score_words(score),
         "why": showing.no_score_words(score),
         "grade": showing.grade_words(score.grade), "parts": _parts(cut, member, score)}
        for member, name, code, score in found.rows
    ]  # fmt: skip


def _parts(cut: selectors.Cut, member: str, score: Score) -> list[dict[str, str]]:
    return [
        {"points": showing.points_words(each.points), "value": showing.value_words(each.indicator, each.value),
         "sample": showing.sample_words(each.value),
         "url": f"{reverse('figures:matters')}?{query(cut, each.indicator, member)}"} for each in score.parts
    ]  # fmt: skip


def _proposal(actor: Actor, row: Weighting, *, may: bool) -> dict[str, Any]:
    decision = getattr(row, "decision", None)
    known = dict(_rates())
    area = selectors.name_of_area(row.area_id)
    return {
        "no": row.pk, "area": area, "object": dict(forms.OBJECTS)[row.object], "reason": row.reason,
        "weights": [(known.get(code, code), weight) for code, weight in row.weights.items()],
        "proposed_at": row.proposed_at, "proposed_role": role_words(row.proposed_role), "decision": decision,
        "decided_role": role_words(decision.decided_role) if decision else "",
        "may": may and decision is None and row.proposed_by != actor.account_id
               and row.area_id == selectors.bound_of(actor).area_id,
    }  # fmt: skip


@require_POST
@duty("figures.weigh")
def propose(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Propose weights; a second person decides."""
    form = forms.WeightsForm(request.POST, rates=_rates())
    if form.is_valid():
        try:
            weighing.propose(
                actor, object=form.cleaned_data["object"], weights=form.weights(), reason=form.cleaned_data["reason"]
            )
            messages.success(request, _("It is proposed; somebody else decides."))
            return HttpResponseRedirect(reverse("figures:scores") + _back(request))
        except Refused as reason:
            form.add_error(None, reason.words)
    return _page(request, actor, asked_cut(request, actor), form)


@require_POST
@duty("figures.weigh")
def decide(request: HttpRequest, actor: Actor, weights_no: int) -> HttpResponse:
    """Say yes or no to what somebody else proposed."""
    try:
        made = weighing.decide(actor, weights_no, yes=request.POST.get("answer") == "yes")
        words = _("It is in force from the next month on.") if made.yes else _("It is declined.")
        messages.success(request, words)
    except Refused as reason:
        if reason.status == 404:
            raise Http404 from None
        messages.error(request, reason.words)
    return HttpResponseRedirect(reverse("figures:scores") + _back(request))


def _back(request: HttpRequest) -> str:
    return f"?{request.GET.urlencode()}" if request.GET else ""
