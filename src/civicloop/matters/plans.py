"""What an act will write: the effects of a procedure turned into rows, before anything is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from civicloop.catalogue import selectors as catalogue
from civicloop.matters import complaints, engine, needs, owners, superiors, timeline
from civicloop.matters.clockwork import Clocks
from civicloop.matters.reading import Reading
from civicloop.matters.rows import Rows
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
    answers: Mapping[str, str] | None = None  # None: as they were
    areas: Mapping[str, int] | None = None  # None: as they were; else with `area_version`, and `where` it lies now
    area_version: int | None = None
    where: engine.Desk | None = None
    cluster: tuple[UUID | None, datetime | None] | None = None  # (lead, since when); None: as it was
    component_id: int | None = None
    flags: Sequence[str] = ()  # what the act makes of the matter for good, beside what its effects say


def effect(
    actor: Actor,
    wanted: Act,
    seen: Reading,
    effects: Effects,
    supplied: needs.Supplied,
    now: datetime,
    given: Given,
    asked_at: datetime | None = None,
) -> Plan:
    """Turn the effects of an act into rows; `asked_at` is when an approved act was asked for."""
    procedure, rows = seen.procedure, Rows()
    kind_id, class_code, condition_id = seen.row["kind_id"], seen.row["class_code"], seen.row["condition_id"]
    for name, value in supplied.plain.items():
        if procedure.needs[name].kind == "filing_condition":
            condition = catalogue.condition(value)
            kind = catalogue.kind(condition.kind_id)
            kind_id, class_code, condition_id = kind.id, kind.class_code, condition.id
    given_answers = owners.answers_of(wanted.data.get(owners.ANSWERS, {}))
    answers = {**seen.row["answers"], **given_answers}
    component_id = owners.component_after(seen, wanted.data)
    case = cache(
        lambda: owners.case_of(
            seen, now, kind_id=kind_id, condition_id=condition_id, answers=answers, component_id=component_id
        )
    )  # asked for only where a unit is named
    seats, filled = engine.seat_values(
        procedure, effects, seen.row["seats"], wanted.data, case=case, account_id=actor.account_id
    )
    seats, filled = complaints.reseat(seen, effects, wanted.data, seats, filled)
    seats, filled = superiors.seat(seen, effects, seats, filled)
    leading = {seats[name] for name in effects.assigns if procedure.seats[name].kind == "unit"}
    if leading and not effects.emergency:  # in an emergency somebody acts first and papers are read afterwards
        owners.guard(case(), leading)
    tasks = [dict(task) for task in seen.tasks]
    clocks = Clocks(
        procedure, [dict(row) for row in seen.clocks], now, {**supplied.plain, **supplied.texts},
        dict(effects.state.facts), given, kind_id, condition_id, rows, seen.areas,
        lambda: complaints.desk(seen, procedure.steps[effects.step_to], seats).unit_id,
        seen.row["unit_id"], seen.row["condition_id"] is not None,
        effects.hold_set or "", asked_at,
    )  # fmt: skip
    for change in effects.clocks:
        clocks.perform(change)
    for group in effects.cancels:
        cancelled = [task for task in tasks if task["group"] == group and task["state"] == "open"]
        engine.close_tasks(rows, tasks, clocks, cancelled, "cancelled", "")
    if effects.opens:
        engine.open_group(procedure, effects.opens, supplied.plain, rows, tasks, clocks)
    draft = timeline.Draft(plain={**supplied.plain, **{f"seat:{name}": value for name, value in filled.items()}})
    if given_answers:
        draft.plain[owners.ANSWERS] = given_answers
    if component_id != seen.row["component_id"]:
        draft.plain[owners.COMPONENT] = str(wanted.data[owners.COMPONENT])
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
        oral_at=_oral(procedure, effects, supplied), answers=answers, component_id=component_id,
    )  # fmt: skip


def _oral(procedure: Procedure, effects: Effects, supplied: needs.Supplied) -> str | None:
    """The moment of an oral order, kept beside the moment of its record."""
    if not effects.emergency:
        return None
    return next((v for n, v in supplied.plain.items() if procedure.needs[n].kind == "moment"), None)
