"""Which models were made, and how often what they said was right. The models themselves are files (`store`)."""

from django.db import models

from civicloop.classifier.choices import Origin


class Making(models.Model):
    """One model that was made: from what, how good it was on texts held out, and whether it was taken into use."""

    made_at = models.DateTimeField()
    origin = models.CharField(max_length=10, choices=Origin)
    rows = models.IntegerField()
    labels = models.IntegerField()
    newest = models.UUIDField(null=True)  # the newest matter that was learnt from
    accuracy = models.FloatField()
    macro_f1 = models.FloatField()
    rival_accuracy = models.FloatField()  # of what was in use before, on the same texts
    spoken = models.FloatField()
    spoken_right = models.FloatField()
    taken = models.BooleanField()

    class Meta:
        indexes = [models.Index(fields=["-made_at"], name="making_by_time")]


class Measure(models.Model):
    """Of the matters filed in a week under a kind: for how many a kind would have been said, and how often rightly.

    Told by the model that was in use before it had learnt from that week.
    """

    week = models.DateField()  # its Monday
    kind_code = models.CharField(max_length=12)
    matters = models.IntegerField()
    spoken = models.IntegerField()
    right = models.IntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["week", "kind_code"], name="measure_once")]
