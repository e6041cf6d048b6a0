"""A change of keys (换密钥): new keys take over at once, what is sealed follows in the background, batch by batch.

Each place where sealed things lie registers how it is walked. A batch and the note how far it went are one transaction,
so a killed worker goes on where it stood. Nothing leaves `sealing` meanwhile, so there are no read-log lines; the
change, its end and the removal of an earlier key are audit lines. docs/adr/0013-change-of-keys.md says why so.
"""

import base64
import json
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, transaction

from civicloop.foundation import ciphers, clock
from civicloop.records import audit, keyring, sealing, sql
from civicloop.records.models import KeyChange, Resealing

# whoever had the former key in hand when the new one took over has committed by then
GRACE = timedelta(minutes=10)
AGAIN = timedelta(hours=1)  # after which what could not be opened is tried again
VALUES = 500  # in one batch
Needed = dict[tuple[str, str], int]  # (family, key id) → how many things need it


class KeyTrouble(Exception):
    """Why keys cannot be changed or removed now, in an operator's words."""


@dataclass(frozen=True)
class Step:
    """What one batch of a walk did; without a position the walk has come to its end."""

    position: str
    resealed: int = 0
    closed: int = 0


@dataclass(frozen=True)
class Place:
    """Where sealed things lie: `step` re-seals the next ones after a position, `needed` counts by key."""

    name: str
    step: Callable[[str], Step]
    needed: Callable[[], Needed]


_places: dict[str, Place] = {}


def register(place: Place) -> None:
    """Called at start-up by each room that keeps sealed things."""
    _places[place.name] = place


def places() -> list[str]:
    """The names of all places."""
    return sorted(_places)


# -- an operator changes and removes keys -----------------------------------------------------------------------------


@contextmanager
def _alone() -> Iterator[None]:
    """One command at a time changes or removes keys; the lock goes with the connection of whoever is killed."""
    with connection.cursor() as cursor:
        cursor.execute(sql.KEYS_ALONE)
        try:
            yield
        finally:
            cursor.execute(sql.KEYS_FREE)


def change() -> KeyChange:
    """New keys take over; run as the owner of the database. A change that was cut off is finished, not begun anew.

    Raises KeyTrouble, ciphers.CannotSeal, OSError.
    """
    with _alone():
        return _change()


def _change() -> KeyChange:
    """The row comes first, then the files, then the note that they hold: each key that may be needed is always here."""
    row = _cut_off()
    if row is None:
        before = {family: keyring.current(family).id for family in keyring.FAMILIES}
        made = {family: keyring.make(family).id for family in keyring.FAMILIES}
        row = KeyChange.objects.create(
            at=clock.now(), sealing=made[keyring.SEALING], lookup=made[keyring.LOOKUP],
            sealing_before=before[keyring.SEALING], lookup_before=before[keyring.LOOKUP],
        )  # fmt: skip
    for family, key_id in ((keyring.SEALING, row.sealing), (keyring.LOOKUP, row.lookup)):
        try:
            keyring.take_over(family, key_id)
        except ciphers.CannotOpen as missing:
            words = f"a change of keys was cut off, and {keyring.path_of(family, key_id)} is not here"
            raise KeyTrouble(f"{words}: put back the kept copy") from missing
    with transaction.atomic():
        row.installed_at = clock.now()
        row.save(update_fields=["installed_at"])
        _line("keys.change", row, before=[row.sealing_before, row.lookup_before])
    return row


def retire(key_id: str) -> None:
    """Remove the file of an earlier key that nothing here needs any more. Raises KeyTrouble, OSError.

    The line is there before the file goes: however it is cut off, no key has gone that the log does not name, and the
    same command again finds the file and removes it.
    """
    with _alone():
        families = _removable(key_id)
        with transaction.atomic(durable=True):
            audit.write(
                actor_id=None, post_id=None, actor_words="keys", action="keys.retire", object=key_id, outcome="done",
                detail={"families": families},
            )  # fmt: skip
        for family in families:
            keyring.remove(family, key_id)


def _removable(key_id: str) -> list[str]:
    """The families in which that key may go now."""
    if _cut_off() is not None:
        raise KeyTrouble("a change of keys was cut off and may need it: run civicloop keys rotate first")
    families = [family for family in keyring.FAMILIES if key_id in keyring.former(family)]
    if not families:
        raise KeyTrouble(f"{key_id} is no earlier key of this installation: see civicloop keys list")
    newest = newest_change()
    if newest is not None and clock.now() < (newest.installed_at or newest.at) + GRACE:
        raise KeyTrouble("keys have just been changed, and somebody may still be sealing with it: wait ten minutes")
    if number := sum(count for (_family, needs), count in needed().items() if needs == key_id):
        raise KeyTrouble(f"{number} sealed values or files still need {key_id}; the worker re-seals them")
    return families


def _cut_off() -> KeyChange | None:
    """A change of which the files do not hold yet."""
    return KeyChange.objects.filter(installed_at=None).order_by("-id").first()


def needed() -> Needed:
    """How many things need which key, over all places; reads everything."""
    total: Counter[tuple[str, str]] = Counter()
    for place in _places.values():
        total.update(place.needed())
    return dict(total)


def _line(action: str, row: KeyChange, **detail: object) -> None:
    audit.write(
        actor_id=None, post_id=None, actor_words="keys", action=action, object=f"change {row.pk}", outcome="done",
        detail={"sealing": row.sealing, "lookup": row.lookup, **detail},
    )  # fmt: skip


# -- the worker -------------------------------------------------------------------------------------------------------


def newest_change() -> KeyChange | None:
    """The change whose keys hold now."""
    return KeyChange.objects.exclude(installed_at=None).order_by("-id").first()


def carry_out() -> int:
    """One batch of the newest change; returns how many things were re-sealed. Only one worker at a time."""
    newest = newest_change()
    if newest is None or newest.resealings.exclude(ended_at=None).count() >= len(_places):
        return 0
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(sql.ONE_AT_A_TIME)
            if not cursor.fetchone()[0]:
                return 0
        now = clock.now()
        for name in places():
            row, _made = Resealing.objects.get_or_create(change=newest, place=name)
            if row.ended_at is None and (row.again_at is None or row.again_at <= now):
                return _batch(newest, row)
    return 0


def _batch(newest: KeyChange, row: Resealing) -> int:
    step = _places[row.place].step(row.position)
    row.resealed += step.resealed
    row.closed = step.closed + (row.closed if row.position else 0)
    row.position, row.again_at = step.position, None
    if not step.position:
        _end_of_pass(newest, row)
    row.save()
    if row.ended_at and newest.resealings.exclude(ended_at=None).count() == len(_places):
        counts = {each.place: each.resealed for each in newest.resealings.all()}
        _line("keys.resealed", newest, **counts)
    return step.resealed


def _end_of_pass(newest: KeyChange, row: Resealing) -> None:
    """Everything was walked over once: it is over when nothing needs another key, else it begins again in a while."""
    now = clock.now()
    over = (newest.installed_at or newest.at) + GRACE
    if row.closed:
        row.again_at = now + AGAIN  # `closed` stays until then, for the doctor
    elif now < over:
        row.again_at = over
    elif not _others(newest, row.place):
        row.ended_at = now


def _others(newest: KeyChange, place: str) -> bool:
    """Whether something in a place still needs another key than those of the change."""
    mine = {(keyring.SEALING, newest.sealing), (keyring.LOOKUP, newest.lookup)}
    return bool(_places[place].needed().keys() - mine)


# -- what an operator reads -------------------------------------------------------------------------------------------


def said() -> str:
    """How far a change of keys has come, for `doctor`."""
    newest = newest_change()
    if newest is None:
        return "never changed"
    rows = list(newest.resealings.all())
    number = sum(row.resealed for row in rows)
    if len([row for row in rows if row.ended_at]) < len(_places):
        return f"changed on {newest.at:%Y-%m-%d}, being re-sealed: {number} so far"
    left = [key_id for family in keyring.FAMILIES for key_id in keyring.former(family)]
    words = f"changed on {newest.at:%Y-%m-%d}, all {number} re-sealed"
    return f"{words}; civicloop keys retire {' '.join(left)}" if left else words


def trouble() -> str:
    """What keeps a change of keys from its end; empty when all is well."""
    if _cut_off() is not None:
        return "a change of keys was cut off: run civicloop keys rotate again, it goes on where it stood"
    newest = newest_change()
    if newest is None:
        return ""
    closed = sum(row.closed for row in newest.resealings.filter(ended_at=None))
    if closed:
        return f"{closed} sealed values or files cannot be opened, so they keep their key: see civicloop keys list"
    return ""


# -- the sealed values of this room -----------------------------------------------------------------------------------


def _step(position: str) -> Step:
    matter, _colon, no = position.partition(" ")
    with connection.cursor() as cursor:
        given: dict[str, str | int] = {"matter": matter or str(uuid.UUID(int=0)), "no": int(no or 0), "most": VALUES}
        cursor.execute(sql.NEXT_VALUES, given)
        rows = cursor.fetchall()
        wanted, closed = [], 0
        for matter_id, number, field, envelope, lookup in rows:
            known = bytes(envelope)
            try:
                found = sealing.resealed_value(matter_id, number, field, known, bytes(lookup) if lookup else None)
            except (ciphers.CannotOpen, ciphers.CannotSeal):
                closed += 1
                continue
            if found is not None:
                wanted.append({
                    "matter_id": str(matter_id), "no": number, "envelope": _text(known), "fresh": _text(found[0]),
                    "lookup": _text(found[1]) if found[1] else None,
                })  # fmt: skip
        replaced = 0
        if wanted:
            cursor.execute(sql.RESEAL, {"wanted": json.dumps(wanted)})
            replaced = cursor.fetchone()[0]
    end = len(rows) < VALUES
    return Step("" if end else f"{rows[-1][0]} {rows[-1][1]}", replaced, closed)


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _needed() -> Needed:
    with connection.cursor() as cursor:
        cursor.execute(sql.NEEDED)
        return {(family, key_id): count for family, key_id, count in cursor.fetchall()}


register(Place("values", _step, _needed))
