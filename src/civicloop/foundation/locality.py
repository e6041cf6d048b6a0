"""Where an installation stands: its time zone, the language of its own names, what it calls its levels.

These are settings of the installation, which a room above keeps; it says here how to read them. Until then, and where
nothing is set, Asia/Shanghai and Chinese hold, and the product's own words for levels.
"""

from collections.abc import Callable
from functools import lru_cache
from zoneinfo import ZoneInfo

ZONE, LANGUAGE = "Asia/Shanghai", "zh-hans"
_read: list[Callable[[str], str]] = []


def ask(setting: Callable[[str], str]) -> None:
    """Say how a setting is read: zone, language, level.district and so on; called at start-up."""
    _read[:] = [setting]


def _get(name: str, default: str) -> str:
    return (_read[0](name) if _read else "") or default


@lru_cache(maxsize=16)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def zone_name() -> str:
    """The time zone by which days begin and hours are shown."""
    return _get("zone", ZONE)


def zone() -> ZoneInfo:
    """The same as a zone."""
    return _zone(zone_name())


def language() -> str:
    """The language of the names that the city gives its areas, units and kinds (a Django code)."""
    return _get("language", LANGUAGE)


def level(code: str) -> str:
    """What the city calls a level of its areas; empty where it says nothing of its own."""
    return _get(f"level.{code}", "")
