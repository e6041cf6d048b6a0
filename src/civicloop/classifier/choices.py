"""Where a model comes from."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Origin(models.TextChoices):
    """What a model was made from."""

    NAMES = "names", _("Names and conditions of the catalogue")
    HISTORY = "history", _("Matters that this city has filed")
