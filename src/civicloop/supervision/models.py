"""Supervision orders (督办件): what is required of a unit, by when, the proof, the history. Only `actions` writes."""

from django.db import models
from django.db.models import PROTECT, Q

from civicloop.supervision.choices import UNENDED, Doing, Level, Met, Proof, Source, State


class Order(models.Model):
    """An order to one unit. Its id is the client's act id, so that opening it twice is harmless.

    `cause` is the one thing that pushes it (a matter's ladder, a group of reports): one unended order for each. The
    clock's columns are those of a matter's clock (matters.models.Clock); review by somebody else is a pause on it.
    """

    id = models.UUIDField(primary_key=True)
    number = models.CharField(max_length=24, unique=True)
    level = models.CharField(max_length=10, choices=Level)
    source = models.CharField(max_length=12, choices=Source)
    state = models.CharField(max_length=12, choices=State, default=State.OPEN)
    unit = models.ForeignKey("people.Unit", PROTECT, related_name="+", db_index=False)
    district = models.ForeignKey("places.Area", PROTECT, null=True, related_name="+", db_index=False)
    subdistrict = models.ForeignKey("places.Area", PROTECT, null=True, related_name="+", db_index=False)
    community = models.ForeignKey("places.Area", PROTECT, null=True, related_name="+", db_index=False)
    grid = models.ForeignKey("places.Area", PROTECT, null=True, related_name="+", db_index=False)

    title = models.CharField(max_length=120)
    text = models.TextField(default="")
    paper = models.CharField(max_length=80, default="")
    origin = models.JSONField(default=dict)
    cause = models.CharField(max_length=120, default="")

    opened_at = models.DateTimeField()
    opened_by = models.BigIntegerField(null=True)
    opened_post = models.BigIntegerField(null=True)
    opened_unit = models.ForeignKey("people.Unit", PROTECT, null=True, related_name="+", db_index=False)
    opened_role = models.CharField(max_length=24, default="")

    calendar = models.CharField(max_length=40)
    calendar_version = models.IntegerField()
    limit = models.CharField(max_length=40)
    due_at = models.DateTimeField()
    provisional = models.BooleanField(default=False)
    pauses = models.JSONField(default=list)
    overdue = models.BooleanField(default=False)  # once true it stays: the raw fact
    colour = models.SmallIntegerField(default=0)
    mark = models.CharField(max_length=24, default="")
    mark_at = models.DateTimeField(null=True)
    leased_until = models.DateTimeField(null=True)

    answered_at = models.DateTimeField(null=True)
    answered_by = models.BigIntegerField(null=True)
    returns = models.SmallIntegerField(default=0)
    ended_at = models.DateTimeField(null=True)
    version = models.SmallIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cause"], condition=~Q(cause="") & Q(state__in=UNENDED), name="order_cause_once"
            )
        ]
        indexes = [
            models.Index(fields=["mark_at"], name="order_mark_due", condition=~Q(mark_at=None)),
            models.Index(fields=["unit", "-id"], name="order_unit"),
            models.Index(fields=["opened_unit", "-id"], name="order_opened_unit"),
            models.Index(fields=["district", "-id"], name="order_district"),
            models.Index(fields=["subdistrict", "-id"], name="order_subdistrict"),
            # those that have not ended, few of very many
            models.Index(fields=["district", "state"], name="order_unended", condition=Q(state__in=UNENDED)),
            models.Index(fields=["cause", "-id"], name="order_cause", condition=~Q(cause="")),
            models.Index(fields=["calendar"], name="order_provisional", condition=Q(provisional=True)),
        ]

    def __str__(self) -> str:
        return self.number


class OrderMatter(models.Model):
    """A matter that an order pushes."""

    pk = models.CompositePrimaryKey("matter_id", "order_id")
    matter_id = models.UUIDField()
    order = models.ForeignKey(Order, PROTECT, related_name="matters")


class OrderDemand(models.Model):
    """A piece of proof that the order demands, with why; `evidence_id` or `seq` link to what answers it."""

    pk = models.CompositePrimaryKey("order_id", "no")
    order = models.ForeignKey(Order, PROTECT, related_name="demands", db_index=False)
    no = models.SmallIntegerField()
    kind = models.CharField(max_length=8, choices=Proof)
    matter_id = models.UUIDField(null=True)
    why = models.CharField(max_length=200)
    met = models.CharField(max_length=10, choices=Met, default=Met.NO, blank=True)
    met_at = models.DateTimeField(null=True)
    evidence_id = models.UUIDField(null=True)
    seq = models.IntegerField(null=True)
    said = models.TextField(default="")


class OrderStep(models.Model):
    """One line of an order's history. `text` may be erased with the matters; the rest stays."""

    pk = models.CompositePrimaryKey("order_id", "no")
    order = models.ForeignKey(Order, PROTECT, related_name="steps", db_index=False)
    no = models.SmallIntegerField()
    doing = models.CharField(max_length=12, choices=Doing)
    at = models.DateTimeField()
    account_id = models.BigIntegerField(null=True)
    post_id = models.BigIntegerField(null=True)
    unit_id = models.BigIntegerField(null=True)
    role = models.CharField(max_length=24)
    act_id = models.UUIDField(null=True)
    fingerprint = models.BinaryField(max_length=64)
    text = models.TextField(default="")
    detail = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "act_id"], condition=~Q(act_id=None), name="order_step_once")
        ]
