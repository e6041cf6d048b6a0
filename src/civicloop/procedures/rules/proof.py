"""Proves a procedure closed, or says which step breaks which law.

    prove(procedure, posts, children, guards) -> Proof(ok, problems, explored)

Laws, over the reachable configurations R of `explore` and the declaration itself:
1a every step and act occurs in R · 1b from every configuration an end is sure, against outsiders who keep silent,
approvals that refuse, guards that say anything and bounds that are used up · 2a each step has a holder whose seat is
filled · 2b each step has a running clock or a reason, and no other clock runs unseen · 2c no clock is restarted · 2d an
outsider is waited for by a clock · 3a no checked end without a check after the last handling · 3b no check of nothing
· 3c a check is by somebody who did not handle · 3d the level that dispatched closes; going up needs a listed reason ·
3e an end that says the matter was never taken on does not follow work · 3f a sampled check only after work on the spot,
and what is drawn goes to a checker · 4a approvals end and are decided by another · 4b holds end · 4c every loop is
counted · 4d adjudicators are no parties, a failed check can fail again, extensions, forced ends and reopenings are
bounded or approved · 5a no end over open tasks, system acts wait for tasks · 5b tasks are answered even by silence.

Order of the findings: causes before consequences (static, 2, 3, 5, 4c, 1b, 1a).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from civicloop.procedures.rules import explore as ex
from civicloop.procedures.rules import language as la
from civicloop.procedures.rules.explore import Edge, Explored, explore
from civicloop.procedures.rules.language import Move, Procedure
from civicloop.procedures.rules.run import RunState, blocked, candidates
from civicloop.procedures.rules.static import Problem, static_problems

FAULTS = {
    "restarted": "restarted_clock",
    "revived_unstopped": "revives_unstopped",
    "paused_not_running": "pauses_stopped",
}
NO_CHILDREN: Mapping[str, Procedure] = {}


@dataclass(frozen=True, slots=True)
class Proof:
    """The outcome: no problems means closed. `explored` is kept for migrations and the simulator."""

    problems: tuple[Problem, ...]
    explored: Explored

    @property
    def ok(self) -> bool:
        return not self.problems


def prove(
    procedure: Procedure,
    posts: frozenset[str],
    children: Mapping[str, Procedure] = NO_CHILDREN,
    guards: frozenset[str] | None = None,
) -> Proof:
    """Prove `procedure`. posts: the posts that exist; children: the procedures that sub-matters may follow, by code;
    guards: the registered guards, None when they are not to be checked.
    """
    explored = explore(procedure)
    found = [
        *static_problems(procedure, posts, children, guards),
        *_configurations(procedure, explored),
        *_loops(explored),
        *_traps(procedure, explored),
        *_unreached(procedure, explored),
    ]
    kept: dict[tuple[str, str, str, str, str], Problem] = {}
    for problem in found:
        kept.setdefault((problem.step, problem.law, problem.code, problem.action, problem.about), problem)
    return Proof(tuple(kept.values()), explored)


def _configurations(p: Procedure, explored: Explored) -> list[Problem]:
    """Laws 2, 3 and 5 in every configuration."""
    found: list[Problem] = []
    for state, edges in explored.edges.items():
        found += (_with_path(problem, explored, state) for problem in _standing(p, state))
        for edge in edges:
            found += (_with_path(problem, explored, state) for problem in _moving(p, state, edge))
    return sorted(found, key=lambda problem: problem.law)


def _with_path(problem: Problem, explored: Explored, state: RunState) -> Problem:
    return Problem(problem.step, problem.law, problem.code, problem.action, problem.about, explored.path(state))


def _standing(p: Procedure, state: RunState) -> Iterator[Problem]:
    """What must hold while a matter stands in a configuration."""
    step = p.steps[state.step]
    if step.end:
        if step.end in la.CHECKED_ENDS and state.work != "checked":
            yield Problem(step.code, "3a", "closed_unchecked")
        if step.end in la.UNBEGUN_ENDS and state.work != "none":
            yield Problem(step.code, "3e", "unbegun_after_work", about=step.end)
        return
    for who in step.holders:
        if who in p.holders and not ex.seated(p, state, who):
            yield Problem(step.code, "2a", "empty_seat", about=p.holders[who].of)
    if step.clock and p.clocks[step.clock].per == "matter" and state.clock(step.clock) != "running":
        yield Problem(step.code, "2b", "clock_not_running", about=step.clock)
    for code, running in state.clocks:
        if running == "running" and code != step.clock and code not in step.also:
            yield Problem(step.code, "2b", "clock_runs_unseen", about=code)
    for move in candidates(p, state):
        reason = blocked(p, state, move)
        if reason and reason.code == "not_sampled":
            yield Problem(step.code, "3f", "sampled_not_on_the_spot", move.declared)


def _moving(p: Procedure, state: RunState, edge: Edge) -> Iterator[Problem]:
    """What must hold of each transition."""
    if edge.move is None:
        return
    for code, clock in edge.effects.faults:
        yield Problem(state.step, "2c", FAULTS[code], edge.move.declared, clock)
    if edge.move.check and state.work == "none":
        yield Problem(state.step, "3b", "checks_nothing", edge.move.declared)
    end = p.steps[edge.effects.step_to].end
    if end in la.CHECKED_ENDS and edge.effects.moved:
        for code, group in state.groups:
            if group == "open" and code not in edge.move.joins:
                yield Problem(state.step, "5a", "closes_over_tasks", edge.move.declared, code)


def _loops(explored: Explored) -> list[Problem]:
    """Law 4c: without counted, adjudicating and holding transitions and without standing still, R has no circle."""
    done: set[RunState] = set()
    for root in explored.edges:
        if root in done:
            continue
        on_way: dict[RunState, str] = {root: ""}
        stack = [(root, iter(explored.edges[root]))]
        while stack:
            state, rest = stack[-1]
            for edge in rest:
                following = edge.effects.state
                if edge.bounded or following == state or following in done:
                    continue
                if following in on_way:
                    return [_circle(explored, list(on_way), following, edge)]
                on_way[following] = edge.label
                stack.append((following, iter(explored.edges[following])))
                break
            else:
                done.add(state)
                on_way.pop(state)
                stack.pop()
    return []


def _circle(explored: Explored, way: list[RunState], back_to: RunState, edge: Edge) -> Problem:
    steps = list(dict.fromkeys(state.step for state in way[way.index(back_to) :]))
    action = edge.move.declared if edge.move else edge.label
    return Problem(way[-1].step, "4c", "uncounted_loop", action, " → ".join([*steps, steps[0]]), explored.path(way[-1]))


Needed = tuple[tuple[frozenset[RunState], ...], ...]


def _sure_ways(p: Procedure, state: RunState, edges: tuple[Edge, ...]) -> Needed:
    """For every valuation of the free atoms: the alternatives, each the set of configurations it may lead to."""
    atoms: set[ex.Atom] = set()
    for edge in edges:
        if edge.move:
            atoms |= ex.free_atoms(edge.move)
    fixed: list[frozenset[RunState]] = []
    outcomes: dict[str, set[RunState]] = {}
    by_will: list[tuple[Move, RunState]] = []
    by_itself: dict[str, list[tuple[Move, RunState]]] = {}
    for edge in edges:
        following = edge.effects.state
        if edge.kind == "end_hold":
            fixed.append(frozenset({following}))
        elif edge.move is None:
            outcomes.setdefault(edge.label.split(":")[0], set()).add(following)
        elif edge.kind == "move" and following != state and _is_sure(p, state, edge.move):
            if edge.move.automatic:
                by_itself.setdefault(edge.move.declared, []).append((edge.move, following))
            else:
                by_will.append((edge.move, following))
    fixed += (frozenset(found) for found in outcomes.values())
    ways = []
    for valuation in ex.valuations(atoms):
        here = [*fixed, *(frozenset({to}) for move, to in by_will if ex.allows(move, state, valuation))]
        for alternatives in by_itself.values():
            together = frozenset(to for move, to in alternatives if ex.allows(move, state, valuation))
            if together:
                here.append(together)
        ways.append(tuple(dict.fromkeys(here)))
    return tuple(dict.fromkeys(ways))


def _is_sure(p: Procedure, state: RunState, move: Move) -> bool:
    """Whether nobody outside and no counter or superior can prevent `move`."""
    if move.approval or move.counts or move.holds or move.extends:
        return False
    who = p.holders_of(move, state.step)
    return any(
        each != la.LADDER and not p.is_outside(each) and (each not in p.holders or ex.seated(p, state, each))
        for each in who
    )


def _traps(p: Procedure, explored: Explored) -> list[Problem]:
    """Law 1b: the least fixpoint of "an end, or for every valuation a way into configurations that are good"."""
    good = {state for state in explored.edges if p.steps[state.step].end}
    ways = {s: _sure_ways(p, s, edges) for s, edges in explored.edges.items() if s not in good}
    users: dict[RunState, set[RunState]] = {}
    for state, needed in ways.items():
        for alternatives in needed:
            for targets in alternatives:
                for target in targets:
                    users.setdefault(target, set()).add(state)
    waiting = {state for end in good for state in users.get(end, ())}
    while waiting:
        state = waiting.pop()
        if state not in good and all(any(targets <= good for targets in alts) for alts in ways[state]):
            good.add(state)
            waiting |= users.get(state, set()) - good
    trapped: dict[str, RunState] = {}
    for state in ways:
        if state not in good:
            trapped.setdefault(state.step, state)
    return [Problem(step, "1b", "trap", path=explored.path(state)) for step, state in trapped.items()]


def _unreached(p: Procedure, explored: Explored) -> Iterator[Problem]:
    """Law 1a: steps and acts that never occur."""
    steps = {state.step for state in explored.edges}
    for code in p.steps:
        if code not in steps:
            yield Problem(code, "1a", "unreachable_step")
    done = {(e.move.declared, e.move.result) for edges in explored.edges.values() for e in edges if e.move}
    for action in p.actions.values():
        for move in action.moves:
            if (move.declared, move.result) not in done:
                name = f"{move.declared}.{move.result}" if move.result else move.declared
                yield Problem(move.from_[0] if move.from_ else "", "1a", "impossible_act", name)
