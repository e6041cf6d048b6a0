"""Supervision orders over HTTP: the register, one order, open, answer, review, withdraw, raise, what is suggested."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Header, Query, Router, Schema, Status
from pydantic import Field

from civicloop.calendars import words as calendar_words
from civicloop.foundation.names import shown
from civicloop.matters.api import STAFF, actor_of, step_version, unit_id
from civicloop.people import web
from civicloop.people.access import Actor
from civicloop.supervision import actions, demands, selectors, suggesting, timing, words
from civicloop.supervision.actions import MOST_MATTERS, Done, NewOrder
from civicloop.supervision.demands import Wanted
from civicloop.supervision.models import Order

router = Router(tags=["supervision"])
Id = UUID


class DemandIn(Schema):
    """A kind of proof. `why`: which closing condition needs it; may be left out where the matter itself says it."""

    kind: str = Field(max_length=8, description="before, after, paper, handled, closed, text")
    why: str = Field("", max_length=200)


class OrderIn(Schema):
    """An order. `act_id` is a client UUIDv7 and becomes its id."""

    act_id: UUID
    level: str = Field("ordinary", max_length=10)
    source: str = Field(max_length=12, description="instruction, inspection, suggestion")
    unit: str = Field(max_length=64, description="code of the unit addressed")
    title: str
    text: str
    paper: str = Field("", description="by which paper or in which meeting it was ordered")
    limit: str = Field("", max_length=40, description="such as 3 work_day; empty: the usual one of the level")
    matters: list[UUID] = Field([], max_length=MOST_MATTERS)
    demands: list[DemandIn] = Field([], max_length=12)


class AnswerIn(Schema):
    """`said`: words for demands that nothing answers, by their number."""

    act_id: UUID
    text: str
    said: dict[int, str] = {}


class ReviewIn(Schema):
    act_id: UUID
    outcome: Literal["accepted", "sent_back"]
    reason: str = ""


class ReasonIn(Schema):
    act_id: UUID
    reason: str


class RaiseIn(Schema):
    act_id: UUID
    level: str = Field(max_length=10)
    reason: str


class SuggestedIn(Schema):
    act_id: UUID
    cause: str = Field(max_length=120)


class OrderLine(Schema):
    """An order in the register."""

    id: UUID
    number: str
    level: str
    source: str
    state: str
    title: str
    unit: str
    unit_name: str
    opened_at: datetime
    due_at: datetime
    overdue: bool
    colour: int = Field(description="0 none, 1 yellow, 2 red: of the order and its unit, never of a person")
    returns: int
    version: int


class OrdersOut(Schema):
    items: list[OrderLine]
    next: UUID | None


class DemandOut(Schema):
    """What is demanded and why; `met`: existing, sent, said, or empty. `evidence` or `seq` is what answers it."""

    no: int
    kind: str
    words: str
    why: str
    matter: UUID | None
    met: str
    evidence: UUID | None
    seq: int | None
    said: str


class HistoryOut(Schema):
    no: int
    at: datetime
    doing: str
    words: str
    role: str
    text: str


class CountedOut(Schema):
    start: datetime
    end: datetime
    counted: bool
    why: str


class OrderOut(OrderLine):
    """An order with everything that its reader may see; `matters` are those that the reader may see."""

    text: str
    paper: str
    limit: str
    provisional: bool
    answered_at: datetime | None
    ended_at: datetime | None
    matters: list[UUID]
    demands: list[DemandOut]
    history: list[HistoryOut]
    intervals: list[CountedOut]


class SuggestionOut(Schema):
    cause: str
    source: str
    words: str
    unit: str
    times: int
    matters: list[UUID]


class SuggestionsOut(Schema):
    items: list[SuggestionOut]


def line(order: Order) -> dict[str, Any]:
    """The columns of the register."""
    return {
        "id": order.id, "number": order.number, "level": order.level, "source": order.source, "state": order.state,
        "title": words.title(order), "unit": order.unit.code, "unit_name": shown(order.unit.names, words.language()),
        "opened_at": order.opened_at, "due_at": order.due_at, "overdue": order.overdue or selectors.late(order),
        "colour": order.colour, "returns": order.returns, "version": order.version,
    }  # fmt: skip


def whole(actor: Actor, order: Order) -> dict[str, Any]:
    """An order with its parts; only after `seen_by`."""
    return line(order) | {
        "text": words.text(order), "paper": order.paper, "limit": order.limit, "provisional": order.provisional,
        "answered_at": order.answered_at, "ended_at": order.ended_at,
        "matters": [row.id for row in selectors.matters_of(actor, order)],
        "demands": [
            {"no": row.no, "kind": row.kind, "words": row.get_kind_display(), "why": words.why(row),
             "matter": row.matter_id, "met": row.met, "evidence": row.evidence_id, "seq": row.seq, "said": row.said}
            for row in demands.of_order(order)
        ],
        "history": [
            {"no": step.no, "at": step.at, "doing": step.doing, "words": words.doing(step), "role": step.role,
             "text": step.text}
            for step in selectors.steps(order)
        ],
        "intervals": [
            {"start": each.start, "end": each.end, "counted": each.counted, "why": calendar_words.why_words(each.why)}
            for each in timing.intervals(order)
        ],
    }  # fmt: skip


def done(actor: Actor, answer: Done) -> Status[dict[str, Any]]:
    """201 done now, 200 the same sent again."""
    return Status(answer.status, whole(actor, answer.order))


BOTH = {200: OrderOut, 201: OrderOut}
IfMatch = Annotated[str | None, Header(alias="If-Match")]


@router.get("/orders", response=OrdersOut, auth=STAFF, summary="The register of orders, limited to the caller's reach")
@web.call("orders.view")
def orders(
    request: HttpRequest, unit: str = "", level: str = "", source: str = "", state: str = "", due: str = "",
    mine: bool = False, after: str = "", limit: Annotated[int, Query(ge=1, le=selectors.MOST)] = selectors.PAGE,
) -> dict[str, Any]:  # fmt: skip
    """`state=unended`: all that have not ended. `due`: overdue or soon. `mine`: addressed to the caller's unit."""
    filters = selectors.Filters(
        unit_id=unit_id(unit), level=level, source=source, state=state, due=due, mine=mine
    )  # fmt: skip
    page = selectors.orders(actor_of(request), filters, after=after, limit=limit)
    return {"items": [line(order) for order in page.rows], "next": page.next}


@router.post("/orders", response=BOTH, auth=STAFF, summary="Open an order")
@web.call("orders.open")
def open_order(request: HttpRequest, body: OrderIn) -> Status[dict[str, Any]]:
    """What is demanded and exists already is answered by it at once."""
    actor = actor_of(request)
    new = NewOrder(
        id=body.act_id, level=body.level, source=body.source, unit=body.unit, title=body.title, text=body.text,
        paper=body.paper, limit=body.limit, matters=tuple(body.matters),
        demands=tuple(Wanted(each.kind, each.why) for each in body.demands),
    )  # fmt: skip
    return done(actor, actions.open_order(actor, new))


@router.get("/orders/suggestions", response=SuggestionsOut, auth=STAFF, summary="What suggests an order")
@web.call("orders.open")
def suggestions(request: HttpRequest) -> dict[str, Any]:
    """Repeated reports of one kind and place, and urgings without effect, in the caller's area."""
    return {
        "items": [
            {"cause": each.cause, "source": each.source, "words": each.title, "unit": each.unit.code,
             "times": each.times, "matters": list(each.matters)}
            for each in suggesting.all_for(actor_of(request))
        ]
    }  # fmt: skip


@router.post("/orders/suggestions", response=BOTH, auth=STAFF, summary="Open the order that is suggested")
@web.call("orders.open")
def take(request: HttpRequest, body: SuggestedIn) -> Status[dict[str, Any]]:
    """Whoever comes second gets the same order (200)."""
    actor = actor_of(request)
    return done(actor, suggesting.take(actor, cause=body.cause, act_id=body.act_id))


@router.get("/orders/{uuid:order_id}", response=OrderOut, auth=STAFF)
@web.call("orders.view")
def order(request: HttpRequest, order_id: Id) -> dict[str, Any]:
    """One order."""
    actor = actor_of(request)
    return whole(actor, selectors.seen_by(actor, order_id))


@router.post("/orders/{uuid:order_id}/answer", response=BOTH, auth=STAFF, summary="The unit's answer")
@web.call("orders.answer")
def answer(request: HttpRequest, order_id: Id, body: AnswerIn, if_match: IfMatch = None) -> Status[dict[str, Any]]:
    """`If-Match` is the order's version; 412 when somebody has changed it meanwhile."""
    actor = actor_of(request)
    answered = actions.answer(
        actor, order_id=order_id, act_id=body.act_id, words=body.text, said=body.said, version=step_version(if_match)
    )
    return done(actor, answered)


@router.post("/orders/{uuid:order_id}/review", response=BOTH, auth=STAFF, summary="Write off, or send back")
@web.call("orders.review")
def review(request: HttpRequest, order_id: Id, body: ReviewIn, if_match: IfMatch = None) -> Status[dict[str, Any]]:
    """By nobody of the unit addressed, nor whoever answered. Sending back needs a reason."""
    actor = actor_of(request)
    reviewed = actions.review(
        actor, order_id=order_id, act_id=body.act_id, accepted=body.outcome == "accepted", reason=body.reason,
        version=step_version(if_match),
    )  # fmt: skip
    return done(actor, reviewed)


@router.post("/orders/{uuid:order_id}/withdraw", response=BOTH, auth=STAFF, summary="Withdraw with a reason")
@web.call("orders.review")
def withdraw(request: HttpRequest, order_id: Id, body: ReasonIn, if_match: IfMatch = None) -> Status[dict[str, Any]]:
    """It need not be answered any more."""
    actor = actor_of(request)
    withdrawn = actions.withdraw(
        actor, order_id=order_id, act_id=body.act_id, reason=body.reason, version=step_version(if_match)
    )
    return done(actor, withdrawn)


@router.post("/orders/{uuid:order_id}/raise", response=BOTH, auth=STAFF, summary="Raise to a higher level")
@web.call("orders.review")
def raise_level(request: HttpRequest, order_id: Id, body: RaiseIn, if_match: IfMatch = None) -> Status[dict[str, Any]]:
    """The same order with the same clock."""
    actor = actor_of(request)
    raised = actions.raise_level(
        actor, order_id=order_id, act_id=body.act_id, level=body.level, reason=body.reason,
        version=step_version(if_match),
    )  # fmt: skip
    return done(actor, raised)
