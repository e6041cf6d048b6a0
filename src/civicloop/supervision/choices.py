"""Enumerations of supervision orders with their words."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Level(models.TextChoices):
    """How strongly an order pushes, the weakest first; the ladder's data say the same words."""

    ORDINARY = "ordinary", _("Supervision order")
    LISTED = "listed", _("Listed order")
    SUMMONS = "summons", _("Summons of the unit")


LEVELS = tuple(Level.values)


class Source(models.TextChoices):
    """From where an order comes."""

    LADDER = "ladder", _("Ladder of deadlines")
    INSTRUCTION = "instruction", _("Leader's instruction")
    INSPECTION = "inspection", _("Inspection")
    SUGGESTION = "suggestion", _("Proposal of deputies or members")
    REPEATED = "repeated", _("Repeated reports")
    URGING = "urging", _("Urgings without effect")


# what a person may give as the source; the ladder opens its own, the last two come from the page of suggestions
BY_HAND = (Source.INSTRUCTION, Source.INSPECTION, Source.SUGGESTION)


class State(models.TextChoices):
    """Where an order stands. Only a review by somebody else writes it off."""

    OPEN = "open", _("Waits for the unit's answer")
    SENT_BACK = "sent_back", _("Sent back, waits for another answer")
    ANSWERED = "answered", _("Answered, waits for review")
    WRITTEN_OFF = "written_off", pgettext_lazy("order", "Written off")
    WITHDRAWN = "withdrawn", pgettext_lazy("order", "Withdrawn")


WAITING = (State.OPEN, State.SENT_BACK)  # the unit's turn
UNENDED = (*WAITING, State.ANSWERED)


class Proof(models.TextChoices):
    """Kinds of proof that an order may demand; each but the explanation may exist already."""

    BEFORE = "before", _("Photo before handling")
    AFTER = "after", _("Photo after handling")
    PAPER = "paper", _("Paper or file")
    HANDLED = "handled", _("The result, fed back by the unit")
    CLOSED = "closed", _("The verified end of the matter")
    TEXT = "text", _("Written explanation")


class Met(models.TextChoices):
    """How a demand was answered."""

    NO = "", _("Not answered yet")
    EXISTING = "existing", _("Answered by what existed already")
    SENT = "sent", _("Answered by what came afterwards")
    SAID = "said", _("Answered in words")


class Doing(models.TextChoices):
    """What is written in an order's history."""

    OPENED = "open", pgettext_lazy("order", "Opened")
    ANSWER = "answer", pgettext_lazy("order", "Answered")
    SEND_BACK = "send_back", pgettext_lazy("order", "Sent back")
    WRITE_OFF = "write_off", pgettext_lazy("order", "Written off")
    WITHDRAW = "withdraw", pgettext_lazy("order", "Withdrawn")
    RAISE = "raise", pgettext_lazy("order", "Raised to a higher level")
    MARK = "mark", pgettext_lazy("order", "Mark of the deadline")
    RECOUNT = "recount", _("Deadline counted again")
