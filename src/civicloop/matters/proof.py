"""Proof that a matter's timeline is what was written: recomputed from the rows alone."""

from collections.abc import Iterator
from uuid import UUID

from civicloop.foundation import chain
from civicloop.matters.models import Entry, EntryText, Matter

BATCH = 500


def matters(wanted: str | None) -> Iterator[UUID]:
    """The ids to check: one by id or number, or all in the order of time."""
    if wanted is None:
        yield from Matter.objects.order_by("id").values_list("id", flat=True).iterator(chunk_size=BATCH)
        return
    try:
        yield UUID(wanted)
    except ValueError:
        yield from Matter.objects.filter(number=wanted).values_list("id", flat=True)


def verify(matter_id: UUID) -> list[chain.Finding]:
    """What was changed in one matter's timeline; empty when it is whole."""
    last = Matter.objects.filter(id=matter_id).values_list("seq", flat=True).first()
    if last is None:
        return [chain.Finding(0, "no_such_matter")]
    texts: dict[int, dict[str, tuple[bytes, bytes]]] = {}
    for text in EntryText.objects.filter(matter_id=matter_id):
        texts.setdefault(text.seq, {})[text.field] = (bytes(text.salt), text.value.encode())
    return chain.verify(
        (_row(entry, texts) for entry in Entry.objects.filter(matter_id=matter_id).order_by("seq")), last
    )


def _row(entry: Entry, texts: dict[int, dict[str, tuple[bytes, bytes]]]) -> chain.Row:
    """The plain columns repeat parts of the hashed body; each must say the same."""
    columns: dict[str, object] = {
        "matter": str(entry.matter_id), "seq": entry.seq, "action": entry.action, "result": entry.result or None,
        "at": entry.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), "to": entry.step,
        "act": str(entry.act_id) if entry.act_id else None,
        "who": {"account": entry.account_id, "post": entry.post_id, "unit": entry.unit_id, "role": entry.role},
    }  # fmt: skip
    return chain.Row(entry.seq, bytes(entry.body), bytes(entry.hash), columns, texts.get(entry.seq, {}))
