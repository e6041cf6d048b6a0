"""Erasure by schedule: a list is proposed by one person, approved by another, carried out by the worker, and provable.

Each matter's erasure is an entry of its own timeline that names what is destroyed; in the same transaction the owner's
function destroys it. The chain stays whole: only commitments stood in it. What is gone without such an entry, or under
a list that nobody approved, is a finding of `verify`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from civicloop.calendars.rules.civil import months_later
from civicloop.evidence.models import Evidence
from civicloop.foundation import chain, clock, hot, locality
from civicloop.foundation.canonical import canonical
from civicloop.matters import cells, errors, finding, followups, hooks, sql, timeline
from civicloop.matters.choices import ErasureRule, ErasureState, ItemState
from civicloop.matters.errors import Refused
from civicloop.matters.models import (
    ApprovalRequest,
    EntryText,
    ErasureHold,
    ErasureItem,
    ErasureList,
    Matter,
    SearchToken,
)
from civicloop.matters.plans import Plan
from civicloop.matters.reading import Reading
from civicloop.matters.rows import Rows
from civicloop.matters.values import Act
from civicloop.people import access
from civicloop.people.access import Actor
from civicloop.records import audit, settings
from civicloop.records.models import SealedValue

ACTION = chain.ERASE
BY_SCHEDULE = access.system("erasure")
MOST = 20_000  # matters of one list; the next list has the others
CONTACTS = ("reporter", "household", "applicant")
MONTHS = {ErasureRule.CONTACTS: "erasure.contacts_months", ErasureRule.TEXTS: "erasure.texts_months"}

settings.define(
    "erasure.contacts_months", "int", 12, gettext_lazy("Months after the end for which contact data are kept"),
    low=1, high=1200,
)  # fmt: skip
settings.define(
    "erasure.texts_months", "int", 120, gettext_lazy("Months after the end for which texts and photos are kept"),
    low=6, high=1200,
)  # fmt: skip


# -- what may go ------------------------------------------------------------------------------------------------------


def due_before(rule: str, now: datetime) -> datetime:
    """Matters that ended before this moment have come to the end of their period."""
    months = settings.get_int(MONTHS[ErasureRule(rule)])
    local = now.astimezone(locality.zone())
    return datetime.combine(months_later(local.date(), -months), time(0), tzinfo=local.tzinfo)


def candidates(rule: str, before: datetime) -> QuerySet[Matter]:
    """Ended matters of which something is left to destroy, that nobody holds and that no open matter belongs to."""
    held = ErasureHold.objects.filter(matter_id=OuterRef("id"), ended_at=None)
    family = Matter.objects.filter(Q(parent_id=OuterRef("id")) | Q(id=OuterRef("parent_id")), end="")
    listed = ErasureItem.objects.filter(
        matter_id=OuterRef("id"), state=ItemState.OPEN, list__state__in=(ErasureState.PROPOSED, ErasureState.APPROVED)
    )
    sealed = SealedValue.objects.filter(matter_id=OuterRef("id"))
    if rule == ErasureRule.CONTACTS:
        left = Q(Exists(sealed.filter(retention__in=CONTACTS)))
    else:
        texts = EntryText.objects.filter(matter_id=OuterRef("id"))
        photos = Evidence.objects.filter(matter_id=OuterRef("id"))
        left = Q(Exists(texts)) | Q(Exists(sealed)) | Q(Exists(photos))
    ended = Matter.objects.exclude(end="").filter(ended_at__lt=before)
    return ended.filter(left).exclude(Exists(held)).exclude(Exists(family)).exclude(Exists(listed)).order_by("id")


def digest(rule: str, matters: Iterable[UUID]) -> bytes:
    """What binds a list to its rule and its matters."""
    return chain.digest(canonical({"rule": rule, "matters": sorted(str(each) for each in matters)}))


# -- propose, decide, hold --------------------------------------------------------------------------------------------


@transaction.atomic
def propose(actor: Actor, *, rule: str) -> ErasureList:
    """A new list of all matters whose period is over. Raises Refused: forbidden, nothing_due."""
    account = _may(actor, "erasure.propose")
    now = clock.now()
    before = due_before(rule, now)
    ids = list(candidates(rule, before).values_list("id", flat=True)[:MOST])
    if not ids:
        raise Refused("nothing_due", 409, _("No matter has come to the end of its period."))
    row = ErasureList.objects.create(
        rule=rule, ended_before=before, digest=digest(rule, ids), proposed_at=now, proposed_by=account,
        proposed_post=actor.post_id,
    )  # fmt: skip
    ErasureItem.objects.bulk_create([ErasureItem(list=row, matter_id=each) for each in ids], batch_size=2000)
    _tell(actor, "erasure.propose", row, matters=len(ids))
    return row


@transaction.atomic
def decide(actor: Actor, *, list_id: int, yes: bool, reason: str) -> ErasureList:
    """Approve or refuse a list that somebody else has proposed.

    Raises Refused: forbidden, own_work, not_found, missing (a refusal's reason), decided_already.
    """
    account = _may(actor, "erasure.decide")
    row = ErasureList.objects.select_for_update(no_key=True).filter(id=list_id).first()
    if row is None:
        raise errors.not_found()
    if row.state != ErasureState.PROPOSED:
        raise Refused("decided_already", 409, _("This list has been decided already."))
    if row.proposed_by == account:
        raise errors.forbidden("own_work")
    if not yes and not reason.strip():
        raise errors.invalid("reason", "missing", _("Say why the list is refused."))
    row.state = ErasureState.APPROVED if yes else ErasureState.REFUSED
    row.decided_at, row.decided_by, row.decided_post = clock.now(), account, actor.post_id
    row.reason = reason.strip()[:300]
    row.save()
    _tell(actor, "erasure.decide", row, yes=yes)
    return row


@transaction.atomic
def hold(actor: Actor, *, matter_id: UUID, reason: str) -> ErasureHold:
    """Keep a matter from erasure for a stated reason; the same again changes nothing."""
    account = _may(actor, "erasure.decide")
    if not reason.strip():
        raise errors.invalid("reason", "missing", _("Say why the matter must be kept."))
    if not Matter.objects.filter(id=matter_id).exists():
        raise errors.not_found()
    row, made = ErasureHold.objects.get_or_create(
        matter_id=matter_id, ended_at=None,
        defaults={"reason": reason.strip()[:300], "placed_at": clock.now(), "placed_by": account},
    )  # fmt: skip
    if made:
        _log(actor, "erasure.hold", str(matter_id))
    return row


@transaction.atomic
def release(actor: Actor, *, matter_id: UUID) -> None:
    """The matter need not be kept any more."""
    _may(actor, "erasure.decide")
    if ErasureHold.objects.filter(matter_id=matter_id, ended_at=None).update(ended_at=clock.now()):
        _log(actor, "erasure.release", str(matter_id))


def _may(actor: Actor, duty: str) -> int:
    """The account that may do this. Raises Refused."""
    if actor.kind != "staff" or actor.account_id is None or not access.may(actor, duty).allowed:
        raise errors.forbidden()
    return actor.account_id


def _tell(actor: Actor, action: str, row: ErasureList, **more: object) -> None:
    _log(actor, action, f"list {row.id}", rule=row.rule, digest=bytes(row.digest).hex(), **more)


def _log(actor: Actor, action: str, about: str, **detail: object) -> None:
    audit.write(
        actor_id=actor.account_id, post_id=actor.post_id, actor_words=actor.words, action=action, object=about,
        outcome="done", detail=detail,
    )  # fmt: skip


# -- carrying out -----------------------------------------------------------------------------------------------------


def carry_out(batch: int = 50) -> int:
    """Destroy what the approved lists name, a batch of matters at a time; returns how many matters were dealt with."""
    rows = ErasureItem.objects.filter(state=ItemState.OPEN, list__state=ErasureState.APPROVED)
    wanted = list(rows.order_by("list_id", "matter_id").values_list("list_id", "matter_id")[:batch])
    for list_id, matter_id in wanted:
        _erase(list_id, matter_id)
    for row in ErasureList.objects.filter(state=ErasureState.APPROVED):
        if not row.items.filter(state=ItemState.OPEN).exists():
            ErasureList.objects.filter(id=row.id, state=ErasureState.APPROVED).update(
                state=ErasureState.DONE, finished_at=clock.now()
            )
    return len(wanted)


def _erase(list_id: int, matter_id: UUID) -> None:
    """One matter, whole or not at all; what has changed since the list was made is left out."""
    from civicloop.matters import actions

    with transaction.atomic():
        item = ErasureItem.objects.select_for_update(no_key=True).get(list_id=list_id, matter_id=matter_id)
        if item.state != ItemState.OPEN:
            return
        row = ErasureList.objects.get(id=list_id)
        why = _left_out(row, matter_id)
        if why:
            item.state, item.why, item.done_at = ItemState.LEFT_OUT, why, clock.now()
            item.save()
            return
        act = Act(matter_id, ACTION, followups.derived(matter_id, list_id, ACTION), str(list_id))
        actions.act(BY_SCHEDULE, act, follow=False, kept=_named(row, matter_id))
        done = hot.one(sql.ERASE, {"list": list_id, "id": matter_id})
        assert done is not None
        if row.rule == ErasureRule.TEXTS:
            _blank(matter_id)
        else:  # a hash over what was reported, name and number included
            Matter.objects.filter(id=matter_id).update(fingerprint=b"")
        hooks.erased(matter_id, row.rule)
        item.texts, item.sealed, item.files = done
        item.state, item.done_at = ItemState.DONE, clock.now()
        item.save()


def _left_out(row: ErasureList, matter_id: UUID) -> str:
    matter = Matter.objects.filter(id=matter_id).first()
    if matter is None or matter.end == "" or matter.ended_at is None or matter.ended_at >= row.ended_before:
        return "goes_on"
    if ErasureHold.objects.filter(matter_id=matter_id, ended_at=None).exists():
        return "held"
    return ""


def _named(row: ErasureList, matter_id: UUID) -> dict[str, object]:
    """What the entry says: the list, the day, and every value that goes."""
    texts: list[list[object]] = []
    sealed = SealedValue.objects.filter(matter_id=matter_id).order_by("no")
    files = 0
    if row.rule == ErasureRule.TEXTS:
        names = EntryText.objects.filter(matter_id=matter_id).order_by("seq", "field").values_list("seq", "field")
        texts = [[seq, field] for seq, field in names]
        files = Evidence.objects.filter(matter_id=matter_id).count()
    else:
        sealed = sealed.filter(retention__in=CONTACTS)
    day = clock.now().astimezone(locality.zone()).date()
    return {
        "list": str(row.id), "rule": row.rule, "on": day.isoformat(), "texts": texts,
        "sealed": list(sealed.values_list("field", flat=True)), "files": files,
    }  # fmt: skip


def _blank(matter_id: UUID) -> None:
    """The copies of the texts that lists and searches use."""
    number = Matter.objects.values_list("number", flat=True).get(id=matter_id)
    cells.leave(matter_id)
    Matter.objects.filter(id=matter_id).update(
        title=number, text="", address="", lon=None, lat=None, lon_in=None, lat_in=None, cell=None, fingerprint=b""
    )
    row = SearchToken.objects.get(matter_id=matter_id)
    row.tokens = [*finding.number_words(number), *(each for each in row.tokens if each.startswith(finding.AREA_SIGN))]
    row.save(update_fields=["tokens"])
    ApprovalRequest.objects.filter(matter_id=matter_id).update(data={})


def plan(actor: Actor, wanted: Act, seen: Reading) -> Plan:
    """The entry of an erasure; only the system writes it, together with the erasure itself."""
    if actor.kind != "system" or not seen.row["end"]:
        raise errors.forbidden()
    return Plan(ACTION, wanted.result, timeline.Draft(), Rows())


# -- reading ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Progress:
    """How far a list has come."""

    matters: int
    done: int
    left_out: int
    texts: int
    sealed: int
    files: int


def progress(row: ErasureList) -> Progress:
    """Counts over the items of a list."""
    counted = row.items.aggregate(
        matters=Count("matter_id"), done=Count("matter_id", filter=Q(state=ItemState.DONE)),
        left_out=Count("matter_id", filter=Q(state=ItemState.LEFT_OUT)), texts=Sum("texts"), sealed=Sum("sealed"),
        files=Sum("files"),
    )  # fmt: skip
    return Progress(**{name: value or 0 for name, value in counted.items()})


def lawful(list_id: str, matter_id: UUID) -> bool:
    """Whether a list was approved by another than its proposer, is unchanged, and names the matter."""
    row = ErasureList.objects.filter(id=int(list_id)).first() if list_id.isdigit() else None
    if row is None or row.state not in (ErasureState.APPROVED, ErasureState.DONE):
        return False
    if row.decided_by is None or row.decided_by == row.proposed_by:
        return False
    ids = list(row.items.values_list("matter_id", flat=True))
    return matter_id in ids and digest(row.rule, ids) == bytes(row.digest)
