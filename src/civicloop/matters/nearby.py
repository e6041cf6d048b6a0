"""What near means in this room: within so many metres of a WGS-84 point, found by blocks of the map.

The map is cut into blocks of about a hundred metres; what lies in the blocks around a point is looked at, and what is
farther away is left out afterwards. How many metres is each question's own: `likeness.FAR` for reports that may be the
same, the setting `recurrence.metres` for what comes back. `near` reads by index a bounded number of rows, the newest of
each block, however many there are.
"""

from datetime import timedelta
from typing import Any, Protocol
from uuid import UUID

from civicloop.foundation import clock, coordinates, hot, ids, morton
from civicloop.matters import sql


class Placed(Protocol):
    """A row that may have a point."""

    lon: Any  # float or None
    lat: Any


BITS = 6  # a block is 64 × 64 cells: some 120 m at the latitude of the city
PER_BLOCK = 30
MOST = 160


def blocks(lon: float, lat: float, metres: float) -> list[int]:
    """The blocks that together hold every point within `metres`: at most sixteen, for as far as a block is wide."""
    found: set[int] = set()
    for first, last in morton.around(lon, lat, metres):
        found.update(range(first >> 2 * BITS, (last >> 2 * BITS) + 1))
    return sorted(found)


def block(lon: float, lat: float) -> int:
    """The block in which a point lies, as the statements name it."""
    return morton.cell(lon, lat) >> 2 * BITS


def within(metres: float, one: Placed, other: Placed) -> bool:
    """Whether two rows lie within so many metres of each other; a row without a point is near nothing."""
    if one.lon is None or one.lat is None or other.lon is None or other.lat is None:
        return False
    return coordinates.metres((one.lon, one.lat), (other.lon, other.lat)) <= metres


def near(lon: float, lat: float, metres: float, *, days: int, most: int = MOST) -> dict[UUID, float]:
    """Matters of the last days within `metres` of a WGS-84 point with their distance, the newest first."""
    since = ids.first_of(clock.now() - timedelta(days=days))
    rows = hot.all_rows(sql.NEAR, {"blocks": blocks(lon, lat, metres), "since": since, "most": PER_BLOCK})
    found = {matter: coordinates.metres((lon, lat), (x, y)) for matter, x, y in sorted(rows, reverse=True)}
    within = [(matter, away) for matter, away in found.items() if away <= metres]
    return dict(within[:most])
