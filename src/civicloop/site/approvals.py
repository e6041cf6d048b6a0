"""Approvals: what waits for this post's yes or no."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from civicloop.matters import selectors
from civicloop.people.access import Actor
from civicloop.people.choices import role_words
from civicloop.people.web import duty
from civicloop.site import acting, matter_page


@duty("matters.list")
def approvals(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Every open request that this post may answer, soonest first, each with its own yes and no."""
    lines: list[dict[str, Any]] = []
    for asked in selectors.requests_for(actor):
        seen = selectors.seen_by(actor, asked.matter_id)
        mine = next((each for each in selectors.decisions(actor, seen) if each["no"] == asked.no), None)
        if mine is None:
            continue
        lines.append(
            {"matter": asked.matter, "place": acting.place_words(asked.matter), "due": asked.due_at,
             "asker": role_words(asked.asked_role), "asked_at": asked.asked_at,
             "asked": matter_page.request_bag(seen, mine)}
        )  # fmt: skip
    shown = {"title": _("Approvals"), "lines": lines, "next": reverse("approvals")}
    return render(request, "site/approvals.html", shown)
