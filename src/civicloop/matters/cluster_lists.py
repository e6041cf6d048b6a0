"""What is joined to a case and what could be: reads for its pages, limited to what the reader may see."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import QuerySet

from civicloop.foundation import clock, coordinates, hot, ids
from civicloop.matters import clusters, finding, likeness, selectors, sql
from civicloop.matters.likeness import Told
from civicloop.matters.models import Matter
from civicloop.people.access import Actor

SHOWN = 500  # candidates that a page lists
MOST = 2000


@dataclass(frozen=True, slots=True)
class Member:
    """A report that is joined to a case; `unlike` says that it reads or lies differently, so that somebody looks."""

    row: Matter
    unlike: bool


def lead_of(row: Matter) -> UUID | None:
    """The case that a matter is joined to; None for one that stands alone, and for the case itself."""
    return row.lead_id if row.lead_id not in {None, row.id} else None


def members(actor: Actor, lead: Matter, *, after: UUID | None = None, most: int = 50) -> list[Member]:
    """The reports joined to a case that the reader sees, the oldest first, open or ended with it."""
    rows = Matter.objects.filter(selectors.visible(actor), lead_id=lead.id).exclude(id=lead.id)
    if after is not None:
        rows = rows.filter(id__gt=after)
    found = list(rows.select_related(*selectors.SHOWN).order_by("id")[:most])
    return [Member(row, not _alike(lead, row)) for row in found]


def _alike(lead: Matter, row: Matter) -> bool:
    """Whether two reports share a word or a kind. How far they lie apart does not count: a failure has many places."""
    if lead.kind_id is not None and lead.kind_id == row.kind_id:
        return True
    one, other = (Told.of(each.title, each.text, "", "") for each in (lead, row))
    return len(one.tokens & other.tokens) >= likeness.FEW


def how_many(lead_id: UUID) -> int:
    """How many reports are joined to a case, open or ended with it; a number alone, whoever asks."""
    return Matter.objects.filter(lead_id=lead_id).exclude(id=lead_id).count()


def up_to(most: int, lead_ids: list[UUID]) -> dict[UUID, int]:
    """How many reports are joined to each of some cases, counted no further than `most`: thousands cost as few."""
    if not lead_ids:
        return {}
    rows = hot.all_rows(sql.JOINED_UP_TO, {"leads": lead_ids, "most": most})
    return {row[0]: row[1] for row in rows}


def candidates(
    actor: Actor, lead: Matter, *, area: tuple[str, int] | None, days: int, text: str = "", same_kind: bool = False
) -> QuerySet[Matter]:
    """Open reports of the last days in an area that could be joined to a case, the newest first.

    Bounded by area and days, which an index serves; what somebody kept apart from the case is left out.
    """
    apart = clusters.apart_from(lead.id)
    rows = Matter.objects.filter(
        selectors.visible(actor), selectors.ALONE, id__gte=ids.first_of(clock.now() - timedelta(days=days)), end="",
        confidentiality=0, complained_of=[], procedure__code=lead.procedure.code, parent_id=None, hold_until=None,
    ).exclude(id__in={lead.id, *apart})  # fmt: skip
    if area is not None:
        rows = rows.filter(selectors.within(*area))
    if same_kind and lead.kind_id is not None:
        rows = rows.filter(kind_id=lead.kind_id)
    if text:
        rows = rows.filter(finding.holds(text))
    return rows.order_by("-id")


def metres_from(lead: Matter, row: Matter) -> float | None:
    """How far a report lies from a case; None where one of them has no point."""
    if lead.lon is None or lead.lat is None or row.lon is None or row.lat is None:
        return None
    return coordinates.metres((lead.lon, lead.lat), (row.lon, row.lat))
