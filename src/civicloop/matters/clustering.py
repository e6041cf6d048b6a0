"""What follows in a cluster of joined reports: the lead notes who joined, members end and come back with it.

Each is an act of its own on one matter, one after the other, with an id derived from its cause, so that all of it may
be run again at any time. A lead's end carries a few members at once; the worker carries the others, and finds by an
index what a killed process left undone.
"""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from civicloop.foundation import hot
from civicloop.matters import clusters, reading, sql
from civicloop.matters.errors import Refused
from civicloop.matters.models import Matter
from civicloop.matters.reading import Reading
from civicloop.people import access
from civicloop.people.access import Actor

SYSTEM = access.system("cluster")
AT_ONCE = 20  # members that an act on the lead carries with it; the worker does the others
NOTED = 50  # members that one entry of the lead names


def settle(seen: Reading) -> bool:
    """Do what the state of a matter in a cluster leads to; whether the matter itself was moved."""
    row = seen.row
    if row["lead_id"] == seen.id:
        carry(seen.id, AT_ONCE)
        return False
    if row["end"]:
        return False
    note(row["lead_id"], [seen.id])
    lead = reading.read(row["lead_id"])
    if lead is None or not (lead.row["end"] or clusters.waits(lead.row)):
        return False
    return carry(row["lead_id"], AT_ONCE) > 0


def note(lead_id: UUID, members: Collection[UUID], *, out: bool = False) -> None:
    """The lead's entry of what joined or left it, at most NOTED in one."""
    rows = list(Matter.objects.filter(id__in=members).order_by("id").values_list("id", "number", "seq"))
    for first in range(0, len(rows), NOTED):
        part = rows[first : first + NOTED]
        cause = ",".join(f"{matter}:{seq}" for matter, _number, seq in part)
        act_id = uuid5(NAMESPACE_OID, f"{lead_id}:gather:{out}:{cause}")
        _try(SYSTEM, lead_id, clusters.GATHER, act_id, {"members": [number for _m, number, _s in part], "out": out})


def carry(lead_id: UUID, most: int) -> int:
    """Bring up to `most` members to where their lead's case now stands; how many were moved."""
    lead = reading.read(lead_id)
    if lead is None:
        return 0
    if clusters.waits(lead.row):  # joined itself, in the moment in which another joined it
        return _pass_on(lead, lead.row["lead_id"], most)
    members = clusters.open_members(lead_id)
    if lead.row["lead_id"] is None:  # a killed process had not noted it
        note(lead_id, list(members.values_list("id", flat=True)[:most]))
    if not lead.row["end"]:
        ended = Matter.objects.filter(lead_id=lead_id, end__gt="").exclude(id=lead_id).order_by("id")
        return sum(_by_lead(lead, each, clusters.COME_BACK) for each in ended.values_list("id", flat=True)[:most])
    if lead.row["end"] in clusters.NOT_SHARED:
        return _succeed(lead, most)
    return sum(_by_lead(lead, each, clusters.FOLLOW) for each in members.values_list("id", flat=True)[:most])


def _by_lead(lead: Reading, member: UUID, action: str) -> int:
    """An act of the platform on a member because of its lead. One that cannot end as the lead did is alone again."""
    act_id = uuid5(NAMESPACE_OID, f"{member}:{action}:{lead.id}:{lead.row['seq']}")
    done = _try(SYSTEM, member, action, act_id, {})
    if done is None:
        out = uuid5(NAMESPACE_OID, f"{member}:{action}:{lead.id}:{lead.row['seq']}:out")
        done = _try(SYSTEM, member, clusters.TAKE_OUT, out, {})
    return int(done is True)


def _succeed(lead: Reading, most: int) -> int:
    """The lead was withdrawn or void, which is its reporter's alone: the oldest of the others leads on."""
    oldest = clusters.open_members(lead.id).values_list("id", flat=True).first()
    if oldest is None:
        return 0
    moved = _pass_on(lead, oldest, most)
    if moved >= most:
        return moved  # the rest comes in the next round; the oldest leaves last, so that it is the same one then
    out = _try(SYSTEM, oldest, clusters.TAKE_OUT, uuid5(NAMESPACE_OID, f"{oldest}:leads:{lead.id}"), {})
    others = list(clusters.open_members(oldest).values_list("id", flat=True))
    if others:
        note(oldest, others)
    return moved + int(out is True)


def _pass_on(lead: Reading, other: UUID, most: int) -> int:
    """Join the members of a lead to another one; those that cannot be are alone again."""
    moved = 0
    for member in clusters.open_members(lead.id).exclude(id=other).values_list("id", flat=True)[:most]:
        act_id = uuid5(NAMESPACE_OID, f"{member}:passed:{lead.id}:{other}")
        done = _try(SYSTEM, member, clusters.JOIN, act_id, {"lead": str(other), "how": "passed"})
        if done is None:
            out = uuid5(NAMESPACE_OID, f"{member}:passed:{lead.id}:{other}:out")
            done = _try(SYSTEM, member, clusters.TAKE_OUT, out, {})
        moved += int(done is True)
    return moved


def _try(actor: Actor, matter: UUID, action: str, act_id: UUID, data: Mapping[str, Any]) -> bool | None:
    """Whether it was done now; None where it was refused."""
    from civicloop.matters import actions

    kept = {"why": "lead"} if action == clusters.TAKE_OUT else {}
    try:
        return actions.act(actor, actions.Act(matter, action, act_id, data=data), follow=False, kept=kept).status == 201
    except Refused:
        return None


def catch_up(batch: int) -> int:
    """Clusters whose lead has moved and whose members have not all followed; found by index, one row a cluster."""
    done = 0
    for (lead_id,) in hot.all_rows(sql.CLUSTERS_BEHIND, {}):
        if done >= batch:
            break
        done += carry(lead_id, batch - done)
    return done
