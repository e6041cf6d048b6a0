"""One area as a file or a program gives it, before it is one of the installation's, and the refusal of several."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from civicloop.places.models import OVERLAY


class ImportRefused(ValueError):
    """Rows that cannot be taken; nothing of the file has been written. `faults` are in words."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("; ".join(faults[:5]))
        self.faults = list(faults)


def key(level: str, layer: str, code: str) -> tuple[str, str]:
    """What an area is known by: its code, an overlay's within its layer."""
    return (layer if level == OVERLAY else "", code)


@dataclass(frozen=True)
class NewArea:
    """One area as a file gives it; `polygon` is a shapely geometry in WGS-84, or None.

    Without a layer it keeps the one that it has; a new grid is one of the all-purpose grids.
    """

    code: str
    level: str
    names: Mapping[str, str]
    parent: str
    polygon: Any = None
    organ_kind: str = ""
    synthetic: bool = False
    layer: str = "admin"
    scheme: str = "gb"
    source: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What the area is known by: its code, an overlay's within its layer."""
        return key(self.level, self.layer, self.code)
