"""Reads of the people room."""

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from civicloop.foundation import caches, clock, hot
from civicloop.people import sql
from civicloop.people.access import SEPARATED, Actor, Delegated
from civicloop.people.models import Holding, Post, Unit, UnitEdition

TOKEN_PREFIX = "cl_"


def token_hash(token: str) -> bytes:
    """What is kept of a token. A token has 256 random bits, so a plain hash suffices."""
    return hashlib.sha256(token.encode()).digest()


def _actor(row: tuple[Any, ...]) -> Actor:
    account, username, post, role, also, unit, area, level, classes, confidentiality, given, scopes, *borrowed = row
    own_post, own_unit, whose = borrowed[:3] or (None, None, None)
    return Actor(
        kind="staff",
        words=username,
        account_id=account,
        post_id=post,
        roles=frozenset({role, *json.loads(also)}),
        unit_id=unit,
        area_id=area,
        level=level,
        classes=frozenset(json.loads(classes)),
        confidentiality=confidentiality,
        scopes=None if scopes is None else frozenset(json.loads(scopes)),
        stands_in_from=own_post,
        own_unit_id=own_unit,
        stands_in_for=frozenset(whose or ()),
        delegated=tuple(Delegated(frozenset(k), at, place, acts) for k, at, place, acts in json.loads(given or "[]")),
    )


def actor_of_token(token: str) -> Actor | None:
    """Who a bearer token acts for now, or None. One statement."""
    row = hot.one(sql.ACTOR_OF_TOKEN, {"hash": token_hash(token), "now": clock.now()})
    return _actor(row) if row else None


def actors_of_account(account_id: int) -> list[Actor]:
    """The account as each of the posts that it holds now, in the order of their codes, then as each of those for which
    one of them stands in now. One statement.

    Nobody stands in for an administrator into a second one of the three administrations.
    """
    found: dict[int, Actor] = {}
    administration: frozenset[str] = frozenset()
    for row in hot.all_rows(sql.ACTORS_OF_ACCOUNT, {"account": account_id, "now": clock.now()}):
        each = _actor(row)
        both = administration | (each.roles & SEPARATED)
        if each.post_id is None or (each.stands_in_from is not None and len(both) > 1):
            continue
        administration = both
        known = found.get(each.post_id)
        whose = each.stands_in_for | (known.stands_in_for if known else frozenset())
        found[each.post_id] = replace(known or each, stands_in_for=whose)
    return list(found.values())


@lru_cache(maxsize=4096)
def post_code(post_id: int) -> str:
    """The code of a post, which never changes; empty for an id that stands for nothing."""
    return Post.objects.filter(id=post_id).values_list("code", flat=True).first() or ""


caches.register(post_code.cache_clear)


def valid(moment: datetime | None = None) -> Q:
    """The condition that a row with valid_from/valid_to is in force."""
    at = moment or clock.now()
    return Q(valid_from__lte=at) & (Q(valid_to=None) | Q(valid_to__gt=at))


def not_ended() -> Q:
    """The condition that a row with valid_from/valid_to is in force or to come."""
    return Q(valid_to=None) | Q(valid_to__gt=clock.now())


def held() -> Q:
    """The condition that a holding is in force."""
    now = clock.now()
    return Q(since__lte=now) & (Q(until=None) | Q(until__gt=now))


def editions(unit_id: int) -> QuerySet[UnitEdition]:
    """What a unit was before it became what it is, the latest first."""
    return UnitEdition.objects.filter(unit_id=unit_id).order_by("-until", "-id")


def units() -> QuerySet[Unit]:
    """The units in force, by code."""
    return Unit.objects.filter(valid()).select_related("area").order_by("code")


def posts() -> QuerySet[Post]:
    """The posts in force, by code."""
    return Post.objects.filter(valid()).select_related("unit", "area").order_by("code")


def workers_of(unit_id: int, role: str) -> list[tuple[int, str, dict[str, str]]]:
    """(account id, sign-in name, names) of those who hold `role` in a unit now, by sign-in name."""
    rows = (
        Holding.objects.filter(
            held(), Q(post__role=role) | Q(post__also__contains=[role]), post__unit_id=unit_id, account__is_active=True
        )
        .order_by("account__username")
        .values_list("account_id", "account__username", "account__names")
        .distinct()
    )  # fmt: skip
    return list(rows)


@dataclass(frozen=True, slots=True)
class OnDuty:
    """A post in force and the accounts that are there for it now: its holders, else who stands in."""

    post_id: int
    unit_id: int
    area_id: int
    level: str
    roles: frozenset[str]
    confidentiality: int
    accounts: tuple[int, ...]


def on_duty(
    *, units: Collection[int] = (), areas: Collection[int] = (), posts: Collection[int] = (), city: bool = False,
    roles: Collection[str] = (),
) -> list[OnDuty]:  # fmt: skip
    """The posts of some units, of some areas (not what lies below), of the `city` level or named by id, by code; only
    those with one of `roles` where any are given. One statement."""
    given: dict[str, Any] = {
        "units": list(units),
        "areas": list(areas),
        "posts": list(posts),
        "city": city,
        "roles": list(roles),
    }
    with connection.cursor() as cursor:
        cursor.execute(sql.ON_DUTY, given | {"now": clock.now()})
        rows = cursor.fetchall()
    return [
        OnDuty(post, unit, area, level, frozenset({role, *json.loads(also)}), confidentiality, tuple(accounts))
        for post, unit, area, level, role, also, confidentiality, accounts in rows
    ]


@dataclass(frozen=True)
class PostLine:
    """One line of `people list`."""

    user: str
    code: str
    role: str
    unit: str
    area: str | None


def post_lines() -> list[PostLine]:
    """Every post held now, by account; `area` is the code of the post's area."""
    from civicloop.places.models import AreaVersion

    rows = list(
        Holding.objects.filter(held())
        .order_by("account__username", "post__code")
        .values_list("account__username", "post__code", "post__role", "post__unit__code", "post__area_id")
    )
    codes = dict(
        AreaVersion.objects.filter(valid(), area_id__in={row[4] for row in rows}).values_list("area_id", "code")
    )
    return [PostLine(user, code, role, unit, codes.get(area)) for user, code, role, unit, area in rows]
