"""The address of a figure: what a query asks for, and the query of what a figure counts."""

from collections.abc import Mapping
from datetime import date
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from civicloop.figures import periods
from civicloop.matters.choices import Stage
from civicloop.matters.errors import invalid
from civicloop.steering import placing
from civicloop.steering.choices import By, What
from civicloop.steering.open_work import Asked
from civicloop.steering.placing import Place
from civicloop.steering.rules import ageing

NUMBERS = ("part", "age", "unit", "owes")
FIELDS = ("what", "stage", "name", "missed", "day", *NUMBERS)


def by_of(text: str) -> str:
    """What is compared. Raises Refused."""
    if text and text not in By.values:
        raise _not_offered("by", By.values)
    return text or By.AREA


def asked_of(told: Mapping[str, str]) -> Asked:
    """What a list is asked for. Raises Refused for anything that no figure has."""
    what, stage, missed = told.get("what", "") or What.OPEN, told.get("stage", ""), told.get("missed", "")
    if what not in What.values:
        raise _not_offered("what", What.values)
    if stage and stage not in Stage.values:
        raise _not_offered("stage", Stage.values)
    if missed not in {"", "0", "1"}:
        raise _not_offered("missed", ["0", "1"])
    numbers = {name: _number(name, told.get(name, "")) for name in NUMBERS}
    if (numbers["age"] or 0) > len(ageing.WORKING_DAYS):
        raise _not_offered("age", [str(age) for age in range(len(ageing.WORKING_DAYS) + 1)])
    return Asked(
        what=what, stage=stage, name=told.get("name", "")[:40], missed=missed == "1" if missed else None,
        day=_day(told.get("day", ""), what), **numbers,
    )  # fmt: skip


def query(place: Place, asked: Asked) -> str:
    """The query of an address that lists what a figure counts."""
    told: dict[str, object] = {"area": placing.code_of(place)}
    for field in FIELDS:
        value = getattr(asked, field)
        told[field] = {True: "1", False: "0"}.get(value, value) if field == "missed" else value
    return urlencode({name: value for name, value in told.items() if value not in (None, "")})


def _number(name: str, text: str) -> int | None:
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise invalid(name, "no_number", _("This is no number."))
    return int(text)


def _day(text: str, what: str) -> date | None:
    if not text and what != What.RECEIVED:
        return None
    try:
        found = date.fromisoformat(text)
        if periods.FIRST <= found.year <= periods.LAST:
            return found
    except ValueError:
        pass
    raise invalid("day", "no_day", _("A day is written as 2026-03-02."))


def _not_offered(field: str, choices: list[str]) -> Exception:
    return invalid(field, "not_offered", _("Choose one of: %(choices)s") % {"choices": ", ".join(choices)})
