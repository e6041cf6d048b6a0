"""Why this unit: what named the answering unit of a matter, and what the rules say of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from civicloop.catalogue import routing
from civicloop.catalogue import words as catalogue_words
from civicloop.foundation import clock
from civicloop.matters import owners
from civicloop.matters.reading import Reading
from civicloop.matters.selectors import Line
from civicloop.procedures.rules.language import Procedure

HAND, SUPERIOR = "hand", "superior"


@dataclass(frozen=True)
class Named:
    """How the answering unit came to be: `code` of a reason of the catalogue, `hand`, or `superior` (a complaint)."""

    unit_id: int
    at: datetime
    seq: int
    code: str
    rule_id: int | None = None
    item_id: int | None = None


def named(procedure: Procedure, entries: Iterable[Line]) -> Named | None:
    """The newest entry that named the answering unit, and by what; None before the first dispatch."""
    seats = [seat.code for seat in procedure.seats.values() if seat.kind == "unit"]
    found = None
    for line in entries:
        for seat in seats:
            unit_id = line.data.get(f"seat:{seat}")
            if isinstance(unit_id, int):
                kept: list[Any] = [line.data.get(f"seat:{seat}.{key}") for key in ("why", "rule", "duty_item")]
                found = Named(unit_id, line.at, line.seq, str(kept[0] or HAND), kept[1], kept[2])
    return found


def words(found: Named) -> str:
    """What named the unit, in one line."""
    if found.code == HAND:
        return _("Named by hand at dispatch.")
    if found.code == SUPERIOR:
        return _("The unit above the one complained of.")
    params = routing.reason_of(found.code, found.rule_id, found.item_id)
    if params is None:
        return _("By the rules of the catalogue at that time.")
    return catalogue_words.reason_words(found.code, params)


def explained(seen: Reading, found: Named | None) -> routing.Explanation:
    """What the rules said when the unit was named; before that, what they say now."""
    return routing.explain(owners.case_now(seen, found.at if found is not None else clock.now()))
