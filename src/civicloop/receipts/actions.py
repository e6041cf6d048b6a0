"""The one write of this room: closing a day under its signed root."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from civicloop.foundation import chain, clock, merkle
from civicloop.foundation.merkle import Leaf
from civicloop.receipts import days, keys, roots, selectors, sql
from civicloop.receipts.logs import LOGS, Log, Made, line_hash, make, tree
from civicloop.receipts.models import DailyRoot, LogHead
from civicloop.records import audit

# how far back entries are looked for that came after their day was closed: a clock that was set back, a slow commit
LOOK_BACK = timedelta(days=3)


class NotOver(ValueError):
    """The day has not ended, or so short a time ago that its last entries may still be on their way."""


def close_day(day: date, *, since: datetime = selectors.BEGINNING) -> DailyRoot | None:
    """Put the head of every matter with an entry of this day, and of every log, under the day's signed root.

    Entries and lines of earlier days that no root covers yet come along (since `since`), so nothing is lost by being
    late. A day that has its root keeps it. None when there is nothing to cover: a quiet day has no root.
    Raises NotOver.
    """
    until = days.bounds(day)[1]
    if day > days.last_over(clock.now()):
        raise NotOver(day.isoformat())
    key = keys.current()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.LOCK)
        found = DailyRoot.objects.filter(day=day).first()
        if found is not None:
            return found
        cursor.execute(sql.HEADS, {"since": since, "until": until})
        leaves = [Leaf(matter_id, seq, bytes(head)) for matter_id, seq, head in cursor.fetchall()]
        if not leaves and not selectors.has_bare_lines(since, until):
            return None
        last = DailyRoot.objects.order_by("-no").first()
        no, previous = (last.no + 1, bytes(last.hash)) if last else (1, chain.GENESIS)
        now, root = clock.now(), merkle.Tree(leaves).root
        heads = {log.name: _close_log(log, day, since, until) for log in LOGS}
        made = roots.make(
            no=no, day=day, until=until, leaves=len(leaves), root=root, previous=previous, made_at=now, key=key.id,
            logs={name: head.named() for name, head in heads.items() if head is not None},
        )  # fmt: skip
        written = DailyRoot.objects.create(
            day=day, no=no, until=until, leaves=len(leaves), root=root, previous=previous, algorithm=chain.DEFAULT,
            made_at=now, key_id=key.id, body=made.body, hash=made.hash, signature=keys.sign(keys.ROOT, made.hash),
        )  # fmt: skip
        _add(leaves, day)
        audit.write(
            actor_id=None, post_id=None, actor_words="clock", action="roots.close", object=day.isoformat(),
            outcome="done", detail={"no": no, "leaves": len(leaves), "hash": made.hash.hex()},
        )  # fmt: skip
    return written


def _add(leaves: list[Leaf], day: date) -> None:
    with connection.wrap_database_errors, connection.connection.cursor().copy(sql.ADD_LEAVES) as rows:
        for leaf in leaves:
            rows.write_row((leaf.matter_id, leaf.seq, day, leaf.head))


def _close_log(log: Log, day: date, since: datetime, until: datetime) -> Made | None:
    """Put the lines of a log that no head covers yet under its next head; the newest head, None before the first."""
    last = LogHead.objects.filter(log=log.name).order_by("-no").first()
    values: dict[str, Any] = {"log": log.name, "since": since if last else selectors.BEGINNING, "until": until}
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql.bare_lines(log), values)
        lines = [(row[0], line_hash(row[1:], log.columns)) for row in cursor]
    if not lines:
        return Made(last.no, bytes(last.body), bytes(last.hash)) if last else None
    no, previous = (last.no + 1, bytes(last.hash)) if last else (1, chain.GENESIS)
    root = tree(log, (each for _number, each in lines))
    made = make(log, no=no, day=day, until=until, lines=len(lines), root=root, previous=previous)
    LogHead.objects.create(
        log=log.name, no=no, day=day, until=until, lines=len(lines), root=root, algorithm=chain.DEFAULT,
        body=made.body, hash=made.hash,
    )  # fmt: skip
    with connection.wrap_database_errors, connection.connection.cursor().copy(sql.ADD_LOG_LINES) as rows:
        for number, each in lines:
            rows.write_row((log.name, number, no, each))
    return made


def close_due() -> list[DailyRoot]:
    """Close every day that is over and has entries under no root, oldest first; also after weeks of outage.

    Once a week everything is looked through, on the other days the last ones, so that the cost of a day does not grow
    with the years.
    """
    now = clock.now()
    last = days.last_over(now)
    since = _since(now, last)
    open_days = selectors.open_days(since)
    closed = set(DailyRoot.objects.filter(day__in=open_days).values_list("day", flat=True))
    wanted = [day for day in open_days if day not in closed]
    if not wanted and not DailyRoot.objects.filter(day=last).exists():
        # what came late for days that are closed has no day of its own to wait for, nor have the lines of logs
        lines = bool(closed or DailyRoot.objects.exists()) and selectors.has_bare_lines(since, days.bounds(last)[1])
        wanted = [last] if open_days or lines else []
    made = [close_day(day, since=since) for day in wanted]
    return [root for root in made if root is not None]


def _since(now: datetime, last: date) -> datetime:
    # a root of a day that has not come yet was made while the clock stood wrong: it does not say how far we are
    newest = DailyRoot.objects.filter(until__lte=now).order_by("-until").values_list("until", flat=True).first()
    if newest is None or last.isoweekday() == 7:
        return selectors.BEGINNING
    return min(newest, days.bounds(last)[0]) - LOOK_BACK
