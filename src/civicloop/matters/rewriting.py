"""改写件: what the unit complained of is given instead of the complaint, released by a second person.

It is a matter of its own, in words of the desk, at the community and no nearer, reported at the moment of its release.
Nothing in it leads back to the complaint; the complaint's timeline keeps its id.
"""

import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from civicloop.catalogue import selectors as catalogue
from civicloop.foundation import chain, ids
from civicloop.matters import complaining, complaints, errors, reading, timeline
from civicloop.matters.choices import Channel
from civicloop.matters.errors import Refused, invalid
from civicloop.matters.models import Entry, EntryText
from civicloop.matters.plans import Plan
from civicloop.matters.reading import Reading
from civicloop.matters.rows import Rows
from civicloop.matters.values import Act, NewMatter
from civicloop.people import access
from civicloop.people.access import Actor
from civicloop.places import selectors as places

WRITE, RELEASE = "rewrite", "release_rewrite"
MOST, ALIKE = 2000, 12


@dataclass(frozen=True)
class Rewritten:
    """A rewritten text: the entry that holds it, who wrote it, and the matter that it became (None: it waits)."""

    seq: int
    account_id: int | None
    text: str
    copy: UUID | None


def of_matter(matter_id: UUID) -> list[Rewritten]:
    """The rewritten texts of a complaint, oldest first; only after the reader may see the complaint."""
    texts = dict(EntryText.objects.filter(matter_id=matter_id, field="rewritten").values_list("seq", "value"))
    copies: dict[int, UUID] = {}
    for body in Entry.objects.filter(matter_id=matter_id, action=RELEASE).values_list("body", flat=True):
        data: Any = chain.content(bytes(body))["data"]
        copies[data["rewrite"]] = UUID(data["copy"])
    rows = Entry.objects.filter(matter_id=matter_id, action=WRITE).order_by("seq").values_list("seq", "account_id")
    return [Rewritten(seq, account, texts.get(seq, ""), copies.get(seq)) for seq, account in rows]


def write(actor: Actor, wanted: Act, seen: Reading) -> Plan:
    """{"text": words of the desk}. Raises Refused forbidden, no_complaint, missing, too_like, holds_number."""
    _may(actor, seen)
    text = wanted.data.get("text")
    if not isinstance(text, str) or not text.strip() or len(text) > MOST:
        raise invalid("text", "missing", _("Write the text in at most %(most)s characters.") % {"most": MOST})
    original = EntryText.objects.filter(matter_id=seen.id, seq=1).exclude(field="point").values_list("value", flat=True)
    if any(_alike(each, text) for each in original):
        words = _("This repeats words of the complaint, by which its writer may be known. Say it in words of your own.")
        raise invalid("text", "too_like", words)
    if re.search(r"\d{7}", re.sub(r"[\s-]", "", text)):
        raise invalid("text", "holds_number", _("Leave out telephone and identity numbers."))
    return Plan(WRITE, None, timeline.Draft(texts={"rewritten": text.strip()}), Rows())


def release_plan(actor: Actor, wanted: Act, seen: Reading) -> Plan:
    """{"rewrite": number of its entry}, by somebody else than who wrote it."""
    _may(actor, seen)
    found = next((each for each in of_matter(seen.id) if each.seq == wanted.data.get("rewrite")), None)
    if found is None or found.copy is not None or not found.text:
        raise Refused("no_such_text", 409, _("There is no such text that waits for its release."))
    if found.account_id in access.accounts(actor):
        raise errors.forbidden("own_request")
    return Plan(RELEASE, None, timeline.Draft(plain={"rewrite": found.seq}), Rows())


def release(actor: Actor, *, matter_id: UUID, rewrite: int, act_id: UUID) -> UUID:
    """Release a rewritten text: it becomes a matter of its own. Returns its id. Idempotent by act_id.

    Raises Refused: not_found, forbidden, own_request, no_such_text, and whatever a report is refused for.
    """
    from civicloop.matters import actions

    with transaction.atomic():
        act = Act(matter_id, RELEASE, act_id, None, {"rewrite": rewrite})
        done = actions.act(actor, act, kept={"copy": str(ids.uuid7())})
        found = next(each for each in of_matter(matter_id) if each.seq == rewrite)
        if found.copy is None:
            raise RuntimeError("a release without the matter that it makes")
        if done.status == 201:
            seen = reading.read(matter_id)
            if seen is None:
                raise errors.not_found()
            actions.report(actor, _copy(seen, found))
    return found.copy


def _copy(seen: Reading, found: Rewritten) -> NewMatter:
    area = next((seen.areas[level] for level in ("community", "subdistrict", "district") if level in seen.areas), None)
    kind: Any = catalogue.kind(seen.row["kind_id"]) if seen.row["kind_id"] else None
    return NewMatter(
        id=found.copy or ids.uuid7(), text=found.text, procedure=seen.procedure.code, kind=kind.code if kind else "",
        area=places.area(area).code if area is not None else "", channel=Channel.DESK,
        confidentiality=complaints.CONFIDENTIAL,
    )  # fmt: skip


def _may(actor: Actor, seen: Reading) -> None:
    if not complaining.may_name(actor, seen):
        raise errors.forbidden()
    if not seen.row["complained_of"]:
        raise Refused("no_complaint", 409, _("No unit is named as complained of in this matter."))


def _alike(original: str, text: str) -> bool:
    """Whether a run of signs of the original stands in the text, or the whole of a short one of six or more."""
    first, second = re.sub(r"\W", "", original), re.sub(r"\W", "", text)
    size = min(ALIKE, len(first))
    return size >= 6 and any(first[at : at + size] in second for at in range(len(first) - size + 1))
