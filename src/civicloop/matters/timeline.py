"""The hashed form of a timeline entry and what enters it. Pure: no model, no clock, no database.

Free text and other erasable values enter only as commitments H(salt ‖ value); value and salt live in a row that may be
destroyed, and the chain stays provable (house rule 3).
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from civicloop.foundation import chain
from civicloop.foundation.canonical import canonical

SALT_BYTES = chain.SALT
STANDS_IN_FROM = "stands_in_from"  # in the data of an entry: the own post of whoever stood in for the acting one
FINGERPRINT_BYTES = 32


@dataclass
class Draft:
    """An entry being written: plain facts that stay for ever, and texts that may be erased one day."""

    plain: dict[str, Any] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Sealed:
    """An entry ready to be stored: body and hash, and the erasable rows as JSON for the statement."""

    body: bytes
    hash: bytes
    texts: str


def salted(fingerprint: bytes) -> bytes:
    """What an entry keeps of the fingerprint of its request: the 32 bytes and a salt, so that it may be erased too."""
    return fingerprint + secrets.token_bytes(SALT_BYTES)


def request_of(kept: bytes) -> tuple[bytes, str | None]:
    """(fingerprint, commitment in the body) of what `salted` gave; entries of earlier builds have no commitment."""
    fingerprint, salt = kept[:FINGERPRINT_BYTES], kept[FINGERPRINT_BYTES:]
    return fingerprint, chain.commitment(salt, fingerprint).hex() if len(salt) == SALT_BYTES else None


def seal(
    draft: Draft, *, matter_id: UUID, seq: int, at: datetime, action: str, result: str | None, who: Mapping[str, Any],
    step: tuple[str, str], version: int, act_id: UUID | None, request: bytes, previous: bytes,
) -> Sealed:  # fmt: skip
    """Canonical body and chained hash of an entry; nothing that a database allots.

    `step` is (before, after), `version` the step version after it, `request` what `salted` gave.
    """
    commitments: dict[str, str] = {}
    rows = []
    for name, value in sorted(draft.texts.items()):
        salt = secrets.token_bytes(SALT_BYTES)
        commitments[name] = chain.commitment(salt, value.encode()).hex()
        rows.append({"field": name, "value": value, "salt": salt.hex()})
    body = chain.body(
        canonical(
            {
                "matter": matter_id,
                "seq": seq,
                "at": at,
                "action": action,
                "result": result,
                "who": dict(who),
                "from": step[0],
                "to": step[1],
                "version": version,
                "act": act_id,
                "request": request_of(request)[1],
                "data": draft.plain,
                "texts": commitments,
            }
        )
    )
    return Sealed(body, chain.entry_hash(previous, body), json.dumps(rows, ensure_ascii=False))
