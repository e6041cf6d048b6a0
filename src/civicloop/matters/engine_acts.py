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
from civicloop.procedures.rules.language import Tasks


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

    With what the part needs, which may be the note itself (see `_supplied`). Where the part is an arrival,
    {"place": {"lon", "lat", "crs"}} may say where.
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
    if not _is_theirs(actor, seen, declared, task["unit_id"]):
        raise errors.forbidden()
    supplied = _supplied(actor, wanted, seen, declared, answer)
    rows, tasks = Rows(), [dict(each) for each in seen.tasks]
    clocks = Clocks(procedure, [dict(row) for row in seen.clocks], now, {}, {}, Given(), None, None, rows)
    mine = next(each for each in tasks if each["no"] == task["no"])
    engine.close_tasks(rows, tasks, clocks, [mine], "answered", answer)
    members = [each for each in tasks if each["group"] == task["group"] and each["state"] != "cancelled"]
    outcome = run.group_result(declared, [m["answer"] if m["state"] == "answered" else None for m in members])
    texts = {**supplied.texts, **supplied.sealed}
    if wanted.data.get("note"):
        texts.setdefault("note", str(wanted.data["note"])[:4000])
    draft = timeline.Draft(plain={**supplied.plain, "task": task["no"], "answer": answer}, texts=texts)
    if declared.arrives and declared.answers[answer] == "pass":
        arrivals.place(draft, seen, wanted.data.get("place"))
    plan = Plan("answer_part", answer, draft, rows, tasks=tasks, clocks=clocks, worked=declared.work,
                sealed=supplied.sealed)  # fmt: skip
    if outcome != "open":
        plan.state = run.settle(procedure, seen.state, task["group"], outcome).state
    return plan


def _is_theirs(actor: Actor, seen: Reading, declared: Tasks, unit_id: int | None) -> bool:
    """Whether a part is the actor's to answer: of the unit that it was given to, or of whoever outside is asked."""
    if actor.kind == "staff":
        return unit_id is not None and actor.unit_id == unit_id
    return actor.kind == "system" or (
        seen.procedure.is_outside(declared.each or "") and actor.relation == declared.each
    )


def _supplied(actor: Actor, wanted: Act, seen: Reading, declared: Tasks, answer: str) -> needs.Supplied:
    """What the answer of a person brings of the part's needs. Raises Refused with the field that is missing.

    A text is needed with every answer: what was done, or why it was not. Evidence and signatures go with one that
    passes, since nobody can show what was not done. Silence and the end of a sub-matter say nothing.
    """
    if actor.kind == "system":
        return needs.Supplied()
    passes = declared.answers[answer] == "pass"
    asked = tuple(code for code in declared.needs if passes or seen.procedure.needs[code].kind == "text")
    given = {code: value for code, value in wanted.data.items() if code in declared.needs}
    for code in asked:
        if isinstance(given.get(code), str):
            given[code] = given[code].strip()
    return needs.take(seen.procedure, asked, {code: given[code] for code in asked if code in given},
                      actor=actor, reading=seen)  # fmt: skip


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
