"""Weights of scores over HTTP: proposed by one person, decided by another, as on the page of scores."""

from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Path, Router, Schema, Status
from pydantic import Field

from civicloop.figures import weighing
from civicloop.figures.models import Weighting
from civicloop.matters.api import STAFF, actor_of
from civicloop.people import web
from civicloop.places import selectors as places

router = Router(tags=["figures"])
MOST_RATES = 60


class WeightsIn(Schema):
    """Weights by the code of the rate, whole numbers that make 100 together; the area is that of the post."""

    object: str = Field(max_length=8, description="area, unit")
    weights: dict[str, Annotated[int, Field(ge=0, le=100)]] = Field(max_length=MOST_RATES)
    reason: str = Field(max_length=weighing.LONGEST)


class WeightsDecisionIn(Schema):
    yes: bool


class WeightsOut(Schema):
    """`yes` is null until somebody else has decided; `valid_from` is the first month for which they hold.

    `area`: the code of a district, empty for the whole city. Roles are codes, names of persons are not told.
    """

    no: int
    area: str
    object: str
    weights: dict[str, int]
    reason: str
    proposed_role: str
    proposed_at: datetime
    yes: bool | None
    decided_role: str
    decided_at: datetime | None
    valid_from: date | None


@router.get("/figures/weights", response=list[WeightsOut], auth=STAFF, summary="Proposed weights, the newest first")
@web.call("figures.view")
def listed(request: HttpRequest) -> Any:
    """Those of the city and of the caller's district, decided or not; at most a hundred."""
    return [_told(each) for each in weighing.listed(actor_of(request))]


@router.post(
    "/figures/weights", response={200: WeightsOut, 201: WeightsOut}, auth=STAFF, summary="Propose weights of scores"
)
@web.call("figures.weigh")
def propose(request: HttpRequest, body: WeightsIn) -> Status[dict[str, Any]]:
    """Somebody else decides. The same proposal sent again, while nobody has decided on it, is the same one (200)."""
    actor = actor_of(request)
    before = weighing.waiting(actor, object=body.object, weights=body.weights, reason=body.reason)
    if before is not None:
        return Status(200, _told(before))
    made = weighing.propose(actor, object=body.object, weights=body.weights, reason=body.reason)
    return Status(201, _told(made))


@router.post(
    "/figures/weights/{int:weights_no}/decision",
    response={200: WeightsOut, 201: WeightsOut},
    auth=STAFF,
    summary="Say yes or no to weights that somebody else proposed",
)
@web.call("figures.weigh")
def decide(
    request: HttpRequest, weights_no: Annotated[int, Path(ge=1, le=2**53)], body: WeightsDecisionIn
) -> Status[dict[str, Any]]:
    """In force from the next month on. The same answer of the same person sent again is the same one (200)."""
    actor = actor_of(request)
    before = weighing.decided(actor, weights_no, yes=body.yes)
    if before is not None:
        return Status(200, _told(before))
    return Status(201, _told(weighing.decide(actor, weights_no, yes=body.yes).weighting))


def _told(row: Weighting) -> dict[str, Any]:
    decision = getattr(row, "decision", None)
    return {
        "no": row.pk, "area": places.area(row.area_id).code if row.area_id else "", "object": row.object,
        "weights": row.weights, "reason": row.reason, "proposed_role": row.proposed_role,
        "proposed_at": row.proposed_at,
        "yes": decision.yes if decision else None, "decided_role": decision.decided_role if decision else "",
        "decided_at": decision.decided_at if decision else None,
        "valid_from": decision.valid_from if decision else None,
    }  # fmt: skip
