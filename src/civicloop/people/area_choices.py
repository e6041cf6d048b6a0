"""The areas that a filter offers: the way down to the chosen one, then those one level below it."""

from typing import Any

from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext as _

from civicloop.foundation.names import shown
from civicloop.people.access import Actor
from civicloop.places import selectors as places

ALL = ("", pgettext_lazy("filter", "All"))


def area_choices(actor: Actor, chosen: str) -> list[Any]:
    """The cascade in one list: the way down to the chosen area, then the areas one level below it."""
    try:
        here = places.by_code(chosen) if chosen else places.area(actor.area_id) if actor.area_id else places.root()
    except LookupError:
        here = places.root()
    language = get_language() or "zh-hans"
    way = [ref for ref in places.path(here.id).values() if ref.level != "city"]
    below = places.children(here.id) if here.level != "grid" else []
    found: list[Any] = [ALL, *((ref.code, shown(ref.names, language)) for ref in way)]
    if below:
        found.append((_("inside it"), [(ref.code, shown(ref.names, language)) for ref in below]))
    if chosen and chosen not in {ref.code for ref in (*way, *below)}:
        found.append((chosen, chosen))
    return found
