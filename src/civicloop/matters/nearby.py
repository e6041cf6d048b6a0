"""Reports near a point, the newest first: read by index, a bounded number of rows however many there are.

The map is cut into blocks of about a hundred metres; each block gives its newest reports, and what lies beyond the
distance is left out afterwards.
"""

from datetime import timedelta
from uuid import UUID

from civicloop.foundation import clock, coordinates, hot, ids, morton
from civicloop.matters import sql

BITS = 6  # a block is 64 × 64 cells: some 120 m at the latitude of the city
PER_BLOCK = 30
MOST = 160


def blocks(lon: float, lat: float, metres: float) -> list[int]:
    """The blocks that together hold every point within `metres`: at most sixteen, for as far as a block is wide."""
    found: set[int] = set()
    for first, last in morton.around(lon, lat, metres):
        found.update(range(first >> 2 * BITS, (last >> 2 * BITS) + 1))
    return sorted(found)


def near(lon: float, lat: float, metres: float, *, days: int, most: int = MOST) -> dict[UUID, float]:
    """Matters of the last days within `metres` of a WGS-84 point with their distance, the newest first."""
    since = ids.first_of(clock.now() - timedelta(days=days))
    rows = hot.all_rows(sql.NEAR, {"blocks": blocks(lon, lat, metres), "since": since, "most": PER_BLOCK})
    found = {matter: coordinates.metres((lon, lat), (x, y)) for matter, x, y in sorted(rows, reverse=True)}
    within = [(matter, away) for matter, away in found.items() if away <= metres]
    return dict(within[:most])
