"""The card to pass on (脱敏转发卡): made by a button on the page of a matter, shown once, to be printed."""

from uuid import UUID

import segno
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from civicloop.foundation.names import shown
from civicloop.matters import cards
from civicloop.matters.errors import Refused
from civicloop.people.access import Actor
from civicloop.people.web import duty
from civicloop.places import selectors as places
from civicloop.site.acting import language


@require_POST
@never_cache
@duty("matters.list")
def card(request: HttpRequest, actor: Actor, matter_id: UUID) -> HttpResponse:
    """The card; each leaves its line in the audit log."""
    try:
        made = cards.make(actor, matter_id)
    except Refused as reason:
        if reason.code == "not_found":
            raise Http404 from None
        messages.error(request, reason.words)
        return HttpResponseRedirect(reverse("matter", args=[matter_id]))
    row = made.row
    areas = [each for each in (row.district_id, row.subdistrict_id, row.community_id) if each is not None]
    names = [shown(places.area(each).names, language()) for each in areas]
    context = {
        "card": made, "row": row, "place": " ".join([*names, made.road]).strip(),
        "kind": shown(row.kind.names, language()) if row.kind else "",
        "qr": segno.make(row.number, error="m", micro=False).svg_inline(scale=3, border=2),
    }  # fmt: skip
    return render(request, "site/card.html", context)
