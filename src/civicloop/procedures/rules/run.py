"""The one transition function of a procedure, shared by the engine, the proof and the simulator.

    begun = start(procedure, facts)                      -> Effects: the first step and its clocks
    offered(procedure, state, given)                     -> what may happen now, for people, system and clocks
    apply(procedure, state, action, result, given)       -> Effects, or Refusal with a machine code
    settle(procedure, state, group, "pass"|"fail")       -> Effects, when the last task of a group has been answered
    end_hold(procedure, state)                           -> Effects, when a hold's date has come
    candidates, refusal, diverts, separation, transition  -> the parts of offered and apply, for a caller with a move
    group_result(tasks, answers), approval_levels(...), level_answer(...), clock_limit(...)   -> small arithmetic

`RunState` is all that decides what may happen next; a matter stores it as JSON (`to_json`, `from_json`). Persons,
units, evidence, moments and rows belong to the caller: who acts, whether the needs are there and whether a check is
done by somebody else (`Offer.apart`) is tested before `apply`; `Effects` says what is to be written.

An approval is asked when `Offer.approval` names one: the caller writes a request, nothing moves, and calls `apply` at
the last yes, which tests everything again. Order of effects: starts, stops, revives, relimits, extends, tasks, hold,
seats, step. An act diverted by its bound stops clocks, cancels tasks and prints, but starts, revives, opens, holds,
assigns and extends nothing.
"""

from collections.abc import Mapping
from dataclasses import replace

from civicloop.procedures.rules.clocks import Draft
from civicloop.procedures.rules.conditions import Given, Value
from civicloop.procedures.rules.language import Move, Procedure
from civicloop.procedures.rules.parts import approval_levels, clock_limit, group_result, level_answer
from civicloop.procedures.rules.state import ClockEffect, Effects, Offer, Pairs, Refusal, RunState, put

__all__ = [
    "ClockEffect",
    "Effects",
    "Offer",
    "Pairs",
    "Refusal",
    "RunState",
    "apply",
    "approval_levels",
    "blocked",
    "candidates",
    "clock_limit",
    "diverts",
    "end_hold",
    "group_result",
    "level_answer",
    "offered",
    "refusal",
    "separation",
    "settle",
    "start",
    "transition",
]
NOTHING = Given()
DEFAULT_APART = ("person", "post", "unit")


def start(procedure: Procedure, facts: Mapping[str, Value] | None = None) -> Effects:
    """A new matter: the first step, its clock, the level seats. `facts` not given take their defaults.

    Raises Refusal: unknown_fact (no such fact, or not one of its values), fact_missing.
    """
    given = dict(facts or {})
    for code, value in given.items():
        if code not in procedure.facts or value not in procedure.facts[code].values:
            raise Refusal("unknown_fact", code)
    for code, fact in procedure.facts.items():
        if code not in given:
            if fact.default is None:
                raise Refusal("fact_missing", code)
            given[code] = fact.default
    levels = tuple(sorted((s.code, s.levels[0]) for s in procedure.seats.values() if s.kind == "level"))
    state = RunState(procedure.start, levels=levels, facts=tuple(sorted(given.items())))
    step = procedure.steps[procedure.start]
    clocks = (ClockEffect("start", step.clock),) if step.clock and procedure.clocks[step.clock].per == "step" else ()
    return Effects(state, "report", None, "", step.code, step.stage, step.end, clocks=clocks)


def refusal(procedure: Procedure, state: RunState, move: Move, given: Given) -> Refusal | None:
    """Why `move` may not happen at `state`, or None. Bounds are tested by the exact counters."""
    reason = blocked(procedure, state, move)
    if reason:
        return reason
    if move.when and not move.when.holds(dict(state.facts), given):
        return Refusal("condition", move.when.text)
    clocks = [who[6:] for who in move.by if who.startswith("clock:")]
    if clocks and move.automatic and "system" not in move.by and not given.overdue.intersection(clocks):
        return Refusal("not_due", clocks[0])
    if move.extends and move.extends in given.overdue:
        return Refusal("overdue", move.extends)
    if move.counts and state.count(move.counts) >= procedure.bounds[move.counts].max:
        return Refusal("bound_used_up", move.counts)
    if move.holds and state.count(f"hold:{move.holds}") >= procedure.holds[move.holds].times:
        return Refusal("hold_used_up", move.holds)
    return None


def blocked(procedure: Procedure, state: RunState, move: Move) -> Refusal | None:
    """Why the configuration alone forbids `move`: step, hold, tasks, clocks, levels. Shared with the proof."""
    if move.during:
        if state.hold != move.during:
            return Refusal("not_in_hold", move.during)
    elif state.step not in move.from_:
        return Refusal("out_of_step", state.step)
    elif state.hold and not move.in_hold:
        return Refusal("in_hold", state.hold)
    if move.holds and state.hold:
        return Refusal("in_hold", state.hold)
    for code, wanted in move.joins.items():
        if not _joined(state.group(code), wanted):
            return Refusal("tasks_open", code)
    if move.extends and not _runs(procedure, state, move.extends):
        return Refusal("clock_not_running", move.extends)
    clocks = [who[6:] for who in move.by if who.startswith("clock:")]
    if clocks and len(clocks) == len(move.by) and not any(_runs(procedure, state, code) for code in clocks):
        return Refusal("clock_not_running", clocks[0])
    if move.raises:
        levels = procedure.seats[move.raises].levels
        if state.level(move.raises) == levels[-1]:
            return Refusal("top_level", move.raises)
    if move.sample and not (state.work == "unchecked" and state.spot and not state.drawn):
        return Refusal("not_sampled", move.sample or "")
    return None


def _runs(procedure: Procedure, state: RunState, code: str) -> bool:
    return state.clock(code) == "running" or (
        procedure.steps[state.step].clock == code and procedure.clocks[code].per == "step"
    )


def _joined(found: str, wanted: str) -> bool:
    return found != "open" if wanted == "answered" else found == wanted


def candidates(procedure: Procedure, state: RunState) -> tuple[Move, ...]:
    """Every move that starts from the state's step or belongs to its hold."""
    found = procedure.moves_from.get(state.step, ())
    return found + procedure.moves_during.get(state.hold, ()) if state.hold else found


def diverts(procedure: Procedure, state: RunState, move: Move) -> bool:
    """Whether this act is the one that its bound sends to `then`."""
    if not move.counts:
        return False
    bound = procedure.bounds[move.counts]
    return bound.then is not None and state.count(move.counts) + 1 >= bound.max


def offered(procedure: Procedure, state: RunState, given: Given = NOTHING) -> list[Offer]:
    """Everything that may happen at `state`, in the order of the declaration; for people, system and clocks alike."""
    found = []
    for move in candidates(procedure, state):
        if refusal(procedure, state, move, given) is None:
            diverted = diverts(procedure, state, move)
            then = procedure.bounds[move.counts].then if diverted and move.counts else None
            found.append(
                Offer(
                    move.action,
                    move.result,
                    procedure.holders_of(move, state.step),
                    move.needs,
                    then or move.target(state.step),
                    move.approval,
                    diverted,
                    move.check,
                    move.work,
                    separation(move),
                    () if diverted else move.assigns,
                    move.names,
                )
            )
    return found


def separation(move: Move) -> tuple[str, ...]:
    """What must not be shared with any handler: for a check person, post and unit, or what `apart` narrows it to."""
    if move.check is None or move.automatic:
        return ()
    return move.apart or DEFAULT_APART


def apply(
    procedure: Procedure, state: RunState, action: str, result: str | None = None, given: Given = NOTHING
) -> Effects:
    """The effects of `action` with `result` at `state`.

    Raises Refusal when it may not happen now. For an act with an approval, call it when the last level has agreed.
    """
    named = procedure.moves_of(action)
    if not named:
        raise Refusal("unknown_action", action)
    moves = [move for move in named if move.result == result]
    if not moves:
        raise Refusal("unknown_result", result or "")
    move = next((move for move in moves if state.step in move.from_ or move.during), moves[0])
    reason = refusal(procedure, state, move, given)
    if reason:
        raise reason
    return transition(procedure, state, move, diverted=diverts(procedure, state, move))


def transition(
    procedure: Procedure, state: RunState, move: Move, *, diverted: bool = False, counting: bool = True
) -> Effects:
    """What `move` does, without asking whether it may. The proof calls it with counting off and either `diverted`."""
    draft = Draft(procedure, state)
    before = procedure.steps[state.step]
    then = procedure.bounds[move.counts].then if diverted and move.counts else None
    target = then or move.target(state.step)
    left = target != state.step
    reopened = left and before.end is not None
    draft.act(move, diverted)
    groups, cancelled = _groups(procedure, state, move, diverted, target)
    hold_lifted = state.hold if state.hold and (left or move.lifts == state.hold) else None
    hold_set = move.holds if not diverted else None
    draft.hold(hold_lifted, hold_set)
    if left:
        draft.enter(target)
    levels = state.levels if diverted else _levels(procedure, state, move)
    assigns = () if diverted else move.assigns
    work, spot, drawn = _work(state, move, reopened)
    counts = _counts(procedure, state, move, hold_set, reopened) if counting else state.counts
    after = procedure.steps[target]
    fresh = RunState(
        target,
        work,
        spot,
        drawn,
        draft.pairs(),
        groups,
        hold_set or (None if hold_lifted else state.hold),
        tuple(sorted({*state.seats, *assigns})),
        levels,
        state.facts,
        counts,
    )
    return Effects(
        fresh,
        move.action,
        move.result,
        state.step,
        target,
        after.stage,
        after.end if left else None,
        reopened=reopened,
        clocks=tuple(draft.effects),
        opens=None if diverted else move.opens,
        cancels=cancelled,
        hold_set=hold_set,
        hold_lifted=hold_lifted,
        assigns=assigns,
        raised=tuple(pair for pair in levels if pair not in state.levels),
        counted=move.counts,
        count=fresh.count(move.counts) if move.counts else 0,
        diverted=diverted,
        adjudicated=move.adjudicates,
        approval=move.approval,
        check=move.check,
        apart=separation(move),
        work=move.work,
        on_the_spot=move.on_the_spot,
        drawn=move.sample if move.drawn else None,
        sample_failed=state.drawn if move.check == "fail" else None,
        prints=move.prints,
        emergency=move.emergency,
        faults=tuple(draft.faults),
    )


def _levels(procedure: Procedure, state: RunState, move: Move) -> Pairs:
    """The level seats after the act: `raises` fills one with the next level of its list."""
    if not move.raises:
        return state.levels
    chain = procedure.seats[move.raises].levels
    return put(state.levels, move.raises, chain[chain.index(state.level(move.raises)) + 1])


def _groups(
    procedure: Procedure, state: RunState, move: Move, diverted: bool, target: str
) -> tuple[Pairs, tuple[str, ...]]:
    """The groups after the act, and those whose open tasks are to be cancelled."""
    groups = dict(state.groups)
    cancelled = [code for code in move.cancels if groups.pop(code, None) == "open"]
    for code in move.joins:
        groups.pop(code, None)
    if move.opens and not diverted:
        groups[move.opens] = "open"
    if procedure.steps[target].end and target != state.step:
        cancelled += [code for code, found in groups.items() if found == "open"]
        groups = {}
    return tuple(sorted(groups.items())), tuple(cancelled)


def _work(state: RunState, move: Move, reopened: bool) -> tuple[str, bool, str | None]:
    """Work flag, whether all work was on the spot, and the sample that drew the matter."""
    work, spot, drawn = ("none", False, None) if reopened else (state.work, state.spot, state.drawn)
    if move.work:
        spot = move.on_the_spot and (work == "none" or spot)
        work = "unchecked"
    if move.drawn:
        drawn = move.sample
    if move.check in {"pass", "sampled"} and work == "unchecked":
        work = "checked"
    if move.check == "fail":
        spot = False
        work = "unchecked" if work != "none" else work
    if move.check in {"pass", "fail"}:
        drawn = None
    return work, spot, drawn


def _counts(procedure: Procedure, state: RunState, move: Move, hold: str | None, reopened: bool) -> Pairs:
    """The counters after the act. A new round (an end was left) counts anew, except acts counted at ends and holds."""
    counts = state.counts
    if reopened:
        at_ends = {
            m.counts for step in procedure.steps.values() if step.end for m in procedure.moves_from.get(step.code, ())
        }
        counts = tuple(pair for pair in counts if pair[0] in at_ends or pair[0].startswith("hold:"))
    if move.counts:
        counts = put(counts, move.counts, state.count(move.counts) + 1)
    for code in move.adjudicates:
        counts = put(counts, code, None)
    if hold:
        counts = put(counts, f"hold:{hold}", state.count(f"hold:{hold}") + 1)
    return counts


def carried(procedure: Procedure, state: RunState, step: str, action: str) -> Effects:
    """A matter ends with the one that it was joined to (并案): it takes that one's end, which was proved there."""
    draft = Draft(procedure, state)
    draft.enter(step)
    after = procedure.steps[step]
    fresh = replace(state, step=step, clocks=draft.pairs())
    return Effects(fresh, action, None, state.step, step, after.stage, after.end, clocks=tuple(draft.effects))


def returned(procedure: Procedure, state: RunState, before: RunState, action: str) -> Effects:
    """The same struck out: the matter stands again where it was; its clocks are for whoever writes."""
    after = procedure.steps[before.step]
    return Effects(before, action, None, state.step, before.step, after.stage, None, reopened=True)


def settle(procedure: Procedure, state: RunState, group: str, outcome: str) -> Effects:
    """All tasks of `group` are answered and come to `outcome` (pass or fail). Work done in tasks is unchecked work.

    Raises Refusal: no_such_tasks, not_open.
    """
    tasks = procedure.tasks.get(group)
    if tasks is None:
        raise Refusal("no_such_tasks", group)
    if state.group(group) != "open":
        raise Refusal("not_open", group)
    fresh = replace(state, groups=put(state.groups, group, outcome))
    if tasks.work:
        fresh = replace(fresh, work="unchecked", spot=False)
    step = procedure.steps[state.step]
    return Effects(
        fresh, f"settle:{group}", outcome, step.code, step.code, step.stage, None, work=tasks.work, drawn=None
    )


def end_hold(procedure: Procedure, state: RunState) -> Effects:
    """The hold's end has come: its clocks run on. Raises Refusal("no_hold")."""
    if not state.hold:
        raise Refusal("no_hold")
    draft = Draft(procedure, state)
    for code in procedure.holds[state.hold].pauses:
        draft.resume(code)
    step = procedure.steps[state.step]
    return Effects(
        replace(state, hold=None),
        f"end_hold:{state.hold}",
        None,
        step.code,
        step.code,
        step.stage,
        None,
        clocks=tuple(draft.effects),
        hold_lifted=state.hold,
    )
