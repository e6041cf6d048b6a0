"""Photos and files of a matter; the contents lie in the content-addressed store. Rows are never changed."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Func, IntegerField, Value
from django.utils.translation import gettext_lazy as _


class Stage(models.TextChoices):
    """At which moment of the work it was taken."""

    BEFORE = "before", _("Before handling")
    AFTER = "after", _("After handling")
    OTHER = "other", _("Other")


class How(models.TextChoices):
    """Where a file came from, as the sender's program says."""

    CAMERA = "camera", _("From the camera")
    ALBUM = "album", _("From the album")
    UNKNOWN = "unknown", _("Camera or album: not known")


class Rule(models.TextChoices):
    """Why a photo asks for a second look."""

    SAME = "same", _("The same photo was used elsewhere")
    ALIKE = "alike", _("Nearly the same photo was used elsewhere")
    UNCHANGED = "unchanged", _("Before and after look the same")
    EARLY = "early", _("Taken long before the report")
    FUTURE = "future", _("Taken later than it arrived, by its own clock")
    ORDER = "order", _("The photo after was taken before the photo before")
    FAR = "far", _("Taken far from the place of the matter")
    SCENE = "scene", _("Before and after seem to show different places")


class SignalState(models.TextChoices):
    """What somebody found who looked."""

    OPEN = "open", _("Waits for a look")
    REAL = "real", _("Confirmed")
    FALSE_ALARM = "false_alarm", _("False alarm")


class Part(Func):
    """Sixteen bits of a perceptual hash, by their place."""

    template = "(%(expressions)s & 65535)"
    arg_joiner = " >> "
    output_field = IntegerField()


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
    sealed_with = models.CharField(max_length=16, default="", help_text="id of the key that the original needs")
    width = models.IntegerField(null=True)
    height = models.IntegerField(null=True)
    synthetic = models.BooleanField(default=False)
    fingerprint = models.BinaryField(max_length=32)
    salt = models.BinaryField(max_length=16, default=b"", help_text="for what the timeline commits itself to")
    dhash = models.BigIntegerField(null=True)
    account_id = models.BigIntegerField(null=True)
    post_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [
            BrinIndex(fields=["created_at"], name="evidence_at", pages_per_range=32),
            models.Index(fields=["sha256"], name="evidence_digest"),
            *(
                models.Index(Part(F("dhash"), Value(shift)), name=f"evidence_print_{number}")
                for number, shift in enumerate((48, 32, 16, 0))
            ),
        ]


class Signal(models.Model):
    """Something about a photo that asks for a second look. It never decides anything by itself."""

    pk = models.CompositePrimaryKey("matter_id", "id")
    matter_id = models.UUIDField()
    id = models.UUIDField()
    rule = models.CharField(max_length=16, choices=Rule)
    evidence_id = models.UUIDField()
    other_matter_id = models.UUIDField()
    other_id = models.UUIDField()
    bits = models.SmallIntegerField(help_text="in how many of 64 bits the perceptual hashes differ")
    amount = models.IntegerField(null=True, help_text="by how many minutes or metres time and place do not fit")
    found_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=SignalState, default=SignalState.OPEN)
    decided_by = models.BigIntegerField(null=True)
    decided_post = models.BigIntegerField(null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["found_at"], condition=models.Q(state="open"), name="signal_open")]


class Capture(models.Model):
    """How a photo was made: what the sender's program said, and what the camera had written. Facts, no finding.

    The place is kept for photos taken after handling only, and only until it was compared (signals.look).
    """

    pk = models.CompositePrimaryKey("matter_id", "evidence_id")
    matter_id = models.UUIDField()
    evidence_id = models.UUIDField()
    how = models.CharField(max_length=8, choices=How)
    taken_at = models.DateTimeField(null=True)
    source = models.CharField(max_length=8, default="", help_text="offset, gps or local: what gave the time its zone")
    had_place = models.BooleanField(default=False)
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    accuracy = models.FloatField(null=True, help_text="metres, as the camera wrote it")
    editor = models.CharField(max_length=20, default="", help_text="a program that changes pictures")


class Boxes(models.Model):
    """Faces and number plates that were found in what is shown of one photo. A row is never changed."""

    pk = models.CompositePrimaryKey("matter_id", "id")
    matter_id = models.UUIDField()
    id = models.UUIDField()
    evidence_id = models.UUIDField()
    detector = models.CharField(max_length=40)
    failed = models.BooleanField(default=False, help_text="the photo could not be looked at")
    boxes = models.JSONField(default=list, help_text="kind, left, top, right, bottom in the derivative's pixels, score")
    made_at = models.DateTimeField()


class LookedAt(models.Model):
    """How far the worker has come: row 1 the search for signals, row 2 the search for faces and plates."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    until = models.DateTimeField()


class PublicState(models.TextChoices):
    """What was decided about a photo and the public. Without a row nobody has decided, and the photo is not public."""

    PUBLIC = "public", _("Shown to the public")
    NOT_PUBLIC = "not_public", _("Not for the public")
    TAKEN_BACK = "taken_back", _("Taken back from the public")


class PublicPhoto(models.Model):
    """Whether a photo may be seen by everybody, and the third object that they see: covered and encoded anew.

    The address of the object is drawn anew with each publication, so that one that was taken back leads nowhere.
    """

    pk = models.CompositePrimaryKey("matter_id", "evidence_id")
    matter_id = models.UUIDField()
    evidence_id = models.UUIDField()
    state = models.CharField(max_length=12, choices=PublicState)
    public_id = models.UUIDField(null=True)
    picture = models.CharField(max_length=64, default="")
    thumbnail = models.CharField(max_length=64, default="")
    boxes = models.JSONField(default=list, help_text="what was covered: left, top, right, bottom in the derivative")
    account_id = models.BigIntegerField(null=True)
    post_id = models.BigIntegerField(null=True)
    decided_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["public_id"], condition=models.Q(state="public"), name="public_photo_address"),
            models.Index(fields=["decided_at"], condition=models.Q(state="public"), name="public_photo_newest"),
        ]


class FilmState(models.TextChoices):
    """Whether the worker could show the pictures of a film."""

    WAITING = "waiting", _("Is being checked")
    FINE = "fine", _("Checked")
    FAILED = "failed", _("Cannot be shown")


class Film(models.Model):
    """What is shown of a film to the staff: its pictures alone, written anew, once the worker has looked at them."""

    pk = models.CompositePrimaryKey("matter_id", "evidence_id")
    matter_id = models.UUIDField()
    evidence_id = models.UUIDField()
    content = models.CharField(max_length=64)
    milliseconds = models.IntegerField()
    had_sound = models.BooleanField()
    state = models.CharField(max_length=8, choices=FilmState, default=FilmState.WAITING)
    tries = models.SmallIntegerField(default=0)
    still = models.CharField(max_length=64, default="")
    thumbnail = models.CharField(max_length=64, default="")
    made_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["made_at"], condition=models.Q(state="waiting"), name="film_waiting"),
        ]
