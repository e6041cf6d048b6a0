"""Walks a procedure at random with exact counters, single members of groups, persons with several posts and guards.

It shares the transition function with the engine and the proof, and nothing else: persons and their separation are its
own. A walk that does not end, meets a configuration the proof has not seen, or ends as done with a handler as checker
raises Failed.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

from civicloop.procedures.rules import language as la
from civicloop.procedures.rules import run
from civicloop.procedures.rules.conditions import Given
from civicloop.procedures.rules.explore import Explored, configuration
from civicloop.procedures.rules.language import Move, Procedure
from civicloop.procedures.rules.run import Offer, RunState

LONGEST = 2_000


class Failed(AssertionError):
    """A walk broke a promise of the proof; the words name it and the walk."""


@dataclass(frozen=True, slots=True)
class Person:
    """A person with posts, in one unit."""

    code: str
    posts: frozenset[str]
    unit: str


@dataclass(slots=True)
class Walk:
    """One matter on its way: who handled, who checked last, the answers of open tasks."""

    state: RunState
    acts: list[str] = field(default_factory=list)
    handlers: set[Person | str] = field(default_factory=set)
    checkers: set[Person | str] = field(default_factory=set)
    answers: dict[str, list[str | None]] = field(default_factory=dict)
    overdue: set[str] = field(default_factory=set)


def people(procedure: Procedure, rng: random.Random) -> list[Person]:
    """Somebody for every post, some with several posts; three units."""
    posts = sorted({holder.post for holder in procedure.holders.values()})
    found = [Person(f"{post}-{n}", frozenset({post}), f"unit-{rng.randrange(3)}") for post in posts for n in range(2)]
    for number in range(3):
        several = frozenset(rng.sample(posts, min(len(posts), rng.randint(1, 4))))
        found.append(Person(f"several-{number}", several, f"unit-{rng.randrange(3)}"))
    return found


def walk(procedure: Procedure, explored: Explored, seed: int, stop_at_end: float = 0.7) -> Walk:
    """One run until an end that stays (or, with probability `stop_at_end`, the first). Raises Failed."""
    rng = random.Random(seed)
    crowd = people(procedure, rng)
    facts = {fact.code: rng.choice(fact.values) for fact in procedure.facts.values()}
    here = Walk(run.start(procedure, facts).state)
    exits = 0.01 + rng.random() * 0.2  # how much this run likes to end early; low, or long ways are never walked
    while len(here.acts) < LONGEST:
        _seen(explored, here)
        end = procedure.steps[here.state.step].end
        if end:
            _closed_by_another(here, end)
            if rng.random() < stop_at_end:
                return here
        options = _options(procedure, here, rng)
        if end:
            options = [option for option in options if option[0] == "act"]
        if not options:
            if end:
                return here
            raise Failed(f"stuck at {here.state.step}: {' → '.join(here.acts)}")
        grown = 1 if len(here.acts) < 200 else 50  # adjudicators may go on for ever; this one loses patience
        kind, about = rng.choices(options, [_weight(procedure, option, exits * grown) for option in options])[0]
        if kind == "act":
            assert isinstance(about, Offer)
            _act(procedure, here, about, crowd, rng)
        else:
            _alone(procedure, here, kind, str(about), rng)
    raise Failed(f"no end after {LONGEST} acts: {' → '.join(here.acts[-30:])}")


Option = tuple[str, Offer | str]


def _seen(explored: Explored, here: Walk) -> None:
    if configuration(here.state) not in explored.edges:
        raise Failed(f"not in the proof: {here.state} after {' → '.join(here.acts)}")


def _closed_by_another(here: Walk, end: str) -> None:
    if end in la.CHECKED_ENDS and (not here.checkers or here.checkers & here.handlers):
        raise Failed(f"closed without a check by another: {' → '.join(here.acts)}")


def _options(procedure: Procedure, here: Walk, rng: random.Random) -> list[Option]:
    answers: dict[str, bool] = {}
    has = frozenset(code for code in procedure.needs if rng.random() < 0.5)
    given = Given(frozenset(here.overdue), has, lambda name: answers.setdefault(name, rng.random() < 0.5))
    options: list[Option] = [("act", offer) for offer in run.offered(procedure, here.state, given)]
    for code, found in here.state.groups:
        if found == "open":
            options.append(("answer", code))
    if here.state.hold:
        options.append(("end_hold", here.state.hold))
    running = [code for code, found in here.state.clocks if found == "running"]
    step = procedure.steps[here.state.step]
    running += [step.clock] if step.clock and step.clock not in running and not step.end else []
    options += [("time", code) for code in running if code not in here.overdue and not here.state.hold]
    return options


def _weight(procedure: Procedure, option: Option, exits: float) -> float:
    _kind, about = option
    if not isinstance(about, Offer):
        return 1.0
    end = procedure.steps[about.to].end
    return 1.0 if end is None else (0.6 if end in la.CHECKED_ENDS else exits)


def _actors(procedure: Procedure, here: Walk, offer: Offer, crowd: list[Person]) -> list[Person | str]:
    """Everybody who may do this: outsiders, holders of a post, nobody for the system; for a check no handler."""
    found: list[Person | str] = []
    for who in offer.by:
        if who in procedure.holders:
            seat = procedure.seats.get(procedure.holders[who].of)
            if seat and seat.kind not in la.SEATED_BY_ITSELF and seat.code not in here.state.seats:
                continue  # nobody sits there yet
            found += [person for person in crowd if procedure.holders[who].post in person.posts]
        elif procedure.is_outside(who):
            found.append(who)
        elif not offer.check or offer.check == "sampled":
            found.append("nobody")
    if offer.check and offer.apart:
        found = [actor for actor in found if actor not in here.handlers]
    return found


def _act(procedure: Procedure, here: Walk, offer: Offer, crowd: list[Person], rng: random.Random) -> None:
    actors = _actors(procedure, here, offer, crowd)
    if not actors and offer.check and offer.by[0] in procedure.holders:
        fresh = Person(f"area-up-{len(crowd)}", frozenset({procedure.holders[offer.by[0]].post}), "above")
        crowd.append(fresh)
        actors = [fresh]
    if not actors or (offer.approval and rng.random() < 0.3):
        here.acts.append(f"({offer.action} refused)")
        return
    move = _move(procedure, here.state, offer)
    effects = run.transition(procedure, here.state, move, diverted=run.diverts(procedure, here.state, move))
    if effects.faults:
        raise Failed(f"{effects.faults} after {' → '.join(here.acts)}")
    actor = rng.choice(actors)
    here.acts.append(f"{offer.action}.{offer.result}" if offer.result else offer.action)
    if effects.reopened:
        here.checkers = set()
    if effects.work:
        here.handlers.add(actor)
        here.checkers = set()
    if effects.check in {"pass", "sampled"}:
        here.checkers = {actor}
    for code in effects.cancels:
        here.answers.pop(code, None)
    if effects.opens:
        here.answers.setdefault(effects.opens, []).extend([None] * _members(procedure, effects.opens, rng))
    for clock in effects.clocks:
        if clock.kind in {"start", "revive", "extend"}:
            here.overdue.discard(clock.clock)
    here.state = effects.state
    for code in list(here.answers):
        if here.state.group(code) == "none":
            here.answers.pop(code)


def _move(procedure: Procedure, state: RunState, offer: Offer) -> Move:
    return next(
        move for move in run.candidates(procedure, state) if (move.action, move.result) == (offer.action, offer.result)
    )


def _members(procedure: Procedure, code: str, rng: random.Random) -> int:
    return rng.randint(1, 4) if procedure.tasks[code].each else 1


def _alone(procedure: Procedure, here: Walk, kind: str, code: str, rng: random.Random) -> None:
    """What happens without an act: a task is answered, a hold ends, a limit passes."""
    here.acts.append(f"({kind} {code})")
    if kind == "time":
        here.overdue.add(code)
    elif kind == "end_hold":
        here.state = run.end_hold(procedure, here.state).state
    else:
        tasks = procedure.tasks[code]
        answers = here.answers[code]
        answers[answers.index(None)] = rng.choice(sorted(tasks.answers))
        if tasks.work:
            here.handlers.add(f"member of {code}")
        outcome = run.group_result(tasks, answers)
        if outcome != "open":
            here.state = run.settle(procedure, here.state, code, outcome).state
            if tasks.work:
                here.checkers = set()


def simulate(procedure: Procedure, explored: Explored, runs: int, seed: int = 1) -> Mapping[str, int]:
    """`runs` walks; how often each end was reached. Raises Failed at the first broken promise."""
    ends: dict[str, int] = {}
    for number in range(runs):
        last = walk(procedure, explored, seed * 1_000_003 + number).state.step
        ends[last] = ends.get(last, 0) + 1
    return ends
