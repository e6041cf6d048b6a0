"""The consumer of the outbox: rows taken in batches become notices in the same transaction.

A worker that is killed has taken nothing and told nothing; one that comes second waits and finds the rows taken. A row
that cannot be told (a fault, not an absence of recipients) is left for a while and keeps no other row.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import InterfaceError, OperationalError, transaction

from civicloop.catalogue import selectors as catalogue
from civicloop.foundation import caches, clock
from civicloop.matters import outbox
from civicloop.matters.models import Entry
from civicloop.matters.outbox import Key, Message
from civicloop.notices import addresses, recipients, telling, wording
from civicloop.notices.recipients import Directory, Seen
from civicloop.notices.telling import Draft
from civicloop.people.models import Unit
from civicloop.procedures import selectors as procedures
from civicloop.records import settings

log = logging.getLogger("civicloop.notices")
BATCH, OLD_BATCH = 500, 5000
PATIENCE = 60.0  # seconds of real time for which a row that cannot be told is left
_left: dict[Key, float] = {}
caches.register(_left.clear)


def consume(batch: int = BATCH) -> int:
    """Tell what waits in the outbox, one batch; how many rows were taken."""
    if not outbox.waiting():
        return 0
    before = clock.now() - timedelta(days=settings.get_int("notices.old_days"))
    with transaction.atomic():
        passed = outbox.take_old(before, OLD_BATCH)
    if passed:
        log.warning("%s messages of the outbox were too old to be told", passed)
        return passed
    leave = [key for key, until in _left.items() if until > time.monotonic()]
    try:
        return _round(batch, leave)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("a batch of the outbox could not be told; each of its rows is tried alone")
        return _one_by_one(batch, leave)


def _round(batch: int, leave: Sequence[Key]) -> int:
    with transaction.atomic():
        rows = outbox.take(batch, leave)
        telling.write(drafts(rows))
    return len(rows)


def _one_by_one(batch: int, leave: Sequence[Key]) -> int:
    """The same row by row; what cannot be told is left until PATIENCE is over."""
    done, left = 0, list(leave)
    for _row in range(batch):
        taken: list[Message] = []
        try:
            with transaction.atomic():
                taken = outbox.take(1, left)
                telling.write(drafts(taken))
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            log.exception("a message of the outbox cannot be told")
            for row in taken:
                _left[row.key] = time.monotonic() + PATIENCE
                left.append(row.key)
            continue
        if not taken:
            break
        done += 1
    return done


def drafts(rows: Sequence[Message]) -> list[Draft]:
    """What the rules make of some rows: each recipient of a row once, nobody of the own act."""
    if not rows:
        return []
    seen = recipients.matters({row.matter_id for row in rows})
    actors = _actors(rows)
    directory = Directory()
    directory.prepare(row.body.get("unit") for row in rows)
    directory.prepare(each.row["unit_id"] for each in seen.values())
    names = _Names(directory)
    found: list[Draft] = []
    for row in rows:
        matter = seen.get(row.matter_id)
        if matter is not None:
            found += _of_row(row, matter, actors.get((row.matter_id, row.seq)), directory, names)
    return found


def _actors(rows: Sequence[Message]) -> dict[tuple[Any, int], int | None]:
    """Who did what the rows tell of."""
    found = Entry.objects.filter(matter_id__in={row.matter_id for row in rows}, seq__in={row.seq for row in rows})
    return {(matter, seq): account for matter, seq, account in found.values_list("matter_id", "seq", "account_id")}


def _of_row(row: Message, matter: Seen, actor: int | None, directory: Directory, names: "_Names") -> list[Draft]:
    facts = {
        "stage": matter.row["stage"], "emergency": matter.row["emergency"],
        "other_hand": row.body.get("unit") != row.body.get("unit_before"), **row.body,
    }  # fmt: skip
    key, told, found = f"outbox:{row.matter_id.hex}:{row.seq}:{row.no}", set[int | None](), list[Draft]()
    for rule in wording.rules():
        if not rule.fits(row.topic, facts):
            continue
        data = names.data(facts, matter, rule.to)
        if rule.to == "reporter":
            people: list[recipients.Person | tuple[None, None]] = [(None, None)]
        else:
            people = list(recipients.of_matter(rule.to, rule.roles, rule.without, facts, matter, directory))
        for account, post in people:
            if account in told or (account is not None and account == actor):
                continue
            if account is not None and not directory.may_know(account, matter):
                continue
            told.add(account)
            cause = _cause(row, facts)
            found.append(Draft(key, rule.template, account, post, data, row.matter_id, cause, urgency=rule.urgency))
    return found


def _cause(row: Message, facts: Mapping[str, Any]) -> datetime:
    """When that was due of which is told: of a mark its own moment, else the act."""
    return datetime.fromisoformat(facts["at"]) if row.topic == "mark" and "at" in facts else row.at


class _Names:
    """The values of notices: numbers and names, none of them anybody's own words."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._units: dict[int, Mapping[str, str]] = {}

    def unit(self, unit: int) -> Mapping[str, str]:
        if unit not in self._units:
            self._units[unit] = Unit.objects.values_list("names", flat=True).get(id=unit)
        return self._units[unit]

    def data(self, facts: Mapping[str, Any], matter: Seen, to: str) -> dict[str, Any]:
        """Of a confidential matter its number and the step only."""
        row = matter.row
        procedure = procedures.by_id(row["procedure_id"])
        found: dict[str, Any] = {"number": row["number"]}
        due = facts.get("due") or row["due_at"]
        due = datetime.fromisoformat(due) if isinstance(due, str) else due
        if due and (to != "reporter" or due > clock.now()):  # nobody is promised what has passed
            found["due"] = due.isoformat()
        if "times" in facts:
            found["times"] = facts["times"]
        if "names" in facts:
            found["mark"] = facts["names"]
        if facts.get("step") in procedure.steps and to != "reporter":
            found["step"] = procedure.steps[facts["step"]].names
        if facts.get("action") in procedure.actions:
            found["action"] = procedure.actions[facts["action"]].names
        if to == "reporter":
            found["link"] = addresses.track()
        if not matter.discreet:
            found["unit"] = self.unit(facts.get("unit") or row["unit_id"])
            if row["kind_id"] is not None and to != "reporter":
                found["kind"] = catalogue.kind(row["kind_id"]).names
        return {name: value for name, value in found.items() if value}
