"""The shipped procedures, read and proved once for all tests of this folder."""

import os
import random
from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from typing import Any

from civicloop.people.choices import Role
from civicloop.procedures.rules import reading
from civicloop.procedures.rules.language import Procedure
from civicloop.procedures.rules.proof import Proof, prove

CODES = (
    "grid-event",
    "visit-problem",
    "delegated-service",
    "common-problem",
    "mediation",
    "judicial-confirmation",
    "suggestion",
)
POSTS = frozenset(Role.values)


def size(short: int, long: int) -> int:
    return long if os.environ.get("SIZE") == "long" else short


@cache
def shipped() -> Mapping[str, Procedure]:
    return {code: reading.load(reading.SHIPPED / f"{code}.toml") for code in CODES}


def proved(procedure: Procedure) -> Proof:
    return prove(procedure, POSTS, shipped())


def mutated(plain: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    """A declaration with one to three keys dropped, emptied by one or pointed elsewhere."""
    mutant: dict[str, Any] = deepcopy(dict(plain))
    for _round in range(rng.choice((1, 1, 1, 2, 3))):
        places = list(
            _places({table: mutant[table] for table in ("step", "action", "bound", "tasks", "hold") if table in mutant})
        )
        holder, key = rng.choice(places)
        value = holder[key]
        if key in {"to", "then"} and rng.random() < 0.7:
            holder[key] = rng.choice(sorted(mutant["step"]))
        elif key == "check":
            holder[key] = rng.choice(("pass", "fail"))
        elif isinstance(value, list) and value and rng.random() < 0.6:
            value.pop(rng.randrange(len(value)))
        else:
            del holder[key]
    return mutant


def _places(value: dict[str, Any]) -> Any:
    for key, inner in value.items():
        if isinstance(inner, dict):
            yield from _places(inner)
        elif key not in {"zh", "en", "stage", "kind"}:
            yield value, key
