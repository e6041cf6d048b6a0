"""Words for levels and for the kinds of responsible organs."""

from django.utils.translation import gettext_lazy as _

from civicloop.foundation import locality

LEVEL_WORDS = {
    "city": _("City"),
    "district": _("District"),
    "subdistrict": _("Subdistrict (town, township)"),
    "community": _("Community (village)"),
    "grid": _("All-purpose grid"),
}


def level_words(level: str) -> str:
    """What a level is called in this city, else in the product; empty for none."""
    return (locality.level(level) or str(LEVEL_WORDS.get(level, ""))) if level else ""


ORGAN_WORDS = {
    "district_government": _("District government"),
    "subdistrict_office": _("Subdistrict office"),
    "town_government": _("Town or township government"),
    "zone_or_farm": _("Zone or farm administration"),
    "residents_committee": _("Residents' committee"),
    "villagers_committee": _("Villagers' committee"),
    "other": _("Other body"),
}
# layers are data; these are known by name
LAYER_WORDS = {
    "property": _("Property-management area"),
    "road_city": _("Road of the city"),
    "road_district": _("Road of the district"),
    "road_subdistrict": _("Road of the subdistrict"),
    "river": _("River"),
    "park": _("Park"),
    "campus": _("Campus or industrial park"),
    "police": _("Police precinct"),
    "court": _("Court district"),
}


def layer_words(layer: str) -> str:
    """What a layer of overlays is called; its code where nobody has named it."""
    return str(LAYER_WORDS.get(layer, layer))
