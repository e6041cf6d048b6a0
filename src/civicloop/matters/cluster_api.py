"""What has been reported already, and joining reports to one case, over HTTP."""

from datetime import date
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from civicloop.catalogue import selectors as catalogue
from civicloop.foundation.names import shown
from civicloop.foundation.throttle import Throttle, network
from civicloop.matters import clusters, errors, hints, merging
from civicloop.matters.api import ANYBODY, STAFF, actor_of, language
from civicloop.matters.models import Merging
from civicloop.people import web
from civicloop.places import selectors as places

router = Router(tags=["matters"])
ASKED = Throttle(most=200, seconds=600)


class AlikeIn(Schema):
    """What is about to be reported. It is compared and not kept."""

    lon: float
    lat: float
    crs: str = Field(max_length=20)
    text: str = Field("", max_length=2000)
    kind: str = Field("", max_length=40)


class HintOut(Schema):
    """What everybody may know of a report near by; `voice` goes into the report that adds one's voice."""

    voice: str
    kind: str | None
    kind_name: str | None
    community: str | None
    within_metres: int
    since: date
    state: str = Field(description="received, handled or checked")
    many: bool = Field(description="at least five have reported it")


class MergeIn(Schema):
    id: UUID = Field(description="client UUID of the run; makes sending twice harmless")
    matters: list[UUID] = Field(max_length=merging.MOST)


class MergingOut(Schema):
    """How far a run is. It goes on by itself."""

    id: UUID
    lead: UUID
    whole: int
    joined: int
    left_out: int
    finished: bool


class TakeOutIn(Schema):
    act_id: UUID
    reason: str = Field(max_length=500)


@router.post("/matters/alike", response=list[HintOut], auth=ANYBODY, summary="What has been reported already near by")
@web.call("matters.report")
def alike(request: HttpRequest, body: AlikeIn) -> list[HintOut]:
    """At most three open cases, the likeliest first; nothing that not everybody may know."""
    wait = ASKED.wait(network(web.address(request)))
    if wait:
        raise errors.too_often(wait)
    wanted = hints.about(body.lon, body.lat, body.crs, text=body.text, kind=body.kind)
    if wanted is None:
        return []
    found = []
    for hint in hints.hints(wanted):
        kind = catalogue.kind(hint.kind_id) if hint.kind_id is not None else None
        area = places.area(hint.community_id) if hint.community_id is not None else None
        found.append(
            HintOut(
                voice=hint.voice,
                kind=kind.code if kind else None,
                within_metres=hint.within,
                since=hint.since,
                kind_name=shown(kind.names, language()) if kind else None,
                state=hint.phase,
                many=hint.many,
                community=shown(area.names, language()) if area else None,
            )
        )
    return found


@router.post("/matters/{uuid:matter_id}/cluster", response={200: MergingOut, 202: MergingOut}, auth=STAFF)
@web.call(clusters.DUTY)
def join(request: HttpRequest, matter_id: UUID, body: MergeIn) -> Status[MergingOut]:
    """Join reports to this case, one after the other; 202 while some are still to come."""
    run = merging.begin(actor_of(request), merging_id=body.id, lead_id=matter_id, matter_ids=body.matters)
    merging.go_on(run.id)
    run.refresh_from_db()
    return Status(200 if run.finished_at else 202, _out(run))


@router.get("/merging/{uuid:merging_id}", response=MergingOut, auth=STAFF)
@web.call(clusters.DUTY)
def progress(request: HttpRequest, merging_id: UUID) -> MergingOut:
    """How far a run is."""
    return _out(merging.of(actor_of(request), merging_id))


def _out(run: Merging) -> MergingOut:
    done = merging.progress(run)
    return MergingOut(
        id=run.id, lead=run.lead_id, whole=done.whole, joined=done.joined, left_out=done.left_out,
        finished=run.finished_at is not None,
    )  # fmt: skip


@router.post("/matters/{uuid:matter_id}/take-out", response={204: None}, auth=STAFF)
@web.call(clusters.DUTY)
def take_out(request: HttpRequest, matter_id: UUID, body: TakeOutIn) -> Status[None]:
    """Take a report out of its cluster: it stands where it stood, with the same deadline."""
    merging.take_out(actor_of(request), matter_id=matter_id, act_id=body.act_id, reason=body.reason)
    return Status(204, None)
