"""Which counts answer a tile, and at how many cells: the arithmetic of zooms, levels and cells.

A level is a zoom of the Morton cell (foundation.morton). Counts are kept at levels 15, 17 and 19: 64 × 64 in a tile of
zoom 9, 11 and 13; the zoom between takes 32 × 32 of the same level. From zoom 15 on the matters themselves are
read, a tile being one range of an index. Counts by the month of receipt are kept at level 13 only.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from civicloop.foundation import morton

LEVELS = (15, 17, 19)
MONTHLY = 13
OF_KIND = 11  # counts of single kinds, by month; a tile nearer by holds few of one kind, which are read themselves
KNOWN_BY = {"district": 15, "subdistrict": 17, "community": 19}  # from which level on counts know an area of a level
RAW_FROM = 15  # zooms from which on matters themselves are read
FINEST = 6  # bits: 64 × 64 cells
HIGHEST = 20  # zoom of the finest tiles; beyond, the browser stretches the last one
CLUSTERED = 3  # bits: 8 × 8 clusters in a tile


@dataclass(frozen=True, slots=True)
class Source:
    """Counts of `level` (24: the matters themselves) in a tile of `zoom`, shown as 2^bits × 2^bits cells."""

    level: int
    zoom: int

    @property
    def bits(self) -> int:
        return max(0, min(FINEST, self.level - self.zoom))

    @property
    def down(self) -> int:
        """By how many bits a cell of the level is shifted to one that is shown."""
        return 2 * (self.level - self.zoom - self.bits)

    @property
    def raw(self) -> bool:
        return self.level == morton.ZOOM


def exists(zoom: int, x: int, y: int) -> bool:
    """Whether there is such a tile."""
    return 0 <= zoom <= HIGHEST and 0 <= x < 1 << zoom and 0 <= y < 1 << zoom


def source(zoom: int, finest_area: int = LEVELS[0]) -> Source:
    """What answers a tile; counts below `finest_area` do not know the reader's area, so finer ones are taken."""
    if zoom >= RAW_FROM:
        return raw(zoom)
    fitting = (each for each in LEVELS if each >= finest_area and each - zoom >= FINEST - 1)
    return Source(next(fitting, LEVELS[-1]), zoom)


def raw(zoom: int) -> Source:
    """The matters themselves."""
    return Source(morton.ZOOM, zoom)


def monthly(zoom: int) -> Source:
    """What answers a tile of matters received in some months, where they are too many to be read themselves."""
    return Source(MONTHLY, min(zoom, MONTHLY))


def of_kind(zoom: int) -> Source:
    """What answers a tile of matters of one kind, where they are too many to be read themselves."""
    return Source(OF_KIND, min(zoom, OF_KIND))


def shift(level: int) -> int:
    """By how many bits a cell of zoom 24 is shifted to that of a level."""
    return 2 * (morton.ZOOM - level)


def span(level: int, zoom: int, x: int, y: int) -> tuple[int, int]:
    """The first and the last cell of `level` in a tile."""
    first, last = morton.cells_of_tile(zoom, x, y)
    return first >> shift(level), last >> shift(level)


def place(lon: float, lat: float, zoom: int, x: int, y: int) -> tuple[float, float]:
    """Where a point lies in a tile, as shares of its sides."""
    cell, down = morton.cell(lon, lat), morton.ZOOM - zoom
    side = 1 << down
    return (morton.column(cell) + 0.5) / side - x, (morton.column(cell >> 1) + 0.5) / side - y


@cache
def middles(bits: int) -> Sequence[tuple[float, float]]:
    """The middle of each of a tile's 2^bits × 2^bits cells in their Morton order, as shares of its sides."""
    side = 1 << bits
    return [
        ((morton.column(cell) + 0.5) / side, (morton.column(cell >> 1) + 0.5) / side) for cell in range(side * side)
    ]


def clusters(rows: Iterable[Sequence[int]], bits: int) -> list[tuple[float, float, int, int]]:
    """(x, y, count, late) of at most 8 × 8 clusters of a tile's cells, each in the middle of its matters.

    `rows` are (cell, count, late …) at 2^bits cells a side; x and y are shares of the tile, 0 … 1.
    """
    down, middle = 2 * max(0, bits - CLUSTERED), middles(bits)
    found: dict[int, list[float]] = {}
    for cell, count, late, *_rest in rows:
        x, y = middle[cell]
        into = found.setdefault(cell >> down, [0.0, 0.0, 0, 0])
        into[0] += x * count
        into[1] += y * count
        into[2] += count
        into[3] += late
    return [(sx / count, sy / count, int(count), int(late)) for sx, sy, count, late in found.values() if count > 0]
