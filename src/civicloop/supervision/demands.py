"""The proof that an order demands, and what of it exists already: whatever stands in a matter is not asked again.

A demand names a kind of proof, the matter that it is about, and why: the closing condition that needs it. A photo after
handling that lies before the last failed check proves nothing any more, so it does not count.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from civicloop.evidence import selectors as files
from civicloop.evidence.models import Evidence
from civicloop.foundation import clock
from civicloop.matters.choices import Stage
from civicloop.matters.errors import invalid
from civicloop.matters.models import Entry, Matter
from civicloop.procedures import selectors as procedures
from civicloop.procedures.rules.language import Names, Procedure
from civicloop.supervision.choices import Met, Proof
from civicloop.supervision.models import Order, OrderDemand

LONGEST_WHY, LONGEST_TEXT = 200, 2000
HANDLED = frozenset({Stage.FEEDBACK, Stage.CHECK, Stage.EVALUATE})


@dataclass(frozen=True)
class Wanted:
    """A kind of proof and why it is demanded; `why` may be empty where the matter itself says it."""

    kind: str
    why: str = ""


@dataclass(frozen=True)
class Found:
    """What answers a demand: a photo or file of the matter, or an entry of its timeline."""

    evidence_id: UUID | None = None
    seq: int | None = None


def own_why(row: Matter, kind: str) -> Names | None:
    """Which closing condition of the matter needs such a proof, in the words of its procedure or filing condition."""
    procedure = procedures.by_id(row.procedure_id)
    for need in procedure.needs.values():
        photo = need.kind == "photo" and need.stage == kind
        if need.why and (photo or (need.kind == "file" and kind == Proof.PAPER)):
            return need.why
    if kind in (Proof.BEFORE, Proof.AFTER, Proof.HANDLED, Proof.CLOSED) and row.condition and row.condition.closing:
        closing: Names = row.condition.closing
        return closing
    return None


def planned(wanted: Sequence[Wanted], matters: Sequence[Matter]) -> list[OrderDemand]:
    """The rows of what is demanded: each kind of each matter, an explanation once. Raises Refused."""
    found: list[OrderDemand] = []
    for each in wanted:
        if each.kind not in Proof.values:
            raise invalid("demands", "unknown_proof", _("There is no such kind of proof."))
        if len(each.why) > LONGEST_WHY:
            raise invalid("demands", "too_long", _("Say why in at most %(most)s characters.") % {"most": LONGEST_WHY})
        if each.kind == Proof.TEXT:
            found.append(OrderDemand(kind=each.kind, matter_id=None, why=_why(each, None)))
            continue
        if not matters:
            words = _("Proof that lies in a matter can be demanded only where the order names the matter.")
            raise invalid("demands", "no_matter", words)
        found += [OrderDemand(kind=each.kind, matter_id=row.id, why=_why(each, row)) for row in matters]
    for number, row_ in enumerate(found, start=1):
        row_.no = number
    return found


def _why(wanted: Wanted, row: Matter | None) -> str:
    """The words why; those of the matter in the language of the city where nobody wrote others. Raises Refused."""
    if wanted.why.strip():
        return wanted.why.strip()
    own = own_why(row, wanted.kind) if row is not None else None
    text = str((own or {}).get("zh-hans") or "")
    if not text:
        words = _("Say which closing condition needs it: %(proof)s")
        raise invalid("demands", "why_missing", words % {"proof": Proof(wanted.kind).label})
    return text[:LONGEST_WHY]


def answer_themselves(rows: Iterable[OrderDemand], met: Met) -> list[OrderDemand]:
    """Let the demands that something answers be answered by it; those that changed."""
    rows = list(rows)
    open_ = [row for row in rows if not row.met and row.matter_id is not None]
    there = existing([(row.matter_id, row.kind) for row in open_ if row.matter_id is not None])
    now, changed = clock.now(), []
    for row in open_:
        found = there.get((row.matter_id, row.kind)) if row.matter_id is not None else None
        if found is not None:
            row.met, row.met_at, row.evidence_id, row.seq = met, now, found.evidence_id, found.seq
            changed.append(row)
    return changed


def existing(wanted: Iterable[tuple[UUID, str]]) -> dict[tuple[UUID, str], Found]:
    """What exists of the proof that is asked for, by matter and kind; three statements, however many matters."""
    pairs = set(wanted)
    ids = {matter_id for matter_id, _kind in pairs}
    rows = {row.id: row for row in Matter.objects.filter(id__in=ids)}
    evidence: dict[UUID, list[Evidence]] = {}
    for each in Evidence.objects.filter(matter_id__in=ids).order_by("created_at", "id"):
        evidence.setdefault(each.matter_id, []).append(each)
    failed = _failed_checks(rows.values())
    found: dict[tuple[UUID, str], Found] = {}
    for matter_id, kind in pairs:
        row = rows.get(matter_id)
        answer = _found(row, kind, evidence.get(matter_id, ()), failed.get(matter_id)) if row is not None else None
        if answer is not None:
            found[matter_id, kind] = answer
    return found


def _found(row: Matter, kind: str, evidence: Sequence[Evidence], failed: datetime | None) -> Found | None:
    if kind == Proof.CLOSED:
        return Found(seq=row.seq) if row.end else None
    if kind == Proof.HANDLED:
        return Found(seq=row.seq) if row.end or row.stage in HANDLED else None
    fitting = [
        each
        for each in evidence
        if (kind == Proof.PAPER and not each.media_type.startswith("image/"))
        or (each.stage == kind and each.media_type.startswith("image/"))
        if kind != Proof.AFTER or failed is None or each.created_at > failed
    ]
    return Found(evidence_id=fitting[-1].id) if fitting else None


def _failed_checks(rows: Iterable[Matter]) -> dict[UUID, datetime]:
    """When the last check of each matter failed."""
    by_procedure: dict[int, list[UUID]] = {}
    for row in rows:
        by_procedure.setdefault(row.procedure_id, []).append(row.id)
    found: dict[UUID, datetime] = {}
    for version, ids in by_procedure.items():
        failing = _failing(procedures.by_id(version))
        entries = Entry.objects.filter(matter_id__in=ids, action__in={action for action, _result in failing})
        for matter_id, action, result, at in entries.order_by("seq").values_list("matter_id", "action", "result", "at"):
            if (action, result) in failing:
                found[matter_id] = at
    return found


def _failing(procedure: Procedure) -> set[tuple[str, str]]:
    moves = (move for action in procedure.actions.values() for move in action.moves)
    return {(move.action, move.result or "") for move in moves if move.check == "fail"}


def in_words(rows: Sequence[OrderDemand], said: Mapping[int, Any]) -> list[OrderDemand]:
    """Let what nothing answers be answered in words; those that changed. Raises Refused proof_missing."""
    now, changed, missing = clock.now(), [], []
    for row in rows:
        if row.met and row.met != Met.SAID:
            continue
        text = said.get(row.no, "")
        if not isinstance(text, str) or len(text) > LONGEST_TEXT or "\x00" in text:
            words = _("Write at most %(most)s characters.") % {"most": LONGEST_TEXT}
            raise invalid(f"said_{row.no}", "not_text", words)
        if text.strip():
            row.met, row.met_at, row.said = Met.SAID, now, text.strip()
            changed.append(row)
        elif not row.met:
            missing.append(row)
    if missing:
        first = missing[0]
        words = _("%(proof)s is missing: add it to the matter, or say why it cannot be given.")
        raise invalid(f"said_{first.no}", "proof_missing", words % {"proof": Proof(first.kind).label})
    return changed


def of_order(order: Order) -> list[OrderDemand]:
    """What an order demands, with what answers it by now: also what came since and is not written down yet."""
    rows = list(OrderDemand.objects.filter(order=order).order_by("no"))
    answer_themselves(rows, Met.SENT)
    return rows


def pictures(rows: Iterable[OrderDemand]) -> dict[UUID, str]:
    """The media type of each file that answers a demand, by its id."""
    matters = {row.matter_id for row in rows if row.evidence_id and row.matter_id}
    return {each.id: each.media_type for matter_id in matters for each in files.of_matter(matter_id)}
