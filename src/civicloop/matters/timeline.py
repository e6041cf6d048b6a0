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

SALT_BYTES = 16


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


def seal(
    draft: Draft, *, matter_id: UUID, seq: int, at: datetime, action: str, result: str | None, who: Mapping[str, Any],
    step: tuple[str, str], act_id: UUID | None, previous: bytes,
) -> Sealed:  # fmt: skip
    """Canonical body and chained hash of an entry; `step` is (before, after). Nothing that a database allots."""
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
                "act": act_id,
                "data": draft.plain,
                "texts": commitments,
            }
        )
    )
    return Sealed(body, chain.entry_hash(previous, body), json.dumps(rows, ensure_ascii=False))
