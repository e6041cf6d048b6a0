"""The reachable configurations of a procedure: every state that some run could meet, counters left out.

A bounded act may at any time go to its step, be diverted, or be used up; guards, present needs and overdue clocks may
be true or false; tasks may come to either result. So what holds in every configuration here holds in every run.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product

from civicloop.procedures.rules import run
from civicloop.procedures.rules.conditions import Given
from civicloop.procedures.rules.language import SEATED_BY_ITSELF, Move, Procedure
from civicloop.procedures.rules.run import Effects, RunState

Atom = tuple[str, str]
Valuation = Mapping[Atom, bool]


@dataclass(frozen=True, slots=True)
class Edge:
    """One transition. kind: move, diverted, settle, end_hold. `move` is None for the last two."""

    kind: str
    label: str
    move: Move | None
    effects: Effects

    @property
    def bounded(self) -> bool:
        """Whether exact counters limit it: these edges are taken away when loops are looked for."""
        return self.move is not None and bool(self.move.counts or self.move.adjudicates or self.move.holds)


@dataclass(frozen=True, slots=True)
class Explored:
    """The reachable set: edges by configuration, in breadth-first order, and how each was reached first."""

    edges: Mapping[RunState, tuple[Edge, ...]]
    parents: Mapping[RunState, tuple[RunState, str] | None]

    def path(self, state: RunState) -> tuple[str, ...]:
        """The labels of one shortest way to `state`."""
        found: list[str] = []
        parent = self.parents[state]
        while parent:
            found.append(parent[1])
            parent = self.parents[parent[0]]
        return tuple(reversed(found))


def starts(procedure: Procedure) -> Iterator[RunState]:
    """One first configuration for each combination of facts."""
    codes = list(procedure.facts)
    for values in product(*(procedure.facts[code].values for code in codes)):
        yield run.start(procedure, dict(zip(codes, values, strict=True))).state


def free_atoms(move: Move) -> set[Atom]:
    """What the condition of `move` looks at that the configuration does not decide."""
    return {atom for atom in move.when.atoms() if atom[0] != "fact"} if move.when else set()


def valuations(atoms: set[Atom]) -> Iterator[Valuation]:
    """Every way in which free atoms may come out."""
    ordered = sorted(atoms)
    for values in product((True, False), repeat=len(ordered)):
        yield dict(zip(ordered, values, strict=True))


def allows(move: Move, state: RunState, valuation: Valuation) -> bool:
    """Whether the condition of `move` holds under `valuation`."""
    if move.when is None:
        return True
    given = Given(
        frozenset(name for (kind, name), true in valuation.items() if kind == "overdue" and true),
        frozenset(name for (kind, name), true in valuation.items() if kind == "has" and true),
        lambda name: valuation[("guard", name)],
    )
    return move.when.holds(dict(state.facts), given)


def somebody(procedure: Procedure, state: RunState, move: Move) -> bool:
    """Whether anybody can do `move`: the seat of at least one of its holders is filled."""
    return any(
        who not in procedure.holders or seated(procedure, state, who) for who in procedure.holders_of(move, state.step)
    )


def seated(procedure: Procedure, state: RunState, holder: str) -> bool:
    """Whether the seat that `holder` refers to is filled."""
    seat = procedure.seats.get(procedure.holders[holder].of)
    return seat is None or seat.kind in SEATED_BY_ITSELF or seat.code in state.seats


def possible(procedure: Procedure, state: RunState) -> Iterator[Move]:
    """Every move that could be offered at `state` whatever counters, guards and moments say."""
    for move in run.candidates(procedure, state):
        if (
            run.blocked(procedure, state, move) is None
            and somebody(procedure, state, move)
            and any(allows(move, state, valuation) for valuation in valuations(free_atoms(move)))
        ):
            yield move


def edges(procedure: Procedure, state: RunState) -> Iterator[Edge]:
    """Every transition out of `state`."""
    for move in possible(procedure, state):
        label = f"{move.action}.{move.result}" if move.result else move.action
        yield Edge("move", label, move, run.transition(procedure, state, move, counting=False))
        if move.counts and procedure.bounds[move.counts].then:
            diverted = run.transition(procedure, state, move, diverted=True, counting=False)
            yield Edge("diverted", f"{label} (last)", move, diverted)
    for code, found in state.groups:
        if found == "open":
            for outcome in sorted(set(procedure.tasks[code].answers.values())):
                effects = run.settle(procedure, state, code, outcome)
                yield Edge("settle", f"{code}: {outcome}", None, effects)
    if state.hold:
        yield Edge("end_hold", f"{state.hold} ends", None, run.end_hold(procedure, state))


def explore(procedure: Procedure, limit: int = 100_000) -> Explored:
    """Breadth-first search over configurations. Raises OverflowError beyond `limit` configurations."""
    parents: dict[RunState, tuple[RunState, str] | None] = {}
    found: dict[RunState, tuple[Edge, ...]] = {}
    queue: deque[RunState] = deque()
    for state in starts(procedure):
        parents[state] = None
        queue.append(state)
    while queue:
        state = queue.popleft()
        out = tuple(edges(procedure, state))
        found[state] = out
        for edge in out:
            following = edge.effects.state
            if following not in parents:
                if len(parents) >= limit:
                    raise OverflowError(limit)
                parents[following] = (state, edge.label)
                queue.append(following)
    return Explored(found, parents)


def configuration(state: RunState) -> RunState:
    """The configuration that a real state belongs to: the same without counters."""
    return replace(state, counts=())
