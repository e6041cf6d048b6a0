"""Reports that wait apart because no person may have sent them: one press lets one through, another one ends it."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from civicloop.foundation import ids
from civicloop.matters import actions, doubts, selectors
from civicloop.matters.actions import Act
from civicloop.matters.choices import DoubtReason
from civicloop.matters.errors import Refused
from civicloop.people.access import Actor
from civicloop.people.web import duty
from civicloop.site import acting

SHOWN = 30
VOID, EMPTY = "void", "empty"  # the act of the grid event that ends what is no report, and its reason


@duty("matters.list")
def listed(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What waits apart at this desk, what is lost soonest first, each with why."""
    found = selectors.matters(actor, selectors.Filters(desk=True, doubted=True), order="due", limit=SHOWN)
    why = selectors.doubts_of([row.id for row in found.rows])
    lines = [
        {"row": row, "place": acting.place_words(row), "act_id": ids.uuid7(),
         "why": acting.listed(str(DoubtReason(each).label) for each in why.get(row.id, []))}
        for row in found.rows
    ]  # fmt: skip
    return render(request, "site/doubted.html", {"lines": lines, "more": found.next is not None})


@require_POST
@duty("matters.list")
def judge(request: HttpRequest, actor: Actor, matter_id: UUID) -> HttpResponse:
    """Let a report through, or end it as void; then the next one."""
    try:
        act_id = UUID(request.POST.get("act_id", ""))
        if request.POST.get("outcome") == "real":
            doubts.trust(actor, matter_id, act_id)
        else:
            actions.act(actor, Act(matter_id, VOID, act_id, data={"void_reason": EMPTY}))
    except ValueError:
        raise Http404 from None
    except Refused as reason:
        if reason.code == "not_found":
            raise Http404 from None
        messages.error(request, reason.words)
    else:
        messages.success(request, _("Kept. It stands in the timeline of the matter."))
    return HttpResponseRedirect(reverse("doubted"))
