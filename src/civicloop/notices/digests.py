"""What is told at set hours: the day's summary of what was beyond a person's bound, reminders of receiving desks."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

from django.db import connection, transaction

from civicloop.foundation import caches, clock
from civicloop.matters import working
from civicloop.notices import options, sql, telling
from civicloop.notices.choices import DeliveryState
from civicloop.notices.models import Delivery, Notice
from civicloop.notices.recipients import Directory, people
from civicloop.notices.rules import quiet
from civicloop.notices.telling import Draft
from civicloop.people.choices import Role
from civicloop.records import settings

LATE = timedelta(hours=2)  # a reminder that could not be given for so long is left out: the next one comes
_reminded: list[datetime] = []
caches.register(_reminded.clear)


def fold() -> int:
    """Turn what waits for a summary that is due into one message for each person; how many people get one."""
    if not Delivery.objects.filter(state=DeliveryState.DIGEST, due_at__lte=clock.now()).exists():
        return 0
    now = clock.now()
    key = f"digest:{now.astimezone(options.zone()).date().isoformat()}"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.CLAIM_ALONE)
        cursor.execute(sql.FOR_DIGEST, {"now": now})
        lines: dict[int, list[Sequence[Any]]] = {}
        for row in cursor.fetchall():
            lines.setdefault(row[0], []).append(row)
        telling.write([_summary(key, account, rows, now) for account, rows in lines.items()])
        made = dict(
            Notice.objects.filter(key=key, account_id__in=lines).values_list("account_id", "id")
        )  # fmt: skip
        Notice.objects.filter(id__in=made.values()).update(read_at=now)  # the inbox has all of it already
        for account, rows in lines.items():
            ids = [each for row in rows for each in row[2]]
            Delivery.objects.filter(id__in=ids).update(state=DeliveryState.FOLDED, digest_id=made[account])
    return len(lines)


def _summary(key: str, account: int, rows: Sequence[Sequence[Any]], now: datetime) -> Draft:
    topics = {template: len(ids) for _account, template, ids, _channel in rows}
    data = {"count": sum(topics.values()), "topics": topics}
    return Draft(key, "digest", account, None, data, None, now, link="/inbox/")


def remind_desks() -> int:
    """Tell the receiving clerks what waits, once at each fixed hour of their working days; how many were told."""
    fixed = quiet.times(settings.get_str("notices.desk_hours"))
    now = clock.now()
    if not fixed:
        return 0
    hour = quiet.last(now, fixed, options.zone())
    if _reminded == [hour] or now - hour > LATE:
        return 0
    with transaction.atomic():
        told = telling.write(_reminders(hour, now))
    _reminded[:] = [hour]
    return told


def _reminders(hour: datetime, now: datetime) -> list[Draft]:
    day = now.astimezone(options.zone()).date()
    end = datetime.combine(day + timedelta(days=1), time(0), tzinfo=options.zone())
    with connection.cursor() as cursor:
        cursor.execute(sql.AT_DESKS, {"now": now, "end": end})
        counted = {unit: (count, today, late) for unit, count, today, late in cursor.fetchall()}
    directory = Directory()
    directory.prepare(counted)
    found = []
    for unit, (count, today, late) in counted.items():
        if not working.calendar_for(unit, {}, now).works_on(day):
            continue
        data = {"count": count, "today": str(today), "late": str(late)}
        for account, post in people(directory.of_unit(unit, {Role.RECEIVING_CLERK})):
            key = f"desk:{unit}:{hour.isoformat()}"
            found.append(Draft(key, "desk_hours", account, post, data, None, hour, link="/receiving/"))
    return found
