"""Calendars and their versions. A version is never changed: a published year or a changed shift is a new one."""

from django.db import models


class Calendar(models.Model):
    """A calendar's identity; regions and units refer to its code."""

    code = models.CharField(max_length=40, unique=True)
    names = models.JSONField()
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.code


class CalendarVersion(models.Model):
    """What a calendar says from `valid_from` on; `body` is the plain data of rules.body."""

    calendar = models.ForeignKey(Calendar, on_delete=models.PROTECT, related_name="versions")
    version = models.IntegerField()
    body = models.JSONField()
    valid_from = models.DateTimeField()
    published_by = models.BigIntegerField(null=True, help_text="account; null for the system")
    published_words = models.CharField(max_length=80)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["calendar", "version"], name="calendar_version_once")]

    def __str__(self) -> str:
        return f"{self.calendar_id} v{self.version}"
