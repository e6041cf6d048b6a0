"""Words for levels and for the kinds of responsible organs."""

from django.utils.translation import gettext_lazy as _

LEVEL_WORDS = {
    "city": _("City"),
    "district": _("District"),
    "subdistrict": _("Subdistrict (town, township)"),
    "community": _("Community (village)"),
    "grid": _("All-purpose grid"),
}
ORGAN_WORDS = {
    "district_government": _("District government"),
    "subdistrict_office": _("Subdistrict office"),
    "town_government": _("Town or township government"),
    "zone_or_farm": _("Zone or farm administration"),
    "residents_committee": _("Residents' committee"),
    "villagers_committee": _("Villagers' committee"),
    "other": _("Other body"),
}
