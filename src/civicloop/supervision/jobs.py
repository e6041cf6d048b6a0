"""The worker's rounds over orders: marks that are due, provisional deadlines, texts that have come to their end."""

from uuid import UUID

from django.db import transaction
from django.db.models import Q

from civicloop.calendars import selectors as calendars
from civicloop.foundation import clock
from civicloop.foundation.canonical import fingerprint
from civicloop.people import access
from civicloop.supervision import erasing, marks, timing, writing
from civicloop.supervision.choices import UNENDED, Doing
from civicloop.supervision.models import Order

BATCH = 200
BY_CLOCK = access.system("clock")


def sweep(batch: int = BATCH) -> int:
    """One round over everything that is due; returns how much was done."""
    return marks.fire_due(batch) + recounted(batch)


def recounted(batch: int = BATCH) -> int:
    """Provisional deadlines counted again, once for each version of their calendar."""
    now, newer = clock.now(), Q(pk__in=[])
    for code in calendars.codes():
        newer |= Q(calendar=code, calendar_version__lt=calendars.working_calendar(code, now).version)
    rows = Order.objects.filter(newer, provisional=True, state__in=UNENDED).order_by("id")
    return sum(_recount(order_id) for order_id in rows.values_list("id", flat=True)[:batch])


@transaction.atomic
def _recount(order_id: UUID) -> int:
    order = Order.objects.select_for_update(of=("self",), no_key=True).select_related("unit").get(id=order_id)
    former = order.due_at
    if not timing.recount(order):
        return 0
    told = {"former": former.isoformat(), "due": order.due_at.isoformat(), "calendar_version": order.calendar_version}
    writing.step(BY_CLOCK, order, Doing.RECOUNT, None, fingerprint(told), "", **told)
    order.save()
    return 1


def forget_old() -> int:
    """The hourly part: texts whose period is over."""
    return erasing.by_period()
