"""Questions that declarations ask by name (guards): pure answers about a matter as an act sees it."""

from datetime import datetime
from typing import Any

from civicloop.calendars.rules.limits import LimitUnit
from civicloop.catalogue import selectors as catalogue
from civicloop.matters import clockwork, receiving, returning


def ended_overdue(matter: Any, _actor: Any, _moment: datetime) -> bool:
    """Whether the handling clock stopped after its due moment: only then may the mark be appealed (超时申诉)."""
    row = matter.clock("handle")
    return bool(row and row["state"] == "stopped" and clockwork.outcome(row) == clockwork.LATE)


def urgent(matter: Any, _actor: Any, _moment: datetime) -> bool:
    """Whether the filing condition gives hours day and night (紧急工作时): it is received as danger to life is."""
    condition_id = matter.row["condition_id"]
    if condition_id is None:
        return False
    return catalogue.condition(condition_id).limit.unit is LimitUnit.URGENT_HOUR


def supply(matter: Any, _actor: Any, _moment: datetime) -> bool:
    """Whether the kind is one of the supply of water, power, gas or heat, as the city lists them."""
    kind_id = matter.row["kind_id"]
    return kind_id is not None and catalogue.kind(kind_id).code in receiving.supply_kinds(matter.areas)


def returnable(matter: Any, _actor: Any, moment: datetime) -> bool:
    """Whether the time for returning it is not over: late means that the unit must handle it."""
    end = returning.until(matter)
    return end is None or moment < end


def whistled(matter: Any, _actor: Any, _moment: datetime) -> bool:
    """Whether it was passed up: the level that dispatches now is not the one that stays with whoever whistled."""
    return len({level for _name, level in matter.state.levels}) > 1
