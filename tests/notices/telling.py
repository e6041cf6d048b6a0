"""Small steps for tests of notices."""

from uuid import UUID

from civicloop.notices import jobs, sending, wording
from civicloop.notices.choices import Channel
from civicloop.notices.models import Contact, Delivery, Notice
from civicloop.people.models import Account
from civicloop.records import sealing
from tests.matters import loop

PHONE = "13812345678"


def account(user: str) -> int:
    """The id of a user's account."""
    return int(Account.objects.get(username=user).pk)


def contact(user: str, channel: str = Channel.EMAIL, to: str = "", *, muted: bool = False) -> Contact:
    """Let a user be reached by a channel."""
    from civicloop.foundation import clock

    owner = sending.owner_of(account(user), channel)
    envelope = sealing.seal_bytes(owner, (to or f"{user}@city.example").encode())
    return Contact.objects.create(
        account_id=account(user), channel=channel, envelope=envelope, muted=muted, set_at=clock.now()
    )


def reported(*, phone: str = PHONE, **values: object) -> UUID:
    """Something reported by somebody who has left a phone number."""
    return loop.report(reporter={"name": "张三", "phone": phone}, **values)


def consumed() -> None:
    """Let the worker take everything that waits."""
    while jobs.round():
        pass


def of_user(user: str) -> list[str]:
    """The templates of what a user was told, oldest first."""
    rows = Notice.objects.filter(account_id=account(user)).exclude(template="digest").order_by("id")
    return list(rows.values_list("template", flat=True))


def to_reporter(matter: UUID) -> list[str]:
    """The templates of what the reporter of a matter was told, oldest first."""
    rows = Notice.objects.filter(recipient=f"reporter:{matter}").order_by("id")
    return list(rows.values_list("template", flat=True))


def words(notice: Notice, language: str = "zh-hans") -> str:
    """A notice in words."""
    said = wording.said(notice.template, notice.data, language)
    return f"{said.title}：{said.text}"


def states() -> dict[str, int]:
    """How many deliveries are in which state."""
    found: dict[str, int] = {}
    for state in Delivery.objects.values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found
