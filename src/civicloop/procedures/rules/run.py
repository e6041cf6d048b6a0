"""The one transition function of a procedure, shared by the engine, the proof and the simulator.

    begun = start(procedure, facts)                      -> Effects: the first step and its clocks
    offered(procedure, state, given)                     -> what may happen now, for people, system and clocks
    apply(procedure, state, action, result, given)       -> Effects, or Refusal with a machine code
    settle(procedure, state, group, "pass"|"fail")       -> Effects, when the last task of a group has been answered
    end_hold(procedure, state)                           -> Effects, when a hold's date has come
    group_result(tasks, answers), approval_levels(...), level_answer(...), clock_limit(...)   -> small arithmetic

`RunState` is all that decides what may happen next; a matter stores it as JSON (`to_json`, `from_json`). Persons,
units, evidence, moments and rows belong to the caller: who acts, whether the needs are there and whether a check is
done by somebody else (`Offer.apart`) is tested before `apply`; `Effects` says what is to be written.

An approval is asked when `Offer.approval` names one: the caller writes a request, nothing moves, and calls `apply` at
the last yes, which tests everything again. Order of effects: starts, stops, revives, extends, tasks, hold, seats,
step. An act diverted by its bound stops clocks, cancels tasks and prints, but starts, revives, opens, holds, assigns
and extends nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from civicloop.procedures.rules.conditions import Given, Value
from civicloop.procedures.rules.language import Level, Limit, Move, Names, Procedure, Tasks

Pairs = tuple[tuple[str, Any], ...]
NOTHING = Given()
DEFAULT_APART = ("person", "post", "unit")


class Refusal(Exception):
    """An act that may not happen now. `code` is one of: unknown_fact, fact_missing, unknown_action, unknown_result,
    out_of_step, in_hold, not_in_hold, condition, not_due, overdue, bound_used_up, hold_used_up, tasks_open,
    clock_not_running, top_level, not_sampled, no_such_tasks, not_open, no_hold. `about` names the bound, clock, …
    """

    def __init__(self, code: str, about: str = "") -> None:
        super().__init__(code, about)
        self.code = code
        self.about = about


@dataclass(frozen=True, slots=True)
class RunState:
    """Where a matter stands in its procedure. Hashable: without its counters it is a configuration of the proof.

    work: none, unchecked, checked. spot: all work of this round was handled on the spot and no check has failed.
    drawn: the sample that drew it. clocks: matter clocks, running or stopped (absent: never started). groups: open,
    pass, fail. seats: filled unit and person seats. levels: level seats. counts: bounds and, as `hold:<code>`, holds.
    """

    step: str
    work: str = "none"
    spot: bool = False
    drawn: str | None = None
    clocks: Pairs = ()
    groups: Pairs = ()
    hold: str | None = None
    seats: tuple[str, ...] = ()
    levels: Pairs = ()
    facts: Pairs = ()
    counts: Pairs = ()

    def clock(self, code: str) -> str:
        """never, running or stopped."""
        return str(_get(self.clocks, code, "never"))

    def group(self, code: str) -> str:
        """none, open, pass or fail."""
        return str(_get(self.groups, code, "none"))

    def level(self, seat: str) -> str:
        """The level that fills a level seat."""
        return str(_get(self.levels, seat, ""))

    def count(self, code: str) -> int:
        """How often a bound has been counted since it was last adjudicated."""
        return int(_get(self.counts, code, 0))

    def to_json(self) -> dict[str, Any]:
        """A small JSON object; empty parts are left out."""
        plain: dict[str, Any] = {"step": self.step, "work": self.work}
        for name in ("spot", "drawn", "hold"):
            if getattr(self, name):
                plain[name] = getattr(self, name)
        if self.seats:
            plain["seats"] = list(self.seats)
        for name in ("clocks", "groups", "levels", "facts", "counts"):
            if getattr(self, name):
                plain[name] = dict(getattr(self, name))
        return plain

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "RunState":
        """The state that `to_json` wrote."""
        pairs = {name: tuple(sorted(plain.get(name, {}).items())) for name in _PAIRS}
        return cls(
            plain["step"],
            plain["work"],
            plain.get("spot", False),
            plain.get("drawn"),
            hold=plain.get("hold"),
            seats=tuple(plain.get("seats", ())),
            **pairs,
        )


_PAIRS = ("clocks", "groups", "levels", "facts", "counts")


def _get(pairs: Pairs, key: str, default: Any) -> Any:
    return next((value for name, value in pairs if name == key), default)


def _put(pairs: Pairs, key: str, value: object) -> Pairs:
    kept = [pair for pair in pairs if pair[0] != key]
    if value is not None:
        kept.append((key, value))
    return tuple(sorted(kept))


@dataclass(frozen=True, slots=True)
class ClockEffect:
    """What happens to one clock: start, stop, revive, pause, resume, extend, exempt.

    need: for a start, the moment need at which it began (an oral order); for an extension, the date need that says
    until when, None for one more original limit; for a pause, the date need at which it ends.
    """

    kind: str
    clock: str
    need: str | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that may happen now. by: holders, outsiders, `system`, `clock:<code>`; to: the step that follows."""

    action: str
    result: str | None
    by: tuple[str, ...]
    needs: tuple[str, ...]
    to: str
    approval: str | None
    diverted: bool
    check: str | None
    work: bool
    apart: tuple[str, ...]  # for a check: what may not be the handlers' (person, post, unit)
    assigns: tuple[str, ...]  # seats that the act must fill
    names: Names  # of the result, or of the action when it has no results


@dataclass(frozen=True, slots=True)
class Effects:
    """What an act does. `state` is the new state; everything else says what to write beside it.

    `faults` is for the proof (a clock started twice, …) and empty in a procedure that is proved.
    """

    state: RunState
    action: str
    result: str | None
    step_from: str
    step_to: str
    stage: str
    end: str | None
    reopened: bool = False
    clocks: tuple[ClockEffect, ...] = ()
    opens: str | None = None
    cancels: tuple[str, ...] = ()
    hold_set: str | None = None
    hold_lifted: str | None = None
    assigns: tuple[str, ...] = ()
    raised: Pairs = ()
    counted: str | None = None
    count: int = 0
    diverted: bool = False
    adjudicated: tuple[str, ...] = ()
    approval: str | None = None
    check: str | None = None
    apart: tuple[str, ...] = ()
    work: bool = False
    on_the_spot: bool = False
    drawn: str | None = None
    sample_failed: str | None = None
    prints: tuple[str, ...] = ()
    emergency: bool = False
    faults: tuple[tuple[str, str], ...] = ()

    @property
    def moved(self) -> bool:
        """Whether the matter stands at another step now."""
        return self.step_from != self.step_to


class _Draft:
    """A state being changed, with the clock effects and faults gathered on the way."""

    def __init__(self, procedure: Procedure, state: RunState) -> None:
        self.procedure = procedure
        self.step = state.step
        self.clocks = dict(state.clocks)
        self.effects: list[ClockEffect] = []
        self.faults: list[tuple[str, str]] = []
        step_clock = procedure.steps[state.step].clock
        self.running_step_clock = step_clock if step_clock and self._per_step(step_clock) else None

    def _per_step(self, code: str) -> bool:
        return self.procedure.clocks[code].per == "step"

    def start(self, code: str, need: str | None = None) -> None:
        if self.clocks.get(code) == "running":
            self.faults.append(("restarted", code))
        self.clocks[code] = "running"
        self.effects.append(ClockEffect("start", code, need))

    def stop(self, code: str) -> None:
        if self.clocks.get(code) == "running":
            self.clocks[code] = "stopped"
            self.effects.append(ClockEffect("stop", code))

    def revive(self, code: str) -> None:
        if self.clocks.get(code) != "stopped":
            self.faults.append(("revived_unstopped", code))
            return
        self.clocks[code] = "running"
        self.effects.append(ClockEffect("revive", code))

    def pause(self, code: str, need: str | None) -> None:
        if self.clocks.get(code) != "running" and code != self.running_step_clock:
            self.faults.append(("paused_not_running", code))
        self.effects.append(ClockEffect("pause", code, need))

    def resume(self, code: str) -> None:
        if self.clocks.get(code) == "running" or code == self.running_step_clock:
            self.effects.append(ClockEffect("resume", code))

    def enter(self, step: str) -> None:
        """Leave the old step for another: its own clock stops, that of the new one starts; an end stops all."""
        if self.running_step_clock:
            self.effects.append(ClockEffect("stop", self.running_step_clock))
        fresh = self.procedure.steps[step]
        if fresh.end:
            for code in sorted(code for code, state in self.clocks.items() if state == "running"):
                self.stop(code)
        elif fresh.clock and self._per_step(fresh.clock):
            self.effects.append(ClockEffect("start", fresh.clock))
        self.step = step

    def pairs(self) -> Pairs:
        return tuple(sorted(self.clocks.items()))


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
    draft = _Draft(procedure, state)
    before = procedure.steps[state.step]
    then = procedure.bounds[move.counts].then if diverted and move.counts else None
    target = then or move.target(state.step)
    left = target != state.step
    reopened = left and before.end is not None
    if not diverted:
        for code in move.starts:
            draft.start(code, move.starts_at)
    for code in move.stops:
        draft.stop(code)
    if not diverted:
        for code in move.revives:
            draft.revive(code)
        if move.extends:
            by = None if move.extend_by == "original" else move.extend_by
            draft.effects.append(ClockEffect("extend", move.extends, by))
    if move.exempts:
        draft.effects.append(ClockEffect("exempt", move.exempts))
    groups, cancelled = _groups(procedure, state, move, diverted, target)
    hold_lifted = state.hold if state.hold and (left or move.lifts == state.hold) else None
    if hold_lifted:
        for code in procedure.holds[hold_lifted].pauses:
            draft.resume(code)
    hold_set = move.holds if not diverted else None
    if hold_set:
        for code in procedure.holds[hold_set].pauses:
            draft.pause(code, procedure.holds[hold_set].until)
    if left:
        draft.enter(target)
    levels = state.levels
    if move.raises and not diverted:
        chain = procedure.seats[move.raises].levels
        levels = _put(levels, move.raises, chain[chain.index(state.level(move.raises)) + 1])
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
        counts = _put(counts, move.counts, state.count(move.counts) + 1)
    for code in move.adjudicates:
        counts = _put(counts, code, None)
    if hold:
        counts = _put(counts, f"hold:{hold}", state.count(f"hold:{hold}") + 1)
    return counts


def settle(procedure: Procedure, state: RunState, group: str, outcome: str) -> Effects:
    """All tasks of `group` are answered and come to `outcome` (pass or fail). Work done in tasks is unchecked work.

    Raises Refusal: no_such_tasks, not_open.
    """
    tasks = procedure.tasks.get(group)
    if tasks is None:
        raise Refusal("no_such_tasks", group)
    if state.group(group) != "open":
        raise Refusal("not_open", group)
    fresh = replace(state, groups=_put(state.groups, group, outcome))
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
    draft = _Draft(procedure, state)
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


def group_result(tasks: Tasks, answers: Iterable[str | None]) -> str:
    """open while an answer is missing (None), else pass or fail by the group's rule.

    An answer is one of the group's own codes (`done`, `cannot`), for a sub-matter the step at which it ended.
    """
    found = list(answers)
    if any(answer is None for answer in found):
        return "open"
    passes = sum(tasks.answers[answer] == "pass" for answer in found if answer is not None)
    wanted = {"all": len(found), "any": 1, "majority": len(found) // 2 + 1}[tasks.rule]
    return "pass" if passes >= wanted else "fail"


def approval_levels(procedure: Procedure, approval: str, held_by_asker: Sequence[str]) -> tuple[Level, ...]:
    """The levels that must agree: those that the asker holds are skipped, the last never."""
    *first, last = procedure.approvals[approval].levels
    return (*(level for level in first if not set(level.by) & set(held_by_asker)), last)


def level_answer(level: Level, answers: Sequence[bool | None]) -> bool | None:
    """What one level says: None while open. `answers` has one entry for each person asked."""
    yes, no, asked = answers.count(True), answers.count(False), len(answers)
    if level.rule == "any":
        return True if yes else (False if no else None)
    if level.rule == "all":
        return False if no else (True if asked and yes == asked else None)
    if yes * 2 > asked:
        return True
    return False if no * 2 >= asked and asked else None


def clock_limit(procedure: Procedure, state: RunState, clock: str, given: Given = NOTHING) -> Limit:
    """The alternative of `clock` that applies: the first whose condition holds; the last has none."""
    limits = procedure.clocks[clock].limits
    facts = dict(state.facts)
    return next(limit for limit in limits if limit.when is None or limit.when.holds(facts, given))
