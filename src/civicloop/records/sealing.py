"""Sealing and opening of personal data. `open_value` is the only way in, and it leaves a line before it answers."""

import base64
import hmac
import os
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from civicloop.foundation import ciphers, clock, identifiers
from civicloop.records import keyring
from civicloop.records.choices import retention_of
from civicloop.records.models import ReadEntry, SealedValue

LOOKED_UP = frozenset(
    {
        "reporter_phone", "household_phone", "applicant_phone", "applicant_document", "party_phone", "party_document",
    }
)  # fmt: skip
MASKED, HIDDEN = frozenset({"name", "phone", "document"}), "****"


class NoPurpose(ValueError):
    """Sealed data are opened for a stated purpose only."""


@dataclass(frozen=True)
class SealedRow:
    """A sealed value ready to be inserted with the matter's other rows."""

    no: int
    field: str
    envelope: bytes
    lookup: bytes | None
    retention: str

    def plain(self) -> dict[str, object]:
        """The row as JSON for the one-statement writes of the loop."""
        return {
            "no": self.no,
            "field": self.field,
            "envelope": base64.b64encode(self.envelope).decode(),
            "lookup": base64.b64encode(self.lookup).decode() if self.lookup else None,
            "retention": self.retention,
        }


def _algorithm() -> int:
    chosen = os.environ.get("CIVICLOOP_CIPHER", "sm4-gcm")
    if chosen not in ciphers.NAMES:
        raise ciphers.CannotSeal(f"CIVICLOOP_CIPHER is {chosen!r}: set it to {' or '.join(ciphers.NAMES)}")
    return ciphers.NAMES[chosen]


def trouble() -> str:
    """Why nothing can be sealed here, in an operator's words; empty when all is well. For start-up and doctor."""
    try:
        seal_bytes("trial", b"")
        ciphers.look_up(keyring.current(keyring.LOOKUP), "", _algorithm())
    except (ciphers.CannotSeal, OSError) as reason:
        return str(reason)
    return ""


def lost_keys() -> str:
    """Which key under which kept values were sealed is not here, in an operator's words; empty when all is well.

    Looks at the oldest and the newest value only, so it is quick however many there are, and makes no key.
    """
    rows = SealedValue.objects.order_by("matter_id", "no")
    looked_up = rows.exclude(lookup=None)
    for row in [row for row in (rows.first(), rows.last()) if row]:
        path = keyring.path_of(keyring.SEALING)
        if not path.exists():
            return f"{path} is missing and values are sealed with it: put back the kept copy first"
        try:
            keyring.holder(ciphers.key_id(bytes(row.envelope)))
        except ciphers.CannotOpen:
            return f"{path} is not the key with which the kept values were sealed: put back the kept copy"
    for row in [row for row in (looked_up.first(), looked_up.last()) if row]:
        path = keyring.path_of(keyring.LOOKUP)
        if not path.exists():
            return f"{path} is missing and values are looked up with it: put back the kept copy first"
        if bytes(row.lookup or b"") not in look_ups(_unsealed(row)):
            return f"{path} is not the key with which the kept values are looked up: put back the kept copy"
    return ""


def _owner(matter_id: UUID, no: int, field: str) -> bytes:
    return f"records_sealedvalue:{matter_id}:{no}:{field}".encode()


def _unseal(envelope: bytes, owner: bytes) -> bytes:
    """The plain bytes, by whichever key of the ring the envelope names. Raises ciphers.CannotOpen, CannotSeal."""
    return ciphers.unseal(keyring.holder(ciphers.key_id(envelope)), envelope, owner)


def _unsealed(row: SealedValue) -> str:
    return _unseal(bytes(row.envelope), _owner(row.matter_id, row.no, row.field)).decode()


def seal(matter_id: UUID, no: int, field: str, text: str) -> SealedRow:
    """Seal one value; nothing is written here. Raises ciphers.CannotSeal."""
    envelope = ciphers.seal(keyring.current(), text.encode(), _owner(matter_id, no, field), _algorithm())
    lookup = ciphers.look_up(keyring.current(keyring.LOOKUP), text, _algorithm()) if field in LOOKED_UP else None
    return SealedRow(no, field, envelope, lookup, retention_of(field))


def look_ups(text: str) -> list[bytes]:
    """Every `lookup` under which an equal value may be kept, whichever hash and key it was sealed with."""
    return [
        ciphers.look_up(key, text, algorithm)
        for key in keyring.every(keyring.LOOKUP)
        for algorithm in ciphers.LOOK_UP_HASHES
    ]


def seal_bytes(owner: str, content: bytes) -> bytes:
    """Seal a file (an original photo, an authorisation); `owner` names what it belongs to."""
    return ciphers.seal(keyring.current(), content, owner.encode(), _algorithm())


def open_secret(owner: str, envelope: bytes) -> bytes:
    """A secret of the platform itself (the key of a code app), which is nobody's personal data: no read-log line.

    Raises ciphers.CannotOpen, ValueError for an owner that is not such a secret.
    """
    if not owner.startswith("secret:"):
        raise ValueError("only the platform's own secrets are opened without a purpose")
    return _unseal(envelope, owner.encode())


def masked(matter_id: UUID, numbers: Collection[int]) -> dict[int, str]:
    """What may be shown of sealed values before anybody opens them: 138****1234, 王**; of anything else only stars.

    The value itself does not leave this function, so no line is written. Ask people.access first all the same.
    """
    found = {}
    for row in SealedValue.objects.filter(matter_id=matter_id, no__in=numbers):
        kind = row.field.partition("_")[2]
        found[row.no] = HIDDEN
        if kind in MASKED:
            with suppress(ciphers.CannotOpen, ciphers.CannotSeal, OSError):  # a key that is lost or damaged
                found[row.no] = identifiers.masked(kind, _unsealed(row).strip())
    return found


def equals(matter_id: UUID, no: int, said: str) -> bool:
    """Whether somebody has said what is sealed, but for spaces and capitals. Only the answer leaves, so no line.

    Bound the tries before asking. A value that cannot be opened equals nothing.
    """
    row = SealedValue.objects.filter(pk=(matter_id, no)).first()
    if row is None:
        return False
    try:
        kept = _unsealed(row)
    except (ciphers.CannotOpen, ciphers.CannotSeal, OSError):
        return False
    return hmac.compare_digest(_plain(kept).encode(), _plain(said).encode())


def _plain(text: str) -> str:
    return "".join(text.split()).casefold()


def open_value(
    *, actor_id: int | None, actor_words: str, post_id: int | None, purpose: str, matter_id: UUID, no: int
) -> str:
    """The plain text of a sealed value, after its read-log line has been committed.

    The caller has asked people.access first, and is in no transaction: one that failed later would take the line with
    it. Raises NoPurpose, SealedValue.DoesNotExist, ciphers.CannotOpen, RuntimeError inside a transaction.
    """
    if not purpose.strip():
        raise NoPurpose
    with transaction.atomic(durable=True):
        row = SealedValue.objects.get(pk=(matter_id, no))
        _log(actor_id, actor_words, post_id, purpose, matter_id, row.field)
        return _unsealed(row)


def open_bytes(
    *, actor_id: int | None, actor_words: str, post_id: int | None, purpose: str, matter_id: UUID | None, owner: str,
    envelope: bytes, field: str = "file",
) -> bytes:  # fmt: skip
    """The content of a sealed file or of an address (`field`), after its read-log line has been committed.

    Raises as open_value does.
    """
    if not purpose.strip():
        raise NoPurpose
    with transaction.atomic(durable=True):
        _log(actor_id, actor_words, post_id, purpose, matter_id, field)
        return _unseal(envelope, owner.encode())


def _log(
    actor_id: int | None, words: str, post_id: int | None, purpose: str, matter_id: UUID | None, field: str
) -> None:
    ReadEntry.objects.create(
        at=clock.now(), account_id=actor_id, post_id=post_id, words=words[:64], purpose=purpose.strip()[:200],
        matter_id=matter_id, field=field,
    )  # fmt: skip


def since(matter_id: UUID) -> list[tuple[int, datetime]]:
    """(no, when it came) of what is sealed for a matter, without opening anything."""
    return list(SealedValue.objects.filter(matter_id=matter_id).order_by("no").values_list("no", "created_at"))


def fields_of(matter_id: UUID) -> list[tuple[int, str]]:
    """(no, field) of what is sealed for a matter, without opening anything."""
    return list(SealedValue.objects.filter(matter_id=matter_id).order_by("no").values_list("no", "field"))


# -- a change of keys: nothing leaves this module, so no line is written ----------------------------------------------


def resealed(owner: str, envelope: bytes) -> bytes | None:
    """The same content under the key of now; None when it is under it already. Raises as opening does."""
    if ciphers.key_id(envelope) == keyring.current().id:
        return None
    return ciphers.seal(keyring.current(), _unseal(envelope, owner.encode()), owner.encode(), _algorithm())


def resealed_value(
    matter_id: UUID, no: int, field: str, envelope: bytes, lookup: bytes | None
) -> tuple[bytes, bytes | None] | None:
    """(envelope, look-up hash) of a value under the keys of now; None when both are already. Raises as opening does."""
    hashing = keyring.current(keyring.LOOKUP)
    hashed = lookup is None or ciphers.key_id(lookup) == hashing.id
    if hashed and ciphers.key_id(envelope) == keyring.current().id:
        return None
    owner = _owner(matter_id, no, field)
    plain = _unseal(envelope, owner)
    if not hashed:
        lookup = ciphers.look_up(hashing, plain.decode(), _algorithm())
    return ciphers.seal(keyring.current(), plain, owner, _algorithm()), lookup
