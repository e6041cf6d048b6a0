"""What an act will write: the effects of a procedure turned into rows, before anything is written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from civicloop.catalogue import selectors as catalogue
from civicloop.matters import complaints, engine, needs, timeline
from civicloop.matters.engine import Clocks, Rows
from civicloop.matters.reading import Reading
from civicloop.matters.values import Act
from civicloop.people.access import Actor
from civicloop.procedures.rules.conditions import Given
from civicloop.procedures.rules.language import Procedure
from civicloop.procedures.rules.run import Effects, RunState


@dataclass
class Plan:
    """What an act will write: the effects (None when nothing moves), the entry's content, rows and changed values."""

    action: str
    result: str | None
    draft: timeline.Draft
    rows: Rows
    effects: Effects | None = None
    clocks: Clocks | None = None
    tasks: list[dict[str, Any]] = field(default_factory=list)
    seats: dict[str, Any] | None = None
    sealed: Mapping[str, str] = field(default_factory=dict)
    kind_id: int | None = None
    class_code: str = ""
    condition_id: int | None = None
    state: RunState | None = None
    worked: bool = False
    requested: bool = False
    oral_at: str | None = None
    complained_of: list[int] | None = None  # None: as it was
    confidentiality: int | None = None


def effect(
    actor: Actor, wanted: Act, seen: Reading, effects: Effects, supplied: needs.Supplied, now: datetime, given: Given
) -> Plan:
    """Turn the effects of an act into rows."""
    procedure, rows = seen.procedure, Rows()
    kind_id, class_code, condition_id = seen.row["kind_id"], seen.row["class_code"], seen.row["condition_id"]
    for name, value in supplied.plain.items():
        if procedure.needs[name].kind == "filing_condition":
            condition = catalogue.condition(value)
            kind = catalogue.kind(condition.kind_id)
            kind_id, class_code, condition_id = kind.id, kind.class_code, condition.id
    seats, filled = engine.seat_values(
        procedure, effects, seen.row["seats"], wanted.data, kind_id=kind_id, areas=seen.areas, now=now,
        account_id=actor.account_id,
    )  # fmt: skip
    seats, filled = complaints.reseat(seen, effects, wanted.data, seats, filled)
    tasks = [dict(task) for task in seen.tasks]
    clocks = Clocks(
        procedure, [dict(row) for row in seen.clocks], now, {**supplied.plain, **supplied.texts},
        dict(effects.state.facts), given, kind_id, condition_id, rows, seen.areas,
        lambda: complaints.desk(seen, procedure.steps[effects.step_to], seats).unit_id,
    )  # fmt: skip
    for change in effects.clocks:
        clocks.perform(change)
    for group in effects.cancels:
        cancelled = [task for task in tasks if task["group"] == group and task["state"] == "open"]
        engine.close_tasks(rows, tasks, clocks, cancelled, "cancelled", "")
    if effects.opens:
        engine.open_group(procedure, effects.opens, supplied.plain, rows, tasks, clocks)
    draft = timeline.Draft(plain={**supplied.plain, **{f"seat:{name}": value for name, value in filled.items()}})
    draft.texts.update(supplied.texts)
    draft.texts.update(supplied.sealed)
    for name in ("check", "counted", "drawn", "hold_set", "hold_lifted", "sample_failed"):
        if getattr(effects, name):
            draft.plain[f"effect:{name}"] = getattr(effects, name)
    if effects.diverted:
        draft.plain["effect:diverted"] = True
    return Plan(
        action=wanted.action, result=effects.result, draft=draft, rows=rows, effects=effects, clocks=clocks,
        tasks=tasks, seats=seats, sealed=supplied.sealed, kind_id=kind_id, class_code=class_code,
        condition_id=condition_id, state=effects.state, worked=effects.work,
        oral_at=_oral(procedure, effects, supplied),
    )  # fmt: skip


def _oral(procedure: Procedure, effects: Effects, supplied: needs.Supplied) -> str | None:
    """The moment of an oral order, kept beside the moment of its record."""
    if not effects.emergency:
        return None
    return next((v for n, v in supplied.plain.items() if procedure.needs[n].kind == "moment"), None)
