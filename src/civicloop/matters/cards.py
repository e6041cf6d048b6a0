"""脱敏转发卡: a matter to pass on without personal data. Names in the words are for the eye of whoever passes it on.

Numbers in texts are masked, the place ends at the road, there is no photo, no reporter and no point. A complaint about
a unit has none: it is passed on as a rewritten text. Each card is an audit line.
"""

import re
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from civicloop.foundation import identifiers
from civicloop.matters import errors, reading
from civicloop.matters.errors import Refused
from civicloop.matters.models import Matter
from civicloop.people import access
from civicloop.people.access import Actor
from civicloop.records import audit

# up to the road: what follows is a house, a building, a door
_ROAD = re.compile(r"^.*?(?:大街|大道|公路|路|街|道|巷|弄|胡同|里|桥|广场)")
_LATIN = re.compile(r"\b(?:[A-Z][\w'-]*\s+)+(?:Road|Street|Avenue|Lane|Square|Bridge)\b")


@dataclass(frozen=True)
class Card:
    """What stands on a card."""

    row: Matter
    title: str
    text: str
    road: str


def make(actor: Actor, matter_id: UUID) -> Card:
    """The card of a matter, with its audit line. Raises Refused: not_found, forbidden, about_a_unit."""
    seen = reading.read(matter_id)
    if seen is None or not access.sees(actor, seen.subject).known:
        raise errors.not_found()
    if actor.kind != "staff" or seen.row["confidentiality"] > actor.confidentiality:
        words = _("This matter is confidential: your post may not pass it on.")
        raise Refused("forbidden", 403, words)
    if seen.row["complained_of"]:
        words = _("A complaint about a unit is passed on as a rewritten text only.")
        raise Refused("about_a_unit", 409, words)
    row = Matter.objects.select_related("kind", "unit").get(id=matter_id)
    with transaction.atomic():
        audit.write(
            actor_id=actor.account_id, post_id=actor.post_id, actor_words=actor.words, action="matter.card",
            object=str(row.number), outcome="done",
        )  # fmt: skip
    return Card(
        row, identifiers.without_numbers(row.title), identifiers.without_numbers(row.text), road_of(row.address)
    )


def road_of(address: str) -> str:
    """An address up to its road; empty where no road is told from the rest."""
    found = _ROAD.match(address) or _LATIN.search(address)
    return identifiers.without_numbers(found[0]) if found else ""
