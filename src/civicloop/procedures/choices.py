"""Words of the language itself: stages, meanings of ends, kinds of needs. Codes are those of rules.language.

The short words carry a context, since other rooms use the same English word for something else.
"""

from django.db import models
from django.utils.translation import pgettext_lazy


class Stage(models.TextChoices):
    """The seven stages of GB/T 30428.8, the outer view that residents and statistics see."""

    COLLECT = "collect", pgettext_lazy("stage", "Collection")
    FILE = "file", pgettext_lazy("stage", "Filing")
    DISPATCH = "dispatch", pgettext_lazy("stage", "Dispatch")
    HANDLE = "handle", pgettext_lazy("stage", "Handling")
    FEEDBACK = "feedback", pgettext_lazy("stage", "Feedback")
    CHECK = "check", pgettext_lazy("stage", "Check and close")
    EVALUATE = "evaluate", pgettext_lazy("stage", "Evaluation")


class End(models.TextChoices):
    """How a matter ended. They are kept apart for ever: no rate may add one to another unseen."""

    DONE = "done", pgettext_lazy("end", "Done")
    SOLVED = "solved", pgettext_lazy("end", "Solved")
    WRITTEN_OFF = "written_off", pgettext_lazy("end", "Put right and written off")
    EXPLAINED = "explained", pgettext_lazy("end", "Explained")
    SUSPENDED_LISTED = "suspended_listed", pgettext_lazy("end", "Suspended on the list")
    TRANSFERRED = "transferred", pgettext_lazy("end", "Passed to another lawful channel")
    VOID = "void", pgettext_lazy("end", "Void")
    NOT_ACCEPTED = "not_accepted", pgettext_lazy("end", "Not accepted")
    NOT_FILED = "not_filed", pgettext_lazy("end", "Not filed")
    DECIDED = "decided", pgettext_lazy("end", "Decided by the authority")
    DECLINED = "declined", pgettext_lazy("end", "Declined")
    FAILED = "failed", pgettext_lazy("end", "Failed")
    FORCED = "forced", pgettext_lazy("end", "Closed by force")
    WITHDRAWN = "withdrawn", pgettext_lazy("end", "Withdrawn")
