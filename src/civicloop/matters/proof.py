"""Proof that timelines are what was written: recomputed from the rows alone, one by one or all in a row.

Rooms above hold the heads against what they have published (`receipts`), within the same `snapshot`.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from civicloop.foundation import chain
from civicloop.foundation.moments import moment
from civicloop.matters import proof_files, sql, timeline
from civicloop.matters.models import Matter
from civicloop.matters.proof_files import NO_FILES, Files

BATCH = 500
FIRST, LAST = UUID(int=0), UUID(int=2**128 - 1)
LATER = frozenset({"version", "request"})  # what bodies of earlier builds do not repeat


@dataclass(frozen=True)
class Timeline:
    """One matter's rows as they lie in the database.

    `last` is the matter's own seq, None where the matter is gone; `loose` are texts (seq, field) that hang on no entry.
    """

    matter_id: UUID
    last: int | None
    rows: list[chain.Row]
    loose: list[tuple[int, str]]
    files: Files = NO_FILES

    def examine(self) -> chain.Examination:
        """What does not fit in it, and what was erased.

        To the codes of `chain`: no_such_matter, text_of_nothing, and those of `proof_files`.
        """
        loose = [chain.Finding(seq, "text_of_nothing", name) for seq, name in self.loose]
        if self.last is None:
            more = [chain.Finding(0, "no_such_matter"), *loose, *self.files.examine(self.rows)]
            return chain.Examination(more, [], len(self.rows))
        found = chain.examine(self.rows, self.last)
        more = [*loose, *self.files.examine(self.rows)]
        return replace(found, findings=found.findings + more) if more else found


@contextmanager
def snapshot() -> Iterator[None]:
    """Reads inside see one moment, so that acts going on meanwhile are not taken for tampering."""
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def matter_of(wanted: str) -> UUID | None:
    """The id that an id or a number means; None for a number that no matter has."""
    try:
        return UUID(wanted)
    except ValueError:
        return Matter.objects.filter(number=wanted.strip().upper()).values_list("id", flat=True).first()


def verify(matter_id: UUID) -> list[chain.Finding]:
    """What was changed in one matter's timeline; empty when it is whole."""
    with snapshot():
        return one(matter_id).examine().findings


def one(matter_id: UUID) -> Timeline:
    """One matter's timeline; an empty one for an id that stands for nothing."""
    found = _between(matter_id, matter_id)
    return found[0] if found else Timeline(matter_id, None, [], [])


def batch(since: UUID = FIRST, size: int = BATCH) -> tuple[list[Timeline], UUID, UUID | None]:
    """The next timelines from `since` on: (them, the last id looked at, where the next batch begins or None).

    In the order of ids. Entries whose matter is gone come along.
    """
    with connection.cursor() as cursor:
        cursor.execute(sql.PROOF_END, {"since": since, "size": size})
        end = cursor.fetchone()
    until = end[0] if end else LAST
    return _between(since, until), until, UUID(int=until.int + 1) if until != LAST else None


def _between(since: UUID, until: UUID) -> list[Timeline]:
    span: dict[str, Any] = {"since": since, "until": until}
    with connection.cursor() as cursor:
        cursor.execute(sql.PROOF_MATTERS, span)
        last: dict[UUID, int] = dict(cursor.fetchall())
        cursor.execute(sql.PROOF_TEXTS, span)
        texts: dict[tuple[UUID, int], dict[str, tuple[bytes, bytes]]] = {}
        for matter_id, seq, field, value, salt in cursor.fetchall():
            texts.setdefault((matter_id, seq), {})[field] = (bytes(salt), value.encode())
        cursor.execute(sql.PROOF_ENTRIES, span)
        rows: dict[UUID, list[chain.Row]] = {matter_id: [] for matter_id in last}
        for entry in cursor.fetchall():
            rows.setdefault(entry[0], []).append(_row(entry, texts.pop((entry[0], entry[1]), {})))
    files = proof_files.between(since, until)
    loose: dict[UUID, list[tuple[int, str]]] = {}
    for (matter_id, seq), fields in sorted(texts.items()):
        loose.setdefault(matter_id, []).extend((seq, name) for name in sorted(fields))

    def made(of: UUID) -> Timeline:
        return Timeline(of, last.get(of), rows.get(of, []), loose.get(of, []), files.get(of, NO_FILES))

    return [made(matter_id) for matter_id in sorted(rows.keys() | loose.keys() | files.keys())]


def _row(entry: tuple[Any, ...], texts: Mapping[str, tuple[bytes, bytes]]) -> chain.Row:
    """The plain columns repeat parts of the hashed body; each must say the same."""
    matter_id, seq, action, result, act_id, at, account, post, unit, role, step, version, kept, body, hash_ = entry
    columns: dict[str, object] = {
        "matter": str(matter_id), "seq": seq, "action": action, "result": result or None, "at": moment(at), "to": step,
        "version": version, "act": str(act_id) if act_id else None, "request": timeline.request_of(bytes(kept))[1],
        "who": {"account": account, "post": post, "unit": unit, "role": role},
    }  # fmt: skip
    return chain.Row(seq, bytes(body), bytes(hash_), columns, texts, LATER)
