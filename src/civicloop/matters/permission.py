"""Who may act on a matter now: holders of the step, somebody outside, the system; and who must not check."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from civicloop.matters import clockwork, engine
from civicloop.matters.reading import Reading
from civicloop.people import access
from civicloop.people.access import Actor
from civicloop.procedures import guards
from civicloop.procedures.rules import run
from civicloop.procedures.rules.conditions import Given
from civicloop.procedures.rules.language import is_nobody


def given_for(seen: Reading, actor: Actor, data: Mapping[str, Any], now: datetime) -> Given:
    """What the conditions of the procedure may look at now."""
    return Given(
        overdue=clockwork.overdue(seen.clocks, now),
        has=frozenset(name for name, value in data.items() if value not in (None, "", [])),
        guard=lambda name: guards.answer(name, seen, actor, now),
    )


def may_act(actor: Actor, seen: Reading, by: tuple[str, ...]) -> bool:
    """Whether the actor is one of those who may do it: a holder, somebody outside, the system, a clock."""
    return acting(actor, seen, by) is not None


def acting(actor: Actor, seen: Reading, by: tuple[str, ...]) -> Actor | None:
    """The actor in the role that allows the act, for a post of several roles; None when nothing allows it."""
    if actor.kind == "system":
        return actor if any(map(is_nobody, by)) else None
    procedure, subject, seats = seen.procedure, seen.subject, seen.row["seats"]
    for who in by:
        if is_nobody(who):
            continue
        post, of, value = engine.relation(procedure, who, seats)
        if access.stands_for(actor, post=post, of=of, value=value, subject=subject):
            return replace(actor, acting=post) if post in actor.roles else actor
    return None


def took_part(actor: Actor, seen: Reading, apart: tuple[str, ...]) -> bool:
    """Whether a check by this actor would be a check of the own work (person, post or unit, as declared).

    Whoever stands in for somebody stays the same person of the same own post and unit: a borrowed post opens no way to
    the own work, whatever the procedure narrows the separation to.
    """
    if actor.kind != "staff":
        return False
    mine = {
        "person": {actor.account_id},
        "post": {actor.post_id, actor.stands_in_from},
        "unit": {actor.unit_id, actor.own_unit_id},
    }
    kept = {*apart, "person"} if apart and actor.stands_in_from is not None else set(apart)
    return any(
        handler[index] is not None and handler[index] in mine[what]
        for handler in seen.row["handlers"]
        for index, what in enumerate(("person", "post", "unit"))
        if what in kept
    )


def kept_from_checks(actor: Actor, seen: Reading) -> bool:
    """Whether a check that the matter's procedure knows would be a check of the own work for this actor."""
    moves = [move for action in seen.procedure.actions.values() for move in action.moves if move.check]
    return any(took_part(actor, seen, run.separation(move)) for move in moves)
