"""The cubes and where their folding stands; what is kept for ever. Who kept something is in the audit log.

Cubes are small and belong to no matter: they are rebuilt at any time.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Measure(models.Model):
    """At which place of a count's numbers a measure stands: 1, 2, 3 … as they came first. Never changed."""

    no = models.SmallIntegerField(primary_key=True)
    name = models.CharField(max_length=81, unique=True)  # of a fact, with its detail


class Count(models.Model):
    """What a cube counts: all measures of one member (an area, a unit, a class …) within a scope, in a day or a month.

    `n` has a number at the place of each measure (Measure), or nothing; `minutes` likewise, where any were spent.
    `generation` is that of the rebuild that made it (figures.ledger); readers take the one in force.
    """

    pk = models.CompositePrimaryKey("generation", "cube", "grain", "scope", "start", "member", "visibility")
    generation = models.SmallIntegerField()
    cube = models.CharField(max_length=12)
    grain = models.CharField(max_length=1)  # d, m
    scope = models.BigIntegerField()
    start = models.DateField()
    member = models.CharField(max_length=24)
    visibility = models.SmallIntegerField()
    n = ArrayField(models.BigIntegerField(null=True))
    minutes = ArrayField(models.BigIntegerField(null=True), null=True)


class DueHour(models.Model):
    """How many limits that still run fall due in an hour (UTC), by area and clock: what is overdue moves with time."""

    pk = models.CompositePrimaryKey("generation", "cube", "scope", "hour", "member", "clock", "visibility")
    generation = models.SmallIntegerField()
    cube = models.CharField(max_length=12)
    scope = models.BigIntegerField()
    hour = models.DateTimeField()
    member = models.CharField(max_length=24)
    clock = models.CharField(max_length=40)
    visibility = models.SmallIntegerField()
    n = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["generation"], name="due_hour_empty", condition=models.Q(n=0))]


class Folding(models.Model):
    """One row: the generation in force, by which statistic day it was folded, and where a rebuild stands."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    generation = models.SmallIntegerField(default=1)
    zone = models.CharField(max_length=64)
    day_start = models.CharField(max_length=5)
    rules = models.SmallIntegerField(default=1)  # the rules by which the facts were made (counting.RULES)
    days_folded = models.BooleanField(default=False)  # whether anything was, so that the day cannot just be changed
    folded_at = models.DateTimeField(null=True)
    # a rebuild: the generation that it makes, by which day, and the matter up to which it has come
    making = models.SmallIntegerField(null=True)
    making_day_start = models.CharField(max_length=5, default="")
    making_after = models.UUIDField(null=True)
    rebuilt_at = models.DateTimeField(null=True)
    worked_until = models.DateField(null=True)  # the workload of posts is counted up to before this day


class PostWork(models.Model):
    """How many acts of a kind a post did in a month, on what came to it (figures.workload)."""

    pk = models.CompositePrimaryKey("month", "post_id", "action")
    month = models.DateField()
    post_id = models.BigIntegerField()
    action = models.CharField(max_length=40)
    n = models.IntegerField()


class Definition(models.Model):
    """Indicators that the city has loaded over the shipped ones: only ever added to, in force from a month on."""

    valid_from = models.DateField()
    content = models.JSONField()
    digest = models.BinaryField(max_length=32)
    source = models.CharField(max_length=200)
    loaded_at = models.DateTimeField()


class Baseline(models.Model):
    """What a month is measured by, sealed at its start: units, areas, kinds, formulas, exemptions. Never changed."""

    month = models.DateField(primary_key=True)
    content = models.JSONField()
    digest = models.BinaryField(max_length=32)
    sealed_at = models.DateTimeField()


class Weighting(models.Model):
    """Weights of scores that somebody proposed for the city (area 0) or a district: only ever added to."""

    area_id = models.BigIntegerField()
    object = models.CharField(max_length=8)  # scoring.OBJECTS
    weights = models.JSONField()
    reason = models.CharField(max_length=300)
    proposed_by = models.BigIntegerField()
    proposed_role = models.CharField(max_length=24)
    proposed_at = models.DateTimeField()


class WeightingDecision(models.Model):
    """What a second person said of them, once; in force from the month after it."""

    weighting = models.OneToOneField(Weighting, models.PROTECT, primary_key=True, related_name="decision")
    yes = models.BooleanField()
    proposed_by = models.BigIntegerField()
    decided_by = models.BigIntegerField()
    decided_role = models.CharField(max_length=24)
    decided_at = models.DateTimeField()
    valid_from = models.DateField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~models.Q(decided_by=models.F("proposed_by")), name="weighting_by_two")
        ]


class Snapshot(models.Model):
    """A table of figures as it was at a moment, kept for ever: what was reported may be compared with what is now."""

    no = models.IntegerField(primary_key=True)
    title = models.CharField(max_length=200)
    period = models.CharField(max_length=10)
    content = models.BinaryField()
    digest = models.BinaryField(max_length=32)
    made_at = models.DateTimeField()


class Publication(models.Model):
    """That a snapshot is shown to everybody."""

    snapshot = models.OneToOneField(Snapshot, models.PROTECT, primary_key=True, related_name="publication")
    at = models.DateTimeField()


class PublicMonth(models.Model):
    """The figures of an area and its parts in a month, as everybody sees them: written once, never changed.

    Small cells are hidden in it, not when it is shown. `area_id` is 0 for the city.
    """

    pk = models.CompositePrimaryKey("area_id", "month")
    area_id = models.BigIntegerField()
    month = models.DateField()
    content = models.JSONField()
