"""A city's units, posts and people from its folder: rules expanded over its areas, taken over in bulk.

Repeating a load changes nothing: what exists under its code stays. One audit line for a load.
"""

import random
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction

from civicloop.foundation import caches, clock
from civicloop.foundation.names import given, own
from civicloop.people import delegation_files
from civicloop.people.access import Actor
from civicloop.people.actions import PeopleError, note, require
from civicloop.people.choices import Role, UnitKind
from civicloop.people.models import Account, Holding, Post, Unit
from civicloop.places import selectors as places
from civicloop.places.models import AreaVersion

BATCH = 2000
ORDER = ("city", "district", "subdistrict", "community")


@dataclass(frozen=True)
class PlannedUnit:
    """A unit as the rules give it."""

    code: str
    names: Mapping[str, str]
    kind: str
    area_id: int


@dataclass(frozen=True)
class PlannedPost:
    """A post as the rules give it, with the sign-in name of who holds it; `known` are demonstration sign-ins."""

    code: str
    role: str
    also: tuple[str, ...]
    unit: str
    area_id: int
    user: str
    names: Mapping[str, str]
    known: bool


def _read(folder: Path, name: str) -> dict[str, Any]:
    path = folder / "people" / name
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PeopleError("file_missing", f"{path}: there is no such file") from None
    except tomllib.TOMLDecodeError as reason:
        raise PeopleError("file_unreadable", f"{path.name}: {reason}") from None


def _areas(level: str) -> list[tuple[places.AreaRef, str]]:
    """The areas of a level with the kind of their responsible organ, by code."""
    organs = dict(AreaVersion.objects.filter(valid_to=None, area__level=level).values_list("area_id", "organ_kind"))
    return [(ref, organs.get(ref.id, "")) for ref in sorted(places.areas(level), key=lambda ref: ref.code)]


def planned_units(folder: Path) -> list[PlannedUnit]:
    """The rules of people/units.toml over all areas. Raises PeopleError that names the rule."""
    found = []
    for number, rule in enumerate(_read(folder, "units.toml")["unit"], start=1):
        where = f"units.toml rule {number}"
        if rule.get("kind") not in UnitKind.values or rule.get("level") not in ORDER or not rule.get("name"):
            raise PeopleError("rule_refused", f"{where}: level, kind and name must be known")
        for ref, organ in _areas(rule["level"]):
            if rule.get("organs") and organ not in rule["organs"]:
                continue
            values = {"code": ref.code, "name": own(ref.names)}
            names = given(rule["name"].format(**values))
            if rule.get("en") and ("{name}" not in rule["en"] or "en" in ref.names):
                names["en"] = rule["en"].format(code=ref.code, name=ref.names.get("en", ""))
            found.append(PlannedUnit(rule["code"].format(**values), names, rule["kind"], ref.id))
    return found


def planned_posts(folder: Path) -> list[PlannedPost]:
    """The rules of people/posts.toml over all areas, each with a made-up name drawn by seed."""
    content = _read(folder, "posts.toml")
    draw = random.Random(content["names"]["seed"])
    signs = content["sign_ins"]
    found = []
    for number, rule in enumerate(content["post"], start=1):
        where = f"posts.toml rule {number}"
        if rule.get("role") not in Role.values or rule.get("level") not in ORDER:
            raise PeopleError("rule_refused", f"{where}: level and role must be known")
        for ref, _organ in _areas(rule["level"]):
            above = places.area(ref.parent_id).code if ref.parent_id is not None else ""
            for unit in _units_of(rule, ref.code, above):
                family, called = draw.choice(content["names"]["family"]), draw.choice(content["names"]["given"])
                known = bool(rule.get("user")) and signs.get(rule["level"], ref.code) == ref.code
                code = f"{unit}:{rule['role']}" + (f":{ref.code}" if rule["level"] == "community" else "")
                user = rule["user"] if known else code.replace(":", "-")
                also = tuple(rule.get("also", ()))
                found.append(PlannedPost(code, rule["role"], also, unit, ref.id, user, given(family + called), known))
    return found


def _units_of(rule: Mapping[str, Any], code: str, above: str) -> Iterator[str]:
    for pattern in rule.get("units", [rule.get("unit", "")]):
        yield pattern.format(code=code, above=above)


@transaction.atomic
def load_units(actor: Actor, *, folder: Path) -> int:
    """Create the units that are missing; how many. Raises PeopleError."""
    require(actor, "units.change")
    present = set(Unit.objects.values_list("code", flat=True))
    fresh = [unit for unit in planned_units(folder) if unit.code not in present]
    now = clock.now()
    rows = [
        Unit(
            code=u.code, names=dict(u.names), kind=u.kind, area_id=u.area_id, duty_phone=_phone(number), valid_from=now
        )
        for number, u in enumerate(fresh)
    ]
    Unit.objects.bulk_create(rows, batch_size=BATCH)
    note(actor, "units.load", folder.name, {"rows": len(rows)})
    return len(rows)


def load_delegations(actor: Actor, *, folder: Path) -> int:
    """Enter the delegations of people/delegations.csv that are missing; how many. A city may do without the file.

    Raises PeopleError, exchange.FileRefused.
    """
    path = folder / "people" / "delegations.csv"
    return delegation_files.take(actor, raw=path.read_bytes(), name=path.name) if path.exists() else 0


def _phone(number: int) -> str:
    """A made-up duty phone: 5550 begins no real number of a Chinese city."""
    return f"5550-{number:04d}"


@transaction.atomic
def load_people(actor: Actor, *, folder: Path, password: str | None = None) -> int:
    """Create the posts, accounts and holdings that are missing; how many posts.

    `password` is for the sign-ins that posts.toml names, where given; every other account has none. Raises PeopleError.
    """
    require(actor, "posts.change")
    units = dict(Unit.objects.values_list("code", "id"))
    present = set(Post.objects.values_list("code", flat=True))
    fresh = [post for post in planned_posts(folder) if post.code not in present]
    missing = sorted({post.unit for post in fresh} - set(units))
    if missing:
        raise PeopleError("unit_missing", f"posts.toml names units that do not exist: {', '.join(missing[:5])}")
    now = clock.now()
    hashed, unusable = make_password(password) if password else "", make_password(None)
    known = set(Account.objects.filter(username__in=[post.user for post in fresh]).values_list("username", flat=True))
    Account.objects.bulk_create(
        [
            Account(
                username=post.user, names=dict(post.names), created_at=now, demonstration=post.known and bool(hashed),
                password=hashed if post.known and hashed else unusable,
            )
            for post in fresh
            if post.user not in known
        ],
        batch_size=BATCH,
    )  # fmt: skip
    accounts = dict(Account.objects.values_list("username", "id"))
    posts = Post.objects.bulk_create(
        [
            Post(code=p.code, role=p.role, also=list(p.also), unit_id=units[p.unit], area_id=p.area_id, valid_from=now)
            for p in fresh
        ],
        batch_size=BATCH,
    )
    Holding.objects.bulk_create(
        [
            Holding(account_id=accounts[planned.user], post=post, since=now)
            for planned, post in zip(fresh, posts, strict=True)
        ],
        batch_size=BATCH,
    )
    note(actor, "people.load", folder.name, {"rows": len(fresh)})
    transaction.on_commit(caches.forget_all)
    return len(fresh)
