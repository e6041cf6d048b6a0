"""What everybody may see of solved matters, and what waits for a look before they may.

Whether a public photo may still be shown is asked at each look: a matter that was opened again or became confidential
shows none.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext_lazy

from civicloop.evidence import publishing as photos
from civicloop.evidence.models import Evidence, PublicPhoto, PublicState
from civicloop.evidence.selectors import NoSuchObject
from civicloop.foundation import clock
from civicloop.matters import publishing, reading, selectors
from civicloop.matters.choices import PUBLIC_PROCEDURES
from civicloop.matters.models import Matter
from civicloop.people import access
from civicloop.people.access import Actor
from civicloop.records import settings

MATTERS_LOOKED_THROUGH = 300  # of the queue, the latest ends first
LOOKED_THROUGH = 100  # public photos for one page
SHOWN_AFTER = timedelta(hours=24)  # after the end, so that nobody can tell from the page who has just reported

settings.define(
    "publishing.days", "int", 60, gettext_lazy("Days after the end for which photos are shown to the public"),
    low=1, high=3660,
)  # fmt: skip


@dataclass(frozen=True)
class Waiting:
    """A photo that waits for a look, with its matter."""

    matter: Matter
    photo: Evidence


def eligible() -> Q:
    """Matters of which photos may be public at all: solved, of public space, nobody complained of, not confidential."""
    ended = Q(end="solved", ended_at__gte=clock.now() - timedelta(days=settings.get_int("publishing.days")))
    return ended & Q(procedure__code__in=PUBLIC_PROCEDURES, confidentiality=0, complained_of=[])


def waiting(actor: Actor, limit: int) -> list[Waiting]:
    """Photos in the place of the post that wait for a look by this person, those of the latest ends first."""
    if not access.may(actor, "photos.publish").allowed:
        return []
    rows = Matter.objects.filter(eligible() & selectors.visible(actor)).select_related(*selectors.SHOWN)
    matters = {row.id: row for row in rows.order_by("-ended_at")[:MATTERS_LOOKED_THROUGH]}
    undecided: dict[UUID, list[Evidence]] = {}
    for photo in photos.waiting(list(matters)):
        undecided.setdefault(photo.matter_id, []).append(photo)
    found: list[Waiting] = []
    for matter_id in matters:
        if matter_id not in undecided:
            continue
        seen = reading.read(matter_id)
        if seen is not None:
            mine = [each for each in undecided[matter_id] if publishing.may_decide(actor, seen, each)]
            found += [Waiting(matters[matter_id], each) for each in mine]
        if len(found) >= limit:
            break
    return found[:limit]


# -- for everybody ----------------------------------------------------------------------------------------------------


def public_photo(public_id: UUID, *, small: bool) -> bytes:
    """The bytes at a public address. Raises LookupError where there is none, or none any more; OSError."""
    row = photos.by_address(public_id)
    if row is None or not _shown_now([row.matter_id]):
        raise NoSuchObject(str(public_id))
    return photos.read(row, "thumbnail" if small else "picture")


def _shown_now(matter_ids: Collection[UUID]) -> dict[UUID, Matter]:
    rows = Matter.objects.filter(eligible(), id__in=matter_ids, ended_at__lt=clock.now() - SHOWN_AFTER)
    return {row.id: row for row in rows.select_related("kind")}


Pictures = Mapping[str, list[PublicPhoto]]


def pictures(matter_ids: Sequence[UUID]) -> dict[UUID, Pictures]:
    """Public photos of matters that are shown to everybody, by stage; only those that have any."""
    found = photos.of_matters(matter_ids)
    return {matter_id: sides for matter_id, sides in found.items() if any(sides.values())}


def shown(before: datetime | None = None, limit: int = 12) -> tuple[list[tuple[Matter, Pictures]], datetime | None]:
    """Solved matters with public photos, the latest releases first: a page, and from where the next one begins.

    It begins at the photos, of which there are few, and not at the matters, of which there are many.
    """
    released = PublicPhoto.objects.filter(state=PublicState.PUBLIC, decided_at__lt=before or clock.now())
    latest: dict[UUID, datetime] = {}
    rows = list(released.order_by("-decided_at").values_list("matter_id", "decided_at")[:LOOKED_THROUGH])
    for matter_id, at in rows:
        latest.setdefault(matter_id, at)
    matters = _shown_now(latest)
    following = rows[-1][1] if len(rows) == LOOKED_THROUGH else None
    lines: list[tuple[Matter, Pictures]] = []
    for matter_id, sides in pictures([each for each in latest if each in matters]).items():
        if len(lines) == limit:
            following = latest[lines[-1][0].id]
            break
        # a matter stands where its latest photo does, and once
        if before is None or all(row.decided_at < before for each in sides.values() for row in each):
            lines.append((matters[matter_id], sides))
    return lines, following
