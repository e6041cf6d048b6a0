"""The counts of the map. They can be made anew from the matters at any time and hold nothing of a person."""

from django.db import models


class Rollup(models.Model):
    """How many matters of a state and main class lie in a cell, or in an area.

    Levels 15, 17 and 19 are cells of that zoom: by district, by subdistrict, by community (or the deepest area above
    one that is not there). Level 13 counts cells by district and month of receipt (yyyymm). Levels 1 … 4 count areas,
    from the district to the grid: the first three by month. 0 stands for no area, no month, no cell. `state` is a
    place in choices.STATES.
    """

    pk = models.CompositePrimaryKey("level", "area", "cell", "month", "state", "class_code")
    level = models.SmallIntegerField()
    area = models.IntegerField()
    cell = models.BigIntegerField()
    month = models.IntegerField()
    state = models.SmallIntegerField()
    class_code = models.CharField(max_length=8)
    n = models.IntegerField()

    class Meta:
        indexes = [
            models.Index(
                fields=["level", "month", "state", "cell"], name="rollup_state_cell",
                include=["area", "class_code", "n"],
            ),
            models.Index(
                fields=["level", "area", "state", "cell"], name="rollup_area",
                include=["month", "class_code", "n"],
            ),
            models.Index(
                fields=["level", "month", "class_code", "cell"], name="rollup_class", include=["state", "n"],
                condition=models.Q(level__in=(13, 15, 17)),
            ),
            models.Index(fields=["level"], name="rollup_empty", condition=models.Q(n=0)),
        ]  # fmt: skip


class KindRollup(models.Model):
    """How many matters of a state and kind were received in a month, in a coarse cell of an area, or in a district.

    Level 11 has cells of that zoom by subdistrict (or the deepest area above one that is not there); -1 stands for no
    cell. Level 1 has the districts. 0 stands for no area, no kind, no cell of a district.
    """

    pk = models.CompositePrimaryKey("kind", "level", "cell", "area", "month", "state")
    kind = models.IntegerField()
    level = models.SmallIntegerField()
    cell = models.BigIntegerField()
    area = models.IntegerField()
    month = models.IntegerField()
    state = models.SmallIntegerField()
    n = models.IntegerField()

    class Meta:
        indexes = [models.Index(fields=["level"], name="kindrollup_empty", condition=models.Q(n=0))]


class FoldState(models.Model):
    """One row: how often the counts have changed, and whether they were ever made from the matters that there were."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    revision = models.BigIntegerField(default=0)
    built_at = models.DateTimeField(null=True)
    public_at = models.DateTimeField(null=True)


class PublicCell(models.Model):
    """What everybody may see: matters of public space in a coarse cell, a day old, none where there are few."""

    cell = models.BigIntegerField(primary_key=True)  # of level choices of rules.public
    open = models.IntegerField()
    solved = models.IntegerField()


class PublicArea(models.Model):
    """The same of whole districts, for the table beside the map of everybody; 0 where there are few."""

    area = models.IntegerField(primary_key=True)
    open = models.IntegerField()
    solved = models.IntegerField()
