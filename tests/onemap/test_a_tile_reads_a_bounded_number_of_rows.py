"""A tile reads at most so many cells as it can show, for the city's post and for every smaller area alike."""

from itertools import pairwise

import pytest

from civicloop.onemap import sql
from civicloop.onemap.rules import grid

MOST = 4**grid.FINEST  # cells


@pytest.mark.parametrize(("level", "natural"), [("city", 9), ("district", 9), ("subdistrict", 11), ("community", 13)])
def test_from_the_zoom_at_which_an_area_fills_the_screen_on_a_tile_has_few_cells(level: str, natural: int) -> None:
    for zoom in range(natural, grid.RAW_FROM):
        source = grid.source(zoom, grid.KNOWN_BY.get(level, 0))
        assert source.level in grid.LEVELS
        assert 4 ** (source.level - zoom) <= MOST, zoom
        assert source.level >= grid.KNOWN_BY.get(level, 0)
    assert grid.source(grid.RAW_FROM, grid.KNOWN_BY.get(level, 0)).raw


def test_nearer_by_the_cells_are_never_coarser() -> None:
    for known in (0, *grid.KNOWN_BY.values()):
        for farther, nearer in pairwise(range(grid.RAW_FROM + 1)):
            assert grid.source(farther, known).level <= grid.source(nearer, known).level


def test_what_is_due_is_read_without_the_column_that_its_index_lacks() -> None:
    assert 'm."end"' not in sql.RAW_DUE
    assert 'm."end"' in sql.RAW
