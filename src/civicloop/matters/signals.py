"""What somebody found who looked at a signal: confirmed or a false alarm, with an entry in the matter's timeline.

A signal opens a look, never a penalty. Whoever handled the matter does not judge its signals.
"""

from collections.abc import Collection
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from civicloop.evidence import signals
from civicloop.evidence.models import Signal, SignalState
from civicloop.evidence.plausibility import Circumstances
from civicloop.matters import errors, reading, timeline
from civicloop.matters.errors import Refused, invalid
from civicloop.matters.models import Matter
from civicloop.matters.permission import took_part
from civicloop.matters.plans import Plan
from civicloop.matters.reading import Reading
from civicloop.matters.rows import Rows
from civicloop.matters.values import Act, Done
from civicloop.people import access
from civicloop.people.access import Actor

ACTION = "judge_signal"
LONGEST = 500


def look() -> int:
    """Look at the photos that came since the last round, with what their matters say; how many signals are new."""
    return signals.look(circumstances=circumstances)


def circumstances(matter_ids: Collection[UUID]) -> dict[UUID, Circumstances]:
    """When matters were received and where they are; for the worker's comparison only."""
    rows = Matter.objects.filter(id__in=matter_ids).values_list("id", "received_at", "lon", "lat")
    return {
        key: Circumstances(at, (lon, lat) if lon is not None and lat is not None else None)
        for key, at, lon, lat in rows
    }


def may_see(actor: Actor, seen: Reading) -> bool:
    """Checkers, supervisors, leaders and auditors of the place; never the unit that the photo would accuse."""
    if not access.may(actor, "signals.view").allowed or not access.sees(actor, seen.subject).known:
        return False
    return not took_part(actor, seen, ("person", "unit"))


def judge(actor: Actor, *, matter_id: UUID, signal_id: UUID, outcome: str, reason: str, act_id: UUID) -> Done:
    """Keep the outcome of a look: `real` or `false_alarm`, with the reason in words.

    Idempotent by act_id as every act. Raises Refused: not_found, forbidden, own_work, missing, no_such_signal (409).
    """
    from civicloop.matters import actions

    with transaction.atomic():
        data = {"signal": str(signal_id), "reason": reason}
        done = actions.act(actor, Act(matter_id, ACTION, act_id, outcome, data), kept={"judged": True})
        if done.status == 201:
            signal = Signal.objects.get(pk=(matter_id, signal_id))
            state = SignalState(outcome)
            if not signals.settle(signal=signal, state=state, account_id=actor.account_id, post_id=actor.post_id):
                raise Refused("no_such_signal", 409, _("Somebody else has looked at this already."))
    return done


def plan(actor: Actor, wanted: Act, seen: Reading) -> Plan:
    """The entry of a judged signal; it moves nothing."""
    if not access.may(actor, "signals.judge").allowed:
        raise errors.forbidden()
    if took_part(actor, seen, ("person", "unit")):
        raise errors.forbidden("own_work")
    reason = wanted.data.get("reason")
    if not isinstance(reason, str) or not reason.strip() or len(reason) > LONGEST:
        words = _("Say in at most %(most)s characters what you saw.")
        raise invalid("reason", "missing", words % {"most": LONGEST})
    if wanted.result not in {SignalState.REAL, SignalState.FALSE_ALARM}:
        raise invalid("outcome", "not_offered", _("Choose what you found."))
    try:
        signal = Signal.objects.get(pk=(seen.id, UUID(str(wanted.data.get("signal")))))
    except (Signal.DoesNotExist, ValueError):
        raise Refused("no_such_signal", 409, _("There is no such signal.")) from None
    if signal.state != SignalState.OPEN:
        raise Refused("no_such_signal", 409, _("Somebody else has looked at this already."))
    draft = timeline.Draft(
        plain={"signal": signal.id, "rule": signal.rule, "evidence": signal.evidence_id},
        texts={"reason": reason.strip()},
    )
    return Plan(ACTION, wanted.result, draft, Rows())


def of_matter(actor: Actor, matter_id: UUID) -> list[Signal]:
    """The signals of a matter for somebody who may see them; none for everybody else."""
    seen = reading.read(matter_id)
    if seen is None or not may_see(actor, seen):
        return []
    return signals.of_matters([matter_id])[matter_id]
