"""The tables of the loop. Workflow logic lives in `actions` and `engine`; nothing writes but `actions`.

Every table owned by a matter leads its key with matter_id and is partitioned by it (house rule 2): the key is a UUIDv7,
so its range is time. Relations inside a matter are plain columns with a database key made in the migration.
"""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.db import models
from django.db.models import PROTECT, F, Q

from civicloop.matters import claimed
from civicloop.matters.choices import (
    EVENTS,
    Channel,
    ClockState,
    DoubtReason,
    ErasureRule,
    ErasureState,
    ItemState,
    RequestState,
    Stage,
    TaskState,
)


class Matter(models.Model):
    """One reported matter: where it stands, who answers for it, by when."""

    id = models.UUIDField(primary_key=True)
    number = models.CharField(max_length=20)
    procedure = models.ForeignKey("procedures.ProcedureVersion", PROTECT, related_name="+", db_index=False)
    parent_id = models.UUIDField(null=True)
    # 并案: the case that it was joined to and since when; a lead names itself (matters.clusters)
    lead_id = models.UUIDField(null=True)
    joined_at = models.DateTimeField(null=True)

    title = models.CharField(max_length=200)
    text = models.TextField()
    channel = models.CharField(max_length=12, choices=Channel)
    confidentiality = models.SmallIntegerField(default=0)
    complained_of = ArrayField(models.BigIntegerField(), default=list, db_default=[])
    kind = models.ForeignKey("catalogue.Kind", PROTECT, null=True, related_name="+", db_index=False)
    condition = models.ForeignKey("catalogue.FilingCondition", PROTECT, null=True, related_name="+", db_index=False)
    first_condition = models.ForeignKey(
        "catalogue.FilingCondition", PROTECT, null=True, related_name="+", db_index=False
    )
    class_code = models.CharField(max_length=8, default="")
    answers = models.JSONField(default=dict, db_default={})  # to questions of the catalogue
    component = models.ForeignKey("catalogue.Component", PROTECT, null=True, related_name="+", db_index=False)
    standing = models.JSONField(default=dict, db_default={})  # in the figures (matters.counting)

    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    crs_in = models.CharField(max_length=10, default="")
    lon_in = models.FloatField(null=True)
    lat_in = models.FloatField(null=True)
    cell = models.BigIntegerField(null=True)
    address = models.CharField(max_length=300, default="")
    district = models.ForeignKey("places.Area", PROTECT, null=True, related_name="+", db_index=False)
    subdistrict = models.ForeignKey("places.Area", PROTECT, null=True, related_name="+", db_index=False)
    community = models.ForeignKey("places.Area", PROTECT, null=True, related_name="+", db_index=False)
    grid = models.ForeignKey("places.Area", PROTECT, null=True, related_name="+", db_index=False)
    area_version = models.IntegerField(default=0)
    place_reason = models.CharField(max_length=40, default="")

    step = models.CharField(max_length=40)
    stage = models.CharField(max_length=10, choices=Stage)
    end = models.CharField(max_length=20, default="")
    step_version = models.IntegerField(default=1)
    step_at = models.DateTimeField()
    seq = models.IntegerField(default=1)
    unit = models.ForeignKey("people.Unit", PROTECT, related_name="+", db_index=False)
    desk_roles = ArrayField(models.CharField(max_length=24), default=list)
    desk_level = models.CharField(max_length=12, default="")
    desk_person_id = models.BigIntegerField(null=True)
    seats = models.JSONField(default=dict)
    run = models.JSONField(default=dict)
    handlers = models.JSONField(default=list)
    mark = models.SmallIntegerField(default=0)
    raised_to = models.CharField(max_length=12, default="", db_default="")  # the level that a ladder handed it up to

    received_at = models.DateTimeField()
    occurred_at = models.DateTimeField(null=True)
    oral_at = models.DateTimeField(null=True)
    emergency = models.BooleanField(default=False)
    due_at = models.DateTimeField(null=True)
    hold_until = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    fingerprint = models.BinaryField(max_length=32)
    caller = models.CharField(max_length=80)
    check_code = models.BinaryField(max_length=32)

    class Meta:
        indexes = [
            models.Index(fields=["number"], name="matter_by_number"),
            models.Index(fields=["parent_id"], name="matter_by_parent", condition=~Q(parent_id=None)),
            models.Index(fields=["district", "step", "due_at"], name="matter_open_district", condition=Q(end="")),
            models.Index(fields=["subdistrict", "step", "due_at"], name="matter_open_subdistrict", condition=Q(end="")),
            models.Index(fields=["unit", "step", "due_at"], name="matter_open_unit", condition=Q(end="")),
            models.Index(fields=["desk_person_id", "due_at"], name="matter_open_person", condition=Q(end="")),
            models.Index(fields=["step", "due_at"], name="matter_open_step", condition=Q(end="")),
            models.Index(fields=["district", "-id"], name="matter_district"),
            models.Index(fields=["subdistrict", "-id"], name="matter_subdistrict"),
            models.Index(fields=["community", "-id"], name="matter_community"),
            models.Index(fields=["grid", "-id"], name="matter_grid"),
            models.Index(fields=["unit", "-id"], name="matter_unit"),
            models.Index(fields=["kind", "-id"], name="matter_kind"),
            # looked up together with others (matters.paging): without an order they are a fifth as large
            models.Index(fields=["class_code"], name="matter_of_class"),
            # also what its stage or end is (stands); with the id, so that a unit's tasks are compared with it
            models.Index(fields=["procedure", "step", "id"], name="matter_stands_id"),
            BrinIndex(fields=["received_at"], name="matter_received", pages_per_range=32),
            models.Index(fields=["id"], name="matter_ahead", condition=claimed.FAST_CLOCK),
            models.Index(fields=["mark", "-id"], name="matter_mark", condition=~Q(mark=0)),
            models.Index(fields=["raised_to", "-id"], name="matter_raised", condition=~Q(raised_to="")),
            models.Index(fields=["due_at", "id"], name="matter_open_due", condition=Q(end="")),
            # a desk at city or district level: few of very many
            GinIndex(fields=["desk_roles"], name="matter_open_desk", condition=Q(end="")),
            models.Index(fields=["ended_at"], name="matter_solved", condition=Q(end="solved")),
            models.Index(fields=["cell"], name="matter_cell"),
            models.Index(F("cell").bitrightshift(12), "id", name="matter_block"),  # matters.nearby
            # what the map shows (matters.cells), read from the index alone
            models.Index(
                fields=["cell"],
                name="matter_on_map",
                include=["stage", "end", "class_code", "district", "subdistrict", "community", "received_at", "due_at"],
                condition=Q(confidentiality=0, complained_of=[], cell__isnull=False),
            ),
            models.Index(
                fields=["due_at"],
                name="matter_on_map_due",
                include=["cell", "stage", "class_code", "district", "subdistrict", "community", "received_at"],
                condition=Q(end="", confidentiality=0, complained_of=[]),
            ),
            models.Index(
                fields=["kind", "cell"],
                name="matter_on_map_kind",
                include=["stage", "end", "district", "subdistrict", "community", "received_at", "due_at"],
                condition=Q(confidentiality=0, complained_of=[]),
            ),
            models.Index(fields=["component", "-id"], name="matter_component", condition=~Q(component=None)),
            models.Index(fields=["hold_until"], name="matter_hold_until", condition=~Q(hold_until=None)),
            models.Index(fields=["lead_id", "end", "id"], name="matter_cluster", condition=~Q(lead_id=None)),
            models.Index(fields=["lead_id"], name="matter_open_cluster", condition=~Q(lead_id=None) & Q(end="")),
        ]

    def __str__(self) -> str:
        return self.number


class Entry(models.Model):
    """One line of a matter's timeline: only ever added, each hashing the one before it (foundation.chain)."""

    pk = models.CompositePrimaryKey("matter_id", "seq")
    matter = models.ForeignKey(Matter, PROTECT, db_index=False, related_name="entries")
    seq = models.IntegerField()
    action = models.CharField(max_length=40)
    result = models.CharField(max_length=40, default="")
    act_id = models.UUIDField(null=True)
    at = models.DateTimeField()
    account_id = models.BigIntegerField(null=True)
    post_id = models.BigIntegerField(null=True)
    unit_id = models.BigIntegerField(null=True)
    role = models.CharField(max_length=24)
    step = models.CharField(max_length=40)
    step_version = models.IntegerField()
    fingerprint = models.BinaryField(max_length=48)  # of the request, with its salt: timeline.salted
    body = models.BinaryField()
    hash = models.BinaryField(max_length=32)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["matter", "act_id"], condition=~Q(act_id=None), name="entry_act_once")
        ]
        # a day's entries lie together, since they are only ever added: a few pages say where
        indexes = [BrinIndex(fields=["at"], name="entry_by_day", pages_per_range=32)]


class EntryText(models.Model):
    """An erasable value of an entry; the entry's hashed body holds only the commitment H(salt ‖ value)."""

    pk = models.CompositePrimaryKey("matter_id", "seq", "field")
    matter = models.ForeignKey(Matter, PROTECT, db_index=False, related_name="texts")
    seq = models.IntegerField()
    field = models.CharField(max_length=40)
    value = models.TextField()
    salt = models.BinaryField(max_length=32)


class Task(models.Model):
    """A part of the work that somebody owes: the lead task, a co-unit's, a party's, a sub-matter."""

    pk = models.CompositePrimaryKey("matter_id", "no")
    matter = models.ForeignKey(Matter, PROTECT, db_index=False, related_name="tasks")
    no = models.SmallIntegerField()
    group = models.CharField(max_length=40)
    lead = models.BooleanField()
    unit = models.ForeignKey("people.Unit", PROTECT, null=True, related_name="+", db_index=False)
    child_id = models.UUIDField(null=True)
    state = models.CharField(max_length=10, choices=TaskState, default=TaskState.OPEN)
    answer = models.CharField(max_length=40, default="")
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    stars = models.SmallIntegerField(null=True)  # how the unit's part was rated, never a person's

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["matter"], condition=Q(lead=True, state="open"), name="task_one_open_lead"),
            models.CheckConstraint(condition=Q(lead=False) | ~Q(unit=None), name="task_lead_has_unit"),
        ]
        indexes = [
            models.Index(fields=["unit"], name="task_open_unit", condition=Q(state="open", lead=False)),
            models.Index(fields=["-opened_at"], name="task_called", condition=Q(group="arrive")),
            models.Index(fields=["child_id"], name="task_open_child", condition=Q(state="open") & ~Q(child_id=None)),
            # what a unit has to do with: all of it, and what has not ended with it
            models.Index(fields=["unit", "matter"], name="task_involved", condition=~Q(state="cancelled")),
            models.Index(
                fields=["unit", "matter"], name="task_beside", condition=~Q(state="cancelled") & ~Q(answer="ended")
            ),
        ]


class Clock(models.Model):
    """A limit that runs: started, calendar, pauses, due moment, how it stopped. `explain` recounts it."""

    pk = models.CompositePrimaryKey("matter_id", "no")
    matter = models.ForeignKey(Matter, PROTECT, db_index=False, related_name="clocks")
    no = models.SmallIntegerField()
    name = models.CharField(max_length=40)
    task_no = models.SmallIntegerField(null=True)
    calendar = models.CharField(max_length=40)
    calendar_version = models.IntegerField()
    limit = models.CharField(max_length=40)
    started_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    provisional = models.BooleanField(default=False)
    state = models.CharField(max_length=8, choices=ClockState, default=ClockState.RUNNING)
    stopped_at = models.DateTimeField(null=True)
    pauses = models.JSONField(default=list)
    extensions = models.SmallIntegerField(default=0)
    exempt = models.BooleanField(default=False)
    # what statistics judge it by, where the kind was changed after filing; "" for the limit itself
    first_limit = models.CharField(max_length=40, default="", db_default="")
    # whose part it is, or who was accountable when it stopped
    unit_id = models.BigIntegerField(null=True)
    # the next mark of its ladder and when it fires; "" when none is left, no moment while the clock does not run
    mark = models.CharField(max_length=24, default="", db_default="")
    mark_at = models.DateTimeField(null=True)
    leased_until = models.DateTimeField(null=True)  # a sweeper is at it (matters.marks)
    # an act that a mark asked for and nobody has done yet: "<action>:<seq of the mark's entry>"
    act = models.CharField(max_length=48, default="", db_default="")

    class Meta:
        indexes = [
            models.Index(fields=["mark_at"], name="clock_mark_due", condition=~Q(mark_at=None)),
            models.Index(fields=["matter"], name="clock_asks_act", condition=~Q(act="")),
            # by name first: a few names act when their time is over, however many others stay overdue
            models.Index(fields=["name", "due_at"], name="clock_running_name_due", condition=Q(state="running")),
            models.Index(
                fields=["calendar", "calendar_version", "matter"], name="clock_provisional",
                condition=Q(provisional=True) & ~Q(state="stopped"),
            ),
        ]  # fmt: skip


class ApprovalRequest(models.Model):
    """A request beside the matter that waits for a yes or no; step, holder, unit and clocks stay meanwhile."""

    pk = models.CompositePrimaryKey("matter_id", "no")
    matter = models.ForeignKey(Matter, PROTECT, db_index=False, related_name="requests")
    no = models.SmallIntegerField()
    action = models.CharField(max_length=40)
    result = models.CharField(max_length=40, default="")
    level = models.SmallIntegerField()
    desk_roles = ArrayField(models.CharField(max_length=24))
    asked_by = models.BigIntegerField(null=True)
    asked_role = models.CharField(max_length=24)
    asked_at = models.DateTimeField()
    asked_seq = models.IntegerField()
    step_version = models.IntegerField()
    due_at = models.DateTimeField()
    data = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=RequestState, default=RequestState.OPEN)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["due_at"], name="request_open_due", condition=Q(state="open"))]


class NotAlike(models.Model):
    """Two reports that somebody has compared and found different; owned by neither, the lower id leads."""

    pk = models.CompositePrimaryKey("first_id", "second_id")
    first_id = models.UUIDField()
    second_id = models.UUIDField()
    at = models.DateTimeField()
    account_id = models.BigIntegerField(null=True)
    post_id = models.BigIntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["second_id"], name="not_alike_second")]


class Merging(models.Model):
    """Many reports being joined to one case, one after the other (matters.merging); the client gives the id."""

    id = models.UUIDField(primary_key=True)
    lead_id = models.UUIDField()
    account_id = models.BigIntegerField()
    post_id = models.BigIntegerField()
    asked_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["asked_at"], name="merging_open", condition=Q(finished_at=None))]


class MergingItem(models.Model):
    """One report of such a run, and what became of it."""

    merging = models.ForeignKey(Merging, PROTECT, related_name="items", db_index=False)
    no = models.IntegerField()
    matter_id = models.UUIDField()
    state = models.CharField(max_length=8, choices=ItemState, default=ItemState.OPEN)
    why = models.CharField(max_length=24, default="")  # why it was left out

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merging", "no"], name="merging_item_once")]
        indexes = [models.Index(fields=["merging", "no"], name="merging_item_open", condition=Q(state="open"))]


class Watching(models.Model):
    """One row: up to which end solved matters have been looked at for whether they came again (matters.watching)."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    up_to = models.DateTimeField()


class Fact(models.Model):
    """A delta that figures are folded from; written in the same statement as the act, never changed."""

    pk = models.CompositePrimaryKey("matter_id", "seq", "no")
    matter = models.ForeignKey(Matter, PROTECT, db_index=False, related_name="facts")
    seq = models.IntegerField()
    no = models.SmallIntegerField()
    name = models.CharField(max_length=40)
    at = models.DateTimeField()  # the moment to which it is anchored
    delta = models.SmallIntegerField()
    minutes = models.IntegerField(null=True)  # spent at a stage that was left
    district_id = models.BigIntegerField(null=True)
    subdistrict_id = models.BigIntegerField(null=True)
    community_id = models.BigIntegerField(null=True)
    grid_id = models.BigIntegerField(null=True)
    unit_id = models.BigIntegerField()
    kind_id = models.BigIntegerField(null=True)
    channel = models.CharField(max_length=12)
    detail = models.CharField(max_length=40, default="")
    visibility = models.SmallIntegerField(default=0, db_default=0)  # counting.visibility

    class Meta:
        # what a figure opens to: the facts of a kind, of an area, in a period
        indexes = [
            models.Index(
                fields=["name", "detail", "subdistrict_id", "at"], name="fact_opens",
                condition=~Q(name__in=EVENTS),
            ),
            # what came back, and other acts that a bound counts, in some days
            models.Index(fields=["at", "district_id"], name="fact_counted", condition=Q(name="counted")),
        ]  # fmt: skip


class Unfolded(models.Model):
    """An entry whose facts no cube holds yet (figures.folding). Whoever folds them takes the row away with it."""

    pk = models.CompositePrimaryKey("matter_id", "seq")
    matter = models.ForeignKey(Matter, PROTECT, db_index=False, related_name="+")
    seq = models.IntegerField()


class CellDelta(models.Model):
    """What an act changed for the map, until that has folded it in (matters.cells): −1 as it was, +1 as it is.

    Confidential matters and complaints about units leave none. `state` is the stage, or "ended"; `came` is the day of
    the receipt in the deciding zone.
    """

    pk = models.CompositePrimaryKey("matter_id", "seq", "no")
    matter = models.ForeignKey(Matter, PROTECT, db_index=False, related_name="cell_deltas")
    seq = models.IntegerField()
    no = models.SmallIntegerField()
    cell = models.BigIntegerField(null=True)
    district_id = models.BigIntegerField(null=True)
    subdistrict_id = models.BigIntegerField(null=True)
    community_id = models.BigIntegerField(null=True)
    grid_id = models.BigIntegerField(null=True)
    state = models.CharField(max_length=10)
    class_code = models.CharField(max_length=8)
    kind_id = models.BigIntegerField(default=0, db_default=0)  # 0 while it has none
    came = models.DateField()
    delta = models.SmallIntegerField()


class Outbox(models.Model):
    """What must be told after the act; consumers above send it and mark it."""

    pk = models.CompositePrimaryKey("matter_id", "seq", "no")
    matter = models.ForeignKey(Matter, PROTECT, db_index=False, related_name="outbox")
    seq = models.IntegerField()
    no = models.SmallIntegerField()
    topic = models.CharField(max_length=40)
    body = models.JSONField()
    at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["at"], name="outbox_waiting", condition=Q(taken_at=None))]


class SampleShare(models.Model):
    """The share of a sampled check in force for a subdistrict after failed samples raised it (抽查核查)."""

    procedure_code = models.CharField(max_length=80)
    sample = models.CharField(max_length=40)
    area_id = models.BigIntegerField()
    share = models.FloatField()
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["procedure_code", "sample", "area_id"], name="sample_share_once")
        ]


class SearchToken(models.Model):
    """The words by which a matter is found: n-grams of title, text and address, and its number."""

    matter = models.OneToOneField(Matter, PROTECT, primary_key=True, related_name="search")
    tokens = ArrayField(models.CharField(max_length=24))

    class Meta:
        indexes = [GinIndex(fields=["tokens"], name="search_tokens")]


class ErasureList(models.Model):
    """Matters whose personal data are to be destroyed: proposed by one person, decided by another (docs/erasure.md)."""

    rule = models.CharField(max_length=8, choices=ErasureRule)
    ended_before = models.DateTimeField()
    digest = models.BinaryField(max_length=32)  # over the rule and the matters, so that a list cannot grow later
    proposed_at = models.DateTimeField()
    proposed_by = models.BigIntegerField()
    proposed_post = models.BigIntegerField(null=True)
    state = models.CharField(max_length=8, choices=ErasureState, default=ErasureState.PROPOSED)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.BigIntegerField(null=True)
    decided_post = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=300, default="")
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=models.F("proposed_by")), name="erasure_by_two"
            )
        ]


class ErasureItem(models.Model):
    """One matter of a list, and what became of it."""

    list = models.ForeignKey(ErasureList, PROTECT, related_name="items", db_index=False)
    matter_id = models.UUIDField()
    state = models.CharField(max_length=8, choices=ItemState, default=ItemState.OPEN)
    why = models.CharField(max_length=24, default="")  # why it was left out
    done_at = models.DateTimeField(null=True)
    texts = models.IntegerField(default=0)
    sealed = models.IntegerField(default=0)
    files = models.IntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["list", "matter_id"], name="erasure_item_once")]
        indexes = [
            models.Index(fields=["list"], name="erasure_open", condition=Q(state="open")),
            models.Index(fields=["matter_id"], name="erasure_of_matter"),
        ]


class ErasureHold(models.Model):
    """A matter that is kept for a stated reason (a dispute, a case, an audit), until somebody ends it."""

    matter_id = models.UUIDField()
    reason = models.CharField(max_length=300)
    placed_at = models.DateTimeField()
    placed_by = models.BigIntegerField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["matter_id"], condition=Q(ended_at=None), name="erasure_hold_once")
        ]


class Doubt(models.Model):
    """Why a resident's report waits apart until somebody has looked. It is taken in like all of them."""

    matter = models.OneToOneField(Matter, PROTECT, primary_key=True, related_name="doubt")
    reasons = ArrayField(models.CharField(max_length=12, choices=DoubtReason))
    found_at = models.DateTimeField()
    trusted_at = models.DateTimeField(null=True)
    trusted_by = models.BigIntegerField(null=True)
    trusted_post = models.BigIntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["found_at"], condition=models.Q(trusted_at=None), name="doubt_open")]
