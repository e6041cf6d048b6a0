"""The way of a matter over HTTP: hops, first receiver, returns, units called; and the calls of an area. Units only."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema

from civicloop.matters import calling, passage, returning, selectors
from civicloop.matters.api import STAFF, actor_of
from civicloop.matters.words import action_words
from civicloop.people import web

router = Router(tags=["matters"])


class HopOut(Schema):
    """One change of hands. `level`: the level that dispatches from now on, where this hop raised it."""

    seq: int
    at: datetime
    action: str
    words: str
    unit_before: str | None
    unit: str
    level: str
    counted: str


class FirstReceiverOut(Schema):
    """首接负责: answers for the matter until another unit has received it (`until`)."""

    unit: str
    since: datetime
    until: datetime | None


class ReturningOut(Schema):
    """`until`: the unit that has it may return it until then; afterwards it must handle it."""

    times: int
    most: int
    until: datetime | None
    late: bool


class ArrivalOut(Schema):
    """A unit that was called to the place (报到), and how it was rated by whoever whistled."""

    task: int
    unit: str
    called_at: datetime
    due_at: datetime | None
    state: str
    answer: str
    answered_at: datetime | None
    distance_m: int | None
    stars: int | None


class PassageOut(Schema):
    hops: list[HopOut]
    first_receiver: FirstReceiverOut | None
    returning: ReturningOut | None
    called: list[ArrivalOut]


class CallOut(Schema):
    matter: UUID
    number: str
    called: list[ArrivalOut]


class AnsweredOut(Schema):
    """How a unit answered to calls in the last thirty days."""

    unit: str
    called: int
    came: int
    absent: int
    rated: int
    mean: float | None


class WhistlesOut(Schema):
    days: int
    calls: list[CallOut]
    units: list[AnsweredOut]


@router.get("/matters/{uuid:matter_id}/passage", response=PassageOut, auth=STAFF, summary="Its way through units")
@web.call(web.OF_MATTER)
def way(request: HttpRequest, matter_id: UUID) -> dict[str, Any]:
    """Every hop with its reason, who received it first, returns, and who came when called."""
    actor = actor_of(request)
    seen = selectors.seen_by(actor, matter_id)
    lines = selectors.timeline(matter_id)
    hops, first, came = passage.hops(lines), passage.first_receiver(lines), passage.called(actor, seen, lines)
    units: set[int | None] = {unit for hop in hops for unit in (hop.before, hop.after)}
    codes = selectors.unit_codes(units | {each.unit_id for each in came} | ({first.unit_id} if first else set()))
    told = returning.of(seen)
    return {
        "hops": [
            {"seq": hop.seq, "at": hop.at, "action": hop.action,
             "words": action_words(seen.procedure, hop.action, hop.result, hop.line.data),
             "unit_before": codes.get(hop.before or 0), "unit": codes.get(hop.after, ""), "level": hop.level,
             "counted": hop.counted}
            for hop in hops
        ],
        "first_receiver": {"unit": codes.get(first.unit_id, ""), "since": first.since, "until": first.until}
        if first else None,
        "returning": {"times": told.times, "most": told.most, "until": told.until, "late": told.late}
        if told else None,
        "called": [arrival(each, codes) for each in came],
    }  # fmt: skip


def arrival(each: passage.Arrival, codes: dict[int, str]) -> dict[str, Any]:
    """A unit called, with its code."""
    return {
        "task": each.no, "unit": codes.get(each.unit_id, ""), "called_at": each.called_at, "due_at": each.due_at,
        "state": each.state, "answer": each.answer, "answered_at": each.answered_at, "distance_m": each.distance_m,
        "stars": each.stars,
    }  # fmt: skip


@router.get("/whistles", response=WhistlesOut, auth=STAFF, summary="Calls to places, and how units answered")
@web.call("matters.list")
def whistles(request: HttpRequest) -> dict[str, Any]:
    """Of the last thirty days, in the matters that the caller sees."""
    found = calling.calls(actor_of(request))
    codes = selectors.unit_codes({each.unit_id for call in found for each in call.units})
    return {
        "days": calling.DAYS,
        "calls": [
            {"matter": call.row.id, "number": call.row.number, "called": [arrival(each, codes) for each in call.units]}
            for call in found
        ],
        "units": [
            {"unit": codes.get(line.unit_id, ""), "called": line.called, "came": line.came, "absent": line.absent,
             "rated": line.rated, "mean": line.mean}
            for line in calling.summary(found)
        ],
    }  # fmt: skip
