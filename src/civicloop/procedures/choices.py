"""Words of the language itself: stages, meanings of ends, kinds of needs. Codes are those of rules.language."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Stage(models.TextChoices):
    """The seven stages of GB/T 30428.8, the outer view that residents and statistics see."""

    COLLECT = "collect", _("Collection")
    FILE = "file", _("Filing")
    DISPATCH = "dispatch", _("Dispatch")
    HANDLE = "handle", _("Handling")
    FEEDBACK = "feedback", _("Feedback")
    CHECK = "check", _("Check and close")
    EVALUATE = "evaluate", _("Evaluation")


class End(models.TextChoices):
    """How a matter ended. They are kept apart for ever: no rate may add one to another unseen."""

    DONE = "done", _("Done")
    SOLVED = "solved", _("Solved")
    WRITTEN_OFF = "written_off", _("Put right and written off")
    EXPLAINED = "explained", _("Explained")
    SUSPENDED_LISTED = "suspended_listed", _("Suspended on the list")
    TRANSFERRED = "transferred", _("Passed to another lawful channel")
    VOID = "void", _("Void")
    NOT_ACCEPTED = "not_accepted", _("Not accepted")
    NOT_FILED = "not_filed", _("Not filed")
    DECIDED = "decided", _("Decided by the authority")
    DECLINED = "declined", _("Declined")
    FAILED = "failed", _("Failed")
    FORCED = "forced", _("Closed by force")
    WITHDRAWN = "withdrawn", _("Withdrawn")
