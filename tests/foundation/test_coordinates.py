"""Coordinate systems: there and back within half a metre, nothing outside China, distances and cells."""

from hypothesis import given
from hypothesis import strategies as st

from civicloop.foundation import coordinates, morton

LON, LAT = st.floats(73.0, 135.0), st.floats(4.0, 53.5)


@given(LON, LAT)
def test_gcj02_there_and_back(lon: float, lat: float) -> None:
    back = coordinates.gcj02_to_wgs84(*coordinates.wgs84_to_gcj02(lon, lat))
    assert coordinates.metres((lon, lat), back) < 0.5


@given(LON, LAT)
def test_bd09_there_and_back(lon: float, lat: float) -> None:
    bd = coordinates.gcj02_to_bd09(*coordinates.wgs84_to_gcj02(lon, lat))
    assert coordinates.metres((lon, lat), coordinates.to_wgs84(*bd, "bd09")) < 0.5


@given(st.floats(-180, 60), st.floats(-89, 89))
def test_nothing_is_shifted_outside_china(lon: float, lat: float) -> None:
    assert coordinates.wgs84_to_gcj02(lon, lat) == (lon, lat)


def test_the_shift_is_some_hundred_metres() -> None:
    shift = coordinates.metres((117.2, 39.12), coordinates.wgs84_to_gcj02(117.2, 39.12))
    assert 100 < shift < 1000


@given(st.floats(-179.9, 179.9), st.floats(-85, 85))
def test_a_cell_holds_its_point(lon: float, lat: float) -> None:
    cell = morton.cell(lon, lat)
    assert 0 <= cell < 1 << 48
    assert coordinates.metres((lon, lat), morton.centre(cell)) < 4
    assert morton.cell(*morton.centre(cell)) == cell
