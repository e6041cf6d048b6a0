"""统一答复: one text for all who reported the same, so that 800 of them need not ask one by one.

The same: a case with the reports joined to it (matters.clusters), and a matter with its sub-matters or those of the
matter above it. Each reporter is told once, by the phone number that was left, which nobody opens to find out.
"""

from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from civicloop.foundation import clock
from civicloop.matters import selectors
from civicloop.matters.models import Matter
from civicloop.matters.reading import Reading
from civicloop.notices import addresses, sql, telling
from civicloop.notices.errors import NoticeError
from civicloop.notices.models import Broadcast
from civicloop.notices.telling import REPORTER_FIELD, Draft
from civicloop.people import access
from civicloop.people.access import Actor
from civicloop.records import audit, settings
from civicloop.records.models import SealedValue

MOST = 5000
LONGEST = 300
TEMPLATE = "reporter_broadcast"


@dataclass(frozen=True)
class Reach:
    """Whom an answer would reach: one matter for each reporter; of how many; how many have had all messages."""

    matters: int
    once: dict[UUID, str]  # matter → its number
    beyond: int

    @property
    def reporters(self) -> int:
        """How many would be told."""
        return len(self.once)


def may_send(actor: Actor, seen: Reading) -> bool:
    """Whether `actor`, who sees the matter, may answer for the place."""
    return access.may(actor, "notices.broadcast").allowed and access.covers(actor, seen.subject)


def reach(actor: Actor, matter_id: UUID) -> Reach:
    """Whom an answer would reach. Raises NoticeError `forbidden`, matters' Refused not_found."""
    seen = selectors.seen_by(actor, matter_id)
    if not may_send(actor, seen):
        raise NoticeError("forbidden", _("Your post may not do this."))
    root, lead = seen.row["parent_id"] or matter_id, seen.row["lead_id"] or matter_id
    same = Q(id__in={root, lead, matter_id}) | Q(parent_id=root) | Q(lead_id=lead)
    family = Matter.objects.filter(selectors.visible(actor), same)
    numbers = dict(family.order_by("id").values_list("id", "number")[:MOST])
    phones = SealedValue.objects.filter(matter_id__in=numbers, field=REPORTER_FIELD).order_by("matter_id", "no")
    by_phone: dict[bytes, UUID] = {}
    for matter, lookup in phones.values_list("matter_id", "lookup"):
        by_phone[bytes(lookup) if lookup else matter.bytes] = matter  # the newest report of each number
    with connection.cursor() as cursor:
        cursor.execute(sql.TOLD_REPORTERS, {"recipients": [f"reporter:{matter}" for matter in by_phone.values()]})
        told = dict(cursor.fetchall())
    most = settings.get_int("notices.resident_most") - 1
    once = {each: numbers[each] for each in by_phone.values() if told.get(f"reporter:{each}", 0) < most}
    return Reach(len(numbers), once, len(by_phone) - len(once))


@transaction.atomic
def send(actor: Actor, *, broadcast_id: UUID, matter_id: UUID, text: str) -> Broadcast:
    """Tell every reporter of a matter and those joined to it; the same id again tells nobody twice.

    Raises NoticeError `forbidden`, `missing`, `too_long`, `nobody`, `id_reused`, matters' Refused not_found.
    """
    text = " ".join(text.split())
    found = reach(actor, matter_id)
    with connection.cursor() as cursor:
        cursor.execute(sql.BROADCAST_ALONE, {"id": str(broadcast_id)})
    before = Broadcast.objects.filter(id=broadcast_id).first()
    if before is not None:
        if (before.matter_id, before.text) != (matter_id, text):
            raise NoticeError("id_reused", _("This was sent before with other words."))
        return before
    if not text:
        raise NoticeError("missing", _("Say what is known and what happens next."))
    if len(text) > LONGEST or "\x00" in text:
        raise NoticeError("too_long", _("At most %(most)s characters.") % {"most": LONGEST})
    if not found.once:
        raise NoticeError("nobody", _("Nobody who reported this has left a phone number."))
    now = clock.now()
    drafts = [
        Draft(f"broadcast:{broadcast_id}", TEMPLATE, None, None,
              {"number": number, "text": text, "link": addresses.track()}, matter, now)
        for matter, number in found.once.items()
    ]  # fmt: skip
    told = telling.write(drafts)
    row = Broadcast.objects.create(
        id=broadcast_id, matter_id=matter_id, text=text, account_id=actor.account_id, post_id=actor.post_id, told=told,
        at=now,
    )  # fmt: skip
    audit.write(
        actor_id=actor.account_id, post_id=actor.post_id, actor_words=actor.words, action="notices.broadcast",
        object=str(matter_id), outcome="done", detail={"told": told, "matters": found.matters, "id": str(broadcast_id)},
    )  # fmt: skip
    return row


def of_matter(matter_id: UUID) -> list[Broadcast]:
    """What was answered before, the newest first; of the last ones. Ask first whether the reader sees the matter."""
    return list(Broadcast.objects.filter(matter_id=matter_id).order_by("-at")[:20])
