"""Signals about photos: the same or nearly the same one elsewhere within a year, before and after that look alike.

A signal asks somebody to look again; it is no finding and no penalty, and it is never shown to the unit as one. Drawn
photos of a demonstration are left out: they are all alike.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import NAMESPACE_OID, UUID, uuid5

from django.db import connection, transaction
from django.db.models import Count
from django.utils.translation import gettext_lazy

from civicloop.evidence import sql, storage
from civicloop.evidence.models import Capture, Evidence, LookedAt, Rule, Signal, SignalState
from civicloop.evidence.models import Stage as When
from civicloop.evidence.photos import distance
from civicloop.evidence.plausibility import Bounds, Circumstances, Shot, before_its_before, doubts
from civicloop.evidence.selectors import captures
from civicloop.foundation import clock, ids
from civicloop.records import settings

ALIKE, UNCHANGED = 3, 4  # bits of 64
PLAIN = 6  # a picture with fewer set or unset bits is nearly one colour: its hash says nothing
YEAR = timedelta(days=366)
LAG = timedelta(seconds=60)  # rows that are being committed now are looked at in the next round
BATCH = 500


settings.define(
    "evidence.early_hours", "int", 72,
    gettext_lazy("Hours before the report from which a photo asks for a second look"), low=1, high=8784,
)  # fmt: skip
settings.define(
    "evidence.clock_skew_minutes", "int", 15, gettext_lazy("Minutes by which the clock of a phone may be wrong"),
    low=0, high=1440,
)  # fmt: skip
settings.define(
    "evidence.accuracy_factor", "int", 3,
    gettext_lazy("How often a photo's own accuracy may lie between it and the matter"), low=1, high=20,
)  # fmt: skip
settings.define(
    "evidence.matter_accuracy", "int", 200, gettext_lazy("Metres to which the place of a matter is taken to be known"),
    low=10, high=10_000,
)  # fmt: skip

settings.define(
    "evidence.same_scene_points", "int", 20,
    gettext_lazy("Points that before and after must have in common to show the same place"), low=0, high=200,
)  # fmt: skip
MOST_BEFORE = 3  # before-photos that one after-photo is compared with

Told = Callable[[Collection[UUID]], Mapping[UUID, Circumstances]]


def bounds() -> Bounds:
    """The bounds in force."""
    return Bounds(
        timedelta(hours=settings.get_int("evidence.early_hours")),
        timedelta(minutes=settings.get_int("evidence.clock_skew_minutes")),
        settings.get_int("evidence.accuracy_factor"), settings.get_int("evidence.matter_accuracy"),
    )  # fmt: skip


def look(batch: int = BATCH, circumstances: Told | None = None) -> int:
    """Look at the photos that came since the last round; returns how many signals are new. Safe to repeat.

    `circumstances` tells when and where the matters are; without it only what the photos say is compared.
    """
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
        new += len(Signal.objects.bulk_create(_implausible(found, circumstances), ignore_conflicts=True))
        new += len(Signal.objects.bulk_create(list(_other_scenes(found)), ignore_conflicts=True))
        # a batch that was cut ends with its last row's moment; others of that moment come again and change nothing
        mark.until = found[-1].created_at - timedelta(microseconds=1) if len(found) == batch else until
        mark.save(update_fields=["until"])
    return new


def _implausible(rows: Sequence[Evidence], circumstances: Told | None) -> list[Signal]:
    """What does not fit in time and place; then the places are forgotten, for nothing else needs them."""
    matters = {row.matter_id for row in rows}
    if not matters:
        return []
    known, limits = captures(matters), bounds()
    told = circumstances(matters) if circumstances else {}
    shots = {(row.matter_id, row.id): _shot(row, known.get((row.matter_id, row.id))) for row in rows}
    signals = [
        _signal(key, key, rule, amount)
        for key, shot in shots.items()
        for rule, amount in doubts(shot, told.get(key[0]), limits)
    ]
    of_matter: dict[UUID, list[tuple[datetime, UUID]]] = defaultdict(list)
    afters = []
    pairs = Evidence.objects.filter(matter_id__in=matters, synthetic=False, stage__in=(When.BEFORE, When.AFTER))
    for row in pairs.exclude(dhash=None):
        shot = _shot(row, known.get((row.matter_id, row.id)))
        if shot.taken_at is not None and row.stage == When.BEFORE:
            of_matter[row.matter_id].append((shot.taken_at, row.id))
        elif shot.taken_at is not None:
            afters.append((row.matter_id, row.id, shot))
    for matter, identifier, shot in afters:
        if befores := of_matter.get(matter):
            taken, other = min(befores)
            behind = before_its_before(shot, Shot(When.BEFORE, taken, taken), limits)
            if behind is not None:
                signals.append(_signal((matter, identifier), (matter, other), Rule.ORDER, behind))
    Capture.objects.filter(matter_id__in=matters, evidence_id__in=[row.id for row in rows], lon__isnull=False).update(
        lon=None, lat=None
    )
    return signals


def _other_scenes(rows: Sequence[Evidence]) -> Iterator[Signal]:
    """After-photos that show the place of none of the photos before, as far as corners tell."""
    afters = [row for row in rows if row.stage == When.AFTER and row.derivative]
    befores: dict[UUID, list[Evidence]] = defaultdict(list)
    known = Evidence.objects.filter(matter_id__in={row.matter_id for row in afters}, stage=When.BEFORE, synthetic=False)
    for row in known.exclude(derivative="").order_by("created_at", "id"):
        befores[row.matter_id].append(row)
    fewest = settings.get_int("evidence.same_scene_points")
    for row in afters:
        best: tuple[int, UUID] | None = None
        for other in befores[row.matter_id][:MOST_BEFORE]:
            points = _agreeing(other.derivative, row.derivative)
            if points is None:
                break  # of one of them nothing can be said, so nothing is
            best = max(best, (points, other.id)) if best else (points, other.id)
        else:
            if best and best[0] < fewest:
                yield _signal((row.matter_id, row.id), (row.matter_id, best[1]), Rule.SCENE, best[0])


def _agreeing(first: str, second: str) -> int | None:
    place = storage.default()
    try:
        from civicloop.evidence import scenes  # loads OpenCV, which only the worker needs

        return scenes.agreeing(place.get(first), place.get(second))
    except (LookupError, OSError):  # a file that is away or damaged says nothing here; the storage's own look finds it
        return None


def _shot(row: Evidence, capture: Capture | None) -> Shot:
    if capture is None:
        return Shot(row.stage, row.created_at)
    place = (capture.lon, capture.lat) if capture.lon is not None and capture.lat is not None else None
    return Shot(row.stage, row.created_at, capture.taken_at, place, capture.accuracy)


def _signal(key: tuple[UUID, UUID], other: tuple[UUID, UUID], rule: str, amount: int) -> Signal:
    return Signal(
        matter_id=key[0], id=uuid5(NAMESPACE_OID, f"{rule}:{key[1]}:{other[1]}"), rule=rule, evidence_id=key[1],
        other_matter_id=other[0], other_id=other[1], bits=0, amount=amount, found_at=clock.now(),
    )  # fmt: skip


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
            {"since": ids.first_of(row.created_at - YEAR), "at": row.created_at, "matter": row.matter_id, "id": row.id,
             "sha256": row.sha256, **parts},
        )  # fmt: skip
        near = list(cursor.fetchall())
    # within the matter a wider bound holds, which the parts do not promise to find: it has few photos, so all are read
    own = Evidence.objects.filter(matter_id=row.matter_id, created_at__lte=row.created_at, synthetic=False)
    mine = own.exclude(id=row.id).exclude(dhash=None).values_list("matter_id", "id", "stage", "sha256", "dhash")
    return [each for each in near if each[0] != row.matter_id] + list(mine)


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
