"""What a desk keeps for its work: batches, saved views, phrases. `batches` and `actions` write."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import PROTECT, Q

from civicloop.deskwork.choices import ItemState, Use


class Batch(models.Model):
    """One act for many matters. Its id is the client's; the id of each act is derived from it and the matter.

    `data` is the data of the act, its placeholders still unfilled. `undoes` is the batch that it takes back.
    """

    id = models.UUIDField(primary_key=True)
    account_id = models.BigIntegerField()
    post_id = models.BigIntegerField(null=True)
    action = models.CharField(max_length=40)
    result = models.CharField(max_length=40, default="")
    data = models.JSONField(default=dict)
    undoes = models.ForeignKey("self", PROTECT, null=True, related_name="undone_by")
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["account_id", "-begun_at"], name="batch_of_account")]


class BatchItem(models.Model):
    """One matter of a batch: the step version that was looked at, and what became of it."""

    pk = models.CompositePrimaryKey("batch_id", "no")
    batch = models.ForeignKey(Batch, PROTECT, related_name="items", db_index=False)
    no = models.SmallIntegerField()
    matter_id = models.UUIDField()
    step_version = models.IntegerField()
    state = models.CharField(max_length=8, choices=ItemState, default=ItemState.WAITING)
    code = models.CharField(max_length=40, default="")  # of a refusal
    words = models.CharField(max_length=400, default="")
    version_after = models.IntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch", "matter_id"], name="batch_matter_once")]


class SavedView(models.Model):
    """A list of matters as somebody wants to find it again: filters, columns, order. Shared: with the whole unit."""

    account_id = models.BigIntegerField()
    unit = models.ForeignKey("people.Unit", PROTECT, related_name="+")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000)
    shared = models.BooleanField(default=False)
    standard = models.BooleanField(default=False)  # the one that the owner's list opens with
    saved_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account_id"], condition=Q(standard=True, ended_at=None), name="view_one_standard"
            ),
            models.UniqueConstraint(
                fields=["account_id", "name"], condition=Q(ended_at=None), name="view_name_once"
            ),
        ]  # fmt: skip


class Phrase(models.Model):
    """A text that is used again: of the city (no unit) or of a unit, in several languages, with its source.

    `fits` are the acts for which it is offered ("decline"; empty: all), `code` is what a file and a person name it by.
    A changed phrase is a new row; the former ends.
    """

    unit = models.ForeignKey("people.Unit", PROTECT, null=True, related_name="+")
    code = models.CharField(max_length=40)
    use = models.CharField(max_length=8, choices=Use)
    names = models.JSONField(default=dict)
    texts = models.JSONField(default=dict)
    fits = ArrayField(models.CharField(max_length=40), default=list)
    source = models.CharField(max_length=200, default="")
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "code"], condition=Q(valid_to=None), name="phrase_once", nulls_distinct=False
            )
        ]
        indexes = [models.Index(fields=["use", "code"], name="phrase_in_force", condition=Q(valid_to=None))]
