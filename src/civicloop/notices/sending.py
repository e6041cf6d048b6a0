"""Deliveries on their way: claimed with a lease, put into words, sent by their channel, and what became of them kept.

A claim is one short transaction; claims wait for one another, so that the day's bound of a person holds for all workers
together. A worker that dies between sending and writing leaves a lease that ends: the letter then goes out once more
under the same id, by which a receiver can tell. Nothing goes twice for another reason, and nothing is lost.
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings as environment
from django.db import connection, transaction
from django.utils.translation import override

from civicloop.foundation import ciphers, clock
from civicloop.matters import opening
from civicloop.notices import addresses, channels, options, sql, wording
from civicloop.notices.channels.base import Channel, Letter, Trouble
from civicloop.notices.choices import DeliveryState, Urgency
from civicloop.notices.circuit import circuit
from civicloop.notices.models import Contact, Delivery
from civicloop.notices.rules import quiet
from civicloop.notices.telling import REPORTER_FIELD
from civicloop.people import access
from civicloop.people.models import Post, Unit
from civicloop.records import sealing, settings
from civicloop.records.models import SealedValue

log = logging.getLogger("civicloop.notices")
BATCH = 20
LEASE = timedelta(minutes=3)
LONGEST = 60.0  # seconds of real time for one batch: what is left is claimed again
BY_NOTICES = access.system("notices")
DIGEST = "digest"


class Gone(LookupError):
    """There is no address any more."""


def due_channels() -> list[str]:
    """The channels by which something is to go out now."""
    with connection.cursor() as cursor:
        cursor.execute(sql.ANY_DUE, {"channels": ["email", "sms", "chat"], "now": clock.now()})
        return [row[0] for row in cursor.fetchall()]


def send(channel: str, batch: int = BATCH) -> int:
    """Send what is due by one channel, one batch; how many deliveries were looked at. In no transaction."""
    until, ids = _claim(channel, batch)
    if not ids:
        return 0
    way, began = channels.of(channel), time.monotonic()
    rows = Delivery.objects.filter(id__in=ids).select_related("notice").order_by("-urgency", "due_at", "id")
    for row in rows:
        if time.monotonic() - began > LONGEST:
            _give_back(row, until, clock.now())
            continue
        _one(row, way, until)
    return len(ids)


# -- claiming ----------------------------------------------------------------------------------------------------------


def _claim(channel: str, batch: int) -> tuple[datetime, list[int]]:
    """(end of the lease, ids). What may not disturb now waits, what is beyond a person's bound joins the summary."""
    now = clock.now()
    until, today = now + LEASE, now.astimezone(options.zone()).date()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.CLAIM_ALONE)
        cursor.execute(sql.DUE, {"channel": channel, "now": now, "batch": batch})
        rows = [_Due(*row) for row in cursor.fetchall()]
        if not rows:
            return until, []
        calm = options.allowed(now)
        if calm > now:
            waiting = [row.id for row in rows if row.urgency < Urgency.URGENT]
            cursor.execute(sql.POSTPONE, {"ids": waiting, "due": calm})
            rows = [row for row in rows if row.urgency >= Urgency.URGENT]
        go, rest = _bounded(rows, today)
        if rest:
            cursor.execute(sql.TO_DIGEST, {"ids": rest, "due": options.digest_at(now)})
        cursor.execute(sql.LEASE, {"ids": go, "until": until, "now": now, "day": today})
        return until, [row[0] for row in cursor.fetchall()]


@dataclass(frozen=True)
class _Due:
    id: int
    account: int | None
    urgency: int
    day: date | None
    template: str


def _bounded(rows: Sequence[_Due], today: date) -> tuple[list[int], list[int]]:
    """(ids that go out, ids for the summary). One place of the day is the summary's; what is urgent goes and counts."""
    most = settings.get_int("notices.most_a_day") - 1
    accounts = [row.account for row in rows if row.account is not None]
    with connection.cursor() as cursor:
        cursor.execute(sql.COUNTED, {"accounts": accounts, "day": today})
        used: dict[int, int] = dict(cursor.fetchall())
    go, rest = [], []
    for row in rows:
        free = row.account is None or row.day is not None or row.template == DIGEST or row.urgency >= Urgency.URGENT
        if not free and used.get(row.account or 0, 0) >= most:
            rest.append(row.id)
            continue
        if row.account is not None and row.day is None:
            used[row.account] = used.get(row.account, 0) + 1
        go.append(row.id)
    return go, rest


# -- one delivery ------------------------------------------------------------------------------------------------------


def _one(row: Delivery, way: Channel, until: datetime) -> None:
    """Send one and keep what became of it. No fault of one keeps the others."""
    try:
        letter = _letter(row)
        route = way.route(letter)
        rest = circuit.rests(row.channel, route)
        if rest:
            _give_back(row, until, clock.now() + timedelta(seconds=rest))
            return
        try:
            way.send(letter)
        except Trouble as reason:
            if reason.away:
                circuit.failed(row.channel, route)
            raise
        circuit.answered(row.channel, route)
        _keep(row, until, state=DeliveryState.SENT, error="", sent_at=clock.now())
    except Gone:
        _keep(row, until, state=DeliveryState.DROPPED, error="no_address")
    except Trouble as reason:
        _failed(row, until, reason.code, final=reason.final)
    except (ciphers.CannotOpen, ciphers.CannotSeal):
        log.error("an address could not be opened: its key or its contents are missing or damaged")
        _failed(row, until, "cannot_open")
    except Exception:
        log.exception("a notice could not be sent")
        _failed(row, until, "fault")


def _letter(row: Delivery) -> Letter:
    """The notice in words and its address, opened with a line in the read log. Raises Gone."""
    notice, language = row.notice, environment.LANGUAGE_CODE
    said = wording.said(notice.template, notice.data, language)
    link = "" if row.account_id is None else addresses.outside(addresses.page("notices:open", notice.pk))
    return Letter(row.pk, _address(row), said.title, said.text, link, _units(notice.post_id))


def _address(row: Delivery) -> str:
    if not access.may_address(BY_NOTICES).allowed:
        raise PermissionError
    with override(environment.LANGUAGE_CODE):
        purpose = str(opening.TELLING)
    if row.account_id is None:
        matter = row.notice.matter_id
        if matter is None:
            raise Gone
        value = SealedValue.objects.filter(matter_id=matter, field=REPORTER_FIELD).order_by("no").first()
        if value is None:
            raise Gone
        return sealing.open_value(
            actor_id=None, actor_words=BY_NOTICES.words, post_id=None, purpose=purpose, matter_id=matter, no=value.no
        ).strip()
    contact = Contact.objects.filter(account_id=row.account_id, channel=row.channel).first()
    if contact is None:
        raise Gone
    return sealing.open_bytes(
        actor_id=None, actor_words=BY_NOTICES.words, post_id=None, purpose=purpose, matter_id=row.notice.matter_id,
        owner=owner_of(row.account_id, row.channel), envelope=bytes(contact.envelope), field=f"staff_{row.channel}",
    ).decode()  # fmt: skip


def owner_of(account_id: int, channel: str) -> str:
    """What the envelope of an address is bound to."""
    return f"notices_contact:{account_id}:{channel}"


def _units(post_id: int | None) -> list[str]:
    """The codes of a post's unit and of those above it."""
    unit = Post.objects.filter(id=post_id).values_list("unit_id", flat=True).first() if post_id is not None else None
    found: list[str] = []
    while unit is not None and len(found) < 10:
        code, unit = Unit.objects.values_list("code", "parent_id").get(id=unit)
        found.append(code)
    return found


def _failed(row: Delivery, until: datetime, code: str, *, final: bool = False) -> None:
    if final or row.tries >= settings.get_int("notices.tries"):
        _keep(row, until, state=DeliveryState.DEAD, error=code)
        return
    _keep(row, until, error=code, due_at=clock.now() + quiet.wait(row.tries))


def _give_back(row: Delivery, until: datetime, due: datetime) -> None:
    """Not tried: it counts no try."""
    _keep(row, until, due_at=due, tries=row.tries - 1)


def _keep(row: Delivery, until: datetime, **values: object) -> None:
    """Write what became of a delivery, if the lease is still this worker's."""
    Delivery.objects.filter(id=row.pk, state=DeliveryState.WAITING, leased_until=until).update(
        leased_until=None, **values
    )
