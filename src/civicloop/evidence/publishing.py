"""Photos for everybody: the covered picture, its row, and reading it. Who may decide is asked by the caller.

Nothing is public without a row that says so; `matters.publishing` writes the decision and its entry together.
"""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from civicloop.evidence import storage
from civicloop.evidence.boxes_find import MOST_BOXES
from civicloop.evidence.covering import Box, cover, size_of
from civicloop.evidence.models import Boxes, Evidence, PublicPhoto, PublicState, Stage
from civicloop.evidence.selectors import NoSuchObject, read_object

LEAST_SIDE = 4  # pixels of a box


@dataclass(frozen=True)
class Made:
    """A covered picture that is stored already; no row refers to it yet."""

    picture: str
    thumbnail: str
    boxes: tuple[Box, ...]


class BoxesRefused(ValueError):
    """The boxes are too many, too small or outside of the picture."""


def waiting(matter_ids: Collection[UUID]) -> QuerySet[Evidence]:
    """Photos before and after handling about which nobody has decided and in which the detector has looked.

    Drawn photos of a demonstration need no detector.
    """
    own = {"matter_id": OuterRef("matter_id"), "evidence_id": OuterRef("id")}
    photos = Evidence.objects.filter(matter_id__in=matter_ids, stage__in=(Stage.BEFORE, Stage.AFTER))
    looked = Q(Exists(Boxes.objects.filter(**own))) | Q(synthetic=True)
    undecided = photos.exclude(derivative="").filter(looked).exclude(Exists(PublicPhoto.objects.filter(**own)))
    return undecided.order_by("-matter_id", "created_at", "id")


def of_photo(matter_id: UUID, evidence_id: UUID) -> PublicPhoto | None:
    """What was decided about a photo; None while nobody has decided."""
    return PublicPhoto.objects.filter(pk=(matter_id, evidence_id)).first()


def shown_photo(matter_id: UUID, evidence_id: UUID) -> tuple[bytes, tuple[int, int]]:
    """(bytes, width and height) of the photo as the staff see it. Raises LookupError, OSError."""
    content, _media_type = read_object(matter_id, evidence_id, "derivative")
    return content, size_of(content)


def checked(boxes: Sequence[Box], size: tuple[int, int]) -> tuple[Box, ...]:
    """The boxes, when they can be covered. Raises BoxesRefused."""
    width, height = size
    if len(boxes) > MOST_BOXES:
        raise BoxesRefused(f"more than {MOST_BOXES} boxes")
    for each in boxes:
        inside = each.left >= 0 and each.right <= width and each.top >= 0 and each.bottom <= height
        if not inside or each.right - each.left < LEAST_SIDE or each.bottom - each.top < LEAST_SIDE:
            raise BoxesRefused(f"{each} is not an area of a picture of {width} by {height}")
    return tuple(boxes)


def make(matter_id: UUID, evidence_id: UUID, boxes: Sequence[Box]) -> Made:
    """Cover and store what everybody would see; no row is written. Raises BoxesRefused, LookupError, OSError."""
    content, size = shown_photo(matter_id, evidence_id)
    fine = checked(boxes, size)
    found, place = cover(content, fine), storage.default()
    return Made(place.put(found.picture), place.put(found.thumbnail), fine)


def drafted(matter_id: UUID, evidence_id: UUID, state: str, made: Made | None) -> PublicPhoto:
    """The row of a decision, not kept yet; the address of a public photo is drawn here."""
    return PublicPhoto(
        matter_id=matter_id, evidence_id=evidence_id, state=state, public_id=uuid.uuid4() if made else None,
        picture=made.picture if made else "", thumbnail=made.thumbnail if made else "",
        boxes=[[each.left, each.top, each.right, each.bottom] for each in made.boxes] if made else [],
    )  # fmt: skip


def settle(row: PublicPhoto, *, account_id: int | None, post_id: int | None, at: datetime) -> None:
    """Keep a decision, in the transaction of its entry. What was public before is not referred to any more."""
    PublicPhoto.objects.update_or_create(
        matter_id=row.matter_id, evidence_id=row.evidence_id,
        defaults={
            "state": row.state, "public_id": row.public_id, "picture": row.picture, "thumbnail": row.thumbnail,
            "boxes": row.boxes, "account_id": account_id, "post_id": post_id, "decided_at": at,
        },
    )  # fmt: skip


def by_address(public_id: UUID) -> PublicPhoto | None:
    """The photo at a public address, None where there is none (any more)."""
    return PublicPhoto.objects.filter(public_id=public_id, state=PublicState.PUBLIC).first()


def of_matters(matter_ids: Collection[UUID]) -> dict[UUID, dict[str, list[PublicPhoto]]]:
    """Public photos by matter and stage, at most one before and the last one after come first; two statements."""
    found: dict[UUID, dict[str, list[PublicPhoto]]] = {each: {"before": [], "after": []} for each in matter_ids}
    rows = list(PublicPhoto.objects.filter(matter_id__in=matter_ids, state=PublicState.PUBLIC))
    if not rows:
        return found
    stages = {
        (matter, identifier): (at, stage)
        for matter, identifier, stage, at in Evidence.objects.filter(
            matter_id__in={row.matter_id for row in rows}
        ).values_list("matter_id", "id", "stage", "created_at")
    }
    for row in sorted(rows, key=lambda each: stages[each.matter_id, each.evidence_id][0]):
        stage = stages[row.matter_id, row.evidence_id][1]
        if stage in found[row.matter_id]:
            found[row.matter_id][stage].append(row)
    return found


def read(row: PublicPhoto, which: Literal["picture", "thumbnail"]) -> bytes:
    """The JPEG bytes of a public photo. Raises NoSuchObject, storage.Missing, storage.Damaged."""
    name = row.thumbnail if which == "thumbnail" else row.picture
    if not name:
        raise NoSuchObject(str(row.public_id))
    return storage.default().get(name)
