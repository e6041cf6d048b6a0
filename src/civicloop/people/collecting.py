"""告知: what a form says of the personal data that it collects, out of the declared inventory, so that it cannot drift.

`{% load collecting %}{% personal_notice "resident-report" %}` in the form's template, which the point names in `forms`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from civicloop.people import access
from civicloop.people.choices import Role
from civicloop.records import inventory
from civicloop.records.inventory import Fact

BASES: Mapping[str, str | Promise] = {
    "consent": gettext_lazy("Your own authorisation, which you may take back (PIPL art. 13 (1) 1, art. 15)"),
    "employment": gettext_lazy("Needed to manage staff (PIPL art. 13 (1) 2)"),
    "statutory_duty": gettext_lazy("A statutory duty (PIPL art. 13 (1) 3)"),
}
OPENED_BY: Mapping[str, str | Promise] = {
    "self": pgettext_lazy("who opens", "the person concerned"),
    "matter": pgettext_lazy("who opens", "whoever may see the matter"),
    "nobody": pgettext_lazy("who opens", "nobody; only the program compares it"),
}


def roles(code: str) -> frozenset[str]:
    """The roles behind `personal:…` or `duty:…`. Raises KeyError for what people.access does not know."""
    kind, _colon, name = code.partition(":")
    return {"personal": access.PERSONAL, "duty": access.DUTIES}[kind][name]


def readers(fact: Fact) -> str:
    """Who may open a fact, in words."""
    held = frozenset[str]().union(*(roles(each) for each in fact.opens if ":" in each))
    words = [str(OPENED_BY[each]) for each in fact.opens if each in OPENED_BY]
    return pgettext("between the things of a list", ", ").join(
        [*words, *(str(role.label) for role in Role if role in held)]
    )


def notice(codes: Sequence[str]) -> list[dict[str, Any]]:
    """What is collected at some points: what, why, on which basis, how long, and who may open it.

    Facts with the same basis, period and readers stand together. Raises KeyError for a point that nobody has declared.
    """
    for code in codes:
        inventory.points()[code]
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for fact in inventory.collected_at(codes):
        rule = inventory.rules()[fact.retention]
        key = (str(BASES[fact.basis]), inventory.said(rule.kept), inventory.said(rule.then), readers(fact))
        group = found.setdefault(key, {"basis": key[0], "kept": key[1], "then": key[2], "opens": key[3], "facts": []})
        line = {"what": inventory.said(fact.what), "why": inventory.said(fact.why), "sensitive": fact.sensitive}
        group["facts"].append(line)
    return list(found.values())
