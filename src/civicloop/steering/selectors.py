"""The whole page for a reader, in a bounded number of statements whatever the city's size."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import get_language

from civicloop.foundation.names import shown
from civicloop.matters import selectors as matters
from civicloop.people.access import Actor
from civicloop.people.models import Unit
from civicloop.steering import load, open_work, rates
from civicloop.steering.choices import By
from civicloop.steering.load import Loads
from civicloop.steering.open_work import Asked, CameBack, Held, Moments, Ordered, Owed, Promised, Standing
from civicloop.steering.placing import Place
from civicloop.steering.rates import Compared, Flow

PAGE = 50


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything that the page shows of a place at one moment."""

    place: Place
    at: Moments
    standing: Standing
    held: Sequence[Held]
    owed: Sequence[Owed]
    promised: Sequence[Promised]
    came_back: Sequence[CameBack]
    ordered: Ordered
    compared: Compared
    flow: Sequence[Flow]
    loads: Loads
    units: Mapping[int, str]


def overview(actor: Actor, place: Place, by: str = By.AREA, named: int | None = None) -> Overview:
    """What a place is like now; with the names of all units that hold or wait, or of the first `named` of each."""
    at = open_work.moments()
    standing = open_work.standing(actor, place, at, open_work.MOST_LINES if named is None else named)
    owed = open_work.owed(actor, place)
    units = {each.unit_id for each in standing.held} | {
        unit for each in owed[:named] for unit in (each.holder_id, each.unit_id)
    }
    return Overview(
        place, at, standing, standing.held, owed, open_work.promised(actor, place, at),
        open_work.came_back(actor, place, at), open_work.ordered(actor, place, at),
        rates.compared(actor, place, by), rates.flow(place), load.loads(place),
        units_named(units | ({place.unit_id} if place.unit_id is not None else set())),
    )  # fmt: skip


def units_named(wanted: set[int]) -> dict[int, str]:
    """The names of units in the reader's language."""
    language = get_language() or "zh-hans"
    rows = Unit.objects.filter(id__in=wanted).values_list("id", "names")
    return {number: shown(names, language) for number, names in rows}


def behind(actor: Actor, place: Place, asked: Asked, *, after: str = "", limit: int = PAGE) -> matters.Page:
    """A page of the matters that a figure counts, newest first. Raises Refused for a key that is none."""
    return matters.newest_of(open_work.behind(actor, place, asked), after, limit)
