"""Writes of the people room. Each leaves an audit entry; nothing is deleted, rows end."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from civicloop.foundation import clock, names
from civicloop.people.access import SEPARATED, Actor
from civicloop.people.access import may as access_may
from civicloop.people.models import Account, ApiToken, Holding, Post, Unit
from civicloop.people.selectors import TOKEN_PREFIX, token_hash
from civicloop.records import audit


class PeopleError(Exception):
    """A write that is refused; `code` for machines, the text for people."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code


def _require(actor: Actor, duty: str) -> None:
    if not access_may(actor, duty).allowed:
        raise PeopleError("forbidden", _("Your post may not do this."))


def _named(values: Mapping[str, str]) -> dict[str, str]:
    if names.problems(values):
        raise PeopleError("name_missing", _("A Chinese name is required."))
    return dict(values)


def _audit(actor: Actor, action: str, what: str, detail: Mapping[str, object] | None = None) -> None:
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
    _require(actor, "units.change")
    if Unit.objects.filter(code=code).exists():
        raise PeopleError("code_taken", _("A unit with the code %(code)s exists already.") % {"code": code})
    unit = Unit.objects.create(
        code=code, names=_named(unit_names), kind=kind, area_id=area_id, parent_id=parent_id, duty_phone=duty_phone,
        valid_from=clock.now(),
    )  # fmt: skip
    _audit(actor, "unit.create", code)
    return unit


@transaction.atomic
def change_unit(actor: Actor, *, unit_id: int, unit_names: Mapping[str, str], duty_phone: str) -> Unit:
    """Rename a unit or change its duty phone."""
    _require(actor, "units.change")
    unit = Unit.objects.get(id=unit_id)
    unit.names, unit.duty_phone = _named(unit_names), duty_phone
    unit.save(update_fields=["names", "duty_phone"])
    _audit(actor, "unit.change", unit.code)
    return unit


@transaction.atomic
def create_account(
    actor: Actor, *, username: str, account_names: Mapping[str, str], password: str | None, demonstration: bool = False
) -> Account:
    """A new account; without a password it can only act by token. Raises PeopleError `name_taken`."""
    _require(actor, "posts.change")
    if Account.objects.filter(username=username).exists():
        raise PeopleError("name_taken", _("The sign-in name %(name)s is taken.") % {"name": username})
    account = Account.objects.create(
        username=username, names=_named(account_names), password=make_password(password), created_at=clock.now(),
        demonstration=demonstration,
    )  # fmt: skip
    _audit(actor, "account.create", username)
    return account


@transaction.atomic
def create_post(
    actor: Actor, *, code: str, role: str, unit_id: int, area_id: int, also: Sequence[str] = (),
    classes: Sequence[str] = (), confidentiality: int = 0,
) -> Post:  # fmt: skip
    """A new post. Raises PeopleError `code_taken`, `separate_hands`."""
    _require(actor, "posts.change")
    if Post.objects.filter(code=code).exists():
        raise PeopleError("code_taken", _("A post with the code %(code)s exists already.") % {"code": code})
    if len(SEPARATED & {role, *also}) > 1:
        raise PeopleError("separate_hands", _("System, security and audit administration are separate hands."))
    post = Post.objects.create(
        code=code, role=role, also=list(also), unit_id=unit_id, area_id=area_id, classes=list(classes),
        confidentiality=confidentiality, valid_from=clock.now(),
    )  # fmt: skip
    _audit(actor, "post.create", code, {"role": role})
    return post


@transaction.atomic
def hold(actor: Actor, *, account_id: int, post_id: int, until: datetime | None = None) -> Holding:
    """Give a post to an account. Raises PeopleError `separate_hands`, `held_already`."""
    _require(actor, "posts.change")
    now = clock.now()
    account = Account.objects.select_for_update(no_key=True).get(id=account_id)
    post = Post.objects.get(id=post_id)
    held = Holding.objects.filter(Q(until=None) | Q(until__gt=now), account=account).select_related("post")
    mine = {role for line in held for role in (line.post.role, *line.post.also)}
    if len(SEPARATED & (mine | {post.role, *post.also})) > 1:
        raise PeopleError("separate_hands", _("System, security and audit administration are separate hands."))
    if any(line.post_id == post_id for line in held):
        raise PeopleError("held_already", _("This person holds the post already."))
    holding = Holding.objects.create(account=account, post=post, since=now, until=until)
    _audit(actor, "post.hold", post.code, {"user": account.username})
    return holding


@transaction.atomic
def release(actor: Actor, *, holding_id: int) -> Holding:
    """End a holding now; what was done in the post stays."""
    _require(actor, "posts.change")
    holding = Holding.objects.select_related("post", "account").get(id=holding_id)
    if holding.until is None or holding.until > clock.now():
        holding.until = clock.now()
        holding.save(update_fields=["until"])
        _audit(actor, "post.release", holding.post.code, {"user": holding.account.username})
    return holding


@transaction.atomic
def create_token(
    actor: Actor, *, account_id: int, post_id: int, scopes: Sequence[str] = ("all",), expires_at: datetime | None = None
) -> str:
    """A new API token, returned once. Raises PeopleError `post_not_held`."""
    _require(actor, "posts.change")
    if not Holding.objects.filter(account_id=account_id, post_id=post_id, until=None).exists():
        raise PeopleError("post_not_held", _("The account does not hold this post."))
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    ApiToken.objects.create(
        hash=token_hash(token), account_id=account_id, post_id=post_id, scopes=list(scopes), created_at=clock.now(),
        expires_at=expires_at,
    )  # fmt: skip
    _audit(actor, "token.create", str(post_id), {"scopes": list(scopes)})
    return token
