"""Reports that may be the same (疑似重复): near, recent, about the same. Shown to a clerk, never joined by themselves.

A pair that somebody has looked at and found different stays apart: it is not suggested again, to nobody.
"""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from civicloop.foundation import clock, coordinates
from civicloop.matters import clusters, errors, nearby, selectors
from civicloop.matters.likeness import FAR, Likeness, Told, compare, rarity
from civicloop.matters.models import Matter, NotAlike
from civicloop.people import access
from civicloop.people.access import Actor
from civicloop.records import audit

DAYS = 30
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
    if row.lead_id not in {None, row.id}:
        return []  # it is dealt with in another case
    away = nearby.near(row.lon, row.lat, FAR, days=DAYS)
    wanted = set(away) - clusters.apart_from(row.id) - {row.id}
    found = Matter.objects.filter(selectors.visible(actor), selectors.ALONE, id__in=wanted)
    near = list(found.select_related(*selectors.SHOWN).order_by("-id"))
    told = {each.id: _told(each) for each in (row, *near)}
    weights = rarity(told.values())
    compared = []
    for each in near:
        likeness = compare(told[row.id], told[each.id], away[each.id], weights)
        if likeness.suggested:
            compared.append(Alike(each, likeness, away[each.id]))
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
