"""Writes of the people room. Each leaves an audit entry; nothing is deleted, rows end."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from civicloop.foundation import clock, names
from civicloop.people import access
from civicloop.people.access import SEPARATED, Actor
from civicloop.people.access import may as access_may
from civicloop.people.models import Account, ApiToken, Holding, Post, Unit, UnitEdition
from civicloop.people.selectors import TOKEN_PREFIX, held, token_hash
from civicloop.records import audit

SHORTEST_PASSWORD = 10


class PeopleError(Exception):
    """A write that is refused; `code` for machines, the text for people."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code


def require(actor: Actor, duty: str) -> None:
    """Raises PeopleError `forbidden` unless `actor` may do what `duty` names."""
    if not access_may(actor, duty).allowed:
        raise PeopleError("forbidden", _("Your post may not do this."))


def _named(values: Mapping[str, str]) -> dict[str, str]:
    if names.problems(values):
        raise PeopleError("name_missing", _("A Chinese name is required."))
    return dict(values)


def note(actor: Actor, action: str, what: str, detail: Mapping[str, object] | None = None) -> None:
    """The audit entry of a write of this room."""
    audit.write(
        actor_id=actor.account_id, post_id=actor.post_id, actor_words=actor.words, action=action, object=what,
        outcome="done", detail=dict(detail or {}),
    )  # fmt: skip


@transaction.atomic
def create_unit(
    actor: Actor, *, code: str, unit_names: Mapping[str, str], kind: str, area_id: int, parent_id: int | None = None,
    duty_phone: str = "",
) -> Unit:  # fmt: skip
    """A new unit. Raises PeopleError `forbidden`, `name_missing`, `code_taken`."""
    require(actor, "units.change")
    if Unit.objects.filter(code=code).exists():
        raise PeopleError("code_taken", _("A unit with the code %(code)s exists already.") % {"code": code})
    unit = Unit.objects.create(
        code=code, names=_named(unit_names), kind=kind, area_id=area_id, parent_id=parent_id, duty_phone=duty_phone,
        valid_from=clock.now(),
    )  # fmt: skip
    note(actor, "unit.create", code)
    return unit


@transaction.atomic
def change_unit(actor: Actor, *, unit_id: int, unit_names: Mapping[str, str], duty_phone: str) -> Unit:
    """Rename a unit or change its duty phone; what it was is kept as an edition."""
    require(actor, "units.change")
    unit = Unit.objects.select_for_update(no_key=True).get(id=unit_id)
    found = _named(unit_names)
    if (found, duty_phone) == (unit.names, unit.duty_phone):
        return unit
    edition(unit, clock.now()).save()
    unit.names, unit.duty_phone = found, duty_phone
    unit.save(update_fields=["names", "duty_phone"])
    note(actor, "unit.change", unit.code)
    return unit


def edition(unit: Unit, until: datetime) -> UnitEdition:
    """What a unit is, to be kept as what it was until a moment."""
    return UnitEdition(
        unit=unit, names=dict(unit.names), kind=unit.kind, area_id=unit.area_id, parent_id=unit.parent_id,
        duty_phone=unit.duty_phone, until=until,
    )  # fmt: skip


@transaction.atomic
def create_account(
    actor: Actor, *, username: str, account_names: Mapping[str, str], password: str | None, demonstration: bool = False
) -> Account:
    """A new account; without a password it can only act by token. Raises PeopleError `name_taken`."""
    require(actor, "posts.change")
    if Account.objects.filter(username=username).exists():
        raise PeopleError("name_taken", _("The sign-in name %(name)s is taken.") % {"name": username})
    account = Account.objects.create(
        username=username, names=_named(account_names), password=make_password(password), created_at=clock.now(),
        demonstration=demonstration,
    )  # fmt: skip
    note(actor, "account.create", username)
    return account


def refuse_demonstration(account: Account) -> None:
    """A sign-in that is printed for everybody stays as it is. Raises PeopleError `demonstration`."""
    if account.demonstration:
        words = _("A demonstration account keeps its sign-in as it is, for the next visitor.")
        raise PeopleError("demonstration", words)


@transaction.atomic
def change_own_password(*, account_id: int, password: str) -> Account:
    """Another password, by the person; the caller has asked for the present one and checked the new one.

    Raises PeopleError `demonstration`.
    """
    account = Account.objects.select_for_update(no_key=True).get(id=account_id)
    refuse_demonstration(account)
    account.password, account.demonstration = make_password(password), False
    account.save(update_fields=["password", "demonstration"])
    audit.write(
        actor_id=account.pk, post_id=None, actor_words=account.username, action="account.password", object="account",
        outcome="done",
    )  # fmt: skip
    return account


@transaction.atomic
def set_password(actor: Actor, *, account_id: int, password: str) -> Account:
    """Give an account a password; sessions that were open under the former one end.

    Raises PeopleError `forbidden`, `password_short`.
    """
    require(actor, "posts.change")
    if len(password) < SHORTEST_PASSWORD:
        words = _("A password has at least %(least)s characters.") % {"least": SHORTEST_PASSWORD}
        raise PeopleError("password_short", words)
    account = Account.objects.select_for_update(no_key=True).get(id=account_id)
    account.password, account.demonstration = make_password(password), False
    account.save(update_fields=["password", "demonstration"])
    note(actor, "account.password", account.username)
    return account


@transaction.atomic
def create_post(
    actor: Actor, *, code: str, role: str, unit_id: int, area_id: int, also: Sequence[str] = (),
    classes: Sequence[str] = (), confidentiality: int = 0,
) -> Post:  # fmt: skip
    """A new post. Raises PeopleError `code_taken`, `separate_hands`."""
    require(actor, "posts.change")
    if Post.objects.filter(code=code).exists():
        raise PeopleError("code_taken", _("A post with the code %(code)s exists already.") % {"code": code})
    if len(SEPARATED & {role, *also}) > 1:
        raise PeopleError("separate_hands", _("System, security and audit administration are separate hands."))
    post = Post.objects.create(
        code=code, role=role, also=list(also), unit_id=unit_id, area_id=area_id, classes=list(classes),
        confidentiality=confidentiality, valid_from=clock.now(),
    )  # fmt: skip
    note(actor, "post.create", code, {"role": role})
    return post


@transaction.atomic
def hold(actor: Actor, *, account_id: int, post_id: int, until: datetime | None = None) -> Holding:
    """Give a post to an account. Raises PeopleError `own_gain`, `needs_second`, `separate_hands`, `held_already`.

    What reaches far is given by two (granting.give); the platform itself and the command line act for the operator.
    """
    require(actor, "posts.change")
    refuse_own_gain(actor, account_id)
    post = Post.objects.select_related("area").get(id=post_id)
    if actor.kind == "staff" and needs_second(post):
        raise PeopleError("needs_second", _("This post reaches far: a second administrator has to agree."))
    return begin_holding(actor, account_id=account_id, post_id=post_id, until=until)


def refuse_own_gain(actor: Actor, account_id: int) -> None:
    """Nobody gives a post to the own account. Raises PeopleError `own_gain`."""
    if actor.account_id == account_id:
        raise PeopleError("own_gain", _("Nobody gives a post to himself: another administrator has to do it."))


def needs_second(post: Post) -> bool:
    """Whether a post is given by two administrators."""
    return access.reaches_far(frozenset({post.role, *post.also}), post.area.level, post.confidentiality)


def begin_holding(actor: Actor, *, account_id: int, post_id: int, until: datetime | None = None) -> Holding:
    """The holding itself, in the caller's transaction, who has asked whether it may begin.

    Raises PeopleError `separate_hands`, `held_already`.
    """
    now = clock.now()
    account = Account.objects.select_for_update(no_key=True).get(id=account_id)
    post = Post.objects.get(id=post_id)
    has = Holding.objects.filter(Q(until=None) | Q(until__gt=now), account=account).select_related("post")
    mine = {role for line in has for role in (line.post.role, *line.post.also)}
    if len(SEPARATED & (mine | {post.role, *post.also})) > 1:
        raise PeopleError("separate_hands", _("System, security and audit administration are separate hands."))
    if any(line.post_id == post_id for line in has):
        raise PeopleError("held_already", _("This person holds the post already."))
    holding = Holding.objects.create(account=account, post=post, since=now, until=until)
    note(actor, "post.hold", post.code, {"user": account.username})
    return holding


@transaction.atomic
def release(actor: Actor, *, holding_id: int) -> Holding:
    """End a holding now; what was done in the post stays."""
    require(actor, "posts.change")
    holding = Holding.objects.select_related("post", "account").get(id=holding_id)
    if holding.until is None or holding.until > clock.now():
        holding.until = clock.now()
        holding.save(update_fields=["until"])
        note(actor, "post.release", holding.post.code, {"user": holding.account.username})
    return holding


@transaction.atomic
def create_token(
    actor: Actor, *, account_id: int, post_id: int, scopes: Sequence[str] = ("all",),
    expires_at: datetime | None = None, name: str = "",
) -> str:  # fmt: skip
    """A new API token, returned once. Raises PeopleError `post_not_held`, `no_scope`."""
    require(actor, "posts.change")
    if not scopes:
        raise PeopleError("no_scope", _("Say what the token may do."))
    if not Holding.objects.filter(held(), account_id=account_id, post_id=post_id).exists():
        raise PeopleError("post_not_held", _("The account does not hold this post."))
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    ApiToken.objects.create(
        hash=token_hash(token), account_id=account_id, post_id=post_id, scopes=list(scopes), created_at=clock.now(),
        expires_at=expires_at, name=name.strip()[:80],
    )  # fmt: skip
    note(actor, "token.create", str(post_id), {"scopes": list(scopes)})
    return token
