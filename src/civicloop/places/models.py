"""Areas: identities that live through renaming, their versions, and how one follows another."""

from django.db import models
from django.db.models import F, Q

LEVELS = ("city", "district", "subdistrict", "community", "grid")
STATES = ("proposed", "approved", "refused", "withdrawn", "in_force")  # of a proposal of new boundaries
OVERLAY = "overlay"  # areas of other bodies: they do not tile and lie in no path


class Area(models.Model):
    """What stays the same while names, codes and boundaries change."""

    level = models.CharField(max_length=12, choices=[(level, level) for level in (*LEVELS, OVERLAY)])
    created_at = models.DateTimeField()


class AreaVersion(models.Model):
    """Code, names, parent, polygon and responsible organ of an area for a time. Versions end, they are not changed."""

    area = models.ForeignKey(Area, models.PROTECT, related_name="versions")
    code = models.CharField(max_length=20)
    names = models.JSONField()
    parent = models.ForeignKey(Area, models.PROTECT, null=True, related_name="+")
    layer = models.CharField(max_length=24, default="admin")
    scheme = models.CharField(max_length=12, default="gb")
    synthetic = models.BooleanField(default=False)
    polygon = models.BinaryField(null=True)  # WKB, WGS-84
    west = models.FloatField(null=True)
    south = models.FloatField(null=True)
    east = models.FloatField(null=True)
    north = models.FloatField(null=True)
    organ_kind = models.CharField(max_length=24, default="")
    organ_names = models.JSONField(null=True)
    source = models.CharField(max_length=200, default="")
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["area"], condition=Q(valid_to=None), name="area_one_version_now"),
            models.UniqueConstraint(fields=["layer", "code"], condition=Q(valid_to=None), name="area_code_once_now"),
        ]
        indexes = [
            models.Index(fields=["parent"], name="area_parent_now", condition=Q(valid_to=None)),
            models.Index(fields=["code"], name="area_by_code"),
        ]

    def __str__(self) -> str:
        return self.code


class AreaSuccession(models.Model):
    """A merge or split: `successor` takes over from `predecessor`."""

    predecessor = models.ForeignKey(Area, models.PROTECT, related_name="successors")
    successor = models.ForeignKey(Area, models.PROTECT, related_name="predecessors")
    at = models.DateTimeField()
    taken_back = models.BooleanField(default=False, db_default=False)  # it was planned, and withdrawn before it held


class LayerChange(models.Model):
    """One change of the areas: from when it holds. `revision` names it, once and for all.

    A matter's `area_version` is the revision of the change that had come into force last when it was placed.
    """

    revision = models.IntegerField(primary_key=True)
    at = models.DateTimeField(db_index=True)
    made_at = models.DateTimeField()


class BoundaryProposal(models.Model):
    """New boundaries of some areas, to be approved by a second person and to hold from a moment.

    `areas` are the rows as they will be taken (polygons as WKB in hexadecimal), `successions` pairs of codes (who is
    followed by whom), `ended` codes of areas that end. What was proposed does not change; another is proposed.
    """

    title = models.CharField(max_length=120)
    reason = models.CharField(max_length=1000)
    file = models.CharField(max_length=120)
    areas = models.JSONField()
    ended = models.JSONField(default=list)
    successions = models.JSONField(default=list)
    said = models.JSONField(default=list)  # what was mended
    effective_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=[(each, each) for each in STATES], default="proposed")
    based_on = models.IntegerField()  # the revision that was in force when it was proposed
    proposed_at = models.DateTimeField()
    proposed_by = models.BigIntegerField(null=True)
    proposed_post = models.BigIntegerField(null=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.BigIntegerField(null=True)
    decided_post = models.BigIntegerField(null=True)
    decision = models.CharField(max_length=1000, default="")
    revision = models.IntegerField(null=True)  # of the change that the approval made
    announced_at = models.DateTimeField(null=True)  # when the worker noted that it holds

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "refused"]) | ~Q(decided_by=F("proposed_by")),
                name="boundary_two_persons",
            )
        ]
        indexes = [models.Index(fields=["effective_at"], name="boundary_waits", condition=Q(state="approved"))]

    def __str__(self) -> str:
        return self.title


class LayerRevision(models.Model):
    """One row: counts every change of any layer, so that processes know when to read anew."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    revision = models.IntegerField(default=0)
