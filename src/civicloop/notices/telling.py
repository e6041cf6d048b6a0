"""Notices written: whoever is to be told, by which channels, not before when. One statement for a batch.

Called inside the transaction of that of which is told; nobody is told of what did not happen.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any
from uuid import UUID

from django.db import connection

from civicloop.foundation import clock
from civicloop.matters import doubts
from civicloop.notices import options, sql, wording
from civicloop.notices.choices import Urgency
from civicloop.notices.models import Contact
from civicloop.notices.rules.language import Template
from civicloop.records import settings
from civicloop.records.models import SealedValue

REPORTER_FIELD = "reporter_phone"


@dataclass(frozen=True)
class Draft:
    """A notice to one recipient, before it is written. `account` None: whoever reported the matter."""

    key: str
    template: str
    account: int | None
    post: int | None
    data: Mapping[str, Any]
    matter_id: UUID | None
    cause_at: datetime
    link: str = ""
    urgency: int | None = None

    @property
    def recipient(self) -> str:
        return f"reporter:{self.matter_id}" if self.account is None else f"account:{self.account}"


def write(drafts: Sequence[Draft]) -> int:
    """Write notices with their deliveries; how many are new. A recipient hears of one key once, by the first draft."""
    once: dict[tuple[str, str], Draft] = {}
    for draft in drafts:
        once.setdefault((draft.recipient, draft.key), draft)
    staff = [draft for draft in once.values() if draft.account is not None]
    outside = _within_bounds([draft for draft in once.values() if draft.account is None])
    if not staff and not outside:
        return 0
    ways, now = _Ways.of({draft.account for draft in staff if draft.account is not None}), clock.now()
    calm = options.allowed(now)
    rows = [_row(draft, ways, now, calm) for draft in (*staff, *outside)]
    with connection.cursor() as cursor:
        cursor.execute(sql.TELL, {"rows": json.dumps(rows, ensure_ascii=False, default=_plain), "now": now})
        return int(cursor.fetchone()[0])


@dataclass
class _Ways:
    """By which channels each account may be reached: {account: {channel: muted}}."""

    by_account: dict[int, dict[str, bool]] = field(default_factory=dict)

    @classmethod
    def of(cls, accounts: Collection[int]) -> "_Ways":
        found = cls()
        for account, channel, muted in Contact.objects.filter(account_id__in=accounts).values_list(
            "account_id", "channel", "muted"
        ):
            found.by_account.setdefault(account, {})[channel] = muted
        return found

    def channels(self, template: Template, account: int | None, urgency: int) -> list[str]:
        """What is urgent goes by every way that the template names, anything else by the first that is not muted."""
        if account is None:
            return list(template.channels)
        ways = self.by_account.get(account, {})
        if urgency == Urgency.URGENT:
            return [channel for channel in template.channels if channel in ways]
        return [channel for channel in template.channels if ways.get(channel) is False][:1]


def _row(draft: Draft, ways: _Ways, now: datetime, calm: datetime) -> dict[str, Any]:
    template = wording.template(draft.template)
    urgency = template.urgency if draft.urgency is None else draft.urgency
    return {
        "key": draft.key, "recipient": draft.recipient, "account_id": draft.account, "post_id": draft.post,
        "template": draft.template, "data": dict(draft.data), "matter_id": draft.matter_id, "link": draft.link,
        "urgency": urgency, "cause_at": draft.cause_at.isoformat(),
        "due_at": (now if urgency == Urgency.URGENT else calm).isoformat(),
        "channels": ways.channels(template, draft.account, urgency),
    }  # fmt: skip


def _plain(value: object) -> object:
    """A value of a notice as JSON: names as objects, moments and ids as text."""
    if isinstance(value, Mapping):
        return dict(value)
    return value.isoformat() if isinstance(value, datetime) else str(value)


def reachable(matter_ids: Collection[UUID]) -> set[UUID]:
    """Of which matters the reporter has left a phone number, unopened, and is told of by it.

    A report that waits apart because no person may have sent it is confirmed to no number: it may be anybody's.
    """
    rows = SealedValue.objects.filter(matter_id__in=matter_ids, field=REPORTER_FIELD)
    return set(rows.values_list("matter_id", flat=True)) - doubts.waiting(matter_ids)


def _within_bounds(drafts: Sequence[Draft]) -> list[Draft]:
    """Those of reporters' notices that the bounds of a matter and of a day let through.

    Of a matter one place is kept for the last, which goes out in any case.
    """
    if not drafts:
        return []
    matters = {draft.matter_id for draft in drafts if draft.matter_id is not None}
    most, reached = settings.get_int("notices.resident_most"), reachable(matters)
    day = datetime.combine(clock.now().astimezone(options.zone()).date(), time(0), tzinfo=options.zone())
    with connection.cursor() as cursor:
        cursor.execute(sql.TOLD_REPORTERS, {"recipients": [draft.recipient for draft in drafts]})
        told = dict(cursor.fetchall())
        cursor.execute(sql.TOLD_NUMBERS, {"matters": list(reached), "since": day})
        rows = cursor.fetchall()
    number = {matter: bytes(lookup) for matter, lookup, _count in rows}
    today = {bytes(lookup): count for _matter, lookup, count in rows}
    kept = []
    for draft in drafts:
        last = wording.template(draft.template).last
        place, daily = (most, None) if last else (most - 1, settings.get_int("notices.most_a_day"))
        if draft.matter_id is None or draft.matter_id not in reached or told.get(draft.recipient, 0) >= place:
            continue
        whose = number.get(draft.matter_id, draft.matter_id.bytes)
        if daily is not None and today.get(whose, 0) >= daily:
            continue
        told[draft.recipient] = told.get(draft.recipient, 0) + 1
        today[whose] = today.get(whose, 0) + 1
        kept.append(draft)
    return kept
