"""Reads of this room. Nothing here decides who may look: the caller asks people.access first."""

import hashlib
from collections.abc import Collection
from typing import Literal
from uuid import UUID

from django.db.models import Q

from civicloop.evidence import storage
from civicloop.evidence.choices import MOST_FILES
from civicloop.evidence.models import Capture, Evidence, Film, FilmState, PublicPhoto
from civicloop.evidence.photos import JPEG
from civicloop.records import sealing

WHICH = ("derivative", "thumbnail")


class NoSuchObject(LookupError):
    """There is no such evidence, it has no picture (a PDF, a film), or `which` is neither derivative nor thumbnail."""


def owner_words(matter_id: UUID, evidence_id: UUID) -> str:
    """What the sealed original of an evidence is bound to, so that it opens nowhere else."""
    return f"evidence_evidence:{matter_id}:{evidence_id}"


def of_matter(matter_id: UUID) -> list[Evidence]:
    """The photos and files of a matter in the order in which they came; at most MOST_FILES. Ask people.access first."""
    return list(Evidence.objects.filter(matter_id=matter_id).order_by("created_at", "id")[:MOST_FILES])


def captures(matter_ids: Collection[UUID]) -> dict[tuple[UUID, UUID], Capture]:
    """How the photos of some matters were made, by matter and evidence; one statement. Ask people.access first."""
    return {(row.matter_id, row.evidence_id): row for row in Capture.objects.filter(matter_id__in=matter_ids)}


def read_object(
    matter_id: UUID, evidence_id: UUID, which: Literal["derivative", "thumbnail"] | str
) -> tuple[bytes, str]:
    """(JPEG bytes, media type) of what may be shown of a photo. Ask people.access first.

    Raises NoSuchObject, storage.Missing (both LookupError) and storage.Damaged (OSError).
    """
    if which not in WHICH:
        raise NoSuchObject(which)
    name = Evidence.objects.filter(pk=(matter_id, evidence_id)).values_list(which, flat=True).first()
    if not name:
        raise NoSuchObject(str(evidence_id))
    return storage.default().get(str(name)), JPEG


def films(matter_ids: Collection[UUID]) -> dict[tuple[UUID, UUID], Film]:
    """The films of some matters, by matter and evidence; one statement. Ask people.access first."""
    return {(row.matter_id, row.evidence_id): row for row in Film.objects.filter(matter_id__in=matter_ids)}


def read_film(matter_id: UUID, evidence_id: UUID, which: Literal["content", "still", "thumbnail"]) -> bytes:
    """The pictures of a film, or one of them as JPEG, once the worker has looked. For the staff: ask people.access.

    Raises NoSuchObject, storage.Missing (both LookupError) and storage.Damaged (OSError).
    """
    row = Film.objects.filter(pk=(matter_id, evidence_id), state=FilmState.FINE).first()
    name = getattr(row, which) if row is not None else ""
    if not name:
        raise NoSuchObject(str(evidence_id))
    return storage.default().get(name)


def open_original(
    *, actor_id: int | None, actor_words: str, post_id: int | None, purpose: str, matter_id: UUID, evidence_id: UUID
) -> tuple[bytes, str]:
    """(bytes, media type) of the upload as it came, with everything a phone wrote into it; leaves a read-log line.

    Ask people.access first. Raises sealing.NoPurpose, NoSuchObject, storage.Missing, storage.Damaged,
    foundation.ciphers.CannotOpen.
    """
    row = Evidence.objects.filter(pk=(matter_id, evidence_id)).first()
    if row is None:
        raise NoSuchObject(str(evidence_id))
    envelope = storage.default().get(row.sealed_original)
    content = sealing.open_bytes(
        actor_id=actor_id, actor_words=actor_words, post_id=post_id, purpose=purpose, matter_id=matter_id,
        owner=owner_words(matter_id, evidence_id), envelope=envelope,
    )  # fmt: skip
    if hashlib.sha256(content).hexdigest() != row.sha256:
        raise storage.Damaged(row.sealed_original)
    return content, row.media_type


def any_row() -> bool:
    """Whether there is any evidence at all; an empty table beside a full store is rather the wrong database."""
    return Evidence.objects.exists()


def referenced(names: Collection[str]) -> set[str]:
    """Those of `names` that some row refers to. No index serves this: it is asked once a day, a thousand at a time."""
    wanted = list(names)
    rows = Evidence.objects.filter(
        Q(sealed_original__in=wanted) | Q(derivative__in=wanted) | Q(thumbnail__in=wanted)
    ).values_list("sealed_original", "derivative", "thumbnail")
    public = PublicPhoto.objects.filter(Q(picture__in=wanted) | Q(thumbnail__in=wanted))
    films = Film.objects.filter(Q(content__in=wanted) | Q(still__in=wanted) | Q(thumbnail__in=wanted))
    found = {name for row in rows.iterator() for name in row}
    found |= {name for row in public.values_list("picture", "thumbnail").iterator() for name in row}
    found |= {name for row in films.values_list("content", "still", "thumbnail").iterator() for name in row}
    return found & set(wanted)
