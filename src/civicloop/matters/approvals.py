"""Approvals: a request beside the matter, its levels, and the effect at the last yes."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from civicloop.calendars.rules import clocks as arithmetic
from civicloop.calendars.rules.limits import Limit
from civicloop.foundation import clock
from civicloop.matters import errors, needs, timeline, working
from civicloop.matters.errors import Refused, invalid
from civicloop.matters.permission import given_for, may_act
from civicloop.matters.plans import Plan, effect
from civicloop.matters.reading import Reading
from civicloop.matters.rows import Rows
from civicloop.matters.values import Act
from civicloop.people.access import Actor
from civicloop.procedures.rules import run
from civicloop.procedures.rules.language import Move, Procedure
from civicloop.procedures.rules.run import RunState


def ask(actor: Actor, wanted: Act, seen: Reading, move: Move, supplied: needs.Supplied, now: datetime) -> Plan:
    """Write a request beside the matter; nothing moves until the last level has agreed."""
    procedure = seen.procedure
    open_already = [r for r in seen.requests if r["state"] == "open" and r["action"] == move.action]
    if open_already:
        raise Refused("request_open", 409, _("This has been asked already and waits for an answer."))
    approval = procedure.approvals[move.approval or ""]
    held = [code for level in approval.levels for code in level.by if may_act(actor, seen, (code,))]
    levels = run.approval_levels(procedure, approval.code, held)
    if move.holds:
        hold = procedure.holds[move.holds]  # a day too far is refused to whoever asks, not to whoever approves
        working.hold_end(hold, supplied.plain.get(hold.until or ""), seen.row["unit_id"], seen.areas, now)
    calendar = working.calendar_for(seen.row["unit_id"], seen.areas, now)
    rows = Rows()
    rows.requests_new.append(
        {
            "no": len(seen.requests) + 1, "action": move.action, "result": move.result or "",
            "level": approval.levels.index(levels[0]), "desk_roles": _roles(procedure, levels[0].by),
            "asked_by": actor.account_id, "asked_role": actor.role,
            "due_at": arithmetic.due(calendar, now, Limit.parse(approval.within)).moment,
            "data": {"data": _without_sealed(wanted, supplied),
                     "levels": [approval.levels.index(level) for level in levels]},
        }
    )  # fmt: skip
    asked = rows.requests_new[0]
    rows.tell("approval_asked", action=move.action, roles=asked["desk_roles"], due=asked["due_at"])
    draft = timeline.Draft(plain=dict(supplied.plain), texts={**supplied.texts, **supplied.sealed})
    return Plan(f"request:{move.action}", move.result, draft, rows, sealed=supplied.sealed, requested=True)


def _without_sealed(wanted: Act, supplied: needs.Supplied) -> dict[str, Any]:
    """What a request keeps for its carrying out: of a sealed value only that it was there, or how many it named."""
    return {name: supplied.plain.get(name, True) if name in supplied.sealed else value
            for name, value in wanted.data.items()}  # fmt: skip


def _roles(procedure: Procedure, by: tuple[str, ...]) -> list[str]:
    return [procedure.holders[code].post if code in procedure.holders else code for code in by]


def decide(actor: Actor, wanted: Act, seen: Reading) -> Plan:
    """Answer a request: {"request": no, "yes": bool, "reason": text}. The effect comes with the last yes."""
    now, procedure = clock.now(), seen.procedure
    number, yes = wanted.data.get("request"), wanted.data.get("yes")
    reason = str(wanted.data.get("reason") or "")
    asked = next((r for r in seen.requests if r["no"] == number and r["state"] == "open"), None)
    if asked is None:
        raise Refused("no_request", 409, _("This request is not open any more."))
    if not isinstance(yes, bool):
        raise invalid("yes", "missing", _("Say yes or no."))
    if not yes and not reason.strip():
        raise invalid("reason", "missing", _("A refusal needs a reason."))
    move = _asked_move(procedure, seen.state, asked)
    approval = procedure.approvals[(move.approval if move else None) or _approval_name(procedure, asked)]
    level = approval.levels[asked["level"]]
    if actor.kind != "system":
        if not may_act(actor, seen, level.by):
            raise errors.forbidden()
        if actor.account_id is not None and actor.account_id == asked["asked_by"]:
            raise errors.forbidden("own_request")
        if actor.account_id is not None and actor.account_id in asked["data"].get("agreed", ()):
            raise errors.forbidden("agreed_already")
    rows = Rows()
    draft = timeline.Draft(plain={"request": number, "yes": yes}, texts={"reason": reason} if reason else {})
    following = [index for index in asked["data"]["levels"] if index > asked["level"]]
    if not yes:
        answer_request(rows, asked, "refused")
        rows.tell("approval_refused", action=asked["action"], request=number)
        return Plan("decide", "no", draft, rows)
    if following and actor.kind != "system":
        after = approval.levels[following[0]]
        rows.requests_changed.append(
            {"no": number, "state": "open", "level": following[0], "desk_roles": _roles(procedure, after.by),
             "data": asked["data"] | {"agreed": [*asked["data"].get("agreed", ()), actor.account_id]}}
        )  # fmt: skip
        rows.tell("approval_asked", action=asked["action"], roles=_roles(procedure, after.by), due=asked["due_at"])
        return Plan("decide", "yes", draft, rows)
    return _carry_out(actor, wanted, seen, asked, move, draft, now)


def _asked_move(procedure: Procedure, state: RunState, asked: Mapping[str, Any]) -> Move | None:
    return next(
        (
            m
            for m in run.candidates(procedure, state)
            if m.action == asked["action"] and (m.result or "") == asked["result"]
        ),
        None,
    )


def _approval_name(procedure: Procedure, asked: Mapping[str, Any]) -> str:
    found = next((m.approval for m in procedure.actions[asked["action"]].moves if m.approval), None)
    return found or ""


def _carry_out(
    actor: Actor, wanted: Act, seen: Reading, asked: Mapping[str, Any], move: Move | None, draft: timeline.Draft,
    now: datetime,
) -> Plan:  # fmt: skip
    """The last yes: everything is tested again; if it does not hold any more, the request lapses with an entry."""
    procedure, state, data = seen.procedure, seen.state, asked["data"]["data"]
    given = given_for(seen, actor, data, now)
    if move is not None and move.extends:  # it was asked for in time: how long the answer took is not the unit's
        given = replace(given, overdue=given.overdue - {move.extends})
    if move is None or run.refusal(procedure, state, move, given) is not None:
        rows = Rows()
        answer_request(rows, asked, "lapsed")
        return Plan("decide", "lapsed", draft, rows)
    supplied = needs.Supplied()
    for code in move.needs:
        if procedure.needs[code].sealed and data.get(code) is True:  # sealed when it was asked for
            continue
        if procedure.needs[code].kind in {"text", "signature", "number"}:
            supplied.texts[code] = str(data.get(code, ""))
        elif code in data:
            supplied.plain[code] = data[code]
    effects = run.transition(procedure, state, move, diverted=run.diverts(procedure, state, move))
    inner = Act(seen.id, asked["action"], wanted.act_id, move.result, data)
    plan = effect(actor, inner, seen, effects, supplied, now, given, datetime.fromisoformat(asked["asked_at"]))
    plan.action, plan.result = "decide", "yes"
    plan.draft.plain |= draft.plain | {"carried_out": asked["action"]}
    plan.draft.texts = draft.texts
    plan.sealed = {}
    answer_request(plan.rows, asked, "approved")
    return plan


def answer_request(rows: Rows, asked: Mapping[str, Any], state: str) -> None:
    rows.requests_changed.append(
        {"no": asked["no"], "state": state, "level": asked["level"], "desk_roles": asked["desk_roles"], "data": {}}
    )
