"""What the detector found in photos, and how far it has come. The worker calls `look`; nothing becomes public by it."""

import logging
from datetime import timedelta
from uuid import NAMESPACE_OID, UUID, uuid5

from django.db.models import Exists, OuterRef

from civicloop.evidence import boxes_find, storage
from civicloop.evidence.models import Boxes, Evidence, LookedAt
from civicloop.foundation import clock

MARK = 2  # the row of LookedAt
BATCH = 2  # photos a round: one takes about a second of one core, and deadlines wait behind it
FIRST = timedelta(days=2)  # how far back the first look goes
LAG = timedelta(seconds=60)  # rows that are being committed now are looked at in a later round
log = logging.getLogger("civicloop.evidence")


def look(batch: int = BATCH) -> int:
    """Look for faces and plates in photos that came since; returns how many were looked at. Safe to repeat.

    A photo that cannot be looked at is kept as such and never stops the others. Drawn photos of a demonstration are
    left out.
    """
    mark, _made = LookedAt.objects.get_or_create(id=MARK, defaults={"until": clock.now() - FIRST})
    until = clock.now() - LAG
    known = Boxes.objects.filter(matter_id=OuterRef("matter_id"), evidence_id=OuterRef("id"))
    rows = Evidence.objects.filter(created_at__gte=mark.until, created_at__lte=until, synthetic=False)
    waiting = rows.exclude(derivative="").filter(~Exists(known)).order_by("created_at", "id")
    found = list(waiting[:batch])
    for row in found:
        # the key is the same each time, so two workers leave one row
        Boxes.objects.bulk_create([_looked(row)], ignore_conflicts=True)
    reached = found[-1].created_at if found else until
    LookedAt.objects.filter(id=MARK, until__lt=reached).update(until=reached)
    return len(found)


def _looked(row: Evidence) -> Boxes:
    found: list[boxes_find.Found] = []
    failed = False
    try:
        found = boxes_find.find(storage.default().get(row.derivative))
    except Exception:  # the detector is native code over pictures of strangers: whatever it raises, the others go on
        log.exception("a photo could not be looked at for faces and plates")
        failed = True
    return Boxes(
        matter_id=row.matter_id, id=uuid5(NAMESPACE_OID, f"boxes:{row.id}"), evidence_id=row.id,
        detector=boxes_find.DETECTOR, failed=failed, made_at=clock.now(),
        boxes=[[each.kind, each.left, each.top, each.right, each.bottom, each.score] for each in found],
    )  # fmt: skip


def of_matter(matter_id: UUID) -> dict[UUID, Boxes]:
    """What was found in the photos of a matter, by evidence. Ask people.access first."""
    rows = Boxes.objects.filter(matter_id=matter_id).order_by("made_at", "id")
    return {row.evidence_id: row for row in rows}
