"""Every name that a declaration uses is declared in it."""

from collections.abc import Callable
from typing import Any

from civicloop.procedures.rules import language as la
from civicloop.procedures.rules.conditions import Condition
from civicloop.procedures.rules.tables import Fault

OF = frozenset({"area", "platform", "task"})


def unknown_names(p: la.Procedure) -> list[Fault]:
    """Every reference to something that is not declared."""
    faults: list[Fault] = []
    who = {*p.holders, *p.outside}

    def known(names: Any, declared: Any, where: str, kind: str) -> None:
        for name in (names,) if isinstance(names, str) else names or ():
            if name not in declared:
                faults.append(Fault(f"unknown_{kind}", where, name))

    def condition(found: Condition | None, where: str) -> None:
        if found is None:
            return
        tables = {"fact": p.facts, "overdue": p.clocks, "has": p.needs}
        for kind, name in found.atoms():
            if kind != "guard":
                known(name, tables[kind], where, {"overdue": "clock", "has": "need"}.get(kind, kind))
        for fact, value in found.equals():
            if fact in p.facts and value not in p.facts[fact].values:
                faults.append(Fault("unknown_value", where, str(value)))

    known(p.start, p.steps, "start", "step")
    if p.closes_at is not None:
        known(p.closes_at, [s.code for s in p.seats.values() if s.kind == "level"], "closes_at", "seat")
    for h in p.holders.values():
        known(h.of, OF | set(p.seats), f"holder.{h.code}.of", "seat")
    for c in p.clocks.values():
        for limit in c.limits:
            condition(limit.when, f"clock.{c.code}")
            known(limit.until, p.needs, f"clock.{c.code}.until", "need")
    for b in p.bounds.values():
        known(b.then, p.steps, f"bound.{b.code}.then", "step")
    for a in p.approvals.values():
        for level in a.levels:
            known(level.by, who, f"approval.{a.code}.levels", "holder")
    for hold in p.holds.values():
        known(hold.pauses, p.clocks, f"hold.{hold.code}.pauses", "clock")
        known(hold.until, p.needs, f"hold.{hold.code}.until", "need")
    for t in p.tasks.values():
        known(t.each, who, f"tasks.{t.code}.each", "holder")
        known(t.among, p.needs, f"tasks.{t.code}.among", "need")
        known(t.clock, p.clocks, f"tasks.{t.code}.clock", "clock")
        known(t.needs, p.needs, f"tasks.{t.code}.needs", "need")
        known(t.rated_by, p.holders, f"tasks.{t.code}.rated_by", "holder")
        known(t.silence, t.answers, f"tasks.{t.code}.silence", "value")
    for s in p.steps.values():
        known(s.holders, who, f"step.{s.code}.holder", "holder")
        known((*((s.clock,) if s.clock else ()), *s.also), p.clocks, f"step.{s.code}.clock", "clock")
    for d in p.documents.values():
        known(d.to, who, f"document.{d.code}.to", "holder")
    known(tuple(sorted(p.by_delegation)), {h.post for h in p.holders.values()}, "by_delegation", "value")
    for action in p.actions.values():
        for m in action.moves:
            _move_names(p, m, known)
            condition(m.when, f"action.{m.declared}.when")
    return faults


def _move_names(p: la.Procedure, m: la.Move, known: Callable[[Any, Any, str, str], None]) -> None:
    where = f"action.{m.declared}"
    who = {*p.holders, *p.outside, la.SYSTEM, la.LADDER, *(f"clock:{code}" for code in p.clocks)}
    for names, declared, key, kind in (
        (m.from_, p.steps, "from", "step"),
        (m.to, p.steps, "to", "step"),
        (m.by, who, "by", "holder"),
        (m.needs, p.needs, "needs", "need"),
        (m.during, p.holds, "during", "hold"),
        (m.approval, p.approvals, "approval", "approval"),
        (m.counts, p.bounds, "counts", "bound"),
        (m.adjudicates, p.bounds, "adjudicates", "bound"),
        (m.starts, p.clocks, "starts", "clock"),
        (m.starts_at, m.needs, "starts_at", "need"),
        (m.stops, p.clocks, "stops", "clock"),
        (m.revives, p.clocks, "revives", "clock"),
        (m.relimits, p.clocks, "relimits", "clock"),
        (m.extends, p.clocks, "extends", "clock"),
        (None if m.extend_by == "original" else m.extend_by, p.needs, "extend_by", "need"),
        (m.holds, p.holds, "holds", "hold"),
        (m.lifts, p.holds, "lifts", "hold"),
        (m.exempts, p.clocks, "exempts", "clock"),
        (m.assigns, [s.code for s in p.seats.values() if s.kind not in la.SEATED_BY_ITSELF], "assigns", "seat"),
        (m.raises, [s.code for s in p.seats.values() if s.kind == "level"], "raises", "seat"),
        (m.opens, p.tasks, "opens", "tasks"),
        (m.cancels, p.tasks, "cancels", "tasks"),
        (tuple(m.joins), p.tasks, "joins", "tasks"),
        (tuple(m.joins.values()), {"answered", "pass", "fail"}, "joins", "value"),
        (m.sample, p.samples, "sample", "sample"),
        (m.apart, {"person", "post", "unit"}, "apart", "value"),
        (m.prints, p.documents, "prints", "document"),
        (m.undoes, p.actions, "undoes", "action"),
    ):
        known(names, declared, f"{where}.{key}", kind)
