"""What the page of operations counts, and in which words."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class What(models.TextChoices):
    """Which matters a figure of the page counts; each is an address."""

    OPEN = "open", pgettext_lazy("matters", "Open")
    OVERDUE = "overdue", pgettext_lazy("deadline", "Overdue")
    HOUR = "hour", _("Due within the hour")
    TODAY = "today", _("Due later today")
    RAISED = "raised", _("With a mark or handed up")
    ORDERED = "ordered", _("Under an open supervision order")
    HOLD = "hold", _("Suspended until today")
    CLOCK = "clock", _("A limit that ends today")
    ASKED = "asked", _("A request to be decided today")
    MARK = "mark", _("A mark that falls later today")
    BACK = "back", _("Came back")
    PART = "part", _("Parts that a unit owes to another")
    RECEIVED = "received", pgettext_lazy("day", "Received that day")


class Back(models.TextChoices):
    """How a matter came back: the acts that procedures count under these names."""

    RETURNS = "returns", _("Returned by the unit as not its own")
    REWORKS = "reworks", _("Sent back by a check")
    REOPENED = "reopenings", _("Reopened after its end")
    OBJECTIONS = "objections", _("Objection to the dispatch")
    REASSIGNED = "unit_changes", _("Taken away and given to another unit")
    RECALLED = "recalls", _("Dispatch taken back by the desk")


class By(models.TextChoices):
    """What is compared."""

    AREA = "area", pgettext_lazy("figures", "Areas")
    UNIT = "unit", pgettext_lazy("figures", "Units")
