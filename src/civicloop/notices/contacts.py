"""How a member of staff is reached outside the platform: entered, muted and taken back by that person alone."""

import re
from collections import Counter

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from civicloop.foundation import ciphers, clock
from civicloop.notices.choices import Channel
from civicloop.notices.errors import NoticeError
from civicloop.notices.models import Contact
from civicloop.notices.sending import owner_of
from civicloop.people.access import Actor, may
from civicloop.records import audit, keyring, resealing, sealing

PHONE = re.compile(r"1[3-9]\d{9}|\+\d{7,15}")
CHAT = re.compile(r"[A-Za-z0-9_.@-]{1,64}")
BATCH = 200


def of(actor: Actor) -> dict[str, Contact]:
    """The own ways, by channel; the addresses stay sealed."""
    if actor.account_id is None:
        return {}
    return {row.channel: row for row in Contact.objects.filter(account_id=actor.account_id)}


def _own(actor: Actor, channel: str) -> int:
    if actor.kind != "staff" or actor.account_id is None or not may(actor, "notices.own").allowed:
        raise NoticeError("forbidden", _("Your post may not do this."))
    if channel not in Channel.values:
        raise NoticeError("unknown_channel", _("There is no such way."))
    return actor.account_id


def _checked(channel: str, to: str) -> str:
    """The address, or NoticeError `wrong_form`."""
    found = to.strip()
    if channel == Channel.EMAIL:
        try:
            validate_email(found)
        except ValidationError:
            raise NoticeError("wrong_form", _("This is not an e-mail address.")) from None
        return found
    found = found.replace(" ", "") if channel == Channel.SMS else found
    pattern = PHONE if channel == Channel.SMS else CHAT
    if not pattern.fullmatch(found):
        wrong = {
            Channel.SMS: _("This is not the number of a mobile phone."),
            Channel.CHAT: _("A name in the work chat has letters, digits and the signs . _ - @ only."),
        }
        raise NoticeError("wrong_form", wrong[Channel(channel)])
    return found


@transaction.atomic
def enter(actor: Actor, *, channel: str, to: str) -> Contact:
    """Let oneself be reached there. Raises NoticeError `forbidden`, `unknown_channel`, `wrong_form`."""
    account = _own(actor, channel)
    envelope = sealing.seal_bytes(owner_of(account, channel), _checked(channel, to).encode())
    row, _made = Contact.objects.update_or_create(
        account_id=account, channel=channel, defaults={"envelope": envelope, "set_at": clock.now()}
    )
    _note(actor, "notices.contact.enter", channel)
    return row


@transaction.atomic
def mute(actor: Actor, *, channel: str, muted: bool) -> bool:
    """Only what is urgent goes there, or everything again; whether anything changed. Raises NoticeError."""
    account = _own(actor, channel)
    changed = Contact.objects.filter(account_id=account, channel=channel, muted=not muted).update(muted=muted)
    if changed:
        _note(actor, "notices.contact.mute", channel, muted=muted)
    return bool(changed)


@transaction.atomic
def take_back(actor: Actor, *, channel: str) -> bool:
    """Be reached there no more: the address is destroyed. Raises NoticeError."""
    account = _own(actor, channel)
    gone, _rows = Contact.objects.filter(account_id=account, channel=channel).delete()
    if gone:
        _note(actor, "notices.contact.take_back", channel)
    return bool(gone)


def _note(actor: Actor, action: str, channel: str, **detail: object) -> None:
    audit.write(
        actor_id=actor.account_id, post_id=actor.post_id, actor_words=actor.words, action=action, object=channel,
        outcome="done", detail=detail,
    )  # fmt: skip


# -- a change of keys --------------------------------------------------------------------------------------------------


def _reseal(position: str) -> resealing.Step:
    """The addresses follow a change of the sealing key; one batch of them."""
    rows = list(Contact.objects.filter(id__gt=int(position or 0)).order_by("id")[:BATCH])
    replaced = closed = 0
    for row in rows:
        known = bytes(row.envelope)
        try:
            fresh = sealing.resealed(owner_of(row.account_id, row.channel), known)
        except (ciphers.CannotOpen, ciphers.CannotSeal):
            closed += 1
            continue
        if fresh is not None:
            replaced += Contact.objects.filter(id=row.pk, envelope=known).update(envelope=fresh)
    return resealing.Step(str(rows[-1].pk) if len(rows) == BATCH else "", replaced, closed)


def _needed() -> resealing.Needed:
    envelopes = Contact.objects.values_list("envelope", flat=True)
    return dict(Counter((keyring.SEALING, ciphers.key_id(bytes(each))) for each in envelopes.iterator()))


ADDRESSES = resealing.Place("addresses", _reseal, _needed)
