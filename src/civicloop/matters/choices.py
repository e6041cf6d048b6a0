"""Enumerations of the matters room with their words."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

# what the application role may only add to (ops.grants)
APPEND_ONLY = ("matters_entry", "matters_entrytext", "matters_fact")

# facts that count how often something was done, and open to no list of matters (matters.counting)
EVENTS = ("entered", "left", "clock", "counted", "mark", "urged", "joined", "followed", "responder_rated", "moved")


class Channel(models.TextChoices):
    """By which door a matter came in."""

    RESIDENT = "resident", _("Resident")
    GRID = "grid", _("Grid worker's report")
    DESK = "desk", _("Desk")
    VISIT = "visit", _("Household visit")
    API = "api", _("Connected system")
    PARENT = "parent", _("Another matter")


class Stage(models.TextChoices):
    """The seven stages of GB/T 30428.8, the outer view of residents and statistics."""

    COLLECT = "collect", _("Collecting information")
    FILE = "file", _("Filing the case")
    DISPATCH = "dispatch", _("Dispatching the task")
    HANDLE = "handle", _("Handling the task")
    FEEDBACK = "feedback", _("Feeding back")
    CHECK = "check", _("Checking and closing")
    EVALUATE = "evaluate", _("Evaluating")


class TaskState(models.TextChoices):
    OPEN = "open", _("Open task")
    ANSWERED = "answered", _("Answered")
    CANCELLED = "cancelled", _("Cancelled")


class ClockState(models.TextChoices):
    RUNNING = "running", _("Running")
    PAUSED = "paused", _("Paused")
    STOPPED = "stopped", _("Stopped")


class RequestState(models.TextChoices):
    OPEN = "open", _("Awaiting approval")
    APPROVED = "approved", _("Approved")
    REFUSED = "refused", pgettext_lazy("a request", "Refused")
    LAPSED = "lapsed", pgettext_lazy("a request", "Lapsed")


class ErasureRule(models.TextChoices):
    """What a list destroys."""

    CONTACTS = "contacts", _("Contact data of reporters, households and applicants")
    TEXTS = "texts", _("Texts, photos and all personal data")


class ErasureState(models.TextChoices):
    """What became of a list."""

    PROPOSED = "proposed", _("Waits for approval")
    APPROVED = "approved", _("Approved, is being carried out")
    REFUSED = "refused", _("Refused")
    DONE = "done", _("Carried out")


class ItemState(models.TextChoices):
    """What became of a matter of a list."""

    OPEN = "open", _("Not carried out yet")
    DONE = "done", _("Carried out")
    LEFT_OUT = "left_out", _("Left out")


# photos of these may be shown to everybody: public space. Homes, persons and disputes are never shown
PUBLIC_PROCEDURES = frozenset({"grid-event"})


class Unpublished(models.TextChoices):
    """Why a photo is not, or no longer, for the public."""

    UNCOVERED = "uncovered", _("A person or a plate that boxes do not cover")
    PRIVATE = "private", _("A home or another private space")
    VIEWPOINT = "viewpoint", _("It tells from where it was taken, and so by whom")
    SENSITIVE = "sensitive", _("Children, illness, an accident or the like")
    USELESS = "useless", _("It shows nothing of the matter")
    OTHER = "other", pgettext_lazy("reason", "Another reason")


class DoubtReason(models.TextChoices):
    """Why a report without a sign-in asks to be looked at before it comes to the desk."""

    TRAP = "trap", _("A field was filled in that people do not see")
    HASTE = "haste", _("Sent faster than anybody writes")
    MANY = "many", _("Many reports from one network in ten minutes")
    SAME = "same", _("The same words were sent several times today")
    LINKS = "links", _("It holds several web addresses")
