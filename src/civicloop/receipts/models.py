"""The signed root of each day, and the heads of timelines and logs that it covers. Only ever added to."""

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


class LogHead(models.Model):
    """Where a log stood when a day was closed: its lines that no earlier head covers, as one hash (receipts.logs).

    The heads of a log are a chain as timelines are; the day's root names the newest of each log in its signed body.
    """

    pk = models.CompositePrimaryKey("log", "no")
    log = models.CharField(max_length=8)
    no = models.IntegerField()
    day = models.DateField()
    until = models.DateTimeField()
    lines = models.IntegerField()
    root = models.BinaryField(max_length=32)
    algorithm = models.SmallIntegerField()
    body = models.BinaryField()
    hash = models.BinaryField(max_length=32)


class LogLine(models.Model):
    """The hash of one line of a log, under the head that covers it: so that a line that was changed can be named."""

    pk = models.CompositePrimaryKey("log", "line_id")
    log = models.CharField(max_length=8)
    line_id = models.BigIntegerField()
    no = models.IntegerField()
    hash = models.BinaryField(max_length=32)

    class Meta:
        indexes = [models.Index(fields=["log", "no"], name="log_line_by_head")]
