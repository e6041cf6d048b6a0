"""The signed root of each day, and the heads of timelines that stand under it. Only ever added to."""

from django.db import models


class DailyRoot(models.Model):
    """The root over every timeline that a day changed. `body` is what is hashed and signed (receipts.roots).

    Roots are a chain of their own: `no` counts them in the order in which they were made, and each hash covers the one
    before it. The other columns repeat what the body says, so that they can be searched.
    """

    day = models.DateField(primary_key=True)
    no = models.IntegerField(unique=True)
    until = models.DateTimeField()
    leaves = models.IntegerField()
    root = models.BinaryField(max_length=32)
    previous = models.BinaryField(max_length=32)
    algorithm = models.SmallIntegerField()
    made_at = models.DateTimeField()
    key_id = models.CharField(max_length=16)
    body = models.BinaryField()
    hash = models.BinaryField(max_length=32)
    signature = models.BinaryField(max_length=64)


class DailyLeaf(models.Model):
    """The head of a matter's timeline at the end of a day, under that day's root; it covers every entry up to `seq`."""

    pk = models.CompositePrimaryKey("matter_id", "seq")
    matter_id = models.UUIDField()
    seq = models.IntegerField()
    day = models.DateField()
    head = models.BinaryField(max_length=32)

    class Meta:
        indexes = [models.Index(fields=["day"], name="leaf_by_day")]
