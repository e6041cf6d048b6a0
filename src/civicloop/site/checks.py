"""核查: what waits for a checker, by community, with the photos before and after; passed, not passed, could not see."""

from itertools import groupby
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from civicloop.foundation.names import shown
from civicloop.matters import selectors
from civicloop.matters.errors import Refused
from civicloop.matters.models import Matter
from civicloop.people.access import Actor
from civicloop.people.web import duty
from civicloop.places import selectors as places
from civicloop.site import acting, faces, signals_page

AT_ONCE = 30


@duty("matters.list")
def queue(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The checks at this desk, soonest first inside each community; the community that is due first comes first."""
    after = request.GET.get("after", "")
    try:
        page = selectors.matters(actor, selectors.Filters(desk=True), order="due", after=after, limit=AT_ONCE)
    except Refused:
        return acting.not_found(request)
    pictures = faces.photos_of([row.id for row in page.rows])
    order = {community: number for number, community in reversed(list(enumerate(map(_community, page.rows))))}
    rows = sorted(page.rows, key=lambda row: order[_community(row)])
    groups = [
        {"name": _name(community), "lines": [_line(row, actor, pictures[row.id]) for row in found]}
        for community, found in groupby(rows, key=_community)
    ]
    turn = {"next_url": f"?after={page.next}"} if page.next else {}
    if after:
        turn["previous_url"] = reverse("checks")
    return render(request, "site/checks.html", {"groups": groups, "count": len(rows), "page": turn})


def _community(row: Matter) -> int:
    return row.community_id or 0


def _name(community: int) -> str:
    return shown(places.area(community).names, acting.language()) if community else _("Place not known")


def _line(row: Matter, actor: Actor, pictures: dict[str, Any]) -> dict[str, Any]:
    url = reverse("check", args=[row.id])
    card = acting.card(row, actor, url=url)
    card["act"] = {"label": _("Check this one"), "url": url}
    return {"card": card, "photos": pictures}


@duty("matters.list")
def check(request: HttpRequest, actor: Actor, matter_id: UUID) -> HttpResponse:
    """One check: the photos side by side, what was done, the three results."""
    return show_check(request, actor, matter_id)


def show_check(request: HttpRequest, actor: Actor, matter_id: UUID, *, status: int = 200) -> HttpResponse:
    """The page; after a refusal with everything that was typed."""
    try:
        seen = selectors.seen_by(actor, matter_id)
    except Refused:
        return acting.not_found(request)
    row = selectors.row_of(matter_id)
    results = [line for line in selectors.timeline(matter_id) if line.texts.get("result")]
    context = {
        "row": row, "card": acting.card(row, actor, url="#"),
        "photos": faces.photos_of([matter_id], {matter_id: row.received_at}, with_films=True)[matter_id],
        "result": results[-1] if results else None, "refused": faces.trouble(request),
        "closing": shown(row.condition.closing, acting.language()) if row.condition else "",
        "signals": signals_page.of_matter(actor, matter_id),
        "sheets": faces.sheets(request, actor, seen, reverse("check_act", args=[matter_id])),
    }  # fmt: skip
    return render(request, "site/checks_one.html", context, status=status)


@require_POST
@duty("matters.list")
def act(request: HttpRequest, actor: Actor, matter_id: UUID) -> HttpResponse:
    """Passed, not passed or could not see; then the next one."""
    return faces.act(request, actor, matter_id, show_check, reverse("checks"))
