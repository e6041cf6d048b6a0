"""Reports that may be the same (疑似重复): near, recent, about the same. Shown to a clerk, never joined by themselves.

A pair that somebody has looked at and found different stays apart: it is not suggested again, to nobody.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from civicloop.foundation import clock, coordinates, ids, morton
from civicloop.matters import errors, selectors
from civicloop.matters.likeness import FAR, Likeness, Told, compare, rarity
from civicloop.matters.models import Matter, NotAlike
from civicloop.people import access
from civicloop.people.access import Actor
from civicloop.records import audit

DAYS = 30
LOOKED_AT = 200  # reports of one place that are compared, the newest
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Alike:
    """A report that may be the same, how much, and how many metres away."""

    row: Matter
    likeness: Likeness
    metres: float


def alike(actor: Actor, row: Matter, *, most: int = SHOWN) -> list[Alike]:
    """What the reader may see that may be the same as `row`, the likeliest first; nothing without a point."""
    if row.lon is None or row.lat is None:
        return []
    pairs = NotAlike.objects.filter(Q(first_id=row.id) | Q(second_id=row.id))
    apart = {each for both in pairs.values_list("first_id", "second_id") for each in both}
    cells = Q()
    for first, last in morton.around(row.lon, row.lat, FAR):
        cells |= Q(cell__range=(first, last))
    since = ids.uuid7(clock.now() - timedelta(days=DAYS))
    found = Matter.objects.filter(cells, selectors.visible(actor), id__gt=since).exclude(id__in={row.id, *apart})
    near = list(found.select_related("kind", "unit", "procedure").order_by("-id")[:LOOKED_AT])
    told = {each.id: _told(each) for each in (row, *near)}
    weights = rarity(told.values())
    compared = []
    for each in near:
        metres = coordinates.metres((row.lon, row.lat), (each.lon or 0.0, each.lat or 0.0))
        likeness = compare(told[row.id], told[each.id], metres, weights)
        if likeness.suggested:
            compared.append(Alike(each, likeness, metres))
    return sorted(compared, key=lambda each: (-each.likeness.value, each.row.id))[:most]


def pair(actor: Actor, matter_id: UUID, other_id: UUID) -> tuple[Matter, Alike]:
    """Two reports to be compared, both of which the reader may see. Raises Refused not_found."""
    first, second = (selectors.row_of(selectors.seen_by(actor, each).id) for each in (matter_id, other_id))
    if first.id == second.id:
        raise errors.not_found()
    one, other = _told(first), _told(second)
    metres = -1.0
    if first.lon is not None and first.lat is not None and second.lon is not None and second.lat is not None:
        metres = coordinates.metres((first.lon, first.lat), (second.lon, second.lat))
    likeness = compare(one, other, max(metres, 0.0), rarity((one, other)))
    return first, Alike(second, likeness, metres)


@transaction.atomic
def keep_apart(actor: Actor, *, matter_id: UUID, other_id: UUID) -> bool:
    """Note that two reports are not the same; whether that was new. Raises Refused: forbidden, not_found."""
    if actor.account_id is None or not access.may(actor, "alike.judge").allowed:
        raise errors.forbidden()
    pair(actor, matter_id, other_id)
    return note_apart(actor, matter_id, other_id)


@transaction.atomic
def note_apart(actor: Actor, matter_id: UUID, other_id: UUID) -> bool:
    """The row and its audit line; whether it was new. Ask first whether the actor may judge and sees both."""
    first, second = sorted((matter_id, other_id))
    _row, made = NotAlike.objects.get_or_create(
        first_id=first, second_id=second,
        defaults={"at": clock.now(), "account_id": actor.account_id, "post_id": actor.post_id},
    )  # fmt: skip
    if made:
        audit.write(
            actor_id=actor.account_id, post_id=actor.post_id, actor_words=actor.words, action="matters.keep_apart",
            object=str(first), outcome="done", detail={"other": str(second)},
        )  # fmt: skip
    return made


def _told(row: Matter) -> Told:
    return Told.of(row.title, row.text, row.kind.code if row.kind else "", row.class_code)
