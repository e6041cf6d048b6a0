"""为什么是这个单位: why a unit answers for a matter, with every rule that was looked at."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from civicloop.catalogue import rule_words
from civicloop.foundation.names import shown
from civicloop.matters import selectors, why_unit
from civicloop.matters.errors import Refused
from civicloop.people.access import Actor
from civicloop.people.web import duty
from civicloop.site.acting import language


@duty("matters.list")
def page(request: HttpRequest, actor: Actor, matter_id: UUID) -> HttpResponse:
    """What named the unit of a matter, and how each rule came out then. 404 for what one must not know of."""
    try:
        seen = selectors.seen_by(actor, matter_id)
    except Refused:
        raise Http404 from None
    named = why_unit.named(seen.procedure, selectors.timeline(matter_id))
    found = why_unit.explained(seen, named)
    unit = selectors.unit_names({named.unit_id})[named.unit_id] if named is not None else None
    context = {
        "title": _("Why this unit"), "row": seen.row, "named": named, "found": rule_words.explained(found),
        "words": why_unit.words(named) if named is not None else "",
        "unit": shown(unit, language()) if unit is not None else "",
        "component": selectors.row_of(matter_id).component,
        "other": named is not None and named.unit_id != found.answer.unit_id,
    }  # fmt: skip
    return render(request, "site/why_unit.html", context)
