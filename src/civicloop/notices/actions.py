"""Writes of this room that people or other rooms ask for. The consumer of the outbox and the senders are the worker's.

`tell` is a part of the write of the room that calls it, in its transaction: that write's own entry speaks for both.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from civicloop.foundation import clock
from civicloop.notices import recipients, telling, wording
from civicloop.notices.choices import DeliveryState, Urgency
from civicloop.notices.errors import NoticeError
from civicloop.notices.models import Delivery, Notice
from civicloop.notices.recipients import Directory, Seen, To
from civicloop.notices.rules.language import PLACEHOLDERS
from civicloop.notices.telling import Draft
from civicloop.people import access
from civicloop.people.access import Actor
from civicloop.records import audit

__all__ = ["Message", "To", "Urgency", "read", "read_all", "resend", "tell", "tell_all"]


@dataclass(frozen=True)
class Message:
    """Something to be told: `topic` is the code of a template, `data` its values, `key` what makes it once.

    With `matter_id` only those are told who may know of the matter, and the notice leads there; `link` is another page
    of this installation. `cause_at` is the moment of that of which is told (now, if it is not said).
    """

    key: str
    topic: str
    to: Sequence[To]
    data: Mapping[str, Any] = field(default_factory=dict)
    matter_id: UUID | None = None
    link: str = ""
    urgency: Urgency | None = None
    cause_at: datetime | None = None


def tell(
    *, key: str, topic: str, to: Sequence[To], data: Mapping[str, Any] | None = None, matter_id: UUID | None = None,
    link: str = "", urgency: Urgency | None = None, cause_at: datetime | None = None,
) -> int:  # fmt: skip
    """Tell somebody something, in the caller's transaction; how many notices are new.

    The same key reaches a recipient once, however often it is told. Names in `data` are {language: text}, moments ISO
    text or datetimes. `data` holds nothing personal and nothing confidential: it leaves the platform.
    Raises LookupError for a template that nobody has registered, ValueError for what cannot be told.
    """
    return tell_all([Message(key, topic, to, data or {}, matter_id, link, urgency, cause_at)])


def tell_all(messages: Collection[Message]) -> int:
    """The same for many at once, with few statements."""
    directory, now, drafts = Directory(), clock.now(), list[Draft]()
    seen = recipients.matters({each.matter_id for each in messages if each.matter_id is not None})
    directory.prepare(to.unit for each in messages for to in each.to)
    for message in messages:
        _check(message)
        drafts += _drafts(message, directory, seen, now)
    with transaction.atomic():
        return telling.write(drafts)


def _check(message: Message) -> None:
    template = wording.template(message.topic)
    if not message.key or len(message.key) > 120:
        raise ValueError("a key has 1 to 120 characters")
    if message.link and (not message.link.startswith("/") or message.link.startswith("//") or len(message.link) > 200):
        raise ValueError(f"{message.link!r} is no page of this installation")
    if unknown := set(message.data) - set(PLACEHOLDERS):
        raise ValueError(f"no placeholders: {sorted(unknown)}")
    for to in message.to:
        if to.reporter != (template.audience == "reporter") or (to.reporter and message.matter_id is None):
            raise ValueError(f"{message.topic} is for the {template.audience}")


def _drafts(message: Message, directory: Directory, seen: Mapping[UUID, Seen], now: datetime) -> list[Draft]:
    matter = seen.get(message.matter_id) if message.matter_id is not None else None
    if message.matter_id is not None and matter is None:
        return []
    found = []
    for to in message.to:
        people = [(None, None)] if to.reporter else recipients.named(to, directory)
        for account, post in people:
            if account is not None and matter is not None and not directory.may_know(account, matter):
                continue
            found.append(_draft(message, account, post, now))
    return found


def _draft(message: Message, account: int | None, post: int | None, now: datetime) -> Draft:
    return Draft(
        message.key, message.topic, account, post, message.data, message.matter_id, message.cause_at or now,
        message.link, message.urgency,
    )  # fmt: skip


def read(actor: Actor, *, notice_ids: Collection[int]) -> int:
    """Mark own notices as read; how many were not. Other people's stay as they are."""
    rows = Notice.objects.filter(account_id=actor.account_id, id__in=notice_ids, read_at=None)
    return rows.update(read_at=clock.now()) if actor.account_id is not None else 0


def read_all(actor: Actor, *, until: int) -> int:
    """Mark every own notice up to `until` as read: what came since the page was made stays unread."""
    rows = Notice.objects.filter(account_id=actor.account_id, id__lte=until, read_at=None)
    return rows.update(read_at=clock.now()) if actor.account_id is not None else 0


@transaction.atomic
def resend(actor: Actor, *, delivery_id: int) -> Delivery:
    """Try again what was given up, from the first try on. Raises NoticeError `forbidden`, `not_given_up`."""
    if not access.may(actor, "notices.resend").allowed:
        raise NoticeError("forbidden", _("Your post may not do this."))
    row = Delivery.objects.select_for_update(no_key=True).get(pk=delivery_id)
    if row.state != DeliveryState.DEAD:
        raise NoticeError("not_given_up", _("This has not been given up."))
    row.state, row.tries, row.due_at, row.leased_until = DeliveryState.WAITING, 0, clock.now(), None
    row.save(update_fields=["state", "tries", "due_at", "leased_until"])
    audit.write(
        actor_id=actor.account_id, post_id=actor.post_id, actor_words=actor.words, action="notices.resend",
        object=f"delivery {row.pk}", outcome="done", detail={"channel": row.channel, "error": row.error},
    )  # fmt: skip
    return row
