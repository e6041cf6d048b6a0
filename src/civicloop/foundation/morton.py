"""Cells of the map: a Web Mercator position at zoom 24 as one number whose order keeps neighbours near (Morton)."""

import math

ZOOM = 24
SIDE = 1 << ZOOM
LIMIT = 85.05112878
EQUATOR = 40_075_016.686  # metres


def _spread(value: int) -> int:
    value = (value | value << 16) & 0x0000FFFF0000FFFF
    value = (value | value << 8) & 0x00FF00FF00FF00FF
    value = (value | value << 4) & 0x0F0F0F0F0F0F0F0F
    value = (value | value << 2) & 0x3333333333333333
    return (value | value << 1) & 0x5555555555555555


def column(value: int) -> int:
    """The column of a cell; of `cell >> 1` it is the row."""
    value &= 0x5555555555555555
    value = (value | value >> 1) & 0x3333333333333333
    value = (value | value >> 2) & 0x0F0F0F0F0F0F0F0F
    value = (value | value >> 4) & 0x00FF00FF00FF00FF
    value = (value | value >> 8) & 0x0000FFFF0000FFFF
    return (value | value >> 16) & 0x00000000FFFFFFFF


def cell(lon: float, lat: float) -> int:
    """The cell of a WGS-84 point, 0 … 2⁴⁸−1; latitudes beyond the map's edge are taken at the edge."""
    bounded = max(-LIMIT, min(LIMIT, lat))
    x = int((lon + 180.0) / 360.0 * SIDE)
    sine = math.sin(math.radians(bounded))
    y = int((0.5 - math.log((1 + sine) / (1 - sine)) / (4 * math.pi)) * SIDE)
    last = SIDE - 1
    return _spread(max(0, min(last, x))) | _spread(max(0, min(last, y))) << 1


def centre(value: int) -> tuple[float, float]:
    """(lon, lat) of the middle of a cell."""
    x, y = column(value) + 0.5, column(value >> 1) + 0.5
    lon = x / SIDE * 360.0 - 180.0
    return lon, math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * y / SIDE))))


def cells_of_tile(zoom: int, x: int, y: int) -> tuple[int, int]:
    """The first and the last cell (at zoom 24) of a tile of the map; a tile is one range of cells."""
    shift = 2 * (ZOOM - zoom)
    first = (_spread(x) | _spread(y) << 1) << shift
    return first, first + (1 << shift) - 1


def around(lon: float, lat: float, metres: float) -> list[tuple[int, int]]:
    """Ranges (first, last) of cells that together hold every point within `metres`; at most nine, and somewhat more.

    Blocks as large as the distance are taken whole, so what lies somewhat farther is held as well: measure afterwards.
    """
    side = EQUATOR * math.cos(math.radians(max(-LIMIT, min(LIMIT, lat)))) / SIDE
    reach = max(1, math.ceil(metres / side))
    bits = reach.bit_length()
    middle = cell(lon, lat)
    x, y = column(middle), column(middle >> 1)
    columns, rows = (
        range(max(0, each - reach) >> bits, (min(SIDE - 1, each + reach) >> bits) + 1) for each in (x, y)
    )  # fmt: skip
    found: list[tuple[int, int]] = []
    for first in sorted((_spread(column) | _spread(row) << 1) << 2 * bits for column in columns for row in rows):
        last = first + (1 << 2 * bits) - 1
        if found and found[-1][1] + 1 == first:
            found[-1] = (found[-1][0], last)
        else:
            found.append((first, last))
    return found
