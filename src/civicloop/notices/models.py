"""What was told to whom, by which ways it left, and the sealed addresses that staff have given for it.

A notice holds names and numbers that a template turns into words in the reader's language; it never holds what somebody
has written about a matter.
"""

from django.db import models
from django.db.models import PROTECT, Q

from civicloop.notices.choices import Channel, DeliveryState, Urgency


class Notice(models.Model):
    """One thing told to one recipient: an account (`account:12`), or whoever reported a matter (`reporter:…`).

    `key` names what it is told of (a row of the outbox, a call of `actions.tell`): a recipient hears of one key once.
    """

    key = models.CharField(max_length=120)
    recipient = models.CharField(max_length=48)
    account_id = models.BigIntegerField(null=True)
    post_id = models.BigIntegerField(null=True)
    template = models.CharField(max_length=60)
    data = models.JSONField(default=dict)
    matter_id = models.UUIDField(null=True)
    link = models.CharField(max_length=200, blank=True)
    urgency = models.SmallIntegerField(choices=Urgency)
    cause_at = models.DateTimeField(help_text="when that fell due or happened of which it tells")
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["recipient", "key"], name="notice_once")]
        indexes = [
            models.Index(fields=["account_id", "-id"], name="notice_inbox", condition=~Q(account_id=None)),
            models.Index(
                fields=["account_id"], name="notice_unread", condition=Q(read_at=None) & ~Q(account_id=None)
            ),
            models.Index(fields=["at"], name="notice_by_time"),
        ]  # fmt: skip


class Delivery(models.Model):
    """A notice on its way out by one channel: the delivery log. Neither contents nor address stand in it."""

    notice = models.ForeignKey(Notice, PROTECT, related_name="deliveries", db_index=False)
    channel = models.CharField(max_length=8, choices=Channel)
    account_id = models.BigIntegerField(null=True)
    urgency = models.SmallIntegerField(choices=Urgency)
    state = models.CharField(max_length=8, choices=DeliveryState, default=DeliveryState.WAITING)
    due_at = models.DateTimeField(help_text="not before then")
    leased_until = models.DateTimeField(null=True)
    tries = models.SmallIntegerField(default=0)
    error = models.CharField(max_length=40, blank=True)
    day = models.DateField(null=True, help_text="the day whose bound it was counted under")
    digest_id = models.BigIntegerField(null=True, help_text="the notice that it went with")
    made_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["notice", "channel"], name="delivery_once")]
        indexes = [
            models.Index(fields=["channel", "due_at"], name="delivery_waiting", condition=Q(state="waiting")),
            models.Index(fields=["due_at"], name="delivery_for_digest", condition=Q(state="digest")),
            models.Index(fields=["account_id", "day"], name="delivery_of_day", condition=~Q(day=None)),
            models.Index(fields=["state", "-id"], name="delivery_by_state"),
            models.Index(fields=["channel", "-id"], name="delivery_by_channel"),
            models.Index(fields=["made_at"], name="delivery_by_time"),
        ]


class Contact(models.Model):
    """Where a member of staff wants to be reached outside the platform: sealed, given by that person alone."""

    account_id = models.BigIntegerField()
    channel = models.CharField(max_length=8, choices=Channel)
    envelope = models.BinaryField()
    muted = models.BooleanField(default=False, help_text="only what is urgent goes there")
    set_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account_id", "channel"], name="contact_once")]


class Broadcast(models.Model):
    """One text for all who reported a matter and those joined to it (统一答复); `id` comes from the page."""

    id = models.UUIDField(primary_key=True)
    matter_id = models.UUIDField()
    text = models.CharField(max_length=300)
    account_id = models.BigIntegerField(null=True)
    post_id = models.BigIntegerField(null=True)
    told = models.IntegerField()
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["matter_id", "-at"], name="broadcast_of_matter")]
