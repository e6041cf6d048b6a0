"""Enumerations of the notices room with their words."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Urgency(models.IntegerChoices):
    """How soon somebody must know. Only what is urgent comes within quiet hours and beyond the day's bound."""

    LOW = 0, pgettext_lazy("urgency", "Low")
    NORMAL = 1, pgettext_lazy("urgency", "Normal")
    URGENT = 2, pgettext_lazy("urgency", "Urgent")


class Channel(models.TextChoices):
    """By which way a notice leaves the platform. The inbox is no channel: everything for the staff stands there."""

    EMAIL = "email", _("E-mail")
    SMS = "sms", _("Text message")
    CHAT = "chat", _("Work chat")


class DeliveryState(models.TextChoices):
    """What became of a sending."""

    WAITING = "waiting", pgettext_lazy("a sending", "Waiting")
    SENT = "sent", pgettext_lazy("a sending", "Sent")
    DIGEST = "digest", pgettext_lazy("a sending", "Waits for the day's summary")
    FOLDED = "folded", pgettext_lazy("a sending", "Went with a summary")
    DROPPED = "dropped", pgettext_lazy("a sending", "Not sent: no address any more")
    DEAD = "dead", pgettext_lazy("a sending", "Given up")
