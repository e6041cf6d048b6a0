"""What the processes of an installation tell each other: that they live, and how far the demonstration load is."""

from django.db import models


class Heartbeat(models.Model):
    """The last sign of life of a process, in real time."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()
    detail = models.JSONField(default=dict)


class Load(models.Model):
    """The load of the demonstration city: wanted, how far, done."""

    name = models.CharField(max_length=40, primary_key=True)
    wanted = models.BooleanField(default=True)
    done = models.BooleanField(default=False)
    part = models.CharField(max_length=200, default="")
    share = models.FloatField(default=0)
    trouble = models.TextField(default="")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
