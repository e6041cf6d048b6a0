"""督办台账: the register of orders with its filters and exports, the cards of units, and what suggests an order."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST, require_safe

from civicloop.foundation import clock, ids, spreadsheets
from civicloop.foundation.names import shown
from civicloop.matters.errors import Refused
from civicloop.people import access
from civicloop.people.access import Actor
from civicloop.people.web import duty
from civicloop.records import amounts, audit
from civicloop.supervision import selectors, suggesting, words
from civicloop.supervision.forms import FilterForm
from civicloop.supervision.models import Order
from civicloop.supervision.selectors import Filters

EXPORT_MOST = 5000
SHOWN = 5  # matters of a suggestion
KINDS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
COLOURS = ("", "caution", "now")


def line(order: Order) -> dict[str, Any]:
    """An order as a row of a table."""
    colours = ("", _("Yellow mark"), _("Red mark"))
    return {
        "id": order.id, "number": order.number, "title": words.title(order), "level": order.get_level_display(),
        "source": order.get_source_display(), "state": order.get_state_display(), "ended": order.ended_at is not None,
        "unit": shown(order.unit.names, words.language()), "due": order.due_at, "opened": order.opened_at,
        "late": selectors.late(order), "overdue": order.overdue, "returns": order.returns,
        "mark": colours[order.colour], "mark_kind": COLOURS[order.colour],
        "waits": order.state == "answered",
    }  # fmt: skip


def _wanted(request: HttpRequest, form: FilterForm) -> dict[str, str]:
    return {name: str(value)[:64] for name, value in request.GET.items() if name in form.fields and value}


@require_safe
@duty("orders.view")
def orders(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The register, the newest first; without any filter what has not ended."""
    given = request.GET if request.GET else {"state": "unended"}
    form = FilterForm(given)
    filters = form.filters() if form.is_valid() else None
    try:
        # a filter that cannot be understood shows nothing, rather than everything
        found = selectors.orders(actor, filters, after=request.GET.get("after", "")[:40]) if filters else None
    except Refused as reason:
        raise BadRequest(reason.words) from None
    wanted = _wanted(request, form) or dict(given)
    turn = {"next_url": f"?{urlencode({**wanted, 'after': found.next})}"} if found and found.next else {}
    if request.GET.get("after"):
        turn["previous_url"] = f"?{urlencode(wanted)}"
    context = {
        "title": _("Register of supervision orders"), "form": form, "page": turn, "query": urlencode(wanted),
        "lines": [line(each) for each in found.rows] if found else [],
        "cards": selectors.cards(actor) if actor.roles & access.DUTIES["orders.review"] else [],
        "may_open": access.may(actor, "orders.open").allowed,
        "suggested": len(suggesting.all_for(actor)) if access.may(actor, "orders.open").allowed else 0,
    }  # fmt: skip
    return render(request, "supervision/orders.html", context)


@require_safe
@duty("orders.view")
@amounts.taken_away
def export(request: HttpRequest, actor: Actor, kind: str) -> HttpResponse:
    """The same list as a file, at most 5,000 rows; the export stands in the audit log."""
    if kind not in KINDS:
        raise Http404
    form = FilterForm(request.GET)
    if not form.is_valid():
        raise BadRequest
    columns = [
        _("Number"), pgettext("order", "Level"), pgettext("order", "Source"), _("Title"), _("Unit"),
        pgettext("order", "Opened"), _("Due"), pgettext("filter", "State"), pgettext("deadline", "Overdue"),
        _("Times sent back"), pgettext("order", "Mark"),
    ]  # fmt: skip
    rows = [_cells(order) for order in _all(actor, form.filters())]
    content = spreadsheets.workbook(columns, rows) if kind == "xlsx" else spreadsheets.written(columns, rows)
    audit.write(
        actor_id=actor.account_id, post_id=actor.post_id, actor_words=actor.words, action="orders.export",
        object=kind, outcome="done", detail={"rows": len(rows)},
    )  # fmt: skip
    body = content if isinstance(content, bytes) else f"\ufeff{content}".encode()
    response = HttpResponse(body, content_type=KINDS[kind])
    response["Content-Disposition"] = f'attachment; filename="orders-{clock.now():%Y%m%d-%H%M}.{kind}"'
    return response


def _cells(order: Order) -> list[object]:
    each = line(order)
    moments = (f"{timezone.localtime(moment):%Y-%m-%d %H:%M}" for moment in (each["opened"], each["due"]))
    late = _("yes") if each["overdue"] or each["late"] else ""
    return [each["number"], each["level"], each["source"], each["title"], each["unit"], *moments, each["state"], late,
            each["returns"], each["mark"]]  # fmt: skip


def _all(actor: Actor, filters: Filters) -> Iterator[Order]:
    after, left = "", EXPORT_MOST
    while left > 0:
        found = selectors.orders(actor, filters, after=after, limit=min(selectors.MOST, left))
        yield from found.rows
        left -= len(found.rows)
        if found.next is None:
            return
        after = str(found.next)


@require_safe
@duty("orders.open")
def suggestions(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What suggests an order, each with one press."""
    suggested = suggesting.all_for(actor)
    numbers = suggesting.numbers(suggested, SHOWN)
    found = [
        {"each": each, "unit": shown(each.unit.names, words.language()), "act_id": ids.uuid7(),
         "matters": [(key, numbers[key]) for key in each.matters[:SHOWN]],
         "more": max(0, len(each.matters) - SHOWN)}
        for each in suggested
    ]  # fmt: skip
    return render(request, "supervision/suggestions.html", {"title": _("Suggested orders"), "lines": found})


@require_POST
@duty("orders.open")
def take(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Open the order that is suggested."""
    try:
        act_id = UUID(request.POST.get("act_id", ""))
    except ValueError:
        raise Http404 from None
    try:
        done = suggesting.take(actor, cause=request.POST.get("cause", "")[:120], act_id=act_id)
    except Refused as reason:
        messages.error(request, reason.words)
        return HttpResponseRedirect(reverse("supervision:suggestions"))
    messages.success(request, _("The order is opened.") if done.status == 201 else _("This order was open already."))
    return HttpResponseRedirect(reverse("supervision:order", args=[done.order.id]))
