"""Versions of procedures as they run: the expanded declaration under its digest; and a city's own ladders."""

from django.db import models


class ProcedureVersion(models.Model):
    """One version of one procedure. What it does never changes under the same code and version; its words may."""

    code = models.CharField(max_length=80)
    version = models.PositiveIntegerField()
    digest = models.CharField(max_length=80)  # algorithm:hex, over `expanded` without words
    expanded = models.TextField()  # JSON text: jsonb would lose the order in which acts and reasons are declared
    effective_from = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)  # takes no new matters from then on

    class Meta:
        constraints = [models.UniqueConstraint(fields=["code", "version"], name="procedure_version_once")]
        indexes = [models.Index(fields=["code", "effective_from"], name="procedure_in_force")]

    def __str__(self) -> str:
        return f"{self.code} {self.version}"


class LadderVersion(models.Model):
    """A city's own version of a ladder (rules.ladders): the newest one runs, for clocks that run already too."""

    code = models.CharField(max_length=40)
    version = models.PositiveIntegerField()
    body = models.JSONField()
    loaded_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["code", "version"], name="ladder_version_once")]

    def __str__(self) -> str:
        return f"{self.code} {self.version}"
