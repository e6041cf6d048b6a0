"""Reading procedures. What runs is kept in the process, since rows never change what they do: no query on the way.

`in_force` looks at a list of versions that is read anew every 30 seconds of real time and after every load in this
process; a load in another process is therefore seen within that time. The cache is kept per database.
"""

import json
import time
import tomllib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from django.db import connection

from civicloop.foundation import caches
from civicloop.procedures import guards
from civicloop.procedures.models import LadderVersion, ProcedureVersion
from civicloop.procedures.rules import ladders, reading
from civicloop.procedures.rules.ladders import Ladder
from civicloop.procedures.rules.language import Procedure, Step, guards_of_clocks

SECONDS = 30.0
LADDERS = Path(__file__).parent / "ladders"
STAGE_LADDER = "stage"  # for clocks that name none


class NoProcedure(LookupError):
    """There is no such procedure, or none in force at the moment."""


@dataclass(frozen=True, slots=True)
class InForce:
    """A version that takes new matters: its row's id and the procedure."""

    id: int
    procedure: Procedure


@dataclass(frozen=True, slots=True)
class _Entry:
    id: int
    code: str
    version: int
    effective_from: datetime
    retired_at: datetime | None


_parsed: dict[tuple[str, int], Procedure] = {}
_bound: dict[tuple[str, int], frozenset[str]] = {}  # the posts that work on a version by delegation
_lists: dict[str, tuple[float, list[_Entry]]] = {}
_ladders: dict[str, tuple[float, dict[str, Ladder]]] = {}


def _database() -> str:
    return str(connection.settings_dict["NAME"])


@caches.register
def forget() -> None:
    """Drop what is cached in this process (after a load; between tests that roll back)."""
    _parsed.clear()
    _bound.clear()
    _lists.clear()
    _ladders.clear()


def by_id(version_id: int) -> Procedure:
    """The procedure of the row `version_id`; parsed once per process. Raises NoProcedure."""
    key = (_database(), version_id)
    found = _parsed.get(key)
    if found is None:
        row = ProcedureVersion.objects.filter(pk=version_id).values_list("expanded", "digest").first()
        if row is None:
            raise NoProcedure(version_id)
        found = _parsed[key] = reading.from_expanded(json.loads(row[0]), row[1].partition(":")[0])
    return found


def in_force(code: str, moment: datetime) -> InForce:
    """The version of `code` that a matter reported at `moment` follows: the latest effective one not yet retired.

    Raises NoProcedure.
    """
    entries = [
        entry
        for entry in _entries()
        if entry.code == code
        and entry.effective_from <= moment
        and (entry.retired_at is None or entry.retired_at > moment)
    ]
    if not entries:
        raise NoProcedure(code)
    chosen = max(entries, key=lambda entry: (entry.effective_from, entry.version))
    return InForce(chosen.id, by_id(chosen.id))


def row_in_force(code: str, moment: datetime) -> ProcedureVersion:
    """The stored row of the version in force. Raises NoProcedure."""
    return ProcedureVersion.objects.get(pk=in_force(code, moment).id)


def all_in_force(moment: datetime) -> list[ProcedureVersion]:
    """The stored rows of all versions in force, by code; a procedure that is retired has none."""
    found = []
    for code in sorted({entry.code for entry in _entries()}):
        with suppress(NoProcedure):
            found.append(row_in_force(code, moment))
    return found


def _entries() -> list[_Entry]:
    database = _database()
    read_at, entries = _lists.get(database, (0.0, []))
    if not entries or time.monotonic() - read_at > SECONDS:
        fields = ("id", "code", "version", "effective_from", "retired_at")
        entries = [_Entry(*row) for row in ProcedureVersion.objects.values_list(*fields)]
        fresh = [entry.id for entry in entries if (database, entry.id) not in _bound]
        for number, text in (
            ProcedureVersion.objects.filter(pk__in=fresh).values_list("id", "expanded") if fresh else ()
        ):
            _bound[database, number] = frozenset(json.loads(text).get("by_delegation", ()))
        _lists[database] = (time.monotonic(), entries)
    return entries


def by_delegation() -> dict[frozenset[str], list[int]]:
    """The versions that some posts work on only by delegation, by those posts."""
    found: dict[frozenset[str], list[int]] = {}
    database = _database()
    for entry in _entries():
        if posts := _bound[database, entry.id]:
            found.setdefault(posts, []).append(entry.id)
    return found


def seated() -> dict[str, list[int]]:
    """The posts that a unit or a person is chosen for, with the versions in which; all others are held by a place."""
    found: dict[str, list[int]] = {}
    for entry in _entries():
        procedure = by_id(entry.id)
        seats = {code for code, seat in procedure.seats.items() if seat.kind in ("unit", "person")}
        for post in {holder.post for holder in procedure.holders.values() if holder.of in seats}:
            found.setdefault(post, []).append(entry.id)
    return found


def versions(code: str | None = None) -> list[ProcedureVersion]:
    """All stored versions, by code and version."""
    rows = ProcedureVersion.objects.order_by("code", "version")
    return list(rows.filter(code=code) if code else rows)


def version_ids(codes: Iterable[str]) -> list[int]:
    """The rows of all versions of some procedures."""
    wanted = set(codes)
    return [each.id for each in _entries() if each.code in wanted]


def clocks() -> dict[str, list[int]]:
    """The codes of all clocks with the versions that know them; an index on running clocks is read by the codes."""
    found: dict[str, list[int]] = {}
    for entry in _entries():
        for name in by_id(entry.id).clocks:
            found.setdefault(name, []).append(entry.id)
    return found


def steps() -> dict[int, Mapping[str, Step]]:
    """The steps that each version declares, also of those that take no new matters."""
    return {entry.id: by_id(entry.id).steps for entry in _entries()}


def version(code: str, number: int) -> ProcedureVersion:
    """One stored version. Raises NoProcedure."""
    row = ProcedureVersion.objects.filter(code=code, version=number).first()
    if row is None:
        raise NoProcedure(f"{code} {number}")
    return row


def missing_guards() -> list[str]:
    """Guards that stored versions refer to and no room registers: such an installation must not serve."""
    stored = [by_id(row.pk) for row in ProcedureVersion.objects.all()]
    wanted = {name for procedure in stored for name, _clock in guards_of_clocks(procedure)} | {
        name
        for procedure in stored
        for action in procedure.actions.values()
        for move in action.moves
        for kind, name in (move.when.atoms() if move.when else ())
        if kind == "guard"
    }
    return sorted(wanted - guards.known())


@cache
def shipped_ladders() -> dict[str, Ladder]:
    """The ladders that come with the product, by code."""
    read = [ladders.parse(tomllib.loads(path.read_text("utf-8"))) for path in sorted(LADDERS.glob("*.toml"))]
    return {ladder.code: ladder for ladder in read}


def all_ladders() -> dict[str, Ladder]:
    """The ladders in force by code: a city's newest version, else the shipped one. Read anew every 30 seconds."""
    database = _database()
    read_at, found = _ladders.get(database, (0.0, {}))
    if not found or time.monotonic() - read_at > SECONDS:
        own = LadderVersion.objects.order_by("version").values_list("body", flat=True)
        found = shipped_ladders() | {ladder.code: ladder for ladder in map(ladders.parse, own)}
        _ladders[database] = (time.monotonic(), found)
    return found


def ladder(code: str | None) -> Ladder:
    """The ladder of a clock; that of the steps where the clock names none or an unknown one."""
    found = all_ladders()
    return found.get(code or STAGE_LADDER) or found[STAGE_LADDER]


def ladder_file(code: str) -> dict[str, Any]:
    """What the file of a ladder in force says, as plain data. Raises LookupError."""
    own = LadderVersion.objects.filter(code=code).order_by("-version").values_list("body", flat=True).first()
    if own is not None:
        return dict(own)
    if code not in shipped_ladders():
        raise LookupError(code)
    return tomllib.loads((LADDERS / f"{code}.toml").read_text("utf-8"))


def procedure_file(row: ProcedureVersion) -> dict[str, Any]:
    """What a stored version declares, whole: fragments and changes are in it."""
    found: dict[str, Any] = json.loads(row.expanded)
    return found
