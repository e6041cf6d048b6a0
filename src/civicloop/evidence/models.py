"""Photos and files of a matter; the contents lie in the content-addressed store. Rows are never changed."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Stage(models.TextChoices):
    """At which moment of the work it was taken."""

    BEFORE = "before", _("Before handling")
    AFTER = "after", _("After handling")
    OTHER = "other", _("Other")


class Evidence(models.Model):
    """One photo or file. `derivative` is shown, `sealed_original` is opened only for a purpose."""

    pk = models.CompositePrimaryKey("matter_id", "id")
    matter_id = models.UUIDField()
    id = models.UUIDField()
    stage = models.CharField(max_length=8, choices=Stage)
    media_type = models.CharField(max_length=40)
    bytes = models.IntegerField()
    sha256 = models.CharField(max_length=64)
    derivative = models.CharField(max_length=64, default="")
    thumbnail = models.CharField(max_length=64, default="")
    sealed_original = models.CharField(max_length=64)
    width = models.IntegerField(null=True)
    height = models.IntegerField(null=True)
    synthetic = models.BooleanField(default=False)
    fingerprint = models.BinaryField(max_length=32)
    dhash = models.BigIntegerField(null=True)
    account_id = models.BigIntegerField(null=True)
    post_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()
