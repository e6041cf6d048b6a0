"""Where an installation stands: its time zone, and the language in which its own data are named.

Both are settings of the installation, which a room above keeps; it says here how to read them. Until then, and where
nothing is set, Asia/Shanghai and Chinese hold.
"""

from collections.abc import Callable
from zoneinfo import ZoneInfo

ZONE, LANGUAGE = "Asia/Shanghai", "zh-hans"
_read: list[tuple[Callable[[], str], Callable[[], str]]] = []


def ask(zone: Callable[[], str], language: Callable[[], str]) -> None:
    """Say how zone and language are read; called at start-up."""
    _read[:] = [(zone, language)]


def zone_name() -> str:
    """The time zone by which days begin and hours are shown."""
    return _read[0][0]() if _read else ZONE


def zone() -> ZoneInfo:
    """The same as a zone."""
    return ZoneInfo(zone_name())


def language() -> str:
    """The language of the names that the city gives its areas, units and kinds (a Django code)."""
    return _read[0][1]() if _read else LANGUAGE
