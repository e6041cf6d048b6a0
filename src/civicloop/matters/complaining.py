"""The act by which a desk records whom a complaint is about, and that it is confidential."""

from django.utils.translation import gettext as _

from civicloop.matters import clusters, complaints, errors, timeline
from civicloop.matters.errors import Refused, invalid
from civicloop.matters.plans import Plan
from civicloop.matters.reading import Reading
from civicloop.matters.rows import Rows
from civicloop.matters.values import Act
from civicloop.people import access, desks
from civicloop.people.access import Actor
from civicloop.people.choices import Role

ACTION = "name_complained"
NAMING = frozenset({Role.ACCEPTANCE_CLERK, Role.DISPATCHER})


def may_name(actor: Actor, seen: Reading) -> bool:
    """Desks that accept and dispatch, while the matter is open; never those whom it is about."""
    if actor.kind != "staff" or not actor.roles & NAMING or seen.row["end"]:
        return False
    return access.sees(actor, seen.subject).known and not access.only_looks(actor, seen.subject)


def plan(actor: Actor, wanted: Act, seen: Reading) -> Plan:
    """{"units": [ids or codes]}: the units complained of in place of those named before; the matter is confidential.

    Units are only added here: taking one away would let it see the complaint. Raises Refused lies_with_unit when the
    matter, or a part of it, lies with such a unit or would come back to it.
    """
    if not may_name(actor, seen):
        raise errors.forbidden()
    if seen.row["lead_id"] == seen.id and clusters.open_members(seen.id).exists():
        words = _("Other reports are joined to it, and a complaint stands alone. Take them out first.")
        raise Refused("leads", 409, words)
    given = wanted.data.get("units", [])
    if not isinstance(given, list) or not all(_is_named(each) for each in given):
        raise invalid("units", "not_units", _("Name units by their codes."))
    about = complaints.named([*seen.row["complained_of"], *given])
    barred = complaints.below(about)
    if {actor.unit_id, actor.own_unit_id} & barred:
        words = _("This is your own unit or one above it. Hand the matter up first; then the unit above records this.")
        raise Refused("own_unit", 409, words)
    lead = {task["unit_id"] for task in seen.tasks if task["state"] == "open"} | {seen.row["unit_id"]}
    if lead & barred or _comes_back(seen, barred):
        words = _("The matter lies with this unit now or would come back to it. Hand it up or take it back first.")
        raise Refused("lies_with_unit", 409, words)
    draft = timeline.Draft(plain={"complained_of": about})
    confidentiality = max(seen.row["confidentiality"], complaints.CONFIDENTIAL)
    return Plan(ACTION, None, draft, Rows(), complained_of=about, confidentiality=confidentiality)


def _is_named(unit: object) -> bool:
    return (isinstance(unit, int) and not isinstance(unit, bool)) or (isinstance(unit, str) and unit != "")


def _comes_back(seen: Reading, barred: frozenset[int]) -> bool:
    """Whether a seat still names such a unit, or a level at which only such a unit dispatches."""
    for name, value in seen.row["seats"].items():
        seat = seen.procedure.seats.get(name)
        if seat is None:
            continue
        if seat.kind == "unit" and value in barred:
            return True
        if seat.kind == "level" and desks.lowest_level(seen.areas, (value, ""), barred=barred) != value:
            return True
    return False
