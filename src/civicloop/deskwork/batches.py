"""One act for many matters: looked at before anything is done, done one by one, taken up again, taken back.

Each matter's act is an act of its own with its own entry; its id is derived from the batch and the matter, so that a
batch that was cut off goes on where it stood, and sending anything twice does nothing twice. Undoing is another batch
of the act that the procedure declares as `undoes`; nothing is ever struck out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from civicloop.deskwork import filling
from civicloop.deskwork.choices import ItemState
from civicloop.deskwork.models import Batch, BatchItem
from civicloop.foundation import clock
from civicloop.matters import actions, errors, selectors
from civicloop.matters.errors import Refused, invalid
from civicloop.matters.reading import Reading
from civicloop.people.access import Actor
from civicloop.records import audit

MOST = 200  # matters of one batch
LEFT = timedelta(days=1)  # after it an unfinished batch is over
PORTION = 20  # done in one request; then the page says how far it is
BULKY = frozenset({"text", "date", "moment", "number", "choice", "unit", "units", "rating", "catalogue_entry"})
DONE_ALREADY = "id_reused"  # the derived id was used: this batch did it, and the words have changed since


@dataclass(frozen=True)
class Looked:
    """What an act would do to one matter: what follows, or why it is refused."""

    matter_id: UUID
    number: str
    title: str
    step_version: int
    before: str  # the step where it stands
    foreseen: actions.Foreseen | None
    why: str


@dataclass(frozen=True)
class Choice:
    """An act that may be done for several of the selected matters at once, and for how many."""

    action: str
    result: str | None
    number: int
    sample: selectors.Offered
    seen: Reading


def readings(actor: Actor, matter_ids: Iterable[UUID]) -> list[Reading]:
    """The selected matters that the actor may see, at most MOST, in the given order."""
    found = []
    for matter_id in list(dict.fromkeys(matter_ids))[:MOST]:
        try:
            found.append(selectors.seen_by(actor, matter_id))
        except Refused:
            continue
    return found


def choices(actor: Actor, seen: Sequence[Reading]) -> list[Choice]:
    """The acts that need nothing of each matter alone (photos, conditions): the usual way on first, what asks last."""
    counted: dict[tuple[str, str | None], list[tuple[selectors.Offered, Reading]]] = {}
    for each in seen:
        for offer in selectors.offered(actor, each):
            if all(need.kind in BULKY for need in offer.needs) and not offer.check:
                counted.setdefault((offer.action, offer.result), []).append((offer, each))
    found = [Choice(action, result, len(fit), *fit[0]) for (action, result), fit in counted.items()]
    return sorted(found, key=lambda choice: (_rank(choice), -choice.number))


def _rank(choice: Choice) -> int:
    """How far an act is from the usual way on: acts that stay, ends without a solution, what needs an approval."""
    steps, offer = choice.seen.procedure.steps, choice.sample
    if offer.approval:
        return 3
    if steps[offer.to].end not in {None, "solved"}:
        return 2
    return int(offer.to == choice.seen.row["step"])


def act_id(batch_id: UUID, matter_id: UUID) -> UUID:
    """The id of a matter's act in a batch."""
    return uuid5(batch_id, str(matter_id))


def look(
    actor: Actor, seen: Iterable[Reading], action: str, result: str | None, data: Mapping[str, Any],
    versions: Mapping[UUID, int] | None = None,
) -> list[Looked]:  # fmt: skip
    """What the act would do to each matter. Writes nothing; `versions` are those that the matters must still be at."""
    found = []
    for each in seen:
        row = each.row
        expected = (versions or {}).get(each.id, row["step_version"])
        try:
            filled = filling.fill_all(data, filling.values_of(each))
            wanted = actions.Act(each.id, action, uuid5(each.id, "look"), result, filled, expected)
            foreseen, why = actions.foresee(actor, wanted), ""
        except Refused as reason:
            foreseen, why = None, reason.words
        found.append(Looked(each.id, row["number"], row["title"], expected, row["step"], foreseen, why))
    return found


def begin(
    actor: Actor, *, batch_id: UUID, action: str, data: Mapping[str, Any], items: Sequence[tuple[UUID, int]],
    result: str | None = None, undoes: UUID | None = None,
) -> Batch:  # fmt: skip
    """Keep what is to be done; `go_on` does it. The same id again is the same batch. Raises Refused."""
    if actor.kind != "staff" or actor.account_id is None:
        raise errors.forbidden()
    if not 1 <= len({matter_id for matter_id, _version in items}) <= MOST:
        raise invalid("matters", "too_many", _("Choose between one and %(most)s matters.") % {"most": MOST})
    before = Batch.objects.filter(id=batch_id).first()
    if before is not None:
        return _same(actor, before)
    former = mine(actor, undoes) if undoes is not None else None
    _give_up_old(actor)
    unique = list(dict(items).items())
    try:
        with transaction.atomic():
            batch = Batch.objects.create(
                id=batch_id, account_id=actor.account_id, post_id=actor.post_id, action=action, result=result or "",
                data=dict(data), undoes=former, begun_at=clock.now(),
            )  # fmt: skip
            BatchItem.objects.bulk_create(
                BatchItem(batch=batch, no=no, matter_id=matter_id, step_version=version)
                for no, (matter_id, version) in enumerate(unique, start=1)
            )
            _tell(actor, "batch.begin", batch, {"action": action, "matters": len(unique)})
    except IntegrityError:  # sent twice at once
        return _same(actor, Batch.objects.get(id=batch_id))
    return batch


def _give_up_old(actor: Actor) -> None:
    """Batches that their owner left unfinished a day ago are over: what was not done stays as it was."""
    old = Batch.objects.filter(account_id=actor.account_id or 0, ended_at=None, begun_at__lt=clock.now() - LEFT)
    for batch in old:
        with transaction.atomic():
            words = _("Not done: the batch was left unfinished.")
            batch.items.filter(state=ItemState.WAITING).update(state=ItemState.REFUSED, code="left", words=words)
            if Batch.objects.filter(id=batch.id, ended_at=None).update(ended_at=clock.now(), data={}):
                _tell(actor, "batch.end", batch, dict(counts(batch)))


def _same(actor: Actor, batch: Batch) -> Batch:
    if batch.account_id != actor.account_id:
        raise errors.other_content()
    return batch


def mine(actor: Actor, batch_id: UUID) -> Batch:
    """A batch of the actor's own. Raises Refused not_found for every other."""
    found = Batch.objects.filter(id=batch_id, account_id=actor.account_id or 0).first()
    if found is None:
        raise errors.not_found()
    return found


def go_on(actor: Actor, batch_id: UUID, portion: int = PORTION) -> Batch:
    """Do the next portion of a batch, each matter its own act; what was refused says why and stays as it was."""
    batch = mine(actor, batch_id)
    waiting = batch.items.filter(state=ItemState.WAITING).order_by("no")
    for item in waiting[:portion]:
        state, code, words, version = _do(actor, batch, item)
        batch.items.filter(no=item.no, state=ItemState.WAITING).update(
            state=state, code=code[:40], words=words[:400], version_after=version
        )
    if batch.ended_at is None and not waiting.exists():
        with transaction.atomic():
            # the words stand in the timelines now; here they are not needed any more
            if Batch.objects.filter(id=batch.id, ended_at=None).update(ended_at=clock.now(), data={}):
                _tell(actor, "batch.end", batch, dict(counts(batch)))
        batch.refresh_from_db()
    return batch


def _do(actor: Actor, batch: Batch, item: BatchItem) -> tuple[str, str, str, int | None]:
    """(state, code, words, step version after) of one matter."""
    try:
        seen = selectors.seen_by(actor, item.matter_id)
        wanted = actions.Act(
            item.matter_id, batch.action, act_id(batch.id, item.matter_id), batch.result or None,
            filling.fill_all(batch.data, filling.values_of(seen)), item.step_version,
        )  # fmt: skip
        done = actions.act(actor, wanted)
    except Refused as reason:
        if reason.code == DONE_ALREADY:
            return ItemState.DONE, "", "", None
        return ItemState.REFUSED, reason.code, reason.words, None
    return (ItemState.ASKED if done.requested else ItemState.DONE), "", "", done.step_version


def counts(batch: Batch) -> dict[str, int]:
    """How many matters of a batch stand where."""
    states = list(batch.items.values_list("state", flat=True))
    return {str(state): states.count(state) for state in ItemState}


@dataclass(frozen=True)
class Undoing:
    """How a batch may be taken back: the act that does it, and the step at which the matters must still stand."""

    action: str
    while_at: str
    items: Sequence[tuple[UUID, int]]
    seen: Sequence[Reading]


def undoing(actor: Actor, batch: Batch) -> Undoing | None:
    """The way back of what was done, as far as the procedures declare one and the matters still stand there."""
    done = batch.items.filter(state=ItemState.DONE).exclude(version_after=None).order_by("no")
    versions = dict(done.values_list("matter_id", "version_after"))
    for each in (seen := readings(actor, versions)):
        move = inverse(each, batch.action)
        if move is not None:
            fitting = [one for one in seen if inverse(one, batch.action) == move]
            items = [(one.id, int(versions[one.id] or 0)) for one in fitting]
            return Undoing(move[0], move[1], items, fitting)
    return None


def inverse(seen: Reading, action: str) -> tuple[str, str] | None:
    """(the act that takes `action` back, the step from which it does) in a matter's procedure; None where none does."""
    for declared in seen.procedure.actions.values():
        for move in declared.moves:
            if move.undoes == action and move.from_:
                return declared.api, move.from_[0]
    return None


def _tell(actor: Actor, action: str, batch: Batch, detail: Mapping[str, object]) -> None:
    more = {"undoes": str(batch.undoes_id)} if batch.undoes_id else {}
    audit.write(
        actor_id=actor.account_id, post_id=actor.post_id, actor_words=actor.words, action=action, object=str(batch.id),
        outcome="done", detail={**detail, **more},
    )  # fmt: skip
