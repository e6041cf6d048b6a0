"""Coordinate systems of points in China, converted once at the edge.

GCJ-02 and BD-09 have no official formula; the open approximation is used, its inverse found by iteration to well below
half a metre. Nothing is done outside China's bounds. CGCS2000 and WGS-84 differ by centimetres and are taken as one.
"""

import math

SYSTEMS = ("wgs84", "cgcs2000", "gcj02", "bd09")
_A, _EE = 6378245.0, 0.00669342162296594323
_BD = math.pi * 3000.0 / 180.0
EARTH = 6_371_008.8


def in_china(lon: float, lat: float) -> bool:
    """Inside the bounds within which the shift is applied at all."""
    return 72.004 <= lon <= 137.8347 and 0.8293 <= lat <= 55.8271


def _shift(lon: float, lat: float) -> tuple[float, float]:
    x, y = lon - 105.0, lat - 35.0
    common = (20.0 * math.sin(6.0 * x * math.pi) + 20.0 * math.sin(2.0 * x * math.pi)) * 2.0 / 3.0
    dlat = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x)) + common
    dlat += (20.0 * math.sin(y * math.pi) + 40.0 * math.sin(y / 3.0 * math.pi)) * 2.0 / 3.0
    dlat += (160.0 * math.sin(y / 12.0 * math.pi) + 320.0 * math.sin(y * math.pi / 30.0)) * 2.0 / 3.0
    dlon = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x)) + common
    dlon += (20.0 * math.sin(x * math.pi) + 40.0 * math.sin(x / 3.0 * math.pi)) * 2.0 / 3.0
    dlon += (150.0 * math.sin(x / 12.0 * math.pi) + 300.0 * math.sin(x / 30.0 * math.pi)) * 2.0 / 3.0
    radians = math.radians(lat)
    magic = 1 - _EE * math.sin(radians) ** 2
    root = math.sqrt(magic)
    dlat = dlat * 180.0 / (_A * (1 - _EE) / (magic * root) * math.pi)
    return dlon * 180.0 / (_A / root * math.cos(radians) * math.pi), dlat


def wgs84_to_gcj02(lon: float, lat: float) -> tuple[float, float]:
    """The shifted point; unchanged outside China."""
    if not in_china(lon, lat):
        return lon, lat
    dlon, dlat = _shift(lon, lat)
    return lon + dlon, lat + dlat


def gcj02_to_wgs84(lon: float, lat: float) -> tuple[float, float]:
    """The inverse, by iteration until the shift fits to a millimetre."""
    if not in_china(lon, lat):
        return lon, lat
    x, y = lon, lat
    for _round in range(12):
        there = wgs84_to_gcj02(x, y)
        dx, dy = lon - there[0], lat - there[1]
        x, y = x + dx, y + dy
        if abs(dx) < 1e-8 and abs(dy) < 1e-8:
            break
    return x, y


def gcj02_to_bd09(lon: float, lat: float) -> tuple[float, float]:
    """Baidu's second shift."""
    z = math.hypot(lon, lat) + 0.00002 * math.sin(lat * _BD)
    theta = math.atan2(lat, lon) + 0.000003 * math.cos(lon * _BD)
    return z * math.cos(theta) + 0.0065, z * math.sin(theta) + 0.006


def bd09_to_gcj02(lon: float, lat: float) -> tuple[float, float]:
    """Its inverse, by iteration."""
    x, y = lon - 0.0065, lat - 0.006
    for _round in range(12):
        there = gcj02_to_bd09(x, y)
        dx, dy = lon - there[0], lat - there[1]
        x, y = x + dx, y + dy
        if abs(dx) < 1e-8 and abs(dy) < 1e-8:
            break
    return x, y


def to_wgs84(lon: float, lat: float, crs: str) -> tuple[float, float]:
    """A point of any known system as WGS-84. Raises KeyError for another system."""
    if crs in ("wgs84", "cgcs2000"):
        return lon, lat
    if crs == "gcj02":
        return gcj02_to_wgs84(lon, lat)
    if crs == "bd09":
        return gcj02_to_wgs84(*bd09_to_gcj02(lon, lat)) if in_china(lon, lat) else (lon, lat)
    raise KeyError(crs)


def from_wgs84(lon: float, lat: float, crs: str) -> tuple[float, float]:
    """A WGS-84 point in any known system. Raises KeyError for another system."""
    if crs in ("wgs84", "cgcs2000"):
        return lon, lat
    if crs == "gcj02":
        return wgs84_to_gcj02(lon, lat)
    if crs == "bd09":
        return gcj02_to_bd09(*wgs84_to_gcj02(lon, lat)) if in_china(lon, lat) else (lon, lat)
    raise KeyError(crs)


def metres(first: tuple[float, float], second: tuple[float, float]) -> float:
    """The distance of two (lon, lat) points on the sphere, in metres; good to 0.5 %."""
    (lon1, lat1), (lon2, lat2) = first, second
    p1, p2 = math.radians(lat1), math.radians(lat2)
    half = math.sin((p2 - p1) / 2) ** 2 + math.cos(p1) * math.cos(p2) * math.sin(math.radians(lon2 - lon1) / 2) ** 2
    return 2 * EARTH * math.asin(math.sqrt(half))
