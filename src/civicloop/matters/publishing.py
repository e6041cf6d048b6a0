"""Showing a photo to everybody: somebody who neither took it nor handled the matter looks, covers, and decides.

Nothing is public by itself. A decision is an entry of the matter's timeline; the covered picture is stored before it,
and its row is written with it. What everybody then sees is read in `public_photos`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from civicloop.evidence import boxes as detected
from civicloop.evidence import commitments, publishing
from civicloop.evidence.covering import Box
from civicloop.evidence.models import Evidence, PublicState
from civicloop.matters import errors, reading, timeline
from civicloop.matters.choices import PUBLIC_PROCEDURES, Unpublished
from civicloop.matters.errors import Refused, invalid
from civicloop.matters.models import Entry
from civicloop.matters.permission import took_part
from civicloop.matters.plans import Plan
from civicloop.matters.reading import Reading
from civicloop.matters.rows import Rows
from civicloop.matters.uploads import RETRY_AFTER
from civicloop.matters.values import Act, Done
from civicloop.people import access
from civicloop.people.access import Actor

ACTION = "publish_photo"
LONGEST = 500


@dataclass(frozen=True)
class Decision:
    """What somebody decides about a photo; `before` is the state that the person saw."""

    outcome: str
    before: str = ""
    boxes: tuple[Box, ...] = ()
    reason: str = ""
    words: str = ""

    def data(self, evidence_id: UUID) -> dict[str, object]:
        """The decision as the data of an act."""
        boxes = [[each.left, each.top, each.right, each.bottom] for each in self.boxes]
        return {"evidence": str(evidence_id), "before": self.before, "boxes": boxes, "reason": self.reason,
                "words": self.words}  # fmt: skip


def may_be_public(seen: Reading) -> bool:
    """Whether photos of it may be public at all: solved, of public space, nobody complained of, not confidential."""
    row = seen.row
    open_to_all = row["confidentiality"] == 0 and not row["complained_of"]
    return row["end"] == "solved" and seen.procedure.code in PUBLIC_PROCEDURES and open_to_all


def may_take_back(actor: Actor, seen: Reading) -> bool:
    """Checkers and supervisors of the place, also those who had to do with it: it only shows less."""
    return access.may(actor, "photos.publish").allowed and access.sees(actor, seen.subject).known


def may_decide(actor: Actor, seen: Reading, photo: Evidence) -> bool:
    """Whether the actor may publish: neither took the photo nor handled the matter, nor stands in for who did."""
    if not may_take_back(actor, seen) or took_part(actor, seen, ("person", "unit")):
        return False
    return photo.account_id is None or photo.account_id not in access.accounts(actor)


def photo_of(actor: Actor, matter_id: UUID, evidence_id: UUID, act_id: UUID | None = None) -> tuple[Reading, Evidence]:
    """A photo for somebody who may look whether it may be public. Raises Refused not_found."""
    seen = reading.read(matter_id, act_id)
    photo = Evidence.objects.filter(pk=(matter_id, evidence_id)).exclude(derivative="").first()
    if seen is None or photo is None or not may_take_back(actor, seen):
        raise errors.not_found()
    return seen, photo


def decide(actor: Actor, *, matter_id: UUID, evidence_id: UUID, decision: Decision, act_id: UUID) -> Done:
    """Publish a photo with its boxes covered, keep it from the public, or take it back.

    Idempotent by act_id as every act. Raises Refused: not_found, forbidden, own_work, missing, not_offered,
    bad_boxes (422), not_public_here, decided_already (409), not_stored (503).
    """
    from civicloop.matters import actions

    seen, photo = photo_of(actor, matter_id, evidence_id, act_id)
    act = Act(matter_id, ACTION, act_id, decision.outcome, decision.data(evidence_id))
    made = None
    if decision.outcome == PublicState.PUBLIC and seen.done is None:
        try:
            _ask(actor, seen, photo, decision)  # before anything is stored
            made = _made(photo, decision.boxes)
        except Refused:
            if not actions.done_meanwhile(act, seen):
                raise
    row = publishing.drafted(matter_id, evidence_id, decision.outcome, made)
    kept = commitments.of_decision(photo, row, detected.of_matter(matter_id).get(evidence_id))
    with transaction.atomic():
        done = actions.act(actor, act, kept=kept)
        if done.status == 201:
            at = Entry.objects.values_list("at", flat=True).get(pk=(matter_id, done.seq))
            publishing.settle(row, account_id=actor.account_id, post_id=actor.post_id, at=at)
    return done


def _made(photo: Evidence, boxes: Sequence[Box]) -> publishing.Made:
    try:
        return publishing.make(photo.matter_id, photo.id, boxes)
    except publishing.BoxesRefused:
        raise _bad_boxes() from None
    except (LookupError, OSError) as reason:
        words = _("The photo cannot be fetched just now. Try again in a minute.")
        raise Refused("not_stored", 503, words, retry_after=RETRY_AFTER) from reason


def _bad_boxes() -> Refused:
    return invalid("boxes", "bad_boxes", _("A box lies outside of the picture or is too small. Nothing was published."))


def _ask(actor: Actor, seen: Reading, photo: Evidence, decision: Decision) -> None:
    """Whether this decision may be made now. Raises Refused."""
    if decision.outcome not in PublicState.values:
        raise invalid("outcome", "not_offered", _("Choose what you found."))
    if not may_take_back(actor, seen):
        raise errors.forbidden()
    if decision.outcome != PublicState.TAKEN_BACK and not may_decide(actor, seen, photo):
        raise errors.forbidden("own_work")
    if decision.outcome == PublicState.PUBLIC and not may_be_public(seen):
        words = _("Photos of this matter are never shown to the public.")
        raise Refused("not_public_here", 409, words)
    row = publishing.of_photo(photo.matter_id, photo.id)
    state = row.state if row else ""
    if state != decision.before or (decision.outcome == PublicState.TAKEN_BACK and state != PublicState.PUBLIC):
        raise Refused("decided_already", 409, _("Somebody else has decided about this photo meanwhile."))
    if decision.outcome != PublicState.PUBLIC:
        _ask_why(decision)


def _ask_why(decision: Decision) -> None:
    unsaid = decision.reason == Unpublished.OTHER and not decision.words.strip()
    if decision.reason not in Unpublished.values or unsaid:
        raise invalid("reason", "missing", _("Say why the photo is not for the public."))
    if len(decision.words) > LONGEST:
        raise invalid("words", "too_long", _("Say it in at most %(most)s characters.") % {"most": LONGEST})


def plan(actor: Actor, wanted: Act, seen: Reading) -> Plan:
    """The entry of a decision; it moves nothing."""
    data = wanted.data
    try:
        photo = Evidence.objects.filter(pk=(seen.id, UUID(str(data.get("evidence"))))).exclude(derivative="").first()
        boxes = tuple(Box(*(int(side) for side in each)) for each in data.get("boxes", ()))
    except (TypeError, ValueError):
        raise _bad_boxes() from None
    if photo is None:
        raise errors.not_found()
    words, reason = str(data.get("words", "")).strip(), str(data.get("reason", ""))
    decision = Decision(str(wanted.result), str(data.get("before", "")), boxes, reason, words)
    _ask(actor, seen, photo, decision)
    plain: dict[str, object] = {"evidence": photo.id, "stage": photo.stage, "boxes": len(boxes)}
    if decision.outcome != PublicState.PUBLIC:
        plain = {"evidence": photo.id, "stage": photo.stage, "reason": reason}
    texts = {"reason": words} if words and decision.outcome != PublicState.PUBLIC else {}
    return Plan(ACTION, decision.outcome, timeline.Draft(plain=plain, texts=texts), Rows())
