"""The form of a daily root. Calculation only: what is hashed, what is signed, how roots hang together.

A root's body has the form of a timeline entry (foundation.chain): format byte, algorithm byte, canonical JSON. Its hash
is H(hash of the root before it ‖ body), and the signature stands over that hash, so that one signature answers for the
day, its tree and every root before it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from civicloop.foundation import chain
from civicloop.foundation.canonical import canonical

FORM = "civicloop root"


@dataclass(frozen=True)
class Made:
    """A root ready to be signed and stored."""

    body: bytes
    hash: bytes


def make(
    *, no: int, day: date, until: datetime, leaves: int, root: bytes, previous: bytes, made_at: datetime, key: str,
    algorithm: int = chain.DEFAULT, logs: Mapping[str, Mapping[str, object]] | None = None,
) -> Made:  # fmt: skip
    """Body and hash of the root `no`; `previous` is the hash of the root before it (chain.GENESIS for the first).

    `logs` names the newest head of each log (receipts.logs); roots of earlier builds have none.
    """
    body = chain.body(
        canonical(
            {
                "form": FORM, "no": no, "day": day, "until": until, "leaves": leaves, "root": root.hex(),
                "previous": previous.hex(), "made_at": made_at, "key": key, **({"logs": logs} if logs else {}),
            }
        ),
        algorithm,
    )  # fmt: skip
    return Made(body, chain.entry_hash(previous, body))
