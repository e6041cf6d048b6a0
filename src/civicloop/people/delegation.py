"""下沉事权: which unit has delegated which affairs to whom. Writes with an audit entry each, and their reads.

`people.access` enforces what is in force: where a procedure says that a post works by delegation, the post neither
looks at nor does an affair that is not delegated to it or its unit for the kind and the place.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from civicloop.foundation import clock
from civicloop.people import sql
from civicloop.people.access import SEPARATED, Actor, Delegated
from civicloop.people.actions import PeopleError, note, require
from civicloop.people.choices import Role
from civicloop.people.models import Delegation, Unit
from civicloop.people.selectors import posts, units
from civicloop.places import selectors as places

MOST_KINDS = 300
LONGEST = {"purpose": 200, "paper_number": 80}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A delegation as somebody enters it; units, post and kinds by code, either `to_unit` or `to_post`."""

    from_unit: str
    area_id: int
    purpose: str
    valid_from: datetime
    valid_to: datetime
    paper_number: str
    paper_date: date
    to_unit: str = ""
    to_post: str = ""
    kinds: Sequence[str] = ()
    query: bool = True
    act: bool = False


def _may_for(actor: Actor, unit: Unit) -> None:
    """A unit's head delegates the own unit's affairs only."""
    require(actor, "delegations.change")
    if actor.kind != "system" and Role.SYSTEM_ADMIN not in actor.roles and actor.unit_id != unit.pk:
        raise PeopleError("out_of_reach", _("Only this unit's own head or the system administrator may do this."))


def _unit(code: str) -> Unit:
    found = units().filter(code=code).first()
    if found is None:
        raise PeopleError("no_such_unit", _("There is no such unit."))
    return found


@transaction.atomic
def delegate(actor: Actor, wanted: Wanted) -> Delegation:
    """Enter a delegation. Raises PeopleError `forbidden`, `out_of_reach`, `no_such_unit`, `no_such_post`,
    `to_one_of_both`, `to_itself`, `no_right`, `no_time`, `paper_missing`, `purpose_missing`, `too_long`, `too_many`,
    `double`."""
    giver = _unit(wanted.from_unit)
    _may_for(actor, giver)
    if bool(wanted.to_unit) == bool(wanted.to_post):
        raise PeopleError("to_one_of_both", _("Name either a unit or a post that gets it."))
    taker = _unit(wanted.to_unit) if wanted.to_unit else None
    if taker is not None and taker.pk == giver.pk:
        raise PeopleError("to_itself", _("A unit delegates nothing to itself."))
    if wanted.to_post and not posts().filter(code=wanted.to_post).exists():
        raise PeopleError("no_such_post", _("There is no such post."))
    if not (wanted.query or wanted.act):
        raise PeopleError("no_right", _("Choose at least one right: to query, or to do it for residents."))
    if wanted.valid_to <= wanted.valid_from or wanted.valid_to <= clock.now():
        raise PeopleError("no_time", _("The end must lie after the beginning and in the future."))
    if not wanted.paper_number.strip():
        raise PeopleError("paper_missing", _("The number of the paper is missing."))
    if not wanted.purpose.strip():
        raise PeopleError("purpose_missing", _("Say what for."))
    if any(len(getattr(wanted, name)) > most for name, most in LONGEST.items()):
        raise PeopleError("too_long", _("This text is too long."))
    kinds = sorted({code.strip() for code in wanted.kinds if code.strip()})
    if len(kinds) > MOST_KINDS:
        raise PeopleError("too_many", _("At most %(most)s kinds in one delegation.") % {"most": MOST_KINDS})
    with connection.cursor() as cursor:
        cursor.execute(sql.LOCK_DELEGATIONS)
    same = Delegation.objects.filter(
        Q(revoked_at=None) | Q(revoked_at__gt=wanted.valid_from), from_unit=giver, to_unit=taker,
        to_post_code=wanted.to_post, area=wanted.area_id, valid_from__lt=wanted.valid_to,
        valid_to__gt=wanted.valid_from,
    )  # fmt: skip
    for other in same:
        if not kinds or not other.kinds or set(kinds) & set(other.kinds):
            words = _("This is delegated already for a part of the time, by %(paper)s.")
            raise PeopleError("double", words % {"paper": other.paper_number})
    found = Delegation.objects.create(
        from_unit=giver, to_unit=taker, to_post_code=wanted.to_post, kinds=kinds, query=wanted.query, act=wanted.act,
        purpose=wanted.purpose.strip(), area_id=wanted.area_id, valid_from=wanted.valid_from,
        valid_to=wanted.valid_to, paper_number=wanted.paper_number.strip(), paper_date=wanted.paper_date,
        entered_by=actor.account_id, entered_at=clock.now(),
    )  # fmt: skip
    detail = {"from": giver.code, "to": wanted.to_unit or wanted.to_post, "kinds": kinds, "act": wanted.act}
    note(actor, "delegation.enter", found.paper_number, detail)
    return found


@transaction.atomic
def revoke(actor: Actor, *, delegation_id: int, paper_number: str, paper_date: date) -> Delegation:
    """Take a delegation back from now on, by paper. Raises PeopleError `forbidden`, `out_of_reach`, `paper_missing`,
    `over`; Delegation.DoesNotExist."""
    found = Delegation.objects.select_for_update(no_key=True, of=("self",)).get(id=delegation_id)
    _may_for(actor, found.from_unit)
    if not paper_number.strip():
        raise PeopleError("paper_missing", _("The number of the paper is missing."))
    if len(paper_number) > LONGEST["paper_number"]:
        raise PeopleError("too_long", _("This text is too long."))
    if found.revoked_at is not None or found.valid_to <= clock.now():
        raise PeopleError("over", _("This delegation is over already."))
    found.revoked_at, found.revoked_by = clock.now(), actor.account_id
    found.revocation_number, found.revocation_date = paper_number.strip(), paper_date
    found.save(update_fields=["revoked_at", "revoked_by", "revocation_number", "revocation_date"])
    note(actor, "delegation.revoke", found.paper_number, {"paper": found.revocation_number})
    return found


def in_force() -> Q:
    """The condition that a delegation is in force."""
    now = clock.now()
    return Q(valid_from__lte=now, valid_to__gt=now) & (Q(revoked_at=None) | Q(revoked_at__gt=now))


def in_reach(actor: Actor) -> QuerySet[Delegation]:
    """The delegations that `actor` may look at: all for administrators, supervisors and leaders, else the unit's."""
    rows = Delegation.objects.select_related("from_unit", "to_unit").order_by("-id")
    if actor.kind == "system" or actor.roles & (SEPARATED | {Role.SUPERVISOR, Role.LEADER}):
        return rows
    mine = Q(from_unit=actor.unit_id) | Q(to_unit=actor.unit_id)
    return rows.filter(mine | Q(to_post_code__in=posts().filter(id=actor.post_id or 0).values("code")))


def of_units() -> dict[int, tuple[Delegated, ...]]:
    """What is delegated to all posts of a unit and in force, by unit."""
    found: dict[int, tuple[Delegated, ...]] = {}
    for row in Delegation.objects.filter(in_force(), to_unit__isnull=False):
        each = Delegated(frozenset(row.kinds), places.area(row.area_id).level, row.area_id, row.act)
        found[row.to_unit_id or 0] = (*found.get(row.to_unit_id or 0, ()), each)
    return found
