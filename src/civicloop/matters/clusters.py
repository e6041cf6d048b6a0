"""并案: many reports of the same, one lead case, one answer. The acts by which a report joins, leaves, ends with it.

None of them moves a step, a clock or a task of a report that is open: its clocks run on to the same due moments, only
their marks sleep, since the lead's ring. While it is joined nobody acts on it but its reporter. When the lead ends, the
report takes the same end with the same answer, and its own reporter is asked; taken out, it stands where it stood.
A lead names itself in `lead_id`; no lead is joined to another (matters.clustering looks after both).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from civicloop.foundation import chain, clock
from civicloop.matters import errors, reading, timeline
from civicloop.matters.clockwork import Clocks
from civicloop.matters.errors import Refused, invalid
from civicloop.matters.models import Entry, EntryText, Matter, NotAlike
from civicloop.matters.plans import Plan
from civicloop.matters.reading import Reading
from civicloop.matters.rows import Rows
from civicloop.matters.values import Act
from civicloop.people import access
from civicloop.people.access import Actor
from civicloop.people.choices import Role
from civicloop.procedures.rules import run
from civicloop.procedures.rules.conditions import Given
from civicloop.procedures.rules.language import Move, Procedure
from civicloop.procedures.rules.run import RunState

JOIN, TAKE_OUT, GATHER = "join", "take_out", "gather"
FOLLOW, COME_BACK = "follow", "come_back"
DUTY = "clusters.join"
REPORTER = "reporter"
LONGEST = 500
LOOKED_AT = 2000  # reports of one case whose pairs are remembered
HOWS = ("desk", "voice", "passed")  # by a clerk; by the reporter's own word; since the lead was withdrawn or void
# ends that are the lead's alone: its reporter took it back, or it was no report at all
NOT_SHARED = frozenset({"withdrawn", "void"})
# acts whose reason is written to the reporter: the answer of those who joined
ANSWERED_BY = ("explain", "decline", "transfer")
# what may be done to a report that is joined, beside what its reporter alone may end it by
FREE = frozenset({JOIN, TAKE_OUT, FOLLOW, COME_BACK, "note", "recount", "urge", "correct", "judge_signal",
                  "trust_report", "publish_photo", "move_area"})  # fmt: skip


def waits(row: Mapping[str, Any]) -> bool:
    """Whether a matter is joined to another and open: the lead's case goes on for it."""
    return row["lead_id"] is not None and row["lead_id"] != row["id"] and not row["end"]


def case_of(seen: Reading) -> Reading | None:
    """The open case in which a joined report is dealt with; None for one that stands alone. Asks nobody's leave: of it
    a reporter is told no more than of the own report."""
    return reading.read(seen.row["lead_id"]) if waits(seen.row) else None


def guard(wanted: Act, seen: Reading) -> None:
    """Refuse an act on a report that waits for its lead, unless it is one of those that stay possible."""
    if waits(seen.row) and wanted.action not in FREE and not _withdraws(seen, wanted.action):
        words = _("This report is joined to another case, where it is dealt with. Act there, or take it out first.")
        raise Refused("joined", 409, words)


def allows(seen: Reading, move: Move) -> bool:
    """Whether a declared move may be offered: all of them, or only the reporter's way out while it is joined."""
    return not waits(seen.row) or _ends_from_outside(seen.procedure, move)


def _withdraws(seen: Reading, action: str) -> bool:
    declared = seen.procedure.actions.get(action)
    return declared is not None and all(_ends_from_outside(seen.procedure, move) for move in declared.moves)


def _ends_from_outside(procedure: Procedure, move: Move) -> bool:
    outside = bool(move.by) and all(procedure.is_outside(who) for who in move.by)
    return outside and move.to is not None and procedure.steps[move.to].end is not None


def can_be_shared(procedure: Procedure) -> bool:
    """Whether reports by this procedure are about something that many may report: not the affair of one person."""
    return procedure.by_delegation == frozenset() and tuple(procedure.outside) == (REPORTER,)


def join(actor: Actor, wanted: Act, seen: Reading) -> Plan:
    """Join a report to a lead case: {"lead": id, "how"}. Also of one that is joined elsewhere, which leaves there.

    Raises Refused: forbidden, unknown_lead, and 409 with what stands in the way (see `obstacle`).
    """
    how = str(wanted.data.get("how") or HOWS[0])
    if how not in HOWS or (actor.kind != "system" and how != HOWS[0]):
        raise errors.forbidden()
    _permit(actor, seen)
    lead = _lead(actor, wanted.data.get("lead"))
    stands = obstacle(seen, lead, how=how)
    if stands is not None:
        raise stands
    rows = Rows()
    if not waits(seen.row):
        rows.fact("joined", seen.row["unit_id"], detail=how)
    clocks = _clocks(seen, rows)
    clocks.sleep()
    draft = timeline.Draft(plain={"lead": lead.id, "lead_number": lead.row["number"], "how": how})
    since = seen.row["joined_at"] if waits(seen.row) else clock.now()
    return Plan(JOIN, how, draft, rows, clocks=clocks, cluster=(lead.id, since))


def _permit(actor: Actor, seen: Reading) -> None:
    if actor.kind == "system":
        return
    if not access.may(actor, DUTY).allowed or not access.covers(actor, seen.subject):
        raise errors.forbidden()
    if access.only_looks(actor, seen.subject):
        raise errors.forbidden("no_delegation")


def _lead(actor: Actor, value: object) -> Reading:
    """The case to join; one that the actor may not know of is answered as one that is not there."""
    try:
        found = reading.read(UUID(str(value)))
    except ValueError:
        found = None
    if found is None or (actor.kind != "system" and not access.sees(actor, found.subject).known):
        raise invalid("lead", "unknown_lead", _("There is no such case to join."))
    return found


def obstacle(seen: Reading, lead: Reading, *, how: str = "desk") -> Refused | None:
    """Why a report cannot be joined to a case; None when it can."""
    row = seen.row
    passed = how == "passed" and lead.row["lead_id"] == row["lead_id"]
    found = {
        "same_matter": lead.id == seen.id,
        "ended": bool(row["end"]),
        "lead_ended": bool(lead.row["end"]),
        "lead_joined": waits(lead.row) and not passed,
        "joined_already": waits(row) and row["lead_id"] == lead.id,
        "confidential": any(each.row["confidentiality"] or each.row["complained_of"] for each in (seen, lead)),
        "not_shared": seen.procedure.code != lead.procedure.code
        or not can_be_shared(seen.procedure) or row["parent_id"] is not None,
        "paused": row["hold_until"] is not None or seen.state.hold is not None,
        "request_open": any(each["state"] == "open" for each in seen.requests),
        "parts_open": any(each["state"] == "open" and not each["lead"] for each in seen.tasks),
        "handled_already": seen.state.work != "none",
    }  # fmt: skip
    code = next((code for code, so in found.items() if so), None)
    if code is None and row["lead_id"] == seen.id and open_members(seen.id).exists():
        code = "leads"
    if code is None and kept_apart(seen.id, lead.id):
        code = "kept_apart"
    return None if code is None else Refused(code, 409, why_not(code))


def why_not(code: str) -> str:
    """What stands in the way of joining, in words."""
    return {
        "same_matter": _("A case cannot be joined to itself."),
        "ended": _("It has ended already."),
        "lead_ended": _("The case that it would be joined to has ended."),
        "lead_joined": _("That case is joined to another one itself; choose that one."),
        "joined_already": _("It is joined to this case already."),
        "confidential": _("Confidential matters and complaints about a unit are never joined."),
        "not_shared": _("This is the affair of one person or follows another procedure, so it stays by itself."),
        "paused": _("It is paused; it can be joined when it goes on."),
        "request_open": _("A request about it waits for an answer."),
        "parts_open": _("Other units still work on parts of it."),
        "handled_already": _("It has been handled already, so that is checked by itself."),
        "leads": _("Other reports are joined to it. They go first."),
        "kept_apart": _("Somebody has compared these two and found that they are not the same."),
        "forbidden": _("Your post may not do this here."),
        "not_found": _("There is no such matter, or you may not see it."),
    }.get(code, _("It could not be joined."))


def kept_apart(one: UUID, other: UUID) -> bool:
    """Whether somebody found the first one different from the case, or from a report that is joined to the case."""
    return other in apart_from(one)


def apart_from(matter_id: UUID) -> frozenset[UUID]:
    """What somebody found different from a matter or from one that is joined to it, with the cases of those."""
    mine = [matter_id, *Matter.objects.filter(lead_id=matter_id).values_list("id", flat=True)[:LOOKED_AT]]
    pairs = NotAlike.objects.filter(Q(first_id__in=mine) | Q(second_id__in=mine)).values_list("first_id", "second_id")
    found = {each for both in pairs for each in both} - set(mine)
    leads = Matter.objects.filter(id__in=found).exclude(lead_id=None).values_list("lead_id", flat=True)
    return frozenset(found | {each for each in leads if each is not None})


def open_members(lead_id: UUID) -> Any:
    """The open reports that are joined to a case, the oldest first."""
    return Matter.objects.filter(lead_id=lead_id, end="").exclude(id=lead_id).order_by("id")


def gather(actor: Actor, wanted: Act, seen: Reading) -> Plan:
    """The lead's own entry of what joined or left it: {"members": [numbers], "out": bool}; the platform's alone."""
    if actor.kind != "system":
        raise errors.forbidden()
    out = bool(wanted.data.get("out"))
    if waits(seen.row) and not out:
        raise Refused("lead_joined", 409, why_not("lead_joined"))
    members = [str(each) for each in wanted.data.get("members", ())]
    draft = timeline.Draft(plain={"members": members, "count": len(members)})
    cluster = None if out else (seen.id, seen.row["joined_at"] or clock.now())
    return Plan(GATHER, "out" if out else None, draft, Rows(), cluster=cluster)


def take_out(actor: Actor, wanted: Act, seen: Reading) -> Plan:
    """Take a report out again: {"reason": text}. It stands where it stood; also after it has ended with the lead.

    Its clocks have run on meanwhile: nobody gains time by joining. Of an ended one only a supervisor decides.
    """
    _permit(actor, seen)
    if seen.row["lead_id"] is None or seen.row["lead_id"] == seen.id:
        raise Refused("not_joined", 409, _("It is not joined to another case."))
    reason = reason_of(actor, wanted.data.get("reason"))
    if seen.row["end"] and actor.kind == "staff" and Role.SUPERVISOR not in actor.roles:
        raise errors.forbidden()
    texts = {"reason": reason} if reason else {}
    draft = timeline.Draft(plain={"lead": seen.row["lead_id"]}, texts=texts)
    if seen.row["end"] and (actor.kind == "staff" or _came_from(seen) is not None):
        plan = _return(seen, TAKE_OUT, draft)
    else:  # open, or ended where its procedure has no such step any more: then only the link goes
        plan = Plan(TAKE_OUT, None, draft, Rows())
    plan.clocks = plan.clocks or _clocks(seen, plan.rows)
    plan.clocks.wake()
    plan.rows.fact("joined", seen.row["unit_id"], -1)
    plan.cluster = (None, None)
    return plan


def reason_of(actor: Actor, given: object) -> str:
    """Why a report is taken out, as it was written. Raises Refused missing."""
    reason = str(given or "").strip()
    if len(reason) > LONGEST or (actor.kind == "staff" and not reason):
        raise invalid("reason", "missing", _("Say in at most %(most)s characters why.") % {"most": LONGEST})
    return reason


def come_back(actor: Actor, wanted: Act, seen: Reading) -> Plan:
    """The lead was opened again: the report stands where it stood and waits again. Only the platform does this."""
    if actor.kind != "system":
        raise errors.forbidden()
    if not seen.row["end"] or seen.row["lead_id"] in {None, seen.id}:
        raise Refused("not_joined", 409, _("It is not joined to another case."))
    plan = _return(seen, COME_BACK, timeline.Draft(plain={"lead": seen.row["lead_id"]}))
    plan.cluster = (seen.row["lead_id"], seen.row["joined_at"])
    return plan


def _return(seen: Reading, action: str, draft: timeline.Draft) -> Plan:
    """The plan by which an end that was the lead's is struck out: step, run and clocks are those of before."""
    found = _came_from(seen)
    if found is None:
        raise Refused("not_joined", 409, _("It did not end with another case."))
    before, stopped = found
    rows = Rows()
    clocks = _clocks(seen, rows)
    for row in clocks.rows:
        if row["no"] in stopped:
            clocks.strike_out(row)
    effects = run.returned(seen.procedure, seen.state, before, action)
    rows.fact("followed", seen.row["unit_id"], -1, seen.row["end"])
    return _moving(seen, action, draft, rows, clocks, effects)


def _came_from(seen: Reading) -> tuple[RunState, list[int]] | None:
    """Where it stood before it ended with its lead, and the clocks that stopped then; None where it did not."""
    rows = Entry.objects.filter(matter_id=seen.id, action=FOLLOW).order_by("-seq")
    body = rows.values_list("body", flat=True).first()
    found = chain.content(bytes(body)).get("data") if body is not None else None
    if not isinstance(found, dict):
        return None
    before = RunState.from_json(found["before"])
    return (before, list(found["clocks"])) if before.step in seen.procedure.steps else None


def follow(actor: Actor, wanted: Act, seen: Reading) -> Plan:
    """End as the lead has ended, with its answer. Only the platform does this. Raises Refused not_due, not_shared."""
    if actor.kind != "system":
        raise errors.forbidden()
    if not waits(seen.row):
        raise Refused("not_joined", 409, _("It is not joined to another case."))
    lead = reading.read(seen.row["lead_id"])
    if lead is None or not lead.row["end"]:
        raise errors.refused_by_procedure("not_due", FOLLOW)
    target = seen.procedure.steps.get(lead.row["step"])
    if target is None or target.end != lead.row["end"] or target.end in NOT_SHARED:
        raise Refused("not_shared", 409, _("The end of that case is not that of those who joined it."))
    rows = Rows()
    clocks = _clocks(seen, rows, lead)
    running = [row["no"] for row in clocks.rows if row["state"] == "running"]
    effects = run.carried(seen.procedure, seen.state, target.code, FOLLOW)
    for change in effects.clocks:
        clocks.perform(change)
    answer = answer_of(lead)
    draft = timeline.Draft(
        plain={"lead": lead.id, "lead_number": lead.row["number"], "lead_seq": lead.row["seq"], "clocks": running,
               "before": seen.state.to_json()},
        texts={"answer": answer} if answer else {},
    )  # fmt: skip
    rows.fact("followed", seen.row["unit_id"], detail=target.end or "")
    plan = _moving(seen, FOLLOW, draft, rows, clocks, effects)
    plan.cluster = (lead.id, seen.row["joined_at"])
    return plan


def answer_of(lead: Reading) -> str:
    """The reason that was written to the lead's reporter, where its end was one with a reason; "" for none."""
    actions = [*ANSWERED_BY, *(f"request:{each}" for each in ANSWERED_BY)]
    seq = Entry.objects.filter(matter_id=lead.id, action__in=actions).order_by("-seq").values_list("seq", flat=True)
    texts = EntryText.objects.filter(matter_id=lead.id, seq=seq.first() or 0, field="reason")
    solved = lead.row["end"] == "solved"
    return "" if solved else texts.values_list("value", flat=True).first() or ""


def _clocks(seen: Reading, rows: Rows, lead: Reading | None = None) -> Clocks:
    """The clocks of a report. Of one that ends with its lead the step's own stopped when it was joined, which was the
    desk's answer to it; those of the whole matter when they stopped in the lead's case."""
    elsewhere: dict[str, datetime] = {}
    for row in lead.clocks if lead is not None else ():
        declared = seen.procedure.clocks.get(row["name"])
        if row["task_no"] is None and row["stopped_at"] and declared is not None and declared.per != "step":
            elsewhere[row["name"]] = datetime.fromisoformat(row["stopped_at"])
    return Clocks(
        seen.procedure, [dict(row) for row in seen.clocks], clock.now(), {}, {}, Given(), None, None, rows,
        unit_before=seen.row["unit_id"], asked_at=seen.row["joined_at"] if lead is not None else None,
        elsewhere=elsewhere,
    )  # fmt: skip


def _moving(
    seen: Reading, action: str, draft: timeline.Draft, rows: Rows, clocks: Clocks, effects: run.Effects
) -> Plan:
    """A plan that moves the step and leaves kind, seats and answers as they are."""
    row = seen.row
    return Plan(
        action, None, draft, rows, effects=effects, clocks=clocks, tasks=[dict(task) for task in seen.tasks],
        kind_id=row["kind_id"], class_code=row["class_code"], condition_id=row["condition_id"], state=effects.state,
    )  # fmt: skip
