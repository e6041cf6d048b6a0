"""Every write of the loop: report and act. One statement each, one timeline entry each, idempotent by the client's ids.

`report` and `act` raise errors.Refused with nothing written. Acts of the system (clocks, draws, parts that come to an
end) go through the same `act`; `followups` does what an act leads to by itself, and may be run again at any time.
"""

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

from django.db import OperationalError, transaction
from django.utils.translation import gettext as _
from psycopg.errors import DeadlockDetected

from civicloop.foundation import clock
from civicloop.foundation.canonical import fingerprint
from civicloop.matters import (
    approvals,
    arrivals,
    clusters,
    complaining,
    complaints,
    counting,
    doubts,
    engine_acts,
    erasure,
    errors,
    moving,
    needs,
    own_data,
    publishing,
    reading,
    rewriting,
    signals,
    urging,
    watching,
)
from civicloop.matters.approvals import ask
from civicloop.matters.errors import Refused
from civicloop.matters.intake import check_code, check_code_hash, kind_of, report
from civicloop.matters.permission import acting, given_for, may_act, took_part
from civicloop.matters.plans import Plan, effect
from civicloop.matters.reading import Reading
from civicloop.matters.uploads import add_evidence, may_add, take_upload
from civicloop.matters.values import Act, Done, Foreseen, NewMatter, Reported, caller_of
from civicloop.matters.writing import write
from civicloop.people import access
from civicloop.people.access import Actor
from civicloop.procedures.rules import run
from civicloop.procedures.rules.language import Move, Procedure
from civicloop.procedures.rules.run import RunState

__all__ = [
    "Act", "Done", "Foreseen", "NewMatter", "Reported", "act", "add_evidence", "caller_of", "check_code",
    "check_code_hash", "foresee", "given_for", "kind_of", "may_act", "may_add", "report", "take_upload", "took_part",
]  # fmt: skip

_ENGINE = {
    "note": engine_acts.note,
    "decide": approvals.decide,
    "answer_part": engine_acts.answer_part,
    arrivals.ACTION: arrivals.rate,
    "end_hold": engine_acts.end_hold,
    "recount": engine_acts.recount,
    signals.ACTION: signals.plan,
    doubts.ACTION: doubts.plan,
    publishing.ACTION: publishing.plan,
    complaining.ACTION: complaining.plan,
    urging.ACTION: urging.plan,
    rewriting.WRITE: rewriting.write,
    rewriting.RELEASE: rewriting.release_plan,
    erasure.ACTION: erasure.plan,
    own_data.ACTION: own_data.plan,
    moving.ACTION: moving.plan,
    clusters.JOIN: clusters.join,
    clusters.TAKE_OUT: clusters.take_out,
    clusters.GATHER: clusters.gather,
    clusters.FOLLOW: clusters.follow,
    clusters.COME_BACK: clusters.come_back,
    watching.ACTION: watching.plan,
}
# only with what goes with them: see matters.signals, .publishing, .rewriting, .erasure, .own_data, .merging
INSIDE = frozenset(
    {
        signals.ACTION,
        doubts.ACTION,
        publishing.ACTION,
        rewriting.RELEASE,
        erasure.ACTION,
        own_data.ACTION,
        clusters.TAKE_OUT,
    }
)


def act(actor: Actor, wanted: Act, *, follow: bool = True, kept: Mapping[str, Any] | None = None) -> Done:
    """Do one act: read once, ask access, ask the procedure, check the data, write in one statement.

    `follow` also does what the act leads to by itself; `kept` are facts of a system act that its entry keeps.

    The same act_id with the same content answers what it answered first. Raises Refused: not_found (404), stale (412),
    id_reused, out_of_step, bound_used_up … (409), forbidden, own_work (403), and 422 for data.
    """
    request = fingerprint(
        {"matter": wanted.matter_id, "action": wanted.action, "result": wanted.result, "data": dict(wanted.data),
         "caller": caller_of(actor)}
    )  # fmt: skip
    if needs.holds_zero_byte(wanted.data):
        raise errors.invalid("data", "not_text", _("This text holds a character that cannot be kept."))
    for locked in (False, True):
        with transaction.atomic() if locked else nullcontext():
            seen = reading.read(wanted.matter_id, wanted.act_id, lock=locked)
            if locked and seen is not None and seen.seq_now != seen.row["seq"]:
                # a lock does not refresh the rows joined to it: read anew, holding it
                seen = reading.read(wanted.matter_id, wanted.act_id, lock=True)
            try:
                done = _once(actor, wanted, request, seen, kept or {})
            except OperationalError as reason:
                if locked or not isinstance(reason.__cause__, DeadlockDetected):
                    raise
                done = None  # a sweeper held two of the matter's clocks in another order: once more, with the lock
            except Refused as reason:
                if locked or reason.status != 409 or not done_meanwhile(wanted, seen):
                    raise
                done = None  # once more, to answer what it answered first
        if done is not None:
            if follow and done.status == 201 and done.leads_on:
                from civicloop.matters import followups

                followups.after_act(wanted.matter_id)
            return done
    raise RuntimeError("an act lost a race while it held the lock")


def done_meanwhile(wanted: Act, seen: Reading | None) -> bool:
    """Whether the same act was done after `seen` was read: what refuses it now may be its own outcome.

    A plan reads rows beside the matter's (a photo's decision, a signal), which may be newer than the matter's.
    """
    if seen is None or seen.done is not None:
        return False
    now = reading.read(wanted.matter_id, wanted.act_id)
    return now is not None and now.done is not None


def _once(actor: Actor, wanted: Act, request: bytes, seen: Reading | None, kept: Mapping[str, Any]) -> Done | None:
    """One try; None when somebody else was quicker."""
    if seen is None or not access.sees(actor, seen.subject).known:
        raise errors.not_found()
    if actor.scopes is not None and not actor.scopes & {"all", wanted.action}:
        raise errors.forbidden("scope_missing")
    if seen.done is not None:
        seq, before, step, version, action, result = seen.done
        if before != request:
            raise errors.other_content()
        return Done(200, seen.id, seq, step, version, wanted.action, result, action.startswith("request:"))
    actor, plan = _planned(actor, wanted, seen, kept)
    plan.draft.plain.update(kept)
    if counting.ORDERED in kept:
        plan.flags = [*plan.flags, counting.SUPERVISED]
    return write(actor, wanted, request, seen, plan)


def _planned(actor: Actor, wanted: Act, seen: Reading, kept: Mapping[str, Any]) -> tuple[Actor, Plan]:
    """What the act would write, and the sender in the role that allows it. Raises Refused."""
    expected = wanted.expected_step_version
    if expected is not None and expected != seen.row["step_version"]:
        raise errors.stale(seen.row["step_version"])
    if wanted.action in INSIDE and not kept:
        raise errors.refused_by_procedure("unknown_action", wanted.action)
    clusters.guard(wanted, seen)
    if wanted.action in _ENGINE:
        return actor, _ENGINE[wanted.action](actor, wanted, seen)
    return _declared(actor, wanted, seen)


def foresee(actor: Actor, wanted: Act) -> Foreseen:
    """What the act would do now, by the very rules of `act`; writes nothing. Raises what `act` would raise."""
    if needs.holds_zero_byte(wanted.data):
        raise errors.invalid("data", "not_text", _("This text holds a character that cannot be kept."))
    seen = reading.read(wanted.matter_id, wanted.act_id)
    if seen is None or not access.sees(actor, seen.subject).known:
        raise errors.not_found()
    if actor.scopes is not None and not actor.scopes & {"all", wanted.action}:
        raise errors.forbidden("scope_missing")
    _actor, plan = _planned(actor, wanted, seen, {})
    if plan.effects is None:
        return Foreseen(seen.row["step"], seen.row["unit_id"], plan.requested)
    seats = plan.seats if plan.seats is not None else seen.row["seats"]
    where = complaints.desk(seen, seen.procedure.steps[plan.effects.step_to], seats)
    return Foreseen(plan.effects.step_to, where.unit_id, plan.requested)


def _declared(sender: Actor, wanted: Act, seen: Reading) -> tuple[Actor, Plan]:
    """The plan of an action that the procedure declares, and the sender in the role that allows it."""
    now = clock.now()
    procedure, state = seen.procedure, seen.state
    given = given_for(seen, sender, wanted.data, now)
    move = move_of(procedure, state, wanted)
    by = procedure.holders_of(move, state.step)
    reason = run.refusal(procedure, state, move, given)
    if reason is not None:
        raise errors.refused_by_procedure(reason.code, reason.about)
    actor = acting(sender, seen, by)
    if actor is None:
        raise errors.forbidden("no_delegation" if access.only_looks(sender, seen.subject) else "forbidden")
    if move.check and took_part(actor, seen, run.separation(move)):
        raise errors.forbidden("own_work")
    supplied = needs.take(procedure, move.needs, wanted.data, actor=actor, reading=seen)
    if move.approval and actor.kind != "system":
        return actor, ask(actor, wanted, seen, move, supplied, now)
    return actor, effect(
        actor,
        wanted,
        seen,
        run.transition(procedure, state, move, diverted=run.diverts(procedure, state, move)),
        supplied,
        now,
        given,
    )


def move_of(procedure: Procedure, state: RunState, wanted: Act) -> Move:
    """The move that a code means at this step (one API code may stand for several declared moves)."""
    fitting = [m for m in run.candidates(procedure, state) if m.action == wanted.action]
    chosen = next((m for m in fitting if m.result == wanted.result), None)
    if chosen is not None:
        return chosen
    if fitting and wanted.result is None and len(fitting) == 1:
        return fitting[0]
    if wanted.action not in procedure.actions:
        raise errors.refused_by_procedure("unknown_action", wanted.action)
    if fitting:
        raise errors.refused_by_procedure("unknown_result", wanted.result or "")
    raise errors.refused_by_procedure("out_of_step", state.step)
