"""Proof that timelines are what was written: recomputed from the rows alone, one by one or all in a row.

Rooms above hold the heads against what they have published (`receipts`), within the same `snapshot`.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from civicloop.foundation import chain
from civicloop.matters import sql, timeline
from civicloop.matters.choices import ErasureRule
from civicloop.matters.models import Matter

BATCH = 500
FIRST, LAST = UUID(int=0), UUID(int=2**128 - 1)
LATER = frozenset({"version", "request"})  # what bodies of earlier builds do not repeat


@dataclass(frozen=True)
class Timeline:
    """One matter's rows as they lie in the database.

    `last` is the matter's own seq, None where the matter is gone; `loose` are texts (seq, field) that hang on no entry.
    `evidence` is what the rows of its photos and files say, by their ids.
    """

    matter_id: UUID
    last: int | None
    rows: list[chain.Row]
    loose: list[tuple[int, str]]
    evidence: Mapping[str, Mapping[str, object]] = field(default_factory=dict)

    def examine(self) -> chain.Examination:
        """What does not fit in it, and what was erased.

        To the codes of `chain`: no_such_matter, text_of_nothing, evidence_changed, evidence_missing.
        """
        loose = [chain.Finding(seq, "text_of_nothing", name) for seq, name in self.loose]
        if self.last is None:
            return chain.Examination([chain.Finding(0, "no_such_matter"), *loose], [], len(self.rows))
        found = chain.examine(self.rows, self.last)
        more = [*loose, *self._files()]
        return replace(found, findings=found.findings + more) if more else found

    def _files(self) -> Iterator[chain.Finding]:
        """What the entries say of photos and files, held against their rows."""
        gone = max((row.seq for row in self.rows if _told(row, "erase").get("rule") == ErasureRule.TEXTS), default=0)
        for row in self.rows:
            told = _told(row, "evidence")
            kept = self.evidence.get(str(told.get("evidence"))) if told else None
            if told and kept is None and row.seq > gone:
                yield chain.Finding(row.seq, "evidence_missing", str(told.get("evidence")))
            for name, value in (kept or {}).items():
                said = row.columns["at"] if name == "at" else told.get(name)
                if name not in {"account", "post"} and said != value:
                    yield chain.Finding(row.seq, "evidence_changed", name)
            who = row.columns["who"]
            if kept and isinstance(who, dict) and any(who[name] != kept[name] for name in ("account", "post")):
                yield chain.Finding(row.seq, "evidence_changed", "who")


def _told(row: chain.Row, action: str) -> dict[str, Any]:
    """What an entry of this action says; nothing for another one, or where its bytes are damaged."""
    if row.columns["action"] != action:
        return {}
    try:
        data = chain.content(row.body).get("data")
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


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
        cursor.execute(sql.PROOF_EVIDENCE, span)
        evidence: dict[UUID, dict[str, dict[str, object]]] = {}
        for matter_id, identifier, sha256, stage, size, media_type, synthetic, at, account, post in cursor.fetchall():
            evidence.setdefault(matter_id, {})[identifier] = {
                "digest": f"sha256:{sha256}", "stage": stage, "bytes": size, "media_type": media_type,
                "synthetic": synthetic, "at": moment(at), "account": account, "post": post,
            }  # fmt: skip
        cursor.execute(sql.PROOF_ENTRIES, span)
        rows: dict[UUID, list[chain.Row]] = {matter_id: [] for matter_id in last}
        for entry in cursor.fetchall():
            rows.setdefault(entry[0], []).append(_row(entry, texts.pop((entry[0], entry[1]), {})))
    loose: dict[UUID, list[tuple[int, str]]] = {}
    for (matter_id, seq), fields in sorted(texts.items()):
        loose.setdefault(matter_id, []).extend((seq, name) for name in sorted(fields))

    def made(of: UUID) -> Timeline:
        return Timeline(of, last.get(of), rows.get(of, []), loose.get(of, []), evidence.get(of, {}))

    return [made(matter_id) for matter_id in sorted(rows.keys() | loose.keys())]


def _row(entry: tuple[Any, ...], texts: Mapping[str, tuple[bytes, bytes]]) -> chain.Row:
    """The plain columns repeat parts of the hashed body; each must say the same."""
    matter_id, seq, action, result, act_id, at, account, post, unit, role, step, version, kept, body, hash_ = entry
    columns: dict[str, object] = {
        "matter": str(matter_id), "seq": seq, "action": action, "result": result or None, "at": moment(at), "to": step,
        "version": version, "act": str(act_id) if act_id else None, "request": timeline.request_of(bytes(kept))[1],
        "who": {"account": account, "post": post, "unit": unit, "role": role},
    }  # fmt: skip
    return chain.Row(seq, bytes(body), bytes(hash_), columns, texts, LATER)


def moment(at: datetime) -> str:
    """A moment as hashed forms write it: UTC with microseconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
