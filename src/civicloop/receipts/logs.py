"""The logs that stand under the daily roots: which they are, and the form of their lines and heads.

A log is written by one plain INSERT and has no chain of its own. When a day is closed, each line that no head covers
yet is hashed; the hashes go into a Merkle tree in the order of the lines' numbers, and its root into the log's next
head, which is chained to the head before it. The day's root names the newest head of each log in its signed body.

The bytes of a line are canonical JSON of its columns as text (null where there is none), a moment in UTC with
microseconds, JSON as the database writes it: nothing that stands in a row, however strange, stops a closing or a proof.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from civicloop.foundation import chain
from civicloop.foundation.canonical import canonical
from civicloop.foundation.merkle import Leaf, Tree

FORM = "civicloop log"


@dataclass(frozen=True)
class Log:
    """One log: its name in heads and findings, its id in leaves, its table, and the columns that are hashed.

    A head names the columns that it was made of, so that a log may get another one without old lines looking changed.
    """

    name: str
    id: UUID
    table: str
    at: str
    columns: tuple[str, ...]


LOGS = (
    Log(
        "audit", UUID("00000000-0000-8000-8000-000000000001"), "records_auditentry", "at",
        ("id", "at", "account_id", "post_id", "words", "action", "object", "outcome", "detail", "address"),
    ),
    Log(
        "read", UUID("00000000-0000-8000-8000-000000000002"), "records_readentry", "at",
        ("id", "at", "account_id", "post_id", "words", "purpose", "matter_id", "field"),
    ),
    Log(
        "setting", UUID("00000000-0000-8000-8000-000000000003"), "records_setting", "set_at",
        ("id", "code", "scope", "version", "value", "set_at", "set_by"),
    ),
)  # fmt: skip


def texts(log: Log, columns: Sequence[str] = ()) -> str:
    """The part of a SELECT from `t` that gives the columns as text."""
    form = 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'
    return ", ".join(
        f"to_char(t.{name} AT TIME ZONE 'UTC', '{form}')" if name == log.at else f"t.{name}::text"
        for name in columns or log.columns
    )


def line_hash(values: Iterable[str | None], columns: Sequence[str], algorithm: int = chain.DEFAULT) -> bytes:
    """The hash of one line."""
    return chain.digest(canonical(dict(zip(columns, values, strict=True))), algorithm)


def tree(log: Log, hashes: Iterable[bytes], algorithm: int = chain.DEFAULT) -> bytes:
    """The root over the hashes of lines in the order of their numbers. Raises ValueError for a hash without a form."""
    return Tree((Leaf(log.id, place, each) for place, each in enumerate(hashes, start=1)), algorithm).root


@dataclass(frozen=True)
class Made:
    """A head ready to be stored."""

    no: int
    body: bytes
    hash: bytes

    def named(self) -> dict[str, object]:
        """How a root's body names it."""
        return {"no": self.no, "hash": self.hash.hex()}


def make(
    log: Log, *, no: int, day: date, until: datetime, lines: int, root: bytes, previous: bytes,
    algorithm: int = chain.DEFAULT,
) -> Made:  # fmt: skip
    """The head `no` of a log; `previous` is the hash of the head before it (chain.GENESIS for the first)."""
    body = chain.body(
        canonical(
            {
                "form": FORM, "log": log.name, "no": no, "day": day, "until": until, "lines": lines, "root": root.hex(),
                "columns": list(log.columns),
            }
        ),
        algorithm,
    )  # fmt: skip
    return Made(no, body, chain.entry_hash(previous, body))
