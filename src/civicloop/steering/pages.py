"""运行调度: the page of operations, and the matters behind each of its figures."""

from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from civicloop.figures import forms as figures_forms
from civicloop.figures import showing as figures_words
from civicloop.matters.choices import Stage
from civicloop.matters.errors import Refused
from civicloop.people.access import Actor
from civicloop.people.web import duty
from civicloop.steering import asking, charts, open_work, placing, selectors, sentences, showing
from civicloop.steering.choices import By
from civicloop.steering.placing import Place
from civicloop.steering.rates import PAST
from civicloop.steering.selectors import Overview


def _place(request: HttpRequest, actor: Actor) -> Place:
    """The area of the address; what must not be looked at is not there."""
    try:
        return placing.place_for(actor, request.GET.get("area", "")[:20])
    except Refused as reason:
        if reason.status == 404:
            raise Http404 from None
        raise PermissionDenied(reason.code) from None


@require_safe
@duty("figures.view")
def operations(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What burns, who is stuck, what ends today, what came back, what the sample found; bands, flow, ages, forecast."""
    place = _place(request, actor)
    try:
        by = asking.by_of(request.GET.get("by", ""))
    except Refused as reason:
        raise BadRequest(reason.words) from None
    whole_list = request.GET.get("all", "")
    longest = None if whole_list == "stuck" else showing.LONGEST
    found = selectors.overview(actor, place, by, longest)
    return render(request, "steering/operations.html", _context(found, longest, whole_list))


def _context(found: Overview, longest: int | None, whole_list: str) -> dict[str, Any]:
    """What the page shows; of one list (stuck or bands) all lines, of the others the first."""
    place, code = found.place, placing.code_of(found.place)
    some = None if whole_list == "bands" else showing.COMPARED
    parts, ages, flow = showing.parts(found), showing.ages(found), showing.flow(found)
    held, owed = showing.held(found, longest), showing.owed(found, longest)
    cut = found.compared.cut
    whole = showing.member(found.compared, cut, found.compared.whole)
    members = [showing.member(found.compared, cut, each) for each in found.compared.members[:some]]
    more = {"area": code, "by": found.compared.by if found.compared.by != By.AREA else ""}
    return {
        "title": _("Operations"), "wide": True, "name": placing.name_of(place, found.units), "now": found.at.now,
        "crumbs": [(name, _turned(area=each)) for each, name in placing.crumbs(place)],
        "sentences": sentences.five(found), "burning": showing.burning(found), "parts": parts,
        "parts_chart": charts.parts(parts), "held": held, "held_more": found.standing.holders - len(held),
        "owed": owed, "owed_more": len(found.owed) - len(owed), "all_stuck": _turned(**more, all="stuck"),
        "promised": showing.promised(found), "back": showing.came_back(found), "sample": whole["cells"][-1],
        "rates": [figures_words.name_of(each.indicator) for each in found.compared.whole.rates],
        "rows": [whole, *members], "members": members, "members_more": len(found.compared.members) - len(members),
        "all_bands": _turned(**more, all="bands"),
        "bands_chart": charts.bands(members[: showing.COMPARED], whole, 0), "by": found.compared.by,
        "month": figures_forms.words_of(found.compared.period), "past": PAST, "one_unit": place.unit_id is not None,
        "choices": [(words, _turned(area=code, by=value), value == found.compared.by)
                    for value, words in By.choices] if place.unit_id is None and place.level != "grid" else [],
        "flow": flow, "flow_chart": charts.dwell(flow), "ages": ages, "ages_chart": charts.ages(ages),
        "coming": showing.coming(found), "last_days": showing.last_days(found),
        "forecast_chart": charts.forecast(found), "week": found.loads.whole.week,
    }  # fmt: skip


def _turned(**asked: str) -> str:
    told = urlencode({name: value for name, value in asked.items() if value})
    return f"{reverse('steering:operations')}?{told}" if told else reverse("steering:operations")


@require_safe
@duty("figures.view")
def matters(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The matters that a figure counts, newest first."""
    place = _place(request, actor)
    try:
        asked = asking.asked_of(request.GET)
        rows = open_work.behind(actor, place, asked)
        page = selectors.behind(actor, place, asked, after=request.GET.get("after", "")[:40])
    except Refused as reason:
        raise BadRequest(reason.words) from None
    units = selectors.units_named({each for each in (asked.unit, asked.owes, place.unit_id) if each is not None})
    try:
        said = showing.of_list(asked, units, place)
    except LookupError:  # a part that is no area
        raise Http404 from None
    here = asking.query(place, asked)
    context = {
        "title": said, "name": placing.name_of(place, units), "number": rows.count(),
        "rows": [{"matter": each, "stage": Stage(each.stage).label} for each in page.rows],
        "page": {"next_url": f"?{here}&{urlencode({'after': page.next})}"} if page.next else {},
        "back": _turned(area=placing.code_of(place)),
    }  # fmt: skip
    return render(request, "steering/matters.html", context)
