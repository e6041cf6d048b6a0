"""Photos and files of a matter: the row of evidence and its timeline entry, together or not at all."""

from uuid import UUID

from django.utils.translation import gettext as _

from civicloop.evidence import actions as evidence
from civicloop.evidence import commitments
from civicloop.evidence.models import Evidence
from civicloop.foundation import hot
from civicloop.matters import errors, reading, sql, timeline
from civicloop.matters.errors import Refused
from civicloop.matters.models import Matter
from civicloop.matters.reading import Reading
from civicloop.matters.values import caller_of
from civicloop.matters.writing import entry_values, remember_stand_in, who
from civicloop.people import access
from civicloop.people.access import Actor
from civicloop.records import amounts

RETRY_AFTER = 60  # seconds until a storage that has a fault is worth another try


def may_add(actor: Actor, matter_id: UUID) -> None:
    """Ask before anything is stored. Raises Refused not_found, also for what the actor must not know of."""
    seen = reading.read(matter_id)
    if seen is None or not _may_add(actor, seen):
        raise errors.not_found()


def take_upload(
    actor: Actor, *, upload: bytes, filename: str, stage: str, matter_id: UUID, evidence_id: UUID,
    synthetic: bool = False, how: str = "unknown",
) -> evidence.Prepared:  # fmt: skip
    """Check an upload and store its contents; no row is written, so the matter need not exist yet.

    `how` is what the sender's program says: camera, album or unknown.

    Raises Refused: 422 with the field `file` for what is no photo, 409 for a used id, too_often (429) beyond what a
    signed-in person may send within an hour, 503 or 507 when the storage cannot write.
    """
    if actor.account_id is not None and actor.scopes is None and not synthetic:
        _bounded(actor.account_id)
    try:
        return evidence.prepare(
            upload=upload, filename=filename, stage=stage, matter_id=matter_id, evidence_id=evidence_id,
            actor_id=actor.account_id, post_id=actor.post_id, synthetic=synthetic, how=how,
        )  # fmt: skip
    except (evidence.Conflict, evidence.EvidenceRefused) as reason:
        raise refusal(reason) from reason


def add_evidence(actor: Actor, prepared: evidence.Prepared) -> tuple[Evidence, bool]:
    """Add a prepared upload to its matter with a timeline entry: (row, True), or (the earlier row, False).

    The entry moves nothing: step and step version stay. Raises Refused: not_found, and as take_upload.
    """
    try:
        return evidence.store(prepared, also=lambda row: _enter(actor, row, prepared))
    except (evidence.Conflict, evidence.EvidenceRefused) as reason:
        raise refusal(reason) from reason


def _bounded(account_id: int) -> None:
    """Nobody fills the disk by hand, nor a program with somebody's session. Raises Refused `too_often`."""
    wait = amounts.wait(amounts.UPLOADS, account_id)
    if wait:
        words = _(
            "You have sent %(most)s files within an hour. What came before is kept; go on in %(minutes)s minutes."
        )
        raise Refused("too_often", 429, words % amounts.told(amounts.UPLOADS, wait), retry_after=int(wait) + 1)


def refusal(reason: Exception) -> Refused:
    """A refusal of the evidence room as one of the loop."""
    if not isinstance(reason, evidence.EvidenceRefused):
        return errors.other_content()
    status = {"storage_full": 507, "not_stored": 503}.get(reason.code, 422)
    if status != 422:
        return Refused(reason.code, status, str(reason), retry_after=RETRY_AFTER)
    return Refused(reason.code, status, str(reason), field="file")


def _enter(actor: Actor, row: Evidence, prepared: evidence.Prepared) -> None:
    """The entry of a new row, in its transaction, chained to the last one while the matter is locked."""
    seen = reading.read(row.matter_id, lock=True)
    if seen is not None and seen.seq_now != seen.row["seq"]:
        # somebody was quicker, and a lock does not refresh the rows joined to it: read anew, holding it
        seen = reading.read(row.matter_id, lock=True)
    if seen is None or not _may_add(actor, seen):
        raise errors.not_found()
    step, seq = seen.row["step"], seen.row["seq"] + 1
    draft = timeline.Draft(
        plain={
            "evidence": row.id, "digest": f"sha256:{row.sha256}", "stage": row.stage, "bytes": row.bytes,
            "media_type": row.media_type, "synthetic": row.synthetic,
            **commitments.of_upload(row, prepared.capture, prepared.film),
        }
    )  # fmt: skip
    remember_stand_in(actor, draft)
    version, kept = seen.row["step_version"], timeline.salted(bytes(row.fingerprint))
    entry = timeline.seal(
        draft, matter_id=seen.id, seq=seq, at=row.created_at, action="evidence", result=row.stage, who=who(actor),
        step=(step, step), version=version, act_id=None, request=kept, previous=seen.last_hash,
    )  # fmt: skip
    values = entry_values(actor, entry, row.created_at, "evidence", row.stage, None, kept, step, version)
    written = hot.one(sql.ENTER, values | {"id": seen.id, "seq": seq - 1, "next": seq})
    if not written or written[0] != 1:
        raise RuntimeError("an upload lost a race while it held the lock")


def _may_add(actor: Actor, seen: Reading) -> bool:
    """Whoever may see the matter; and the post that reported it, though it may see no more of it than that."""
    if access.only_looks(actor, seen.subject):
        return False
    if access.sees(actor, seen.subject).known:
        return True
    if actor.kind != "staff" or not access.may(actor, "matters.report").allowed:
        return False
    return Matter.objects.filter(id=seen.id, caller=caller_of(actor)).exists()
