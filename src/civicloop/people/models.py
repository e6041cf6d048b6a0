"""Units, posts, accounts and the tokens that programs use. Nothing here is deleted: rows end with valid_to."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.translation import gettext_lazy as _

from civicloop.people.choices import Role, UnitKind


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


class ApiToken(models.Model):
    """A bearer token: only its hash is kept; it acts for one account in one post, within scopes."""

    hash = models.BinaryField(max_length=32, unique=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="tokens")
    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="tokens")
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
