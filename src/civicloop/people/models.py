"""Units, posts, accounts and the tokens that programs use. Nothing here is deleted: rows end with valid_to."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from civicloop.people.choices import AbsenceReason, AnomalyJudgement, AnomalyKind, FactorKind, Role, UnitKind


class AccountManager(BaseUserManager["Account"]):
    def get_by_natural_key(self, username: str | None) -> "Account":
        return self.get(username=username)


class Account(AbstractBaseUser):
    """A person who signs in. What the person may do comes from posts only."""

    username = models.CharField(_("sign-in name"), max_length=64, unique=True)
    names = models.JSONField(_("name"))
    is_active = models.BooleanField(default=True)
    demonstration = models.BooleanField(default=False, help_text="its password is printed by the demonstration city")
    created_at = models.DateTimeField()
    sessions = ArrayField(models.CharField(max_length=16), default=list, db_default=[])  # marks: people.sessions

    USERNAME_FIELD = "username"
    objects: ClassVar[AccountManager] = AccountManager()

    def __str__(self) -> str:
        return self.username


class Unit(models.Model):
    """A body that answers for matters: department, office, enterprise, property manager, desk."""

    code = models.CharField(max_length=64, unique=True)
    names = models.JSONField()
    kind = models.CharField(max_length=24, choices=UnitKind)
    area = models.ForeignKey("places.Area", on_delete=models.PROTECT, related_name="+")
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="children")
    duty_phone = models.CharField(max_length=32, blank=True)
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["kind", "area"], name="unit_kind_area")]

    def __str__(self) -> str:
        return self.code


class UnitEdition(models.Model):
    """What a unit was until a moment. The unit's own row says what it is now; its id stays, since matters name it."""

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="editions")
    names = models.JSONField()
    kind = models.CharField(max_length=24, choices=UnitKind)
    area = models.ForeignKey("places.Area", on_delete=models.PROTECT, related_name="+")
    parent = models.ForeignKey(Unit, on_delete=models.PROTECT, null=True, related_name="+")
    duty_phone = models.CharField(max_length=32, blank=True)
    until = models.DateTimeField()


class Post(models.Model):
    """Role × unit × area subtree × kinds × confidentiality, for a time. `also` lists further roles of the same post.

    A post that changes ends, and a new one with the same code begins at that moment.
    """

    code = models.CharField(max_length=80)
    role = models.CharField(max_length=24, choices=Role)
    also = models.JSONField(default=list)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="posts")
    area = models.ForeignKey("places.Area", on_delete=models.PROTECT, related_name="+")
    classes = models.JSONField(default=list, help_text="codes of main classes; empty means all")
    confidentiality = models.SmallIntegerField(default=0)
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["role", "area"], name="post_role_area"),
            models.Index(fields=["code"], name="post_by_code"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["code"], condition=models.Q(valid_to=None), name="post_code_once_now")
        ]

    def __str__(self) -> str:
        return self.code


class Holding(models.Model):
    """Who holds a post, from when to when."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="holdings")
    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="holdings")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "post"], condition=models.Q(until=None), name="holding_once_at_a_time"
            )
        ]


class PostRequest(models.Model):
    """A post that reaches far, asked for by one administrator and decided by another."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="+")
    asked_by = models.BigIntegerField()
    asked_at = models.DateTimeField()
    decided_by = models.BigIntegerField(null=True)
    decided_at = models.DateTimeField(null=True)
    granted = models.BooleanField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "post"], condition=models.Q(decided_at=None), name="post_request_once"
            ),
            models.CheckConstraint(
                condition=models.Q(decided_by=None)
                | ~models.Q(decided_by=models.F("asked_by")) & ~models.Q(decided_by=models.F("account_id")),
                name="post_request_by_two",
            ),
        ]


class StandIn(models.Model):
    """替岗 (AB角): the post that takes over by itself while nobody who holds the other one is there.

    By code, since a post that changes ends and one of the same code begins.
    """

    post_code = models.CharField(max_length=80)
    stand_in_code = models.CharField(max_length=80)
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["stand_in_code"], name="standin_by_stand_in")]
        constraints = [
            models.UniqueConstraint(
                fields=["post_code", "stand_in_code"], condition=models.Q(valid_to=None), name="standin_once_at_a_time"
            )
        ]


class Absence(models.Model):
    """A person is away from every post, from `since` until `until`, or until the return before that (`ended_at`)."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="absences")
    since = models.DateTimeField()
    until = models.DateTimeField()
    reason = models.CharField(max_length=12, choices=AbsenceReason)
    entered_by = models.BigIntegerField(null=True)
    entered_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["account", "until"], name="absence_of_account")]


class Handover(models.Model):
    """交接班: a post given over to another one for the rest of a shift, from the moment its taker confirms it."""

    post_code = models.CharField(max_length=80)
    giver = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    taker_code = models.CharField(max_length=80)
    note = models.TextField(blank=True)
    open_matters = models.IntegerField(help_text="what was open at that moment")
    given_at = models.DateTimeField()
    until = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.BigIntegerField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["taker_code", "until"], name="handover_to"),
            models.Index(fields=["post_code", "until"], name="handover_of"),
        ]


class Delegation(models.Model):
    """下沉事权: a unit lets a post, or all posts of a unit, look at affairs of some kinds or do them (代办), by paper.

    Never changed: what is taken back ends with date and paper, and what goes on is entered anew.
    """

    from_unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    to_unit = models.ForeignKey(Unit, on_delete=models.PROTECT, null=True, related_name="+")
    to_post_code = models.CharField(max_length=80, blank=True)
    kinds = models.JSONField(default=list, help_text="codes of kinds or main classes; empty means all")
    query = models.BooleanField()
    act = models.BooleanField()
    purpose = models.CharField(max_length=200)
    area = models.ForeignKey("places.Area", on_delete=models.PROTECT, related_name="+")
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField()
    paper_number = models.CharField(max_length=80)
    paper_date = models.DateField()
    entered_by = models.BigIntegerField(null=True)
    entered_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.BigIntegerField(null=True)
    revocation_number = models.CharField(max_length=80, blank=True)
    revocation_date = models.DateField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["to_unit", "valid_to"], name="delegation_to_unit"),
            models.Index(fields=["to_post_code"], name="delegation_to_post", condition=~models.Q(to_post_code="")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(to_unit=None) ^ models.Q(to_post_code=""), name="delegation_to_one_of_both"
            ),
            models.CheckConstraint(condition=models.Q(query=True) | models.Q(act=True), name="delegation_of_a_right"),
        ]


class ApiToken(models.Model):
    """A bearer token: only its hash is kept; it acts for one account in one post, within scopes."""

    hash = models.BinaryField(max_length=32, unique=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="tokens")
    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="tokens")
    scopes = models.JSONField(default=list)
    name = models.CharField(max_length=80, blank=True, help_text="what it is for")
    last_used_at = models.DateTimeField(null=True, help_text="to about a minute")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)


class OutsideIdentity(models.Model):
    """Whom the city's sign-in service knows under (issuer, subject) may sign in to this account."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="identities")
    issuer = models.CharField(max_length=255)
    subject = models.CharField(max_length=255)
    linked_at = models.DateTimeField()
    linked_by = models.BigIntegerField(null=True, help_text="empty: by the name that the service gave")
    last_used_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["issuer", "subject"], condition=models.Q(ended_at=None), name="identity_once_at_a_time"
            )
        ]


class Anomaly(models.Model):
    """Log lines that ask an auditor for a look: a window of time, about a post, a typed name or a network."""

    kind = models.CharField(max_length=16, choices=AnomalyKind)
    key = models.CharField(max_length=120, help_text="post:…, name:…, net:… or line:…")
    begins = models.DateTimeField()
    ends = models.DateTimeField()
    number = models.IntegerField(help_text="counted when it was found")
    usual = models.IntegerField(help_text="of its own past; 0 where there is none")
    post_id = models.BigIntegerField(null=True)
    account_id = models.BigIntegerField(null=True)
    found_at = models.DateTimeField()
    judgement = models.CharField(max_length=12, choices=AnomalyJudgement, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    judged_at = models.DateTimeField(null=True)
    judged_by = models.BigIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "key", "begins"], name="anomaly_once")]
        indexes = [models.Index(fields=["-id"], condition=models.Q(judged_at=None), name="anomaly_waiting")]


class SignInLock(models.Model):
    """Tries to sign in under one name, whether it exists or not; the key is a keyed hash of what was typed."""

    key = models.BinaryField(max_length=32, primary_key=True)
    tries = models.SmallIntegerField()
    until = models.DateTimeField()
    last_at = models.DateTimeField()


class SecondFactor(models.Model):
    """What an account shows beside its password: codes of an app (RFC 6238), or a passkey (W3C Web Authentication)."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="factors")
    kind = models.CharField(max_length=8, choices=FactorKind)
    name = models.CharField(max_length=60)
    secret = models.BinaryField(null=True, help_text="the app's key, sealed")
    credential = models.BinaryField(null=True, unique=True, max_length=1023)
    public_key = models.BinaryField(null=True)
    counter = models.BigIntegerField(default=0, help_text="last time step, or the passkey's count of uses")
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["account"], condition=models.Q(removed_at=None), name="factor_in_use")]


class RecoveryCode(models.Model):
    """A code on paper that stands for the second factor once; only its keyed hash is kept."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="recovery_codes")
    hash = models.BinaryField(max_length=32)
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    replaced_at = models.DateTimeField(null=True)
