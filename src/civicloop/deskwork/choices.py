"""Enumerations of what a desk keeps for its work, with their words."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class ItemState(models.TextChoices):
    """What became of one matter of a batch."""

    WAITING = "waiting", pgettext_lazy("batch", "Waiting")
    DONE = "done", pgettext_lazy("batch", "Done")
    ASKED = "asked", pgettext_lazy("batch", "Asked for approval")
    REFUSED = "refused", pgettext_lazy("batch", "Refused")


class Use(models.TextChoices):
    """What a phrase is for."""

    REPLY = "reply", _("Reply")
    GROUND = "ground", _("Lawful ground for declining")
    WORK = "work", _("Words of everyday work")
