"""How long a point takes to find its areas: in process, among all grids of a whole city."""

import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from civicloop.foundation import coordinates
from civicloop.ops.bench.client import quantiles
from civicloop.ops.bench.instance import instance

WARM = 200  # questions before measuring: the picture of the areas is read by the first
BATCH = 5_000
MARGIN = 0.05  # degrees around the city: some of the points lie outside of every area


def locate(folder: Path, number: int, say: Callable[[str], None], *, components: int = 0) -> dict[str, Any]:
    """p50, p95 and p99 of `places.locate` over `number` random points in and around a city, by coordinate system.

    Each system gets the same points, so that what its conversion costs is seen. With `components` also the look-up of
    the nearest in a register of so many.
    """
    from civicloop.places import actions, selectors

    with instance():
        say("the areas of the city")
        actions.load_city(folder=folder, progress=lambda part, _share: say(part))
        began = time.perf_counter()
        selectors.forget()
        areas = len(selectors.areas("grid"))
        read = time.perf_counter() - began
        points = random_points(number)
        results: dict[str, Any] = {"grids": areas, "seconds_to_read": round(read, 2)}
        for system in coordinates.SYSTEMS:
            say(system)
            results[system] = _measured(selectors.locate, system, points)
        if components:
            say("components")
            results["components"] = _nearest(components, number)
    inside = results["wgs84"]["inside"] / number
    return {"results": results, "ratios": {"inside": round(inside, 3)}}


def _nearest(size: int, number: int) -> dict[str, Any]:
    """The nearest components at points where some stand, one read of the database each."""
    from civicloop.catalogue import actions as catalogue
    from civicloop.catalogue import component_selectors as register
    from civicloop.catalogue import selectors
    from civicloop.catalogue.models import Component
    from civicloop.foundation import clock, morton
    from civicloop.people import access

    catalogue.load_folders(access.system("bench"), folders=[catalogue.NATIONAL])
    kinds = [view.id for view in selectors.kinds(family="component")]
    now, draw = clock.now(), random.Random(6)
    points = random_points(size)
    for start in range(0, size, BATCH):
        Component.objects.bulk_create(
            Component(
                code=f"{n:017d}", kind_id=draw.choice(kinds), names={"zh-hans": "部件"}, lon=lon, lat=lat,
                crs_in="wgs84", lon_in=lon, lat_in=lat, cell=morton.cell(lon, lat), first_on=now.date(), since=now,
                valid_from=now,
            )
            for n, (lon, lat) in enumerate(points[start : start + BATCH], start=start)
        )  # fmt: skip
    asked = draw.choices(points, k=number)
    for lon, lat in asked[:WARM]:
        register.near(lon, lat)
    times, found = [], 0
    for lon, lat in asked:
        began = time.perf_counter()
        found += len(register.near(lon, lat))
        times.append(time.perf_counter() - began)
    return {**quantiles(times), "size": size, "found": found}


def random_points(number: int) -> list[tuple[float, float]]:
    """Random points over the bounds of all grids and a little beyond."""
    from civicloop.places.models import AreaVersion

    shape = _bounds(AreaVersion.objects.filter(area__level="grid").values_list("polygon", flat=True))
    draw = random.Random(5)
    west, south, east, north = shape
    return [
        (draw.uniform(west - MARGIN, east + MARGIN), draw.uniform(south - MARGIN, north + MARGIN))
        for _number in range(number)
    ]


def _bounds(polygons: Any) -> tuple[float, float, float, float]:
    import shapely

    found = shapely.total_bounds([shapely.from_wkb(bytes(polygon)) for polygon in polygons if polygon is not None])
    west, south, east, north = (float(value) for value in found)
    return west, south, east, north


def _measured(
    ask: Callable[[float, float, str], Any], system: str, points: list[tuple[float, float]]
) -> dict[str, Any]:
    for lon, lat in points[:WARM]:
        ask(lon, lat, system)
    times, inside = [], 0
    for lon, lat in points:
        began = time.perf_counter()
        found = ask(lon, lat, system)
        times.append(time.perf_counter() - began)
        inside += bool(found.areas)
    return {**quantiles(times), "inside": inside}
