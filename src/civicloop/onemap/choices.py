"""Enumerations of the map and the words it needs for them."""

from collections.abc import Mapping

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from civicloop.matters.cells import ENDED
from civicloop.matters.choices import Stage

# what the map counts a matter under, in the order of its numbers in the tables: never change it, only add
STATES = (*Stage.values, ENDED)
OPEN = frozenset(Stage.values)


class State(models.TextChoices):
    """Which matters are shown."""

    OPEN = "open", pgettext_lazy("matters", "Open")
    ENDED = "ended", _("Ended")
    ALL = "all", _("Open and ended")


class Due(models.TextChoices):
    """How an open matter stands to its deadline."""

    OVERDUE = "overdue", pgettext_lazy("deadline", "Overdue")
    SOON = "soon", _("Due within a day")


class Look(models.TextChoices):
    """How the browser draws the matters."""

    CLUSTERS = "clusters", _("Clusters")
    HEAT = "heat", _("Density")
    AREAS = "areas", _("By area")


# at most two characters, drawn beside a single matter on the map
SHORT_STAGES: Mapping[str, str | Promise] = {
    Stage.COLLECT: pgettext_lazy("short stage", "new"),
    Stage.FILE: pgettext_lazy("short stage", "file"),
    Stage.DISPATCH: pgettext_lazy("short stage", "disp."),
    Stage.HANDLE: pgettext_lazy("short stage", "work"),
    Stage.FEEDBACK: pgettext_lazy("short stage", "fed back"),
    Stage.CHECK: pgettext_lazy("short stage", "check"),
    Stage.EVALUATE: pgettext_lazy("short stage", "rate"),
    ENDED: pgettext_lazy("short stage", "done"),
}
