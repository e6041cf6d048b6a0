"""The search page: one field, what was found with the words marked, and where to go on."""

from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from civicloop.foundation import ids
from civicloop.foundation.names import shown
from civicloop.matters.errors import Refused
from civicloop.matters.selectors import Filters
from civicloop.people.access import Actor
from civicloop.people.web import duty
from civicloop.places import selectors as places
from civicloop.procedures import selectors as procedures
from civicloop.search import selectors
from civicloop.search.forms import SearchForm
from civicloop.search.selectors import Found, Hit
from civicloop.ui.filters import active


@never_cache
@require_safe
@duty("matters.list")
def page(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What holds the words of ?q=, newest first; a whole number leads to its matter at once."""
    form = SearchForm(request.GET, actor=actor)
    values = form.cleaned_data if form.is_valid() else {}
    text, after = values.get("q", "").strip(), request.GET.get("after", "")[:120]
    filters = _filters(form, values)
    found = Found()
    if text and not form.errors:
        try:
            found = selectors.search(actor, text, filters=filters, days=values["days"], after=after)
        except Refused as reason:
            raise BadRequest(reason.words) from None
    if ids.number_is_sound(text) and len(found.hits) == 1:
        return redirect("matter", found.hits[0].row.id)
    kept = {name: str(value) for name, value in request.GET.items() if name in form.fields and value}
    turn = {"next_url": f"?{urlencode({**kept, 'after': found.next})}"} if found.next else {}
    if after:
        turn["previous_url"] = f"?{urlencode(kept)}"
    narrowed = sorted(set(kept) - {"q"})
    context = {
        "title": pgettext("navigation", "Search"), "form": form, "asked": text, "found": found, "page": turn,
        "lines": [_line(each) for each in found.hits],
        "active": [] if form.errors else active(form, kept, silent={"q"}),
        "wider_url": f"{reverse('search:page')}?{urlencode({'q': text})}" if narrowed and text else "",
    }  # fmt: skip
    return render(request, "search/search.html", context)


def _filters(form: SearchForm, values: dict[str, Any]) -> Filters:
    area: dict[str, Any] = {}
    if values.get("area"):
        try:
            ref = places.by_code(values["area"])
            area = {"area_id": ref.id, "area_level": ref.level}
        except LookupError:
            form.add_error("area", _("There is no area with this code."))
    return Filters(**area, open={"open": True, "ended": False}.get(values.get("state", "")))


def _line(each: Hit) -> dict[str, Any]:
    """A hit for the page."""
    row, language = each.row, get_language() or "zh-hans"
    way = [
        shown(places.area(area_id).names, language)
        for area_id in (row.district_id, row.subdistrict_id, row.community_id)
        if area_id is not None
    ]
    step = procedures.by_id(row.procedure_id).steps[row.step]
    return {
        "id": row.id, "number": row.number, "title": each.title, "text": each.text, "address": each.address,
        "place": " ".join(way), "kind": shown(row.kind.names, language) if row.kind else "",
        "unit": shown(row.unit.names, language), "step": shown(step.names, language), "ended": bool(row.end),
        "received": row.received_at,
    }  # fmt: skip
