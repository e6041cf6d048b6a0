"""Acts that every procedure has and none declares: a note, the answer to a part, the end of a pause."""

from django.utils.translation import gettext as _

from civicloop.foundation import clock
from civicloop.matters import arrivals, clockwork, engine, errors, needs, timeline
from civicloop.matters.clockwork import Clocks
from civicloop.matters.errors import Refused, invalid
from civicloop.matters.plans import Plan, effect
from civicloop.matters.reading import Reading
from civicloop.matters.rows import Rows
from civicloop.matters.values import Act
from civicloop.people import access
from civicloop.people.access import Actor
from civicloop.procedures.rules import run
from civicloop.procedures.rules.conditions import Given


def note(actor: Actor, wanted: Act, seen: Reading) -> Plan:
    """A remark of somebody on the staff who may see the matter; it moves nothing."""
    if actor.kind != "staff":
        raise errors.forbidden()
    if access.only_looks(actor, seen.subject):
        raise errors.forbidden("no_delegation")
    text = wanted.data.get("note")
    if not isinstance(text, str) or not text.strip() or len(text) > 2000:
        raise invalid("note", "missing", _("Write a note of at most 2,000 characters."))
    return Plan("note", None, timeline.Draft(texts={"note": text}), Rows())


def answer_part(actor: Actor, wanted: Act, seen: Reading) -> Plan:
    """Answer an open part: {"task": no, "answer": code, "note": text}, by the unit that it was given to.

    Where the part is an arrival, {"place": {"lon", "lat", "crs"}} may say where.
    """
    now, procedure = clock.now(), seen.procedure
    task = next((t for t in seen.tasks if t["no"] == wanted.data.get("task") and t["state"] == "open"), None)
    if task is None or task["lead"]:
        raise Refused("no_such_task", 409, _("This part is not open any more."))
    declared = procedure.tasks[task["group"]]
    answer = wanted.data.get("answer")
    if not isinstance(answer, str) or answer not in declared.answers:
        words = _("The answer must be one of: %(answers)s")
        raise invalid("answer", "not_offered", words % {"answers": ", ".join(declared.answers)})
    if actor.kind == "staff" and (task["unit_id"] is None or actor.unit_id != task["unit_id"]):
        raise errors.forbidden()
    rows, tasks = Rows(), [dict(each) for each in seen.tasks]
    clocks = Clocks(procedure, [dict(row) for row in seen.clocks], now, {}, {}, Given(), None, None, rows)
    mine = next(each for each in tasks if each["no"] == task["no"])
    engine.close_tasks(rows, tasks, clocks, [mine], "answered", answer)
    members = [each for each in tasks if each["group"] == task["group"] and each["state"] != "cancelled"]
    outcome = run.group_result(declared, [m["answer"] if m["state"] == "answered" else None for m in members])
    text = str(wanted.data.get("note") or "")[:4000]
    draft = timeline.Draft(plain={"task": task["no"], "answer": answer}, texts={"note": text} if text else {})
    if declared.arrives and declared.answers[answer] == "pass":
        arrivals.place(draft, seen, wanted.data.get("place"))
    plan = Plan("answer_part", answer, draft, rows, tasks=tasks, clocks=clocks, worked=declared.work)
    if outcome != "open":
        plan.state = run.settle(procedure, seen.state, task["group"], outcome).state
    return plan


def end_hold(actor: Actor, wanted: Act, seen: Reading) -> Plan:
    """A pause has come to its end by itself; only the system does this."""
    if actor.kind != "system":
        raise errors.forbidden()
    now = clock.now()
    if seen.row["hold_until"] is None or seen.row["hold_until"] > now:
        raise errors.refused_by_procedure("not_due", "hold")
    effects = run.end_hold(seen.procedure, seen.state)
    return effect(actor, wanted, seen, effects, needs.Supplied(), now, Given())


def recount(actor: Actor, wanted: Act, seen: Reading) -> Plan:
    """Count provisional clocks again, since a calendar has been published; only the system does this."""
    if actor.kind != "system":
        raise errors.forbidden()
    rows = Rows()
    clocks = Clocks(
        seen.procedure, [dict(row) for row in seen.clocks], clock.now(), {}, {}, Given(), None, None, rows
    )  # fmt: skip
    told = []
    for before, row in zip(seen.clocks, clocks.rows, strict=True):
        if clocks.recount(row):
            told.append(
                {"clock": row["name"], "no": row["no"], "calendar": row["calendar"],
                 "version": row["calendar_version"], "due_before": clockwork.iso(before["due_at"]),
                 "due": clockwork.iso(row["due_at"]), "provisional": row["provisional"]}
            )  # fmt: skip
    if not told:
        raise errors.refused_by_procedure("not_due", "recount")
    return Plan("recount", None, timeline.Draft(plain={"recounted": told}), rows, clocks=clocks)
