"""Joining many reports to one case at once: asked for by a clerk, done one after the other, whoever goes on with it.

A run keeps its reports and what became of each. Each joining is an act of the clerk's own, with an id derived from the
run, so that a run that was cut off goes on where it stood and the same run sent twice joins nothing twice. Pages do a
few at once, the worker all that is left.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid5

from django.db import transaction
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from civicloop.foundation import clock
from civicloop.matters import actions, clustering, clusters, errors, selectors
from civicloop.matters.choices import ItemState
from civicloop.matters.errors import Refused, invalid
from civicloop.matters.models import Matter, Merging, MergingItem
from civicloop.people import access
from civicloop.people import selectors as directory
from civicloop.people.access import Actor
from civicloop.records import audit

MOST = 2000
CHUNK = 25
OUT_AT_ONCE = 100  # reports that one press takes out again
LEASE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: of `whole` reports so many joined, so many left out, so many to come."""

    whole: int
    joined: int
    left_out: int

    @property
    def to_come(self) -> int:
        return self.whole - self.joined - self.left_out


@transaction.atomic
def begin(actor: Actor, *, merging_id: UUID, lead_id: UUID, matter_ids: Sequence[UUID]) -> Merging:
    """Note what is to be joined to `lead_id`; the same id again answers the same run.

    Reports that are joined to one of those come with it, before it. Raises Refused: forbidden, not_found, id_reused,
    nothing_chosen, too_many, and what stands against the lead itself.
    """
    if actor.account_id is None or actor.post_id is None or not access.may(actor, clusters.DUTY).allowed:
        raise errors.forbidden()
    lead = selectors.seen_by(actor, lead_id)
    before = Merging.objects.filter(id=merging_id).first()
    if before is not None:
        if (before.lead_id, before.account_id, before.post_id) != (lead_id, actor.account_id, actor.post_id):
            raise errors.other_content()
        return before
    for code, so in (("lead_ended", lead.row["end"]), ("lead_joined", clusters.waits(lead.row)),
                     ("confidential", lead.row["confidentiality"] or lead.row["complained_of"])):  # fmt: skip
        if so:
            raise Refused(code, 409, clusters.why_not(code))
    wanted = _whole(actor, lead_id, matter_ids)
    if not wanted:
        raise invalid("matter", "nothing_chosen", _("Choose at least one report to join."))
    if len(wanted) > MOST:
        raise invalid("matter", "too_many", _("At most %(most)s reports at once.") % {"most": MOST})
    run = Merging.objects.create(
        id=merging_id, lead_id=lead_id, account_id=actor.account_id, post_id=actor.post_id, asked_at=clock.now()
    )
    MergingItem.objects.bulk_create(
        [MergingItem(merging=run, no=no, matter_id=each) for no, each in enumerate(wanted)], batch_size=500
    )
    audit.write(
        actor_id=actor.account_id, post_id=actor.post_id, actor_words=actor.words, action="matters.merge",
        object=str(lead_id), outcome="done", detail={"run": str(merging_id), "matters": len(wanted)},
    )  # fmt: skip
    return run


def _whole(actor: Actor, lead_id: UUID, matter_ids: Sequence[UUID]) -> list[UUID]:
    """The chosen reports that the actor sees, each after those that are joined to it; never the lead itself."""
    chosen = list(dict.fromkeys(each for each in matter_ids if each != lead_id))[: MOST + 1]
    seen = set(Matter.objects.filter(selectors.visible(actor), id__in=chosen).values_list("id", flat=True))
    joined: dict[UUID, list[UUID]] = {}
    rows = Matter.objects.filter(lead_id__in=seen, end="").exclude(id__in=[*seen, lead_id]).order_by("id")
    for lead, member in rows.values_list("lead_id", "id")[: MOST + 1]:
        if lead is not None:
            joined.setdefault(lead, []).append(member)
    return [each for one in chosen if one in seen for each in (*joined.get(one, ()), one)]


def progress(run: Merging) -> Progress:
    """How far it is, in one statement."""
    counted = run.items.aggregate(
        whole=Count("id"), joined=Count("id", filter=Q(state=ItemState.DONE)),
        left=Count("id", filter=Q(state=ItemState.LEFT_OUT)),
    )  # fmt: skip
    return Progress(counted["whole"], counted["joined"], counted["left"])


def of(actor: Actor, merging_id: UUID) -> Merging:
    """A run whose case the actor sees and may join reports to. Raises Refused not_found."""
    run = Merging.objects.filter(id=merging_id).first()
    if run is None or not access.may(actor, clusters.DUTY).allowed:
        raise errors.not_found()
    selectors.seen_by(actor, run.lead_id)
    return run


def left_out(actor: Actor, run: Merging, most: int = 100) -> list[tuple[Matter, str]]:
    """What was not joined and why, of what the actor sees."""
    whys = dict(run.items.filter(state=ItemState.LEFT_OUT).order_by("no").values_list("matter_id", "why")[:most])
    rows = Matter.objects.filter(selectors.visible(actor), id__in=whys).select_related(*selectors.SHOWN)
    return [(row, clusters.why_not(whys[row.id])) for row in rows.order_by("id")]


def go_on(merging_id: UUID, most: int = CHUNK) -> int:
    """Join up to `most` more reports of a run; how many were looked at. Nothing while somebody else is at it."""
    now = clock.now()
    free = Q(leased_until=None) | Q(leased_until__lt=now)
    if not Merging.objects.filter(free, id=merging_id, finished_at=None).update(leased_until=now + LEASE):
        return 0
    run = Merging.objects.get(id=merging_id)
    items = list(run.items.filter(state=ItemState.OPEN).order_by("no")[:most])
    actor = _actor(run)
    joined = []
    for item in items:
        item.why = _join(actor, run, item.matter_id)
        item.state = ItemState.LEFT_OUT if item.why else ItemState.DONE
        if not item.why:
            joined.append(item.matter_id)
    if joined:
        clustering.note(run.lead_id, joined)
        lead = Matter.objects.filter(id=run.lead_id).values_list("end", "lead_id").get()
        if lead[0] or lead[1] != run.lead_id:
            clustering.carry(run.lead_id, CHUNK)
    MergingItem.objects.bulk_update(items, ["state", "why"])
    over = not run.items.filter(state=ItemState.OPEN).exists()
    Merging.objects.filter(id=merging_id).update(leased_until=None, finished_at=clock.now() if over else None)
    return len(items)


def _actor(run: Merging) -> Actor | None:
    """Who asked for it, in the same post; None when that is theirs no more."""
    return next((a for a in directory.actors_of_account(run.account_id) if a.post_id == run.post_id), None)


def _join(actor: Actor | None, run: Merging, matter_id: UUID) -> str:
    """Join one report; "" or why it was left out."""
    if actor is None:
        return "forbidden"
    wanted = actions.Act(matter_id, clusters.JOIN, uuid5(run.id, str(matter_id)), data={"lead": str(run.lead_id)})
    try:
        actions.act(actor, wanted, follow=False)
    except Refused as reason:
        return reason.code[:24]
    return ""


def go_on_with_all(batch: int = 200) -> int:
    """The worker's part: runs that somebody asked for and whose page was closed."""
    done = 0
    for merging_id in Merging.objects.filter(finished_at=None).order_by("asked_at").values_list("id", flat=True)[:20]:
        while done < batch and (looked := go_on(merging_id)):
            done += looked
    return done


def take_out(actor: Actor, *, matter_id: UUID, act_id: UUID, reason: str) -> None:
    """Take a report out of its cluster: it stands where it stood, and the two are not suggested together any more.

    Raises Refused as the act does.
    """
    lead_id = _out(actor, matter_id, act_id, reason)
    if lead_id is not None:
        clustering.note(lead_id, [matter_id], out=True)


def take_out_many(
    actor: Actor, *, lead_id: UUID, matter_ids: Sequence[UUID], run_id: UUID, reason: str
) -> tuple[int, list[tuple[UUID, str]]]:
    """Take several reports out of one case, each by an act of its own; the same `run_id` again takes nothing out twice.

    How many are out, and those that are not with why, in words. Raises Refused: nothing_chosen, too_many, missing,
    not_found.
    """
    selectors.seen_by(actor, lead_id)
    chosen = list(dict.fromkeys(matter_ids))
    if not chosen:
        raise invalid("matter", "nothing_chosen", _("Choose at least one report to take out."))
    if len(chosen) > OUT_AT_ONCE:
        raise invalid("matter", "too_many", _("At most %(most)s reports at once.") % {"most": OUT_AT_ONCE})
    clusters.reason_of(actor, reason)
    left, stayed = [], list[tuple[UUID, str]]()
    for each in chosen:
        try:
            if _out(actor, each, uuid5(run_id, str(each)), reason, lead_id) is not None:
                left.append(each)
        except Refused as why:
            stayed.append((each, why.words))
    if left:
        clustering.note(lead_id, left, out=True)
    return len(chosen) - len(stayed), stayed


def _out(actor: Actor, matter_id: UUID, act_id: UUID, reason: str, expected: UUID | None = None) -> UUID | None:
    """Take one out and keep the two apart; the case that it left, or None where that was done before."""
    from civicloop.matters import alike

    lead_id: UUID | None = selectors.seen_by(actor, matter_id).row["lead_id"]
    if expected is not None and lead_id not in {None, expected}:
        raise Refused("not_joined", 409, _("It is not joined to this case."))
    wanted = actions.Act(matter_id, clusters.TAKE_OUT, act_id, data={"reason": reason})
    done = actions.act(actor, wanted, follow=False, kept={"why": "different"})
    if done.status != 201 or lead_id is None:
        return None
    alike.note_apart(actor, matter_id, lead_id)
    return lead_id
