"""The sweeper: fires the marks of the ladder that are due, in batches, from any number of workers at once.

Due marks are found by an index of their own and claimed with a lease; a batch is read in one statement and written in
one transaction, each matter by one statement that hangs on its seq. What somebody else changed meanwhile stays due and
comes with the next round; what a killed worker had claimed comes when its lease ends. A mark fires once: the clock's
row moves on to its next mark in the statement that writes the entry.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, OperationalError, transaction
from psycopg.errors import DeadlockDetected

from civicloop.foundation import chain, clock, hot
from civicloop.foundation.canonical import fingerprint
from civicloop.foundation.names import shown
from civicloop.matters import counting, followups, hooks, marking, sql, standings, timeline
from civicloop.matters.hooks import Marked
from civicloop.matters.models import Entry
from civicloop.matters.rows import Json, Rows, plain_rows
from civicloop.matters.writing import entry_values, who
from civicloop.people import access
from civicloop.procedures import selectors as procedures
from civicloop.procedures.rules import ladders
from civicloop.procedures.rules.ladders import Ladder, Mark
from civicloop.procedures.rules.language import Procedure

ACTION = "mark"
BATCH = 500
LEASE = timedelta(seconds=15)  # after that another worker takes what a dead one had claimed
LATE = timedelta(minutes=10)  # a mark that fires so long after its moment says so
BY_LADDER = access.system("ladder")
log = logging.getLogger("civicloop.worker")


Keys = set[tuple[UUID, int]]
Pointed = dict[tuple[UUID, int], tuple[str, datetime | None]]


@dataclass(frozen=True)
class _Firing:
    """A mark that is due, with the matter as it was read, and the statement's values."""

    marked: Marked
    values: Mapping[str, Any]


def fire_due(batch: int = BATCH) -> int:
    """Fire at most `batch` of the marks that are due; returns how many fired."""
    now = clock.now()
    if hot.one(sql.ANY_MARK, {"now": now}) is None:
        return 0
    return _fire(sql.CLAIM_MARKS, {"now": now, "until": now + LEASE, "batch": batch})


def fire_of_matter(matter_id: UUID) -> int:
    """The same for one matter, until none is due."""
    total = 0
    while next_of_matter(matter_id) is not None:
        now = clock.now()
        fired = _fire(sql.CLAIM_MARKS_OF_MATTER, {"now": now, "until": now + LEASE, "id": matter_id})
        if fired == 0:
            break
        total += fired
    return total


def next_of_matter(matter_id: UUID) -> datetime | None:
    """The first mark of a matter that is due now; None when there is none."""
    row = hot.one(sql.NEXT_MARK, {"id": matter_id, "now": clock.now()})
    return row[0] if row else None


def words_of(matter_id: UUID, seq: int) -> str:
    """What the mark of an entry is called, in the installation's language."""
    body = Entry.objects.filter(matter_id=matter_id, seq=seq).values_list("body", flat=True).get()
    data = chain.content(bytes(body))["data"]
    assert isinstance(data, dict)
    return shown(data["names"], settings.LANGUAGE_CODE)


def _claim(claim: str, params: Mapping[str, Any]) -> list[hot.Row]:
    """The clocks that this worker may fire now; none when it met one that still writes after its lease has ended."""
    try:
        with transaction.atomic():
            hot.one(sql.CLAIM_ALONE, {})
            return hot.all_rows(claim, params)
    except OperationalError as reason:
        if not isinstance(reason.__cause__, DeadlockDetected):
            raise
        return []


def _fire(claim: str, params: Mapping[str, Any]) -> int:
    claimed = _claim(claim, params)
    if not claimed:
        return 0
    now, until = params["now"], params["until"]
    left = {(matter_id, no) for matter_id, no in claimed}
    fired = 0
    while left:
        # one clock of a matter at a time: each moves the matter's seq
        round_of = dict(sorted(left, reverse=True))
        left -= set(round_of.items())
        firings, moved = _read(round_of, now)
        done, held = _write(firings)
        fired += len(done)
        for matter_id, no in round_of.items():
            if (matter_id, no) in moved:  # there is no such mark any more: go on to the next one
                mark, at = moved[matter_id, no]
                hot.one(sql.POINT_MARK, {"id": matter_id, "no": no, "until": until, "mark": mark, "at": at})
            elif (matter_id, no) not in done | held:  # another act was quicker, or the mark is not due any more
                hot.one(sql.RELEASE_MARK, {"id": matter_id, "no": no, "until": until})
    return fired


def _read(claimed: Mapping[UUID, int], now: datetime) -> tuple[list[_Firing], Pointed]:
    """What to write for each claimed clock, in the order of the matters, so that two workers never wait in a ring.

    Beside it the clocks whose mark is gone, since the ladder has another version or the matter has ended.
    """
    found: list[_Firing] = []
    moved: Pointed = {}
    for line in hot.all_rows(sql.READ_MARKED, {"ids": sorted(claimed)}):
        row = dict(zip(sql.MARKED_COLUMNS, line, strict=True))
        no = claimed[row["id"]]
        clocks = plain_rows(row["clocks"])
        chosen = next((each for each in clocks if each["no"] == no), None)
        if chosen is None or chosen["mark_at"] is None or marking.moment_of(chosen["mark_at"]) > now:
            continue
        if row["end"]:
            moved[row["id"], no] = ("", None)
            continue
        procedure = procedures.by_id(row["procedure_id"])
        ladder = marking.ladder_of(procedure, chosen)
        if ladder.index(chosen["mark"]) == len(ladder.marks):
            marking.follow(ladder, chosen)
            moved[row["id"], no] = (chosen["mark"], chosen["mark_at"])
            continue
        found.append(_firing(row, procedure, ladder, clocks, chosen, now))
    return sorted(found, key=lambda each: each.marked.matter_id), moved


def _firing(
    row: Mapping[str, Any], procedure: Procedure, ladder: Ladder, clocks: Sequence[Json], chosen: Json,
    now: datetime,
) -> _Firing:  # fmt: skip
    place, at = _place(ladder, chosen, now)
    mark = ladder.marks[place]
    marking.point(ladder, chosen, place + 1)
    following = chosen["mark_at"]
    tasks = plain_rows(row["tasks"])
    unit = next((t["unit_id"] for t in tasks if t["no"] == chosen["task_no"]), None) or row["unit_id"]
    marked = Marked(
        matter_id=row["id"], number=row["number"], seq=row["seq"] + 1, clock=chosen["name"], clock_no=chosen["no"],
        mark=mark.code, at=at, fired_at=now, late=now - at > LATE, due_at=marking.moment_of(chosen["due_at"]),
        unit_id=unit, district_id=row["district_id"], subdistrict_id=row["subdistrict_id"], order=mark.order,
        raised_to=marking.level_above(procedure, json.loads(row["seats"]), row["raised_to"]) if mark.hand_up else "",
    )  # fmt: skip
    overtaken = following is not None and following <= now
    colour = marking.colour(procedure, clocks)
    return _Firing(marked, _values(row, marked, ladder, mark, chosen, colour, overtaken=overtaken))


def _place(ladder: Ladder, chosen: Mapping[str, Any], now: datetime) -> tuple[int, datetime]:
    """The mark to fire; of repetitions missed together only the last one."""
    at, place = marking.moment_of(chosen["mark_at"]), ladder.index(chosen["mark"])
    running = marking.running_of(chosen)
    while (
        running is not None
        and place + 1 < len(ladder.marks)
        and ladder.marks[place + 1].family == ladder.marks[place].family
        and (further := ladders.moment(ladder.marks[place + 1], running)) <= now
    ):
        place, at = place + 1, further
    return place, at


def _values(
    row: Mapping[str, Any], marked: Marked, ladder: Ladder, mark: Mark, after: Mapping[str, Any],
    colour: int, *, overtaken: bool,
) -> dict[str, Any]:  # fmt: skip
    """The values of the statement. Nobody is reminded of a mark that the next one has overtaken already."""
    remind = [] if overtaken else list(mark.remind)
    told = {
        "clock": marked.clock, "no": marked.clock_no, "mark": mark.code, "ladder": ladder.code,
        "ladder_version": ladder.version, "at": marked.at.isoformat(), "due": marked.due_at.isoformat(),
        "colour": ladders.COLOURS[mark.colour], "remind": remind, "order": mark.order, "late": marked.late,
        "names": dict(mark.names),
        "urgent": mark.urgent and marking.runs_day_and_night(after), "raised_to": marked.raised_to, "act": mark.act,
    }  # fmt: skip
    act_id = followups.derived(marked.matter_id, marked.clock_no, f"{ACTION}:{mark.code}:{marked.at.isoformat()}")
    request = timeline.salted(fingerprint({"matter": marked.matter_id, "action": ACTION, "data": told}))
    rows = Rows()
    rows.fact(ACTION, marked.unit_id, detail=f"{marked.clock}:{mark.code}"[:40])
    if remind or mark.order:
        rows.tell(ACTION, **told, unit=marked.unit_id)
    draft = timeline.Draft(plain=told | {"unit": row["unit_id"]})
    counted = _counted(row, marked, draft, rows)
    entry = timeline.seal(
        draft, matter_id=marked.matter_id, seq=marked.seq,
        at=marked.fired_at, action=ACTION, result=mark.code, who=who(BY_LADDER), step=(row["step"], row["step"]),
        version=row["step_version"], act_id=act_id, request=request, previous=bytes(row["hash"]),
    )  # fmt: skip
    parameters = rows.parameters()
    return entry_values(
        BY_LADDER, entry, marked.fired_at, ACTION, mark.code, act_id, request, row["step"], row["step_version"]
    ) | {
        "id": marked.matter_id, "seq": row["seq"], "next": marked.seq, "mark": colour, "clock_no": marked.clock_no,
        "mark_next": after["mark"], "mark_at": after["mark_at"], **counted,
        "outbox": parameters["outbox"], "raised_to": marked.raised_to or row["raised_to"],
        "act": f"{mark.act}:{marked.seq}" if mark.act else "",
    }  # fmt: skip


def _counted(row: Mapping[str, Any], marked: Marked, draft: timeline.Draft, rows: Rows) -> dict[str, Any]:
    """The facts of the mark, and the standing where it opens an order: from then on the matter is one supervised."""
    if not marked.order:
        return {"facts": standings.events(draft, rows, marked.fired_at), "standing": None}
    told = standings.count(
        draft, json.loads(row["standing"]), {}, rows, [counting.SUPERVISED], marked.fired_at, row["unit_id"]
    )
    return {"facts": told["facts"], "standing": told["standing"]}


def _write(firings: Sequence[_Firing]) -> tuple[Keys, Keys]:
    """Write a batch in one transaction: the clocks whose marks were written, and those to leave until their lease ends.

    Should one of them be refused by the database, each is tried alone, so that it does not keep the others.
    """
    if not firings:
        return set(), set()
    try:
        with transaction.atomic():
            written = hot.many(sql.MARK, [each.values for each in firings])
            done = [each.marked for each, row in zip(firings, written, strict=True) if row and row[0] == 1]
            hooks.marked(done)
    except DatabaseError:
        if len(firings) == 1:
            log.exception("a mark could not be written; it is tried again when its lease ends")
            return set(), {(firings[0].marked.matter_id, firings[0].marked.clock_no)}
        alone = [_write([each]) for each in firings]
        return set().union(*(done for done, _held in alone)), set().union(*(held for _done, held in alone))
    return {(each.matter_id, each.clock_no) for each in done}, set()
