"""Sources, reasons and marks of the catalogue in words, in the language that is active."""

from collections.abc import Mapping
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from civicloop.catalogue.choices import NameSource, Part, Source
from civicloop.foundation.names import REQUIRED, shown

# the badge of a source; only a city's own setting is unmarked by caution
BADGES = {Source.DEFAULT: "caution", Source.SAMPLE_CITY: "caution", Source.CITY: "good"}
DUTY_DESK = {
    "outside_every_area": gettext_lazy("The place lies outside every area, so the duty desk answers."),
    "no_kind": gettext_lazy("The kind is not known yet, so the duty desk answers."),
    "no_rule": gettext_lazy("No rule names a unit for this kind here, so the duty desk answers."),
}
RULES = {
    "rule_condition": gettext_lazy("A rule for this filing condition"),
    "rule_kind": gettext_lazy("A rule for this kind"),
    "rule_class": gettext_lazy("A rule for this class"),
    "rule_any": gettext_lazy("A rule for everything"),
}
PARTIES = {
    "owner": gettext_lazy("the owner of the component"),
    "maintainer": gettext_lazy("the maintainer of the component"),
}
EVERYTHING = gettext_lazy("everything")
LEVELS = {
    "city": gettext_lazy("city"),
    "district": gettext_lazy("district"),
    "subdistrict": gettext_lazy("subdistrict"),
    "community": gettext_lazy("community"),
    "grid": gettext_lazy("grid"),
}


def name(names: Mapping[str, str]) -> str:
    """A name in the active language."""
    return shown(names, translation.get_language() or REQUIRED)


def source_words(source: str) -> str:
    """Where a condition and its limit come from."""
    return str(Source(source).label)


def badge(source: str) -> str:
    """The kind of mark (see the component `mark`) for a source."""
    return BADGES[Source(source)]


def name_source_words(name_source: str) -> str:
    """Where the English name comes from; empty in Chinese, whose names are the list's own."""
    if (translation.get_language() or REQUIRED).startswith("zh"):
        return ""
    return str(NameSource(name_source).label)


def reason_words(code: str, params: Mapping[str, Any]) -> str:
    """Why a unit answers, in one line."""
    if code == "duty_desk":
        return str(DUTY_DESK[params["why"]])
    if code == "duty_list":
        line = _("List of duties, %(part)s, line %(number)s: %(words)s") % {
            "part": Part(params["part"]).label,
            "number": params["number"],
            "words": name(params["words"]),
        }
        return f"{line} {params['paper']}".strip()
    rule = str(RULES[code])
    if params.get("party"):
        rule = _("%(rule)s, for %(party)s") % {"rule": rule, "party": PARTIES[params["party"]]}
    line = _("%(rule)s, level: %(level)s. %(words)s") % {
        "rule": rule,
        "level": LEVELS[params["level"]],
        "words": name(params["words"]),
    }
    return f"{line} {params['paper']}".strip()
