"""What the person concerned has a right to: a copy of what is kept, and its correction (个保法 art. 45, 46).

Number and check code let somebody follow a matter; a slip that was found must not tell whose it is. So contact data are
given out whole, and replaced, only to whoever says the phone (or else the name) that was given before.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from civicloop.foundation import chain, ciphers, hot
from civicloop.matters import errors, opening, personal, reading, sql, timeline
from civicloop.matters.errors import Refused, invalid
from civicloop.matters.models import Entry, Matter
from civicloop.matters.plans import Plan
from civicloop.matters.reading import Reading
from civicloop.matters.rows import Rows
from civicloop.matters.values import Act, Done
from civicloop.matters.writing import PLACES
from civicloop.people import access
from civicloop.people.access import Actor
from civicloop.records import audit, sealing
from civicloop.records.tries import SharedThrottle

ACTION = chain.CORRECT
CORRECTED = ("name", "phone")
LONGEST = {"name": 120, "phone": 120, "note": 2000}
TRIES = SharedThrottle("own data", most=10, seconds=86_400)  # of one matter, copies and corrections together


@dataclass(frozen=True)
class Value:
    """A contact fact of the person: opened, or masked where nobody has shown to be that person."""

    field: str
    label: str
    text: str
    whole: bool
    since: datetime
    corrected: bool


def own_fields(seen: Reading) -> dict[int, str]:
    """(no → field) of the contact data of whoever stands outside in this matter; nobody else's."""
    word = personal.whose(seen.procedure)
    wanted = {f"{word}_{name}" for name in sealing.MASKED}
    return {no: field for no, field in sealing.fields_of(seen.id) if field in wanted}


def proven(seen: Reading, said: str) -> bool:
    """Whether somebody has said the phone that is kept, or the name where there is none.

    Of a name that many can guess the answer would be worth something, so it counts only where nothing better is kept.
    Nothing leaves the store, so no line is written.
    """
    fields = own_fields(seen)
    kinds = {field.partition("_")[2] for field in fields.values()}
    asked = next((kind for kind in ("phone", "document", "name") if kind in kinds), "")
    numbers = [no for no, field in fields.items() if field.endswith(f"_{asked}")]
    return bool(asked and said.strip()) and any(sealing.equals(seen.id, no, said) for no in numbers)


def values(actor: Actor, matter_id: UUID, said: str) -> list[Value]:
    """The contact data for a copy, whole for whoever has said one of them; each leaves its line in the read log.

    Leaves an audit line, whole or not. Raises Refused: not_found, too_often, not_proven, cannot_open.
    """
    seen = _own(actor, matter_id)
    _count(matter_id)
    fields = own_fields(seen)
    whole = proven(seen, said)
    if said.strip() and fields and not whole:
        raise _not_proven()
    masks = sealing.masked(matter_id, fields)
    since = dict(sealing.since(matter_id))
    found = []
    for no, field in fields.items():
        text = _opened(actor, matter_id, no) if whole else masks.get(no, sealing.HIDDEN)
        label = opening.label_of(seen.procedure, field)
        found.append(Value(field, label, text, whole, since[no], no >= PLACES))
    with transaction.atomic():
        audit.write(
            actor_id=None, post_id=None, actor_words=actor.relation, action="personal.copy",
            object=str(seen.row["number"]), outcome="done", detail={"fields": len(fields), "whole": whole},
        )  # fmt: skip
    return found


def _opened(actor: Actor, matter_id: UUID, no: int) -> str:
    try:
        return sealing.open_value(
            actor_id=None,
            actor_words=actor.relation,
            post_id=None,
            purpose=str(opening.COPY),
            matter_id=matter_id,
            no=no,
        )
    except (ciphers.CannotOpen, ciphers.CannotSeal, OSError) as reason:
        words = _("Your data cannot be opened at present. Try again later, or call the duty phone.")
        raise Refused("cannot_open", 503, words) from reason


def correct(actor: Actor, matter_id: UUID, *, act_id: UUID, said: str, given: Mapping[str, str]) -> Done:
    """Other contact data in the place of those kept, which are destroyed, and a note beside what was written.

    `given` has name, phone and note; empty ones stay as they are. Sent twice it is done once. What was reported is
    never rewritten: the note stands beside it. Raises Refused: not_found, too_often, not_proven, missing, too_long.
    """
    from civicloop.matters import actions

    seen = _own(actor, matter_id)
    data = {name: value.strip() for name, value in given.items() if name in LONGEST and value.strip()}
    if not Entry.objects.filter(matter_id=matter_id, act_id=act_id).exists():
        _count(matter_id)
        if set(data) & set(CORRECTED) and own_fields(seen) and not proven(seen, said):
            raise _not_proven()
    with transaction.atomic():
        names = [name for name in CORRECTED if name in data]
        done = actions.act(actor, Act(matter_id, ACTION, act_id, None, data), follow=False, kept={"corrected": names})
        if done.status == 201 and names:
            replaced = hot.one(sql.SUPERSEDE, {"id": matter_id})
            assert replaced is not None
            # a hash over what was reported, name and number included: without it nobody can try them out
            Matter.objects.filter(id=matter_id).update(fingerprint=b"")
    return done


def plan(actor: Actor, wanted: Act, seen: Reading) -> Plan:
    """The entry of a correction; `correct` alone makes it, with the destruction of what it replaces."""
    if actor.kind != "outside":
        raise errors.forbidden()
    data = wanted.data
    if not data:
        raise invalid("note", "missing", _("Say what is to be corrected. Nothing was changed."))
    for name, most in LONGEST.items():
        if len(data.get(name, "")) > most:
            said = _("Say it in at most %(most)s characters. Nothing was changed.")
            raise invalid(name, "too_long", said % {"most": most})
    sealed = {name: data[name] for name in CORRECTED if name in data}
    if sealed and seen.row["end"] and not own_fields(seen):
        words = _("The matter has ended and no contact data are kept any more: none are needed.")
        raise Refused("ended", 409, words)
    texts = {"note": data["note"]} if "note" in data else {}
    return Plan(ACTION, None, timeline.Draft(texts=texts), Rows(), sealed=sealed)


def corrections(matter_id: UUID) -> list[datetime]:
    """When the person concerned has corrected something, oldest first."""
    return list(Entry.objects.filter(matter_id=matter_id, action=ACTION).order_by("seq").values_list("at", flat=True))


def _own(actor: Actor, matter_id: UUID) -> Reading:
    """The matter of whoever has shown its check code; nobody else has a copy of it."""
    seen = reading.read(matter_id)
    if seen is None or actor.kind != "outside" or not access.sees(actor, seen.subject).allowed:
        raise errors.not_found()
    return seen


def _count(matter_id: UUID) -> None:
    if TRIES.wait(str(matter_id)):
        words = _("This was asked for too often today. What you typed is still with you; try again tomorrow.")
        raise Refused("too_often", 429, words)


def _not_proven() -> Refused:
    words = _(
        "This is not the phone (or else the name) that was given. "
        "It is asked so that nobody who finds the slip learns it."
    )
    return invalid("said", "not_proven", words)
