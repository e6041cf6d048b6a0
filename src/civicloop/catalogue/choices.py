"""Enumerations of the catalogue, with the words that screens use."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Family(models.TextChoices):
    """What a code counts: the same five digits mean one thing as a component and another as a matter."""

    MATTER = "matter", _("Matter")
    COMPONENT = "component", _("Component")


class Source(models.TextChoices):
    """Where a filing condition and its limit come from. Only `city` is a city's own decision."""

    DEFAULT = "default", _("Default, not from the standard")
    SAMPLE_CITY = "sample_city", _("Another city's setting, used as a sample")
    CITY = "city", _("This city's setting")


class NameSource(models.TextChoices):
    """Where the English name of a kind comes from; the Chinese one is always the standard's or the city's."""

    OURS = "ours", _("Translation of ours")
    OFFICIAL = "official", _("Official")
    NONE = "none", _("No translation")


class Certainty(models.TextChoices):
    """How sure a line of the crosswalk from the 2013 codes is."""

    STATED = "stated", _("Stated by the sources")
    INFERRED = "inferred", _("Inferred from the numbers")


class Days(models.TextChoices):
    """On which days a line of the responsibilities counts."""

    ALL = "", _("Every day")
    WORKING = "working", _("Working days")
    REST = "rest", _("Days of rest")


class Part(models.TextChoices):
    """Part of a list of duties (履职事项清单): who leads."""

    BASIC = "basic", _("Basic duty")
    SUPPORTING = "supporting", _("Supporting duty")
    TAKEN_BACK = "taken_back", _("Taken back by a higher department")


class ComponentState(models.TextChoices):
    """State of a component, in the words of the standard."""

    INTACT = "intact", pgettext_lazy("component", "Intact")
    DAMAGED = "damaged", pgettext_lazy("component", "Damaged")
    LOST = "lost", pgettext_lazy("component", "Lost")
    ABANDONED = "abandoned", pgettext_lazy("component", "Abandoned")
    REMOVED = "removed", pgettext_lazy("component", "Removed")


class Accuracy(models.TextChoices):
    """How exactly the point of a component was taken."""

    A = "A", _("A: within 0.5 m")
    B = "B", _("B: within 1 m")
    C = "C", _("C: within 10 m")


class ComponentSource(models.TextChoices):
    """Where the data of a component come from, in the words of the standard."""

    SURVEY = "survey", _("Survey on the spot")
    MAP = "map", _("Topographic map")
    BASE = "base", _("Basic geographic data")
    OTHER = "other", pgettext_lazy("source", "Other")


class Party(models.TextChoices):
    """Who answers by a line of the responsibilities: the unit it names, or a unit of the component pointed to."""

    UNIT = "", _("The unit named")
    OWNER = "owner", _("The owner of the component")
    MAINTAINER = "maintainer", _("The maintainer of the component")
