"""One order: what is required, the proof and what answers it, the deadline, what this person may do, what happened."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from civicloop.calendars import words as calendar_words
from civicloop.evidence import actions as evidence
from civicloop.foundation import clock, ids
from civicloop.foundation.names import shown
from civicloop.matters import actions as acts
from civicloop.matters import selectors as matters
from civicloop.matters.errors import Refused
from civicloop.people import access
from civicloop.people.access import Actor
from civicloop.people.web import duty
from civicloop.supervision import actions, demands, permission, selectors, timing, words
from civicloop.supervision.choices import LEVELS, Doing, Proof, State
from civicloop.supervision.forms import NewOrderForm, RaiseForm, ReasonForm, name_of
from civicloop.supervision.models import Order, OrderDemand, OrderStep
from civicloop.supervision.register import line

STAGES = {Proof.BEFORE: "before", Proof.AFTER: "after", Proof.PAPER: "other"}


def _id(request: HttpRequest) -> UUID:
    try:
        return UUID(request.POST.get("act_id", ""))
    except ValueError:
        raise Http404 from None


# -- a new one --------------------------------------------------------------------------------------------------------


@duty("orders.open")
def new(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Open an order; `?matter=` prefills number and unit of one. A refusal keeps everything that was typed."""
    if request.method != "POST":
        rows = [row for row in (_matter(actor, request.GET.get("matter", "")),) if row is not None]
        initial = {"matters": "\n".join(row.number for row in rows)}
        initial |= {"unit": name_of(rows[0].unit), "title": rows[0].title[: actions.LONGEST_TITLE]} if rows else {}
        form = NewOrderForm(initial=initial, actor=actor, matters=rows)
        return _form(request, form, str(ids.uuid7()), 200)
    act_id = _id(request)
    form = NewOrderForm(request.POST, actor=actor)
    if not form.is_valid():
        return _form(request, form, str(act_id), 422)
    found = []
    for number in form.cleaned_data["matters"]:
        identifier = matters.by_number(number)
        if identifier is None or _matter(actor, str(identifier)) is None:
            form.add_error("matters", _("There is no matter with this number: %(number)s") % {"number": number})
        else:
            found.append(identifier)
    try:
        if not form.errors:
            order = actions.open_order(actor, form.order(act_id, found)).order
            messages.success(request, _("The order is opened."))
            return HttpResponseRedirect(reverse("supervision:order", args=[order.id]))
    except Refused as reason:
        field = str(reason.extra.get("field", ""))
        form.add_error(field if field in form.fields else None, reason.words)
    return _form(request, form, str(act_id), 422)


def _matter(actor: Actor, text: str) -> Any:
    """A matter by its id, for whoever may see it."""
    try:
        seen = matters.seen_by(actor, UUID(text))
    except (ValueError, Refused):
        return None
    return matters.row_of(seen.id)


def _form(request: HttpRequest, form: NewOrderForm, act_id: str, status: int) -> HttpResponse:
    context = {"title": _("Open a supervision order"), "form": form, "act_id": act_id}
    return render(request, "supervision/new.html", context, status=status)


# -- one order --------------------------------------------------------------------------------------------------------


@require_safe
@duty("orders.view")
def page(request: HttpRequest, actor: Actor, order_id: UUID) -> HttpResponse:
    """The page of an order."""
    return show(request, actor, order_id)


def show(
    request: HttpRequest, actor: Actor, order_id: UUID, refused: Refused | None = None, status: int = 200
) -> HttpResponse:
    """The page, also after a refusal, with everything that was typed. 404 for what one must not know of."""
    try:
        order = selectors.seen_by(actor, order_id)
    except Refused:
        raise Http404 from None
    steps = selectors.steps(order)
    context = {
        "title": words.title(order), "order": order, "line": line(order), "text": words.text(order),
        "limit": words.limit(order), "refused": refused, "typed": request.POST, "act_id": str(ids.uuid7()),
        "opened_unit": shown(order.opened_unit.names, words.language()) if order.opened_unit else "",
        "matters": selectors.matters_of(actor, order), "proof": _proof(actor, order, request),
        "intervals": [
            {"each": each, "why": calendar_words.why_words(each.why)} for each in timing.intervals(order)
        ],
        "strip": _strip(order), "lines": _history(steps), "said": _last(steps, Doing.ANSWER),
        "returned": _last(steps, Doing.SEND_BACK) if order.state == State.SENT_BACK else "",
        "may_answer": permission.may_answer(actor, order),
        "may_review": permission.may_review(actor, order) is None, "sheets": _sheets(actor, order, request, refused),
    }  # fmt: skip
    return render(request, "supervision/order.html", context, status=status)


def _strip(order: Order) -> dict[str, Any]:
    """The deadline as a word and a bar."""
    if order.ended_at is not None:
        return {"due": order.due_at, "state": "over" if order.overdue else "met"}
    if order.state == State.ANSWERED:
        return {"due": order.due_at, "state": "paused"}
    whole = (order.due_at - order.opened_at).total_seconds()
    return {"due": order.due_at, "left": max(0.0, (order.due_at - clock.now()).total_seconds() / max(whole, 1.0))}


def _proof(actor: Actor, order: Order, request: HttpRequest) -> list[dict[str, Any]]:
    """What is demanded, what answers it, and where nothing does the fields for it."""
    rows = demands.of_order(order)
    media, numbers = demands.pictures(rows), {row.id: row.number for row in selectors.matters_of(actor, order)}
    found = []
    for row in rows:
        seen = row.matter_id in numbers
        picture = media.get(row.evidence_id, "") if row.evidence_id else ""
        found.append(
            {"row": row, "words": row.get_kind_display(), "why": words.why(row), "met": row.get_met_display(),
             "number": numbers.get(row.matter_id) if row.matter_id else "", "typed": _typed(request, row),
             "upload": seen and row.kind in STAGES, "matter_url": _matter_url(row) if seen else "",
             "thumb": _picture_url(row, "thumbnail") if seen and picture.startswith("image/") else "",
             "url": _picture_url(row, "derivative") if seen and picture.startswith("image/") else ""}
        )  # fmt: skip
    return found


def _typed(request: HttpRequest, row: OrderDemand) -> str:
    return request.POST.get(f"said_{row.no}", row.said)


def _matter_url(row: OrderDemand) -> str:
    return reverse("matter", args=[row.matter_id])


def _picture_url(row: OrderDemand, which: str) -> str:
    return reverse("evidence", args=[row.matter_id, row.evidence_id, which])


def _last(steps: Sequence[OrderStep], doing: Doing) -> str:
    """What was written when this was done last."""
    return next((step.text for step in reversed(steps) if step.doing == doing), "")


def _history(steps: Sequence[OrderStep]) -> list[dict[str, Any]]:
    units = matters.unit_names({step.unit_id for step in steps})
    return [
        {"what": words.doing(step), "when": step.at, "post": words.who(step), "text": step.text,
         "unit": shown(units[step.unit_id], words.language()) if step.unit_id in units else "",
         "system": step.role == "system"}
        for step in steps
    ]  # fmt: skip


def _sheets(actor: Actor, order: Order, request: HttpRequest, refused: Refused | None) -> list[dict[str, Any]]:
    """Raising and withdrawing, folded away; open again where they were refused."""
    above = [
        level
        for level in LEVELS[LEVELS.index(order.level) + 1 :]
        if permission.may_raise(actor, order, level) is None
    ]  # fmt: skip
    posted = request.POST.get("doing", "") if refused is not None else ""
    found = []
    if above:
        data = request.POST if posted == "raise" else None
        found.append(_sheet(order, "raise", _("Raise to a higher level"), RaiseForm(data, offered=above), posted))
    if permission.may_withdraw(actor, order) is None:
        data = request.POST if posted == "withdraw" else None
        found.append(_sheet(order, "withdraw", _("Withdraw the order"), ReasonForm(data), posted))
    return found


def _sheet(order: Order, code: str, title: str, form: Any, posted: str) -> dict[str, Any]:
    form.auto_id = f"{code}_%s"
    happens = {
        "raise": _("The same order, the same deadline: being late earns no time."),
        "withdraw": _("The unit need not answer any more. The reason stays in the history."),
    }
    return {
        "code": code, "title": title, "url": reverse(f"supervision:{code}", args=[order.id]), "form": form,
        "happens": happens[code], "hidden": {"act_id": ids.uuid7(), "doing": code}, "open": posted == code,
    }  # fmt: skip


# -- acts -------------------------------------------------------------------------------------------------------------


@require_POST
@duty("orders.answer")
def answer(request: HttpRequest, actor: Actor, order_id: UUID) -> HttpResponse:
    """The unit's answer; photos and files go into the matter first and answer the demand by themselves."""
    act_id = _id(request)
    try:
        order = selectors.seen_by(actor, order_id)
        if permission.may_answer(actor, order):
            _take_files(request, actor, order, act_id)
        said = {row.no: request.POST.get(f"said_{row.no}", "") for row in order.demands.all()}
        actions.answer(actor, order_id=order_id, act_id=act_id, words=request.POST.get("text", ""), said=said)
    except Refused as reason:
        return _refused(request, actor, order_id, reason)
    messages.success(request, _("Answered. Somebody outside your unit reviews it."))
    return HttpResponseRedirect(reverse("supervision:order", args=[order_id]))


def _take_files(request: HttpRequest, actor: Actor, order: Order, act_id: UUID) -> None:
    """What was attached to a demand becomes evidence of its matter; the same form sent again adds nothing."""
    for row in order.demands.all():
        file = request.FILES.get(f"file_{row.no}")
        if file is None or row.matter_id is None or row.kind not in STAGES:
            continue
        acts.may_add(actor, row.matter_id)
        taken = acts.take_upload(
            actor, upload=evidence.read_upload(file), filename=file.name or "", stage=STAGES[Proof(row.kind)],
            matter_id=row.matter_id, evidence_id=UUID(int=act_id.int ^ row.no),
        )  # fmt: skip
        acts.add_evidence(actor, taken)


@require_POST
@duty("orders.review")
def review(request: HttpRequest, actor: Actor, order_id: UUID) -> HttpResponse:
    """Write off, or send back."""
    outcome = request.POST.get("outcome", "")
    if outcome not in {"accepted", "sent_back"}:
        raise Http404
    try:
        actions.review(
            actor, order_id=order_id, act_id=_id(request), accepted=outcome == "accepted",
            reason=request.POST.get("reason", ""),
        )  # fmt: skip
    except Refused as reason:
        return _refused(request, actor, order_id, reason)
    said = _("The order is written off.") if outcome == "accepted" else _("Sent back to the unit.")
    messages.success(request, said)
    return HttpResponseRedirect(reverse("supervision:order", args=[order_id]))


@require_POST
@duty("orders.review")
def withdraw(request: HttpRequest, actor: Actor, order_id: UUID) -> HttpResponse:
    """Withdraw the order."""
    try:
        actions.withdraw(actor, order_id=order_id, act_id=_id(request), reason=request.POST.get("reason", ""))
    except Refused as reason:
        return _refused(request, actor, order_id, reason)
    messages.success(request, _("The order is withdrawn."))
    return HttpResponseRedirect(reverse("supervision:order", args=[order_id]))


@require_POST
@duty("orders.review")
def raise_level(request: HttpRequest, actor: Actor, order_id: UUID) -> HttpResponse:
    """Raise the order."""
    try:
        actions.raise_level(
            actor, order_id=order_id, act_id=_id(request), level=request.POST.get("level", ""),
            reason=request.POST.get("reason", ""),
        )  # fmt: skip
    except Refused as reason:
        return _refused(request, actor, order_id, reason)
    messages.success(request, _("The order is raised."))
    return HttpResponseRedirect(reverse("supervision:order", args=[order_id]))


def _refused(request: HttpRequest, actor: Actor, order_id: UUID, reason: Refused) -> HttpResponse:
    if reason.code == "not_found":
        raise Http404
    return show(request, actor, order_id, reason, reason.status)


def panel(actor: Actor, matter_id: UUID) -> dict[str, Any]:
    """The orders of a matter for its page, and whether this post may open one."""
    found = selectors.of_matter(actor, matter_id) if access.may(actor, "orders.view").allowed else []
    return {"orders": [line(each) for each in found], "may_order": access.may(actor, "orders.open").allowed}


def waiting(actor: Actor) -> list[dict[str, Any]]:
    """The orders that wait for the actor's unit, for the page where it begins its day."""
    return [line(each) for each in selectors.to_unit(actor)] if access.may(actor, "orders.view").allowed else []
