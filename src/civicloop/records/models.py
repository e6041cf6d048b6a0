"""What is recorded about everything: audit log, read log, settings, and the sealed store of personal data."""

from django.db import models


class AuditEntry(models.Model):
    """One write beside the matters' own timelines: who, in which post, did what to what. Only ever added."""

    at = models.DateTimeField()
    account_id = models.BigIntegerField(null=True)
    post_id = models.BigIntegerField(null=True)
    words = models.CharField(max_length=64)
    action = models.CharField(max_length=64)
    object = models.CharField(max_length=120)
    outcome = models.CharField(max_length=16)
    detail = models.JSONField(default=dict)
    address = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["-at"], name="audit_by_time"),
            models.Index(fields=["account_id", "-at"], name="audit_by_account"),
            models.Index(fields=["action", "-at"], name="audit_by_action"),
            models.Index(fields=["post_id", "-at"], name="audit_by_post"),
            models.Index(fields=["words", "-at"], name="audit_by_words"),
            models.Index(fields=["object", "-at"], name="audit_by_object"),
            models.Index(fields=["outcome", "-at"], name="audit_by_outcome"),
        ]


class ReadEntry(models.Model):
    """One opening of sealed data: who, for which purpose. Only ever added; the reader's unit cannot alter it."""

    at = models.DateTimeField()
    account_id = models.BigIntegerField(null=True)
    post_id = models.BigIntegerField(null=True)
    words = models.CharField(max_length=64)
    purpose = models.CharField(max_length=200)
    matter_id = models.UUIDField(null=True, help_text="empty: the address of a member of staff")
    field = models.CharField(max_length=64)

    class Meta:
        indexes = [
            models.Index(fields=["matter_id"], name="read_by_matter"),
            models.Index(fields=["-at"], name="read_by_time"),
            models.Index(fields=["account_id", "-at"], name="read_by_account"),
            models.Index(fields=["post_id", "-at"], name="read_by_post"),
            models.Index(fields=["words", "-at"], name="read_by_words"),
            models.Index(fields=["field", "-at"], name="read_by_field"),
        ]


class SealedValue(models.Model):
    """A personal fact, sealed from its first moment. Owned by a matter, partitioned with it."""

    pk = models.CompositePrimaryKey("matter_id", "no")
    matter_id = models.UUIDField()
    no = models.IntegerField()
    field = models.CharField(max_length=64)
    envelope = models.BinaryField()
    lookup = models.BinaryField(max_length=64, null=True)
    retention = models.CharField(max_length=24)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["lookup"], name="sealed_lookup", condition=~models.Q(lookup=None))]


class KeyChange(models.Model):
    """A new sealing and look-up key. Written by the owner alone: it bounds what `civicloop_reseal` may replace."""

    at = models.DateTimeField()
    sealing = models.CharField(max_length=16, help_text="id of the key that seals from now on")
    lookup = models.CharField(max_length=16)
    sealing_before = models.CharField(max_length=16)
    lookup_before = models.CharField(max_length=16)
    installed_at = models.DateTimeField(null=True, help_text="when the key files had taken over")


class Resealing(models.Model):
    """How far the worker has come with one place where sealed things lie, for one change of keys."""

    change = models.ForeignKey(KeyChange, on_delete=models.PROTECT, related_name="resealings")
    place = models.CharField(max_length=32)
    position = models.CharField(max_length=100, default="")
    resealed = models.BigIntegerField(default=0)
    closed = models.BigIntegerField(default=0, help_text="in the present pass: what could not be opened")
    again_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["change", "place"], name="resealing_once")]


class Try(models.Model):
    """Tries counted over all processes (records.tries); the key is a keyed hash. Not in the write-ahead log."""

    key = models.BinaryField(max_length=32, primary_key=True)
    since = models.FloatField(help_text="seconds since 1970, when the present window began")
    tries = models.IntegerField()

    class Meta:
        indexes = [models.Index(fields=["since"], name="try_by_time")]


class Setting(models.Model):
    """One version of one setting in one scope; the newest version holds. Earlier ones stay readable."""

    code = models.CharField(max_length=64)
    scope = models.CharField(max_length=64, default="installation")
    version = models.PositiveIntegerField()
    value = models.JSONField()
    set_at = models.DateTimeField()
    set_by = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["code", "scope", "version"], name="setting_version_once")]
