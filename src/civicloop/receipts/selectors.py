"""Reads of this room: the roots, which are public, and what a matter's receipt holds."""

from datetime import date

from civicloop.foundation.merkle import Leaf
from civicloop.receipts.models import DailyLeaf


def leaves_of(day: date) -> list[Leaf]:
    """The leaves of a day, as they are stored."""
    rows = DailyLeaf.objects.filter(day=day).order_by("matter_id", "seq").values_list("matter_id", "seq", "head")
    return [Leaf(matter_id, seq, bytes(head)) for matter_id, seq, head in rows]
