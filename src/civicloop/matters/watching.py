"""复发: whether the same came again within 30 days at a place where it was solved, told once by the solved matter.

When the 30 days are over, the worker looks once: a report of the same kind that came in meanwhile near by, was not
refused, and leads its case or stands alone. If there is one, the solved matter gets an entry that names it; the figures
follow from that entry (matters.counting). Follows kinds and places, never persons; what is confidential, and what
complains of a unit, takes no part. Of a crowded place a bounded number of reports is looked at.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from civicloop.foundation import clock, coordinates, hot, ids, morton
from civicloop.matters import errors, nearby, recurring, sql, timeline
from civicloop.matters.counting import RECURRED, REFUSED, SOLVED, WATCHED
from civicloop.matters.errors import Refused
from civicloop.matters.followups import derived
from civicloop.matters.intake import AHEAD
from civicloop.matters.models import Matter, Watching
from civicloop.matters.plans import Plan
from civicloop.matters.reading import Reading
from civicloop.matters.rows import Rows
from civicloop.matters.values import Act
from civicloop.people import access
from civicloop.people.access import Actor
from civicloop.records import settings

ACTION = "recur"
BATCH = 200
MOST = 1_000  # reports of the kind that are looked at in each part of a place
OF_BLOCK = nearby.PER_BLOCK  # of every kind in a block, the first ones since the end
BY_CLOCK = access.system("clock")


def look(batch: int = BATCH) -> int:
    """Look at the next solved matters whose watching is over; how many came again. Killed, it looks at them once more.

    Nothing due costs two looks at an index. Ends are so old by then that no transaction can still bring an earlier one.
    """
    before = Watching.objects.filter(id=1).values_list("up_to", flat=True).first()
    due = Matter.objects.filter(end=SOLVED, ended_at__lte=clock.now() - WATCHED)
    if before is not None:
        due = due.filter(ended_at__gt=before)
    ends = list(due.order_by("ended_at").values_list("ended_at", flat=True)[:batch])
    if not ends or ends[-1] is None:
        return 0
    found = sum(_judge(row) for row in due.filter(ended_at__lte=ends[-1]).order_by("ended_at", "id"))
    Watching.objects.update_or_create(id=1, defaults={"up_to": ends[-1]})
    return found


def came_again(row: Matter) -> tuple[UUID, datetime] | None:
    """The first report by which a solved matter came again, and when it came in; None where none did."""
    if row.lon is None or row.lat is None or row.kind_id is None or row.ended_at is None or row.confidentiality:
        return None
    metres, over = settings.get_int(recurring.PLACE), row.ended_at + WATCHED
    first, last = _whole_quarters(row.ended_at - WATCHED, over + AHEAD)
    ranges = morton.around(row.lon, row.lat, metres)
    values: dict[str, Any] = {
        "blocks": nearby.blocks(row.lon, row.lat, metres), "firsts": [first for first, _last in ranges],
        "lasts": [last for _first, last in ranges], "id": row.id, "kind": row.kind_id, "ended": row.ended_at,
        "over": over, "first": first, "since": ids.first_of(row.ended_at), "last": last,
        "refused": sorted(REFUSED), "most": MOST, "of_block": OF_BLOCK,
    }  # fmt: skip
    for received, matter_id, lon, lat in hot.all_rows(sql.CAME_AGAIN, values):
        if coordinates.metres((row.lon, row.lat), (lon, lat)) <= metres:
            return matter_id, received
    return None


def _whole_quarters(since: datetime, until: datetime) -> tuple[UUID, UUID]:
    """The span of ids of the partitions that two moments lie in.

    Nothing in them is left out by its id, so that a limit bounds what is read and not only what is given.
    """
    after = until.year * 12 + (until.month - 1) // 3 * 3 + 3  # months, up to the quarter that follows
    begin = datetime(since.year, (since.month - 1) // 3 * 3 + 1, 1, tzinfo=UTC)
    return ids.first_of(begin), ids.first_of(datetime(after // 12, after % 12 + 1, 1, tzinfo=UTC))


def _judge(row: Matter) -> int:
    if row.lead_id not in {None, row.id} or RECURRED in row.standing.get("flags", ()):
        return 0
    again = came_again(row)
    if again is None or row.ended_at is None:
        return 0
    wanted = Act(row.id, ACTION, derived(row.id, round(row.ended_at.timestamp()), ACTION),
                 data={"again": str(again[0]), "metres": settings.get_int(recurring.PLACE)})  # fmt: skip
    from civicloop.matters import actions

    try:
        return int(actions.act(BY_CLOCK, wanted).status == 201)
    except Refused:
        return 0  # it was opened again meanwhile


def plan(actor: Actor, wanted: Act, seen: Reading) -> Plan:
    """{"again": id, "metres": number}: it came again by that report. Only the platform says so."""
    if actor.kind != "system":
        raise errors.forbidden()
    if seen.row["end"] != SOLVED:
        raise Refused("not_due", 409, _("The matter is not solved."))
    draft = timeline.Draft(plain={"again": str(wanted.data["again"]), "metres": int(wanted.data["metres"])})
    return Plan(ACTION, None, draft, Rows(), flags=(RECURRED,))
