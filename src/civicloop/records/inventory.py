"""The inventory of personal data (个人信息清单): every column and sealed field with purpose, basis, period, readers.

A room that keeps such a fact declares it in its own `personal.toml` and registers the file at start-up. A test compares
the register with the tables and the sealed fields, so nothing personal is kept that does not stand here.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import get_language

from civicloop.foundation.names import shown

GROUPS = ("reporter", "household", "applicant", "party", "anybody", "staff")
# the items of article 13 (1) of the Personal Information Protection Law on which something here is kept
BASES = ("consent", "employment", "statutory_duty")
# who may open it, where no role decides: the person alone, whoever sees the matter, no human being
OPENED_BY = ("self", "matter", "nobody")
SEALED = "sealed:"

Words = Mapping[str, str]


class WrongInventory(ValueError):
    """A file of declarations that cannot hold, said in an operator's words."""


@dataclass(frozen=True)
class Rule:
    """How long a class of facts is kept, and what becomes of it."""

    code: str
    kept: Words
    then: Words


@dataclass(frozen=True)
class Point:
    """A place where personal data are collected: forms (their templates), a call of the API, a piece of the machinery.

    Each of the forms shows the notice of what is collected there; a test looks at the templates.
    """

    code: str
    names: Words
    forms: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fact:
    """A personal fact: where it is kept (`table.column`, `sealed:field`), of whom, what, why, how long, who opens it.

    `opens` names keys of people.access as `personal:…` and `duty:…`, or one of OPENED_BY.
    """

    kept_in: tuple[str, ...]
    whose: str
    what: Words
    why: Words
    basis: str
    retention: str
    opens: tuple[str, ...]
    collected: tuple[str, ...]
    sensitive: bool = False


_facts: dict[str, Fact] = {}
_rules: dict[str, Rule] = {}
_points: dict[str, Point] = {}


def _words(given: Mapping[str, Any], about: str) -> Words:
    if not given.get("zh") or not given.get("en"):
        raise WrongInventory(f"{about}: words are needed in zh and in en")
    return {"zh-hans": given["zh"], "en": given["en"]}


def register(path: Path) -> None:
    """Take in a room's declarations; the same again is harmless. Raises WrongInventory for one that cannot hold."""
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    for code, given in content.get("rule", {}).items():
        _rules[code] = Rule(code, _words(given["kept"], code), _words(given["then"], code))
    for code, given in content.get("point", {}).items():
        _points[code] = Point(code, _words(given, code), tuple(given.get("forms", ())))
    for given in content.get("fact", []):
        _take(given)


def _take(given: Mapping[str, Any]) -> None:
    names = tuple(given["in"])
    about = names[0] if names else "a fact without a place"
    fact = Fact(
        names, given["whose"], _words(given["what"], about), _words(given["why"], about), given["basis"],
        given["retention"], tuple(given["opens"]), tuple(given["collected"]), given.get("sensitive", False),
    )  # fmt: skip
    if not names or fact.whose not in GROUPS or fact.basis not in BASES or not fact.opens or not fact.collected:
        raise WrongInventory(f"{about}: place, whose, basis, opens and collected must be said")
    if fact.retention not in _rules:
        raise WrongInventory(f"{about}: there is no retention rule {fact.retention!r}")
    if missing := set(fact.collected) - set(_points):
        raise WrongInventory(f"{about}: there is no collection point {sorted(missing)}")
    if wrong := [each for each in fact.opens if each not in OPENED_BY and each.partition(":")[1] != ":"]:
        raise WrongInventory(f"{about}: {wrong} is nobody who can open something")
    for name in names:
        if _facts.setdefault(name, fact) != fact:
            raise WrongInventory(f"{name} is declared twice")


def facts() -> list[Fact]:
    """Every declared fact once, those of residents first, in the order of declaration."""
    once = {fact.kept_in: fact for fact in _facts.values()}
    return sorted(once.values(), key=lambda fact: GROUPS.index(fact.whose))


def collected_at(codes: Sequence[str]) -> list[Fact]:
    """What is collected at one of these points, facts of residents first."""
    return [fact for fact in facts() if set(codes) & set(fact.collected)]


def names() -> frozenset[str]:
    """Every `table.column` and `sealed:field` that is declared."""
    return frozenset(_facts)


def rules() -> Mapping[str, Rule]:
    """Every retention rule by its code."""
    return dict(_rules)


def points() -> Mapping[str, Point]:
    """Every collection point by its code."""
    return dict(_points)


def said(words: Words) -> str:
    """Words in the language of the reader."""
    return shown(words, get_language() or "zh-hans")
