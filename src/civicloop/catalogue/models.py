"""Kinds of matters and components, their filing conditions, and who answers for what where.

Nothing is deleted: rows end with valid_to. A kind keeps its id through a renaming (KindEdition holds what it was
called when); a condition or a responsibility that changes is ended and followed by a new row, because matters refer to
the row that they were filed under.
"""

from django.db import models
from django.db.models import PROTECT, Q

from civicloop.catalogue.choices import (
    Accuracy,
    Certainty,
    ComponentSource,
    ComponentState,
    Days,
    Family,
    NameSource,
    Part,
    Party,
    Source,
)


class Standard(models.Model):
    """A list of kinds: a national standard's or the city's own (`local`)."""

    code = models.CharField(max_length=40, unique=True)
    names = models.JSONField()
    provenance = models.JSONField()

    def __str__(self) -> str:
        return self.code


class KindClass(models.Model):
    """A main class (大类) of one family of a standard."""

    standard = models.ForeignKey(Standard, on_delete=PROTECT, related_name="classes")
    family = models.CharField(max_length=10, choices=Family)
    code = models.CharField(max_length=8)
    names = models.JSONField()
    name_source = models.CharField(max_length=10, choices=NameSource)
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["standard", "family", "code"], name="kind_class_code")]

    def __str__(self) -> str:
        return f"{self.family} {self.code}"


class Kind(models.Model):
    """A kind (小类), by (standard, family, code). `names` is what it is called now."""

    standard = models.ForeignKey(Standard, on_delete=PROTECT, related_name="kinds")
    family = models.CharField(max_length=10, choices=Family)
    code = models.CharField(max_length=12)
    kind_class = models.ForeignKey(KindClass, on_delete=PROTECT, related_name="kinds")
    names = models.JSONField()
    name_source = models.CharField(max_length=10, choices=NameSource)
    custom = models.BooleanField(default=False, help_text="added by the city, not in the standard")
    edition = models.IntegerField(default=1)
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["standard", "family", "code"], name="kind_code")]
        indexes = [models.Index(fields=["family", "code", "id"], name="kind_family_code")]

    def __str__(self) -> str:
        return f"{self.family} {self.code}"


class KindEdition(models.Model):
    """What a kind was called and where it belonged, from when to when."""

    kind = models.ForeignKey(Kind, on_delete=PROTECT, related_name="editions")
    edition = models.IntegerField()
    names = models.JSONField()
    class_code = models.CharField(max_length=8)
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "edition"], name="kind_edition_once")]


class Crosswalk(models.Model):
    """A code of the 2013 list and the kind of the 2026 list that took its place; None: dropped."""

    old_standard = models.CharField(max_length=40)
    family = models.CharField(max_length=10, choices=Family)
    old_code = models.CharField(max_length=8)
    old_name = models.CharField(max_length=60)
    kind = models.ForeignKey(Kind, on_delete=PROTECT, null=True, related_name="formerly")
    certainty = models.CharField(max_length=10, choices=Certainty)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["old_standard", "family", "old_code"], name="crosswalk_old_code")
        ]


class FilingCondition(models.Model):
    """When a matter of a kind is filed, when it may be closed, and how long handling may take.

    The limit belongs to the condition, not to the kind. `names` is the text of the condition, "—" where none is known;
    `closing` the text of the closing condition, empty where none is known. `limit` is `str(Limit)`.
    """

    kind = models.ForeignKey(Kind, on_delete=PROTECT, related_name="conditions")
    no = models.SmallIntegerField()
    names = models.JSONField()
    closing = models.JSONField(default=dict)
    limit = models.CharField(max_length=40)
    source = models.CharField(max_length=12, choices=Source)
    note = models.JSONField(default=dict, help_text="what must be known of the source")
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "no"], condition=Q(valid_to=None), name="condition_once_in_force")
        ]

    def __str__(self) -> str:
        return f"{self.kind_id}/{self.no}"


class Responsibility(models.Model):
    """Who answers: a unit for a filing condition, a kind, a class or anything, in an area and everything below it.

    Perhaps only inside an overlay, under answers to questions, at some hours or on some days; for a time. With `party`
    no unit is named: the owner or the maintainer of the component answers to which the matter points. Which of several
    lines decides: catalogue.rules.answering.
    """

    kind = models.ForeignKey(Kind, on_delete=PROTECT, null=True, related_name="responsibilities")
    kind_class = models.ForeignKey(KindClass, on_delete=PROTECT, null=True, related_name="responsibilities")
    condition_no = models.SmallIntegerField(default=0, help_text="only this filing condition of the kind; 0: all")
    area = models.ForeignKey("places.Area", on_delete=PROTECT, related_name="+")
    layer = models.CharField(max_length=24, default="", help_text="only inside an overlay of this layer")
    overlay = models.ForeignKey("places.Area", on_delete=PROTECT, null=True, related_name="+")
    answers = models.JSONField(default=dict, help_text="{question: answer}, all of them")
    hours = models.CharField(max_length=60, default="", help_text="such as 22:00-06:00; empty: always")
    days = models.CharField(max_length=8, choices=Days, default="")
    party = models.CharField(max_length=10, choices=Party, default="", db_default="")
    unit = models.ForeignKey(
        "people.Unit", on_delete=PROTECT, null=True, related_name="+", help_text="empty where `party` says who answers"
    )
    priority = models.SmallIntegerField(default=0)
    reason = models.JSONField()
    paper = models.CharField(max_length=120, blank=True, help_text="number of the paper that says so")
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind=None) | Q(kind_class=None), name="responsibility_kind_or_class"),
            models.CheckConstraint(
                condition=Q(condition_no=0) | ~Q(kind=None), name="responsibility_condition_of_kind"
            ),
            models.CheckConstraint(condition=Q(overlay=None) | ~Q(layer=""), name="responsibility_overlay_of_layer"),
            models.CheckConstraint(
                condition=(Q(party="") & ~Q(unit=None)) | (~Q(party="") & Q(unit=None)),
                name="responsibility_unit_or_party",
            ),
        ]
        indexes = [
            models.Index(fields=["unit"], name="responsibility_unit"),
            models.Index(fields=["area", "id"], name="responsibility_area"),
        ]


class Question(models.Model):
    """A question whose answer may decide who answers, such as whether a place lies inside a compound."""

    code = models.CharField(max_length=40, unique=True)
    names = models.JSONField()
    answers = models.JSONField(help_text="{answer: {language: text}}")
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.code


class DutyItem(models.Model):
    """An item of a list of duties (履职事项清单) that holds for an area and everything below it, for a time.

    `unit` is the department that leads, where the list names one. Where several items hold, the newest does.
    """

    part = models.CharField(max_length=12, choices=Part)
    kind = models.ForeignKey(Kind, on_delete=PROTECT, null=True, related_name="+")
    kind_class = models.ForeignKey(KindClass, on_delete=PROTECT, null=True, related_name="+")
    area = models.ForeignKey("places.Area", on_delete=PROTECT, related_name="+")
    number = models.CharField(max_length=40, help_text="number of the line within the list")
    names = models.JSONField()
    unit = models.ForeignKey("people.Unit", on_delete=PROTECT, null=True, related_name="+")
    paper = models.CharField(max_length=120)
    paper_date = models.DateField()
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(Q(kind=None) & ~Q(kind_class=None)) | (~Q(kind=None) & Q(kind_class=None)),
                name="duty_item_kind_or_class",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.part} {self.number}"


class Component(models.Model):
    """A component (部件) of the register: a lid, a lamp, a tree, by its code of 17 digits.

    The row says what it is now, `since` when; what it was before stays as ComponentEdition. Its areas are those that
    held its point when the row was written.
    """

    code = models.CharField(max_length=17, unique=True)
    kind = models.ForeignKey(Kind, on_delete=PROTECT, related_name="components", db_index=False)
    names = models.JSONField()
    state = models.CharField(max_length=10, choices=ComponentState, default=ComponentState.INTACT)
    accuracy = models.CharField(max_length=1, choices=Accuracy, default=Accuracy.C)
    lon = models.FloatField(help_text="WGS-84")
    lat = models.FloatField()
    crs_in = models.CharField(max_length=10)
    lon_in = models.FloatField()
    lat_in = models.FloatField()
    cell = models.BigIntegerField(help_text="foundation.morton: neighbours have near numbers")
    district = models.ForeignKey("places.Area", on_delete=PROTECT, null=True, related_name="+", db_index=False)
    subdistrict = models.ForeignKey("places.Area", on_delete=PROTECT, null=True, related_name="+", db_index=False)
    community = models.ForeignKey("places.Area", on_delete=PROTECT, null=True, related_name="+", db_index=False)
    grid = models.ForeignKey("places.Area", on_delete=PROTECT, null=True, related_name="+", db_index=False)
    address = models.CharField(max_length=300, default="")
    department = models.ForeignKey("people.Unit", on_delete=PROTECT, null=True, related_name="+", db_index=False)
    owner = models.ForeignKey("people.Unit", on_delete=PROTECT, null=True, related_name="+", db_index=False)
    maintainer = models.ForeignKey("people.Unit", on_delete=PROTECT, null=True, related_name="+", db_index=False)
    source = models.CharField(max_length=8, choices=ComponentSource, default=ComponentSource.OTHER)
    note = models.CharField(max_length=1000, default="")
    synthetic = models.BooleanField(default=False, help_text="made by a method, not taken from any register")
    first_on = models.DateField()
    changed_on = models.DateField(null=True)
    edition = models.IntegerField(default=1)
    since = models.DateTimeField()
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["cell"], name="component_cell", condition=Q(valid_to=None)),
            models.Index(fields=["kind", "code"], name="component_kind"),
            models.Index(fields=["district", "code"], name="component_district"),
            models.Index(fields=["subdistrict", "code"], name="component_subdistrict"),
            models.Index(fields=["community", "code"], name="component_community"),
            models.Index(fields=["state", "code"], name="component_state", condition=~Q(state="intact")),
            models.Index(
                fields=["subdistrict", "kind", "code"],
                name="component_ownerless",
                condition=Q(owner=None, valid_to=None),
            ),
        ]

    def __str__(self) -> str:
        return self.code


class ComponentEdition(models.Model):
    """What the register said of a component until it was changed, in the words of its file (component_files)."""

    component = models.ForeignKey(Component, on_delete=PROTECT, related_name="editions")
    edition = models.IntegerField()
    cells = models.JSONField()
    owner = models.ForeignKey("people.Unit", on_delete=PROTECT, null=True, related_name="+", db_index=False)
    maintainer = models.ForeignKey("people.Unit", on_delete=PROTECT, null=True, related_name="+", db_index=False)
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["component", "edition"], name="component_edition_once")]


class Revision(models.Model):
    """One row that counts the changes of the catalogue, so that processes know when to read anew."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    number = models.BigIntegerField(default=0)
