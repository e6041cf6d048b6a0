"""Reads of this room: the roots, which are public, and the receipt of a matter for whoever may see it."""

from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import connection

from civicloop.foundation import caches, chain, clock, locality
from civicloop.foundation.canonical import canonical
from civicloop.foundation.merkle import Leaf, Tree
from civicloop.foundation.moments import moment
from civicloop.matters.models import Entry, EntryText, Matter
from civicloop.receipts import days, keys, sql
from civicloop.receipts.logs import LOGS
from civicloop.receipts.models import DailyLeaf, DailyRoot
from civicloop.receipts.publishing import document

FORM = "civicloop receipt 1"
PAGE, MOST = 50, 200
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
# what the status page shows of every report, whoever has entered it
SHOWN = frozenset({"title", "text", "address"})


def roots(before: date | None = None, limit: int = PAGE) -> tuple[list[DailyRoot], date | None]:
    """A page of roots, the newest day first, and the day before which the next page begins; None at the end."""
    size = max(1, min(limit, MOST))
    rows = DailyRoot.objects.order_by("-day")
    found = list((rows.filter(day__lt=before) if before else rows)[: size + 1])
    return found[:size], found[size - 1].day if len(found) > size else None


def root_of(day: date) -> DailyRoot | None:
    """The root of a day; None for a day without one."""
    return DailyRoot.objects.filter(day=day).first()


def around(root: DailyRoot) -> tuple[date | None, date | None]:
    """The days of the roots that were made before and after one."""
    found = dict(DailyRoot.objects.filter(no__in=(root.no - 1, root.no + 1)).values_list("no", "day"))
    return found.get(root.no - 1), found.get(root.no + 1)


def leaves_of(day: date) -> list[Leaf]:
    """The leaves of a day, as they are stored."""
    rows = DailyLeaf.objects.filter(day=day).order_by("matter_id", "seq").values_list("matter_id", "seq", "head")
    return [Leaf(matter_id, seq, bytes(head)) for matter_id, seq, head in rows]


@lru_cache(maxsize=4)
def _tree(day: date, algorithm: int) -> Tree:
    """A day's tree; leaves are never changed, and some receipts are asked for one after the other."""
    return Tree(leaves_of(day), algorithm)


caches.register(_tree.cache_clear)


def open_days(since: datetime = BEGINNING, until: datetime | None = None) -> list[date]:
    """The days with entries under no root; without `until` those of them that may be closed by now."""
    until = until or days.bounds(days.last_over(clock.now()))[1]
    zone, start = locality.zone_name(), days.start_of_day().isoformat()
    with connection.cursor() as cursor:
        cursor.execute(sql.OPEN_DAYS, {"since": since, "until": until, "zone": zone, "start": start})
        return [row[0] for row in cursor.fetchall()]


def has_bare_lines(since: datetime, until: datetime) -> bool:
    """Whether a log has lines that no head covers; what each closing itself writes is none to make another root for."""
    with connection.cursor() as cursor:
        for log in LOGS:
            but = "AND t.action <> 'roots.close'" if log.name == "audit" else ""
            cursor.execute(sql.bare_line(log, but), {"log": log.name, "since": since, "until": until})
            if cursor.fetchone()[0]:
                return True
    return False


def receipt(matter_id: UUID) -> dict[str, Any]:
    """What proves a matter's history without the platform; the caller has let the reader in by the check code.

    Each entry's hashed bytes, with the salts of what the reader wrote or is shown, so that the words prove too; the
    way from the first and from the newest covered entry to a signed root; all signed with the number, which stands in
    no entry. Raises Matter.DoesNotExist.
    """
    number = Matter.objects.values_list("number", flat=True).get(id=matter_id)
    texts: dict[int, list[EntryText]] = {}
    for text in EntryText.objects.filter(matter_id=matter_id).order_by("seq", "field"):
        texts.setdefault(text.seq, []).append(text)
    entries = [
        {
            "seq": entry.seq, "body": bytes(entry.body).hex(), "hash": bytes(entry.hash).hex(),
            "texts": {
                text.field: {"value": text.value, "salt": bytes(text.salt).hex()}
                for text in texts.get(entry.seq, ()) if _is_own(entry) or (entry.seq == 1 and text.field in SHOWN)
            },
        }
        for entry in Entry.objects.filter(matter_id=matter_id).order_by("seq")
    ]  # fmt: skip
    content = {
        "form": FORM, "number": number, "matter": str(matter_id), "made_at": moment(clock.now()), "entries": entries,
        "proofs": _proofs(matter_id),
        "keys": keys.described(),
    }  # fmt: skip
    signature = keys.sign(keys.RECEIPT, canonical(content))
    return {**content, "signature": {"key": keys.current().id, "value": signature.hex()}}


def _is_own(entry: Entry) -> bool:
    """Whether somebody outside the staff wrote it: the reporter, the household, whoever holds the check code."""
    return entry.account_id is None and entry.role != "system"


def _proofs(matter_id: UUID) -> list[dict[str, Any]]:
    """The first leaf says since when the report is proven, the newest how far its history is."""
    leaves = list(DailyLeaf.objects.filter(matter_id=matter_id).order_by("seq"))
    found = []
    for leaf in leaves[:1] + leaves[1:][-1:]:
        root = DailyRoot.objects.get(day=leaf.day)
        proof = _tree(leaf.day, root.algorithm).proof(matter_id, leaf.seq)
        found.append(
            {
                "seq": leaf.seq, "head": bytes(leaf.head).hex(), "index": proof.index, "size": proof.size,
                "path": [each.hex() for each in proof.path], "root": document(root),
            }
        )  # fmt: skip
    return found


def algorithm_words(algorithm: int) -> str:
    """The name of a hash as the standards write it."""
    return {"sm3": "SM3 (GB/T 32905)", "sha256": "SHA-256"}[chain.ALGORITHMS[algorithm]]
