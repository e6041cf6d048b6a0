"""Writes of this room: take a photo or file of a matter, and clear away what no row refers to.

`prepare` checks, seals and stores contents before any row exists; `store` commits the row. The caller has asked
people.access first, and tells the person what `EvidenceRefused` says.
"""

import errno
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Protocol
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext_lazy

from civicloop.evidence import commitments, exif, films, photos, storage
from civicloop.evidence.choices import MEGABYTE, MOST_BYTES, MOST_FILES, MOST_FILM_MEGABYTES
from civicloop.evidence.errors import Conflict, EvidenceRefused, refused
from civicloop.evidence.models import Capture, Evidence, Film, How, Stage
from civicloop.evidence.selectors import owner_words, referenced
from civicloop.foundation import ciphers, clock, locality
from civicloop.records import sealing
from civicloop.records import settings as chosen

__all__ = ["Conflict", "EvidenceRefused", "Prepared", "prepare", "read_upload", "store", "sweep_orphans"]

DAY = 86_400.0
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_BATCH = 1000
_HEAD = 32  # bytes by which a film is known

chosen.define(
    "evidence.film_megabytes", "int", 60, gettext_lazy("Megabytes that a film may have"), low=1,
    high=MOST_FILM_MEGABYTES,
)  # fmt: skip
chosen.define(
    "evidence.film_seconds", "int", 60, gettext_lazy("Seconds that a film may last"), low=1, high=300,
)  # fmt: skip


class Upload(Protocol):
    """A file that is being sent."""

    def read(self, size: int, /) -> bytes:
        """The next bytes."""


def read_upload(file: Upload) -> bytes:
    """An upload, at most one byte more than its kind may have: enough to refuse it in words."""
    head = file.read(_HEAD)
    most = chosen.get_int("evidence.film_megabytes") * MEGABYTE if films.is_film(head) else MOST_BYTES
    return head + file.read(most + 1 - len(head))


@dataclass(frozen=True)
class Prepared:
    """A row whose contents are stored already. `known` is the row itself when the same was sent before."""

    row: Evidence
    name: str
    known: Evidence | None = None
    capture: Capture | None = None
    film: Film | None = None

    def values(self, now: datetime) -> dict[str, object]:
        """The columns of the row, for a caller that inserts it in a statement of its own.

        Not for films, which have a second row. Such a caller keeps the bound of MOST_FILES and answers a taken id
        (matter_id, id) by its `fingerprint` itself.
        """
        fields = [field.attname for field in Evidence._meta.local_concrete_fields]
        return {name: getattr(self.row, name) for name in fields} | {"created_at": now}


def prepare(
    *, upload: bytes, filename: str, stage: str, matter_id: UUID, evidence_id: UUID, actor_id: int | None,
    post_id: int | None, synthetic: bool = False, how: str = How.UNKNOWN,
) -> Prepared:  # fmt: skip
    """Check an upload by decoding it, seal the original and store original, derivative and thumbnail durably.

    `how` is where the sender's program says the file came from; anything unknown is UNKNOWN.
    `filename` is used in words only and never kept. Raises EvidenceRefused (nothing was kept) and Conflict (the id is
    taken by something else). Outside any transaction it holds no lock and leaves no row.
    """
    if stage not in Stage.values:
        raise refused("unknown_stage", filename)
    sha256 = hashlib.sha256(upload).hexdigest()
    row = Evidence(
        matter_id=matter_id, id=evidence_id, stage=stage, bytes=len(upload), sha256=sha256, synthetic=synthetic,
        salt=commitments.new_salt(), account_id=actor_id, post_id=post_id,
    )  # fmt: skip
    row.fingerprint = commitments.print_of(row)
    known = Evidence.objects.filter(pk=(matter_id, evidence_id)).first()
    if known is not None:
        return Prepared(_same(known, row), filename, known)
    found: photos.Looked | films.Film
    if films.is_film(upload):
        found = _film(upload, filename)
    else:
        found = photos.look(upload, filename)
        row.dhash = found.dhash
    row.media_type, row.width, row.height = found.media_type, found.width, found.height
    place, film = storage.default(), None
    try:
        sealed = sealing.seal_bytes(owner_words(matter_id, evidence_id), upload)
        row.sealed_original, row.sealed_with = place.put(sealed), ciphers.key_id(sealed)
        if isinstance(found, films.Film):
            film = Film(
                matter_id=matter_id, evidence_id=evidence_id, content=place.put(found.content),
                milliseconds=found.milliseconds, had_sound=found.had_sound,
            )  # fmt: skip
        elif found.derivative:
            row.derivative, row.thumbnail = place.put(found.derivative), place.put(found.thumbnail)
    except OSError as reason:
        raise refused("storage_full" if reason.errno in FULL else "not_stored", filename) from reason
    except ciphers.CannotSeal as reason:
        raise refused("not_stored", filename) from reason
    said = exif.Said() if isinstance(found, films.Film) else found.said
    return Prepared(row, filename, capture=_capture(row, how, said), film=film)


def _film(upload: bytes, filename: str) -> films.Film:
    return films.take(
        upload, filename, most_bytes=chosen.get_int("evidence.film_megabytes") * MEGABYTE,
        most_milliseconds=chosen.get_int("evidence.film_seconds") * 1000,
    )  # fmt: skip


def _capture(row: Evidence, how: str, said: exif.Said) -> Capture | None:
    """The facts about how a file was made; None where neither the sender nor the file says anything.

    A place of any photo but those after handling may be somebody's home.
    """
    if said == exif.Said() and how not in (How.CAMERA, How.ALBUM):
        return None
    taken = said.taken
    if taken is not None:
        zoned = taken.replace(tzinfo=locality.zone()) if said.source == "local" else taken
        taken = zoned.astimezone(UTC)
    lon, lat = said.place if said.place and row.stage == Stage.AFTER else (None, None)
    return Capture(
        matter_id=row.matter_id, evidence_id=row.id, how=how if how in How.values else How.UNKNOWN, taken_at=taken,
        source=said.source, had_place=said.place is not None, lon=lon, lat=lat,
        accuracy=said.accuracy if said.place else None, editor=said.editor,
    )  # fmt: skip


def store(prepared: Prepared, also: Callable[[Evidence], object] | None = None) -> tuple[Evidence, bool]:
    """Commit the row: (row, True), or (the earlier row, False) when the same was sent before.

    `also` is called once with the new row, in the same transaction: what it writes and the row stay or go together.
    Uploads of one matter are taken one after the other, so the bound of files holds exactly and of five equal uploads
    at once one becomes a row. Raises Conflict, EvidenceRefused `too_many`, and whatever `also` raises.
    """
    if prepared.known is not None:
        return prepared.known, False
    row = prepared.row
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"evidence:{row.matter_id}"])
        there = {each.id: each for each in Evidence.objects.filter(matter_id=row.matter_id)[: MOST_FILES + 1]}
        if row.id in there:
            return _same(there[row.id], row), False
        if len(there) >= MOST_FILES:
            raise refused("too_many", prepared.name)
        row.created_at = clock.now()
        row.save(force_insert=True)
        if prepared.capture is not None:
            prepared.capture.save(force_insert=True)
        if prepared.film is not None:
            prepared.film.made_at = row.created_at
            prepared.film.save(force_insert=True)
        if also is not None:
            also(row)
    return row, True


def _same(known: Evidence, row: Evidence) -> Evidence:
    if bytes(known.fingerprint) != bytes(row.fingerprint):
        raise Conflict(str(row.id))
    return known


def sweep_orphans(seconds: float = DAY) -> int:
    """Remove objects that no row refers to and nobody has put for `seconds`, and unfinished writes; returns how many.

    An object is older than its row; a write that is on its way has fresh objects and is left alone.
    """
    place = storage.default()
    gone = place.remove_unfinished(seconds)
    for names in _batches(place.older_than(seconds)):
        gone += place.remove(names - referenced(names), seconds)
    return gone


def _batches(names: Iterable[str]) -> Iterable[set[str]]:
    remaining = iter(names)
    while batch := set(islice(remaining, _BATCH)):
        yield batch
