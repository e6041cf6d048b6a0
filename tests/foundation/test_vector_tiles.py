"""Vector tiles: what the encoder writes, an independent decoder reads."""

from hypothesis import given
from hypothesis import strategies as st

from civicloop.foundation import morton, mvt
from tests.onemap.decoding import area_of, decoded

values = st.one_of(st.text(max_size=20), st.integers(-(2**40), 2**40), st.booleans(), st.floats(allow_nan=False))


@given(
    st.lists(st.tuples(st.integers(-64, 4160), st.integers(-64, 4160), st.dictionaries(st.text(max_size=8), values)))
)
def test_points_come_back_with_their_properties(points: list[tuple[int, int, dict[str, mvt.Value]]]) -> None:
    layer = mvt.Layer("matters", mvt.POINT)
    for number, (x, y, said) in enumerate(points):
        layer.add(mvt.point(x, y), said, number)
    found = decoded(mvt.tile(layer)).get("matters", [])
    assert [(each.parts, each.properties, each.id) for each in found] == [
        ([[(x, y)]], said, number) for number, (x, y, said) in enumerate(points)
    ]


def test_an_outer_ring_and_a_hole_keep_their_turns() -> None:
    outer, hole = [(0, 0), (100, 0), (100, 100), (0, 100)], [(10, 10), (10, 20), (20, 20), (20, 10)]
    layer = mvt.Layer("areas", mvt.POLYGON)
    layer.add(mvt.polygon([outer, hole]), {"name": "东风街道"})
    (feature,) = decoded(mvt.tile(layer))["areas"]
    assert feature.parts == [[*outer, outer[0]], [*hole, hole[0]]]
    assert area_of(feature.parts[0]) > 0 > area_of(feature.parts[1])
    assert feature.properties == {"name": "东风街道"}


def test_a_layer_without_features_is_no_layer() -> None:
    assert mvt.tile(mvt.Layer("matters", mvt.POINT)) == b""


@given(st.floats(-179.9, 179.9), st.floats(-84, 84), st.integers(0, 20))
def test_the_cell_of_a_point_lies_in_its_tile_and_at_its_place(lon: float, lat: float, zoom: int) -> None:
    cell = morton.cell(lon, lat)
    x, y = (each >> morton.ZOOM - zoom for each in (morton.column(cell), morton.column(cell >> 1)))
    first, last = morton.cells_of_tile(zoom, x, y)
    assert first <= cell <= last
    assert last - first + 1 == 1 << 2 * (morton.ZOOM - zoom)
    bits = min(6, morton.ZOOM - zoom)
    place = (cell - first) >> 2 * (morton.ZOOM - zoom - bits)
    layer = mvt.Layer("matters", mvt.POINT)
    layer.add(mvt.points_of_cells(bits)[place], {})
    ((px, py),) = decoded(mvt.tile(layer))["matters"][0].parts[0]
    side = 4096 >> bits
    within = (morton.column(cell) - (x << morton.ZOOM - zoom)) * 4096 / (1 << morton.ZOOM - zoom)
    assert abs(px - within) <= side
    assert 0 < py < 4096
