"""Signals about photos: the same or nearly the same one elsewhere within a year, before and after that look alike.

A signal asks somebody to look again; it is no finding and no penalty, and it is never shown to the unit as one. Drawn
photos of a demonstration are left out: they are all alike.
"""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from uuid import NAMESPACE_OID, UUID, uuid5

from django.db import connection, transaction
from django.db.models import Count

from civicloop.evidence import sql
from civicloop.evidence.models import Evidence, LookedAt, Rule, Signal, SignalState
from civicloop.evidence.models import Stage as When
from civicloop.evidence.photos import distance
from civicloop.foundation import clock, ids

ALIKE, UNCHANGED = 3, 4  # bits of 64
PLAIN = 6  # a picture with fewer set or unset bits is nearly one colour: its hash says nothing
YEAR = timedelta(days=366)
LAG = timedelta(seconds=60)  # rows that are being committed now are looked at in the next round
BATCH = 500


def look(batch: int = BATCH) -> int:
    """Look at the photos that came since the last round; returns how many signals are new. Safe to repeat."""
    until = clock.now() - LAG
    with transaction.atomic():
        mark, _made = LookedAt.objects.select_for_update().get_or_create(
            id=1, defaults={"until": clock.now() - timedelta(days=2)}
        )
        rows = Evidence.objects.filter(created_at__gt=mark.until, created_at__lte=until, synthetic=False)
        found = list(rows.exclude(dhash=None).order_by("created_at", "id")[:batch])
        new = 0
        for row in found:
            made = Signal.objects.bulk_create(signals_of(row), ignore_conflicts=True)
            new += len(made)
        # a batch that was cut ends with its last row's moment; others of that moment come again and change nothing
        mark.until = found[-1].created_at - timedelta(microseconds=1) if len(found) == batch else until
        mark.save(update_fields=["until"])
    return new


def signals_of(row: Evidence) -> Iterator[Signal]:
    """What one photo gives rise to, compared with those that came before it."""
    for matter, other, stage, sha256, dhash in _candidates(row):
        same, here = sha256 == row.sha256, matter == row.matter_id
        bits = 0 if same else distance(row.dhash or 0, dhash)
        if not same and (is_plain(row.dhash or 0) or is_plain(dhash)):
            continue
        rule = _rule(same=same, here=here, bits=bits, stages={row.stage, stage})
        if rule is not None:
            yield Signal(
                matter_id=row.matter_id, id=uuid5(NAMESPACE_OID, f"{rule}:{row.id}:{matter}:{other}"), rule=rule,
                evidence_id=row.id, other_matter_id=matter, other_id=other, bits=bits, found_at=clock.now(),
            )  # fmt: skip


def _rule(*, same: bool, here: bool, bits: int, stages: set[str]) -> Rule | None:
    if here:
        return Rule.UNCHANGED if stages == {When.BEFORE, When.AFTER} and bits <= UNCHANGED else None
    if same:
        return Rule.SAME
    return Rule.ALIKE if bits <= ALIKE else None


def is_plain(dhash: int) -> bool:
    """Whether a hash comes from a picture without contents, such as a wall or the dark."""
    ones = (dhash & (1 << 64) - 1).bit_count()
    return ones < PLAIN or ones > 64 - PLAIN


def _candidates(row: Evidence) -> list[tuple[UUID, UUID, str, str, int]]:
    value = (row.dhash or 0) & (1 << 64) - 1
    parts = {f"part{number}": value >> shift & 65535 for number, shift in enumerate((48, 32, 16, 0))}
    with connection.cursor() as cursor:
        cursor.execute(
            sql.LIKE,
            {"since": first_id(row.created_at - YEAR), "at": row.created_at, "matter": row.matter_id, "id": row.id,
             "sha256": row.sha256, **parts},
        )  # fmt: skip
        near = list(cursor.fetchall())
    # within the matter a wider bound holds, which the parts do not promise to find: it has few photos, so all are read
    own = Evidence.objects.filter(matter_id=row.matter_id, created_at__lte=row.created_at, synthetic=False)
    mine = own.exclude(id=row.id).exclude(dhash=None).values_list("matter_id", "id", "stage", "sha256", "dhash")
    return [each for each in near if each[0] != row.matter_id] + list(mine)


def first_id(moment: datetime) -> UUID:
    """The smallest UUIDv7 of a moment."""
    return UUID(int=ids.uuid7(moment).int >> 80 << 80)


def of_matters(matter_ids: Collection[UUID]) -> dict[UUID, list[Signal]]:
    """Signals by matter, the newest first. The caller asks who may see them."""
    found: dict[UUID, list[Signal]] = {each: [] for each in matter_ids}
    for row in Signal.objects.filter(matter_id__in=matter_ids).order_by("-found_at", "id"):
        found[row.matter_id].append(row)
    return found


def settle(*, signal: Signal, state: SignalState, account_id: int | None, post_id: int | None) -> bool:
    """Keep what somebody found; False when another one was quicker. The caller leaves the entry, in its transaction."""
    rows = Signal.objects.filter(pk=(signal.matter_id, signal.id), state=SignalState.OPEN)
    return bool(rows.update(state=state, decided_by=account_id, decided_post=post_id, decided_at=clock.now()))


def rates() -> list[dict[str, object]]:
    """How many signals of each rule were looked at, and the share of false alarms among them."""
    counted = {
        (row["rule"], row["state"]): row["n"]
        for row in Signal.objects.order_by().values("rule", "state").annotate(n=Count("*"))
    }
    lines = []
    for rule in Rule:
        real, false = counted.get((rule, "real"), 0), counted.get((rule, "false_alarm"), 0)
        lines.append(
            {"rule": rule, "open": counted.get((rule, "open"), 0), "real": real, "false_alarm": false,
             "false_share": round(false / (real + false), 3) if real + false else None}
        )  # fmt: skip
    return lines
