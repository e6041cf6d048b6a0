"""Writing a plan: one statement that hangs on the matter still being at the seq that was read."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from civicloop.foundation import clock, hot
from civicloop.matters import cells, complaints, engine, hooks, marking, sampling, sql, standings, timeline, working
from civicloop.matters.approvals import answer_request
from civicloop.matters.clockwork import Clocks
from civicloop.matters.engine import Desk
from civicloop.matters.personal import sealed_field
from civicloop.matters.plans import Plan
from civicloop.matters.reading import Reading
from civicloop.matters.values import Act, Done
from civicloop.people.access import LEVELS, Actor
from civicloop.procedures.rules.conditions import Given
from civicloop.procedures.rules.language import Procedure, Step
from civicloop.procedures.rules.run import Effects, RunState
from civicloop.records import sealing

PLACES = 1000  # sealed values that one entry may have; those of a report itself are numbered from 1


def who(actor: Actor) -> dict[str, Any]:
    return {"account": actor.account_id, "post": actor.post_id, "unit": actor.unit_id, "role": actor.role}


def remember_stand_in(actor: Actor, draft: timeline.Draft) -> None:
    """Of a stand-in the entry keeps both: whose post acted (its columns), and out of which own post (its data)."""
    if actor.stands_in_from is not None:
        draft.plain[timeline.STANDS_IN_FROM] = actor.stands_in_from


def entry_values(
    actor: Actor, entry: timeline.Sealed, now: datetime, action: str, result: str | None, act_id: UUID | None,
    request: bytes, step: str, step_version: int,
) -> dict[str, Any]:  # fmt: skip
    return {
        "action": action, "result": result or "", "act_id": act_id, "now": now, "account_id": actor.account_id,
        "post_id": actor.post_id, "actor_unit_id": actor.unit_id, "role": actor.role, "request": request,
        "body": entry.body, "hash": entry.hash, "texts": entry.texts, "step": step, "step_version": step_version,
    }  # fmt: skip


def desk_values(where: Desk) -> dict[str, Any]:
    return {
        "unit_id": where.unit_id,
        "desk_roles": where.roles,
        "desk_level": where.level,
        "desk_person_id": where.person_id,
    }


def due_of(step: Step, clocks: Clocks) -> datetime | None:
    """The next due moment of the clocks that run at a step; None while they stand still or where there are none."""
    rows = [clocks.current(name) for name in (step.clock, *step.also) if name]
    due = [row["due_at"] for row in rows if row and row["state"] == "running" and row["due_at"] is not None]
    return min((marking.moment_of(value) for value in due), default=None)


def sealed_number(seq: int, place: int) -> int:
    """The number of the sealed value at `place` of entry `seq`: never used again in this matter."""
    return PLACES * seq + place


def write(actor: Actor, wanted: Act, request: bytes, seen: Reading, plan: Plan) -> Done | None:
    """Write the plan; None when the matter has moved since it was read."""
    now, row, procedure, effects = clock.now(), seen.row, seen.procedure, plan.effects
    state = plan.state or seen.state
    step = procedure.steps[effects.step_to if effects else row["step"]]
    seats = plan.seats if plan.seats is not None else row["seats"]
    moved = effects is not None and effects.moved
    areas = seen.areas if plan.areas is None else plan.areas
    if plan.where is not None:
        where = plan.where
        engine.move_lead(plan.rows, plan.tasks, where.unit_id, ended=False)
    elif effects is None:
        where = Desk(row["unit_id"], row["desk_roles"], row["desk_level"], row["desk_person_id"])
    else:
        where = complaints.desk(seen, step, seats)
    desk_now = (where.unit_id, where.roles, where.level, where.person_id)
    desk_before = (row["unit_id"], row["desk_roles"], row["desk_level"], row["desk_person_id"])
    version = row["step_version"] + (1 if moved or desk_now != desk_before else 0)
    ended = bool(step.end)
    complaints.guard(seen, where, plan)
    if effects is not None:
        engine.move_lead(plan.rows, plan.tasks, where.unit_id, ended=ended)
        if ended and not row["end"]:
            for asked in (r for r in seen.requests if r["state"] == "open"):
                if not any(change["no"] == asked["no"] for change in plan.rows.requests_changed):
                    answer_request(plan.rows, asked, "lapsed")
        _count(plan, row, effects, where.unit_id, step.end or "")
        if moved or desk_now != desk_before:
            _tell_moved(plan, row, effects, where)
    sealed = [
        sealing.seal(seen.id, sealed_number(row["seq"] + 1, n), sealed_field(procedure, name), value).plain()
        for n, (name, value) in enumerate(sorted(plan.sealed.items()))
    ]
    for name in plan.sealed:
        plan.draft.texts.pop(name, None)
        plan.draft.plain[f"sealed:{name}"] = True
    plan.draft.plain["unit"] = where.unit_id
    lead_id, joined_at = _cluster(plan, row, ended=ended)
    waits = lead_id is not None and lead_id != seen.id and not ended
    if waits:  # the ladder of the case that it was joined to rings for it
        for changed in (*plan.rows.clocks_new, *plan.rows.clocks_changed.values()):
            changed["mark_at"] = None
    remember_stand_in(actor, plan.draft)
    confidentiality = row["confidentiality"] if plan.confidentiality is None else plan.confidentiality
    counts = standings.count(
        plan.draft, row["standing"],
        {"kind": plan.kind_id if effects else row["kind_id"], "channel": row["channel"], "stage": step.stage,
         "end": step.end or "", "hold": state.hold or "", "joined": lead_id not in {None, seen.id},
         "areas": [areas.get(level) for level in LEVELS[1:]],
         "visibility": standings.class_of(procedure, confidentiality)},
        plan.rows, [*standings.flags(effects, seen.state), *plan.flags], now, where.unit_id,
    )  # fmt: skip
    kept = timeline.salted(request)
    entry = timeline.seal(
        plan.draft, matter_id=seen.id, seq=row["seq"] + 1, at=now, action=plan.action, result=plan.result,
        who=who(actor), step=(row["step"], step.code), version=version, act_id=wanted.act_id, request=kept,
        previous=seen.last_hash,
    )  # fmt: skip
    clocks = plan.clocks or Clocks(
        procedure, [dict(c) for c in seen.clocks], now, {}, {}, Given(), None, None, plan.rows
    )
    handlers = row["handlers"]
    line = [actor.account_id, actor.post_id, actor.unit_id]
    if plan.worked and actor.kind == "staff" and line not in handlers:
        handlers = [*handlers, line]
    values = entry_values(actor, entry, now, plan.action, plan.result, wanted.act_id, kept, step.code, version)
    values |= plan.rows.parameters() | counts | desk_values(where) | {
        "id": seen.id, "seq": row["seq"], "next": row["seq"] + 1, "stage": step.stage, "end": step.end or "",
        "step_at": now if moved else row["step_at"], "seats": json.dumps(seats), "run": json.dumps(state.to_json()),
        "handlers": json.dumps(handlers),
        "kind_id": plan.kind_id if effects else row["kind_id"],
        "class_code": plan.class_code if effects else row["class_code"],
        "condition_id": plan.condition_id if effects else row["condition_id"],
        "oral_at": plan.oral_at or row["oral_at"], "emergency": row["emergency"] or plan.oral_at is not None,
        "due_at": None if ended or state.hold or waits else due_of(step, clocks),
        "lead_id": lead_id, "joined_at": joined_at,
        "hold_until": _hold_until(plan, row, state, procedure, now),
        "ended_at": (row["ended_at"] or now) if ended else None, "sealed": json.dumps(sealed),
        "complained_of": row["complained_of"] if plan.complained_of is None else plan.complained_of,
        "confidentiality": confidentiality,
        "answers": json.dumps(row["answers"] if plan.answers is None else plan.answers),
        "component_id": plan.component_id if effects else row["component_id"],
        "mark": 0 if ended else marking.colour(procedure, clocks.rows), "area_version": plan.area_version,
        **{f"{level}_id": areas.get(level) for level in LEVELS[1:]},
        **{f"{level}_before": seen.areas.get(level) for level in LEVELS[1:]},
    }  # fmt: skip
    values |= cells.of_act(row, values)
    written = hot.one(sql.act_with(values), values)
    if not written or written[0] != 1:
        return None
    if effects is not None and effects.sample_failed:
        sample = procedure.samples[effects.sample_failed]
        sampling.raise_share(procedure, sample, row["subdistrict_id"], now)
    leads_on = bool(
        (effects is not None and (effects.opens or (ended and row["parent_id"])))
        or (lead_id is not None and (plan.cluster is not None or ended != bool(row["end"])))
        or any("system" in move.by for move in procedure.moves_from.get(step.code, ()))
    )
    return Done(201, seen.id, row["seq"] + 1, step.code, version, wanted.action, plan.result or "", plan.requested,
                leads_on)  # fmt: skip


def _cluster(plan: Plan, row: Mapping[str, Any], *, ended: bool) -> tuple[UUID | None, datetime | None]:
    """The case that the matter is joined to after the act, and since when (matters.clusters).

    One that ends or goes on by an act of its own is alone again.
    """
    if plan.cluster is not None:
        return plan.cluster
    lead_id: UUID | None = row["lead_id"]
    if lead_id is not None and lead_id != row["id"] and ended != bool(row["end"]):
        return None, None
    return lead_id, row["joined_at"]


def _hold_until(
    plan: Plan, row: Mapping[str, Any], state: RunState, procedure: Procedure, now: datetime
) -> datetime | None:
    """When the present pause ends by itself: its chosen date, never later than the procedure allows."""
    if state.hold is None:
        return None
    if plan.effects is None or plan.effects.hold_set is None:
        kept: datetime | None = row["hold_until"]
        return kept
    hold = procedure.holds[state.hold]
    areas = {"district": row["district_id"]} if row["district_id"] is not None else {}
    chosen = plan.draft.plain.get(hold.until) if hold.until else None
    return working.hold_end(hold, chosen, row["unit_id"], areas, now)


def _count(plan: Plan, row: Mapping[str, Any], effects: Effects, unit_id: int, end: str) -> None:
    """The events of an act beside where it leaves the matter (counting); how clocks came out, clockwork says."""
    rows = plan.rows
    if effects.moved and end:
        rows.tell("ended", end=end)
    if effects.counted:
        rows.fact("counted", row["unit_id"], detail=effects.counted, former=True)
    for name, delta, detail in hooks.facts(row, effects):
        rows.fact(name, unit_id, delta, detail)


def _tell_moved(plan: Plan, row: Mapping[str, Any], effects: Effects, where: Desk) -> None:
    """Tell where the matter lies now, as it was then: whoever reads it later may find it elsewhere."""
    plan.rows.tell(
        "moved", step=effects.step_to, stage=effects.stage, stage_before=row["stage"], unit=where.unit_id,
        unit_before=row["unit_id"], roles=where.roles, person=where.person_id,
    )  # fmt: skip
