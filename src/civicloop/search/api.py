"""Searching over HTTP: the same matters as the page finds, with the places where the words stand."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Schema

from civicloop.matters.api import STAFF, actor_of, area_filter
from civicloop.matters.selectors import Filters
from civicloop.people import web
from civicloop.search import selectors
from civicloop.search.rules.snippets import Parts

router = Router(tags=["search"])


class PartOut(Schema):
    """A part of a text; `hit`: one of the words stands here."""

    text: str
    hit: bool


class HitOut(Schema):
    """A found matter."""

    id: UUID
    number: str
    step: str
    end: str
    unit: str
    kind: str | None
    received_at: datetime
    title: list[PartOut]
    text: list[PartOut]
    address: list[PartOut]


class HitsOut(Schema):
    """`understood` is false where the question has no word that can be looked for."""

    items: list[HitOut]
    next: str | None
    understood: bool


@router.get("/search", response=HitsOut, auth=STAFF, summary="Find matters by words")
@web.call("matters.list")
def search(
    request: HttpRequest, q: Annotated[str, Query(max_length=selectors.LONGEST)], area: str = "",
    open: bool | None = None, days: Annotated[int | None, Query(ge=1, le=36_500)] = None, after: str = "",
    limit: Annotated[int, Query(ge=1, le=200)] = selectors.PAGE,
) -> HitsOut:  # fmt: skip
    """Every word must stand in title, text, address or number; "…" as it stands, -word must not. Newest first; `days`:
    received in so many days. `next` is the key of the following page.
    """
    filters = Filters(**area_filter(area), open=open)
    found = selectors.search(actor_of(request), q, filters=filters, days=days, after=after, limit=limit)
    items = [
        HitOut(
            id=hit.row.id, number=hit.row.number, step=hit.row.step, end=hit.row.end, unit=hit.row.unit.code,
            kind=hit.row.kind.code if hit.row.kind else None, received_at=hit.row.received_at,
            title=_parts(hit.title), text=_parts(hit.text), address=_parts(hit.address),
        )
        for hit in found.hits
    ]  # fmt: skip
    return HitsOut(items=items, next=found.next, understood=found.understood)


def _parts(parts: Parts) -> list[PartOut]:
    return [PartOut(text=text, hit=hit) for text, hit in parts]
