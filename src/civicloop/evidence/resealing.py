"""Sealed originals follow a change of keys: a new object, and the row points to it. See records.resealing.

The object of before is put once more, which renews its age: whoever has just read the row, or a backup that is being
made, still finds it for a day before the sweeper takes it.
"""

from uuid import UUID

from django.db import connection

from civicloop.evidence import sql, storage
from civicloop.evidence.selectors import owner_words
from civicloop.foundation import ciphers
from civicloop.records import keyring, sealing
from civicloop.records.resealing import Needed, Place, Step

FILES = 8  # in one batch; each may have twenty megabytes


def step(position: str) -> Step:
    """Re-seal the next originals after a position."""
    matter, _space, evidence = position.partition(" ")
    none = str(UUID(int=0))
    replaced = closed = 0
    with connection.cursor() as cursor:
        given: dict[str, str | int] = {"matter": matter or none, "id": evidence or none, "most": FILES}
        given["key"] = keyring.current().id
        cursor.execute(sql.NEXT_ORIGINALS, given)
        rows = cursor.fetchall()
        for matter_id, evidence_id, name in rows:
            try:
                fresh = _resealed(matter_id, evidence_id, name)
            except (storage.Missing, storage.Damaged, ciphers.CannotOpen, ciphers.CannotSeal):
                closed += 1
                continue
            cursor.execute(sql.RESEAL, {"matter": matter_id, "id": evidence_id, "known": name, **fresh})
            replaced += cursor.fetchone()[0]
    end = len(rows) < FILES
    return Step("" if end else f"{rows[-1][0]} {rows[-1][1]}", replaced, closed)


def _resealed(matter_id: UUID, evidence_id: UUID, name: str) -> dict[str, str]:
    place = storage.default()
    known = place.get(name)
    sealed = sealing.resealed(owner_words(matter_id, evidence_id), known)
    if sealed is None:
        return {"fresh": name, "key": ciphers.key_id(known)}
    fresh = place.put(sealed)
    place.put(known)
    return {"fresh": fresh, "key": ciphers.key_id(sealed)}


def needed() -> Needed:
    """How many originals need which key; those that came before the column was there are counted under no name."""
    with connection.cursor() as cursor:
        cursor.execute(sql.NEEDED)
        return {(keyring.SEALING, key_id): count for key_id, count in cursor.fetchall()}


ORIGINALS = Place("originals", step, needed)
