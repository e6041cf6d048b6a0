"""催办: the reporter or a superior asks for more speed. It moves nothing, counts for the unit and never for a person.

The reporter may urge once the promised time or half of a limit is over, once in 24 hours; a dispatcher, supervisor or
leader of the place with a reason, once a working day, never for a matter that lies with the own unit.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from uuid import UUID

from django.db.models import Count
from django.utils.translation import gettext as _

from civicloop.foundation import clock
from civicloop.matters import clusters, errors, marking, timeline, working
from civicloop.matters.errors import Refused, invalid
from civicloop.matters.models import Entry
from civicloop.matters.plans import Plan
from civicloop.matters.reading import Reading
from civicloop.matters.rows import Rows
from civicloop.matters.values import Act
from civicloop.people import access
from civicloop.people.access import Actor
from civicloop.people.choices import Role
from civicloop.procedures.rules import ladders
from civicloop.procedures.rules.ladders import Mark

ACTION = "urge"
TOPIC = "urged"
URGING = frozenset({Role.DISPATCHER, Role.SUPERVISOR, Role.LEADER})
AGAIN = timedelta(hours=24)
LONGEST = 500
LOOKED_BACK = 30  # days; no calendar has so long a rest
HALF = Mark("half", {}, Fraction(1, 2), None, False, (), 0, "", False, "half")


@dataclass(frozen=True, slots=True)
class Urged:
    """One urging of a matter: when, and by whose account (None: somebody outside)."""

    at: datetime
    account_id: int | None


def of_matter(matter_id: UUID) -> list[Urged]:
    """The urgings of a matter, oldest first."""
    rows = Entry.objects.filter(matter_id=matter_id, action=ACTION).order_by("seq")
    return [Urged(at, account_id) for at, account_id in rows.values_list("at", "account_id")]


def counts(matter_ids: Collection[UUID]) -> dict[UUID, int]:
    """How often each matter was urged, in one statement; those that never were are missing."""
    rows = Entry.objects.filter(matter_id__in=matter_ids, action=ACTION).values_list("matter_id")
    return dict(rows.annotate(times=Count("seq")))


def plan(actor: Actor, wanted: Act, seen: Reading) -> Plan:
    """The entry of an urging: {"reason": text}, required of the staff. Tells the unit by an outbox row."""
    before = of_matter(seen.id)
    refused = refusal(actor, seen, before)
    if refused is not None:
        raise refused
    reason = wanted.data.get("reason", "")
    if not isinstance(reason, str) or len(reason) > LONGEST or (actor.kind == "staff" and not reason.strip()):
        raise invalid(
            "reason", "missing", _("Say in at most %(most)s characters why it is urgent.") % {"most": LONGEST}
        )
    case = clusters.case_of(seen) or seen  # of a report that is joined the unit of the case is told
    rows, unit, by = Rows(), case.row["unit_id"], "reporter" if actor.kind == "outside" else "staff"
    rows.fact(TOPIC, unit, detail=by)
    rows.tell(TOPIC, unit=unit, by=by, times=len(before) + 1)
    texts = {"reason": reason.strip()} if reason.strip() else {}
    return Plan(ACTION, None, timeline.Draft(plain={"unit": unit, "times": len(before) + 1}, texts=texts), rows)


def refusal(actor: Actor, seen: Reading, before: Collection[Urged]) -> Refused | None:
    """Why `actor` may not urge the matter now, given the urgings before; None when it may be done."""
    now = clock.now()
    if actor.kind == "outside":
        if seen.row["end"]:
            return _ended()
        own = [each.at for each in before if each.account_id is None]
        if own and now - max(own) < AGAIN:
            return Refused("too_soon", 409, _("You have asked within the last 24 hours. The unit has been told."))
        if not _half_over(seen, now):
            words = _("The promised time is not near yet. You can ask again when half of it is over.")
            return Refused("not_yet", 409, words)
        return None
    if actor.kind != "staff" or not actor.roles & URGING or not access.covers(actor, seen.subject):
        return errors.forbidden()
    if access.only_looks(actor, seen.subject):
        return errors.forbidden("no_delegation")
    if seen.row["end"]:
        return _ended()
    if seen.row["unit_id"] in {actor.unit_id, actor.own_unit_id}:
        return Refused("own_unit", 409, _("The matter lies with your own unit: nobody needs to be urged."))
    mine = access.accounts(actor)
    own = [each.at for each in before if each.account_id in mine]
    if own and not _working_day_since(seen, max(own), now):
        return Refused("too_soon", 409, _("You have urged this matter today. It can be done again on a working day."))
    return None


def _ended() -> Refused:
    return Refused("ended", 409, _("The matter has ended: nobody needs to be urged."))


def _half_over(seen: Reading, now: datetime) -> bool:
    """Whether the promised time is over, or half of the counted time of a clock that runs."""
    promised = seen.row["due_at"]
    if promised is not None and promised <= now:
        return True
    running = [marking.running_of(row) for row in seen.clocks if row["task_no"] is None]
    return any(each is not None and ladders.moment(HALF, each) <= now for each in running)


def _working_day_since(seen: Reading, last: datetime, now: datetime) -> bool:
    """Whether a working day of the unit's calendar has begun since the day of `last`."""
    calendar = working.calendar_for(seen.row["unit_id"], seen.areas, now)
    first, today = calendar.local(last).date(), calendar.local(now).date()
    passed = (today - first).days
    return passed > LOOKED_BACK or any(calendar.works_on(first + timedelta(days=n + 1)) for n in range(passed))
