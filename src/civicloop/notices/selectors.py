"""Reads of the notices room, each bounded: the own inbox, the log of sendings."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import QuerySet

from civicloop.foundation import hot
from civicloop.notices import options, sql
from civicloop.notices.choices import DeliveryState
from civicloop.notices.models import Delivery, Notice
from civicloop.people.access import Actor

PAGE = 50
MANY = 100  # more are not told apart in the header


def unread(account_id: int) -> int:
    """How many own notices are unread; MANY for that many and more. One statement over an index."""
    row = hot.one(sql.UNREAD, {"account": account_id, "most": MANY})
    return int(row[0]) if row else 0


@dataclass(frozen=True)
class Page:
    """One page of an inbox, and the id that the next one begins before; None at the end."""

    rows: list[Notice]
    next: int | None


def inbox(actor: Actor, *, before: int | None = None, only_unread: bool = False) -> Page:
    """Own notices, the newest first. Summaries are left out: what they name stands there itself."""
    if actor.account_id is None:
        return Page([], None)
    rows = Notice.objects.filter(account_id=actor.account_id).exclude(template="digest")
    if only_unread:
        rows = rows.filter(read_at=None)
    if before is not None:
        rows = rows.filter(id__lt=before)
    found = list(rows.order_by("-id")[: PAGE + 1])
    return Page(found[:PAGE], found[PAGE - 1].pk if len(found) > PAGE else None)


def own(actor: Actor, notice_id: int) -> Notice | None:
    """One own notice; None for another one's and for one that does not exist."""
    if actor.account_id is None:
        return None
    return Notice.objects.filter(pk=notice_id, account_id=actor.account_id).first()


@dataclass(frozen=True)
class LogFilter:
    """What the log of sendings may be narrowed by."""

    state: str = ""
    channel: str = ""
    day: date | None = None


def log(wanted: LogFilter, *, before: int | None = None) -> tuple[list[Delivery], int | None]:
    """A page of sendings, the newest first, and the id that the next page begins before."""
    rows: QuerySet[Delivery] = Delivery.objects.select_related("notice").order_by("-id")
    if wanted.state:
        rows = rows.filter(state=wanted.state)
    if wanted.channel:
        rows = rows.filter(channel=wanted.channel)
    if wanted.day is not None:
        begin = datetime.combine(wanted.day, time(0), tzinfo=options.zone())
        rows = rows.filter(made_at__gte=begin, made_at__lt=begin + timedelta(days=1))
    if before is not None:
        rows = rows.filter(id__lt=before)
    found = list(rows[: PAGE + 1])
    return found[:PAGE], found[PAGE - 1].pk if len(found) > PAGE else None


def dead() -> int:
    """How many sendings were given up."""
    return Delivery.objects.filter(state=DeliveryState.DEAD).count()
