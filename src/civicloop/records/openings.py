"""The read log of one matter, for the person whom it concerns. Ask first whether the reader is that person."""

from uuid import UUID

from civicloop.records.models import ReadEntry

MOST = 200


def of_matter(matter_id: UUID) -> list[ReadEntry]:
    """The openings of sealed data of one matter, oldest first."""
    return list(ReadEntry.objects.filter(matter_id=matter_id).order_by("at", "id")[:MOST])
