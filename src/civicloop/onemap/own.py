"""The map of a post that reads matters one by one: what its unit and it are involved in, its grid, what is delegated.

The ways of `matters.selectors` ask access; what is confidential is left out here as on every map.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from civicloop.matters import selectors as matters
from civicloop.matters.cells import ENDED, SHOWN
from civicloop.matters.models import Matter
from civicloop.onemap.choices import STATES
from civicloop.onemap.filters import MapFilters
from civicloop.onemap.permission import Reach
from civicloop.people.access import Actor

MOST = 20_000  # matters of one post; the newest ones where there are more


@dataclass(frozen=True, slots=True)
class Own:
    """A matter as the map counts it."""

    cell: int | None
    state: int
    due_at: datetime | None
    areas: tuple[int | None, ...]  # from the district to the grid

    def late(self, now: datetime) -> bool:
        """Whether it is open and over its deadline."""
        return self.state != STATES.index(ENDED) and self.due_at is not None and self.due_at < now


def listed(
    actor: Actor, reach: Reach, filters: MapFilters, cells: tuple[int, int] | None = None
) -> Iterable[Own]:  # fmt: skip
    """The matters of the post that fit, each once."""
    wanted = filters.of_list()
    if reach.level != "city":
        wanted = replace(wanted, area_id=reach.area_id, area_level=reach.level)
    if cells is not None:
        wanted = replace(wanted, cells=cells)
    found: dict[UUID, Own] = {}
    for way in matters.ways(actor, open_only=bool(wanted.open)):
        rows = matters.narrowed(Matter.objects.filter(way & SHOWN), actor, wanted)
        values = rows.order_by("-id").values_list(
            "id", "cell", "end", "stage", "due_at", "district_id", "subdistrict_id", "community_id", "grid_id"
        )
        for identifier, cell, end, stage, due, *areas in values[:MOST]:
            found[identifier] = Own(cell, STATES.index(ENDED if end else stage), due, tuple(areas))
    return found.values()
