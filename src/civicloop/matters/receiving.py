"""Which matters a unit must receive at once: kinds of the supply of water, power, gas and heat, listed by the city."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy

from civicloop.places import selectors as places
from civicloop.records import settings

SETTING = "clocks.supply_kinds"
# of GB/T 47678.5-2026: wells, valves, cables, pipes and stations of the four networks
DEFAULT = "01001 01005 01010 01011 01025 01028 01030 01047 01048 01049 01057 01061"

settings.define(
    SETTING, "str", DEFAULT, gettext_lazy("Kinds of the supply of water, power, gas and heat"),
    (settings.INSTALLATION, "district"), pattern=r"(\d{5}( \d{5})*)?",
    help=gettext_lazy("Five digits each, with a space between: such matters are received within thirty minutes"),
)  # fmt: skip


def supply_kinds(areas: Mapping[str, int]) -> frozenset[str]:
    """The codes that count in the district of a matter."""
    chain = (f"district:{places.area(areas['district']).code}",) if "district" in areas else ()
    return frozenset(settings.get_str(SETTING, chain).split())
