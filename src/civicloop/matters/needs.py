"""The data of an act against the needs that its procedure declares: fields, choices, people, evidence."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from civicloop.calendars.rules.limits import Limit
from civicloop.catalogue import selectors as catalogue
from civicloop.foundation import clock
from civicloop.foundation.names import shown
from civicloop.matters import working
from civicloop.matters.errors import invalid
from civicloop.matters.reading import Reading
from civicloop.people.access import Actor
from civicloop.people.models import Account, Unit
from civicloop.people.selectors import valid
from civicloop.procedures.rules.language import Need, Procedure

TEXT_MAX = 10_000
ACT_ONLY = frozenset({"evidence", "answers", "component"})


@dataclass
class Supplied:
    """What an act brought: values for the entry's body, texts to commit to, texts to seal, and what they mean."""

    plain: dict[str, Any] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    sealed: dict[str, str] = field(default_factory=dict)
    present: set[str] = field(default_factory=set)


def holds_zero_byte(value: Any) -> bool:
    """Whether a text anywhere in the data of an act holds U+0000, which PostgreSQL cannot keep."""
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, Mapping):
        return any(holds_zero_byte(each) for pair in value.items() for each in pair)
    return isinstance(value, list) and any(map(holds_zero_byte, value))


def take(
    procedure: Procedure, needs: tuple[str, ...], data: Mapping[str, Any], *, actor: Actor, reading: Reading | None
) -> Supplied:
    """Check `data` against the needs. Raises Refused with the field's name; unknown fields are refused as well."""
    supplied = Supplied()
    known = {*needs, *procedure.seats, *ACT_ONLY}
    for name in data:
        if name not in known:
            raise invalid(name, "unknown_field", _("There is no field %(name)s here.") % {"name": name})
    for code in needs:
        _take_one(procedure.needs[code], data.get(code), supplied, actor, reading)
    return supplied


def _take_one(need: Need, value: Any, supplied: Supplied, actor: Actor, reading: Reading | None) -> None:
    label = shown(need.names, get_language() or "zh-hans")
    if need.kind in {"photo", "file"}:
        _evidence(need, label, supplied, reading)
        return
    if need.kind == "signature" and value in (None, "") and actor.kind == "outside":
        value = "check_code"  # the code that let the person in stands for the signature
    if value in (None, "", []):
        raise invalid(need.code, "missing", _("%(field)s is missing.") % {"field": label})
    supplied.present.add(need.code)
    if need.kind in {"text", "signature", "number"}:
        text = _text(need, label, value)
        (supplied.sealed if need.sealed else supplied.texts)[need.code] = text
        return
    if need.kind == "parties":
        supplied.sealed[need.code] = _parties(need, label, value)
        supplied.plain[need.code] = len(value)
        return
    supplied.plain[need.code] = _READERS[need.kind](need, label, value)


def _evidence(need: Need, label: str, supplied: Supplied, reading: Reading | None) -> None:
    """Photos and files that have come since the matter stands at this step."""
    since = reading.row["step_at"] if reading else None
    rows = reading.evidence if reading else []
    fit = [
        row["id"]
        for row in rows
        if (since is None or datetime.fromisoformat(row["at"]) >= since)
        and (need.stage is None or row["stage"] == need.stage)
        and (need.kind == "file" or row["media"].startswith("image/"))
    ]
    if len(fit) < max(1, need.at_least):
        why = f"（{shown(need.why, get_language() or 'zh-hans')}）" if need.why else ""
        words = _("%(field)s is missing: upload it first%(why)s") % {"field": label, "why": why}
        raise invalid(need.code, "evidence_missing", words)
    supplied.plain[need.code] = fit
    supplied.present.add(need.code)


def _text(need: Need, label: str, value: Any) -> str:
    if not isinstance(value, str):
        raise invalid(need.code, "not_text", _("%(field)s must be text.") % {"field": label})
    most = need.max or TEXT_MAX
    if len(value) > most:
        words = _("%(field)s has %(length)s characters; at most %(most)s are taken.")
        raise invalid(need.code, "too_long", words % {"field": label, "length": len(value), "most": most})
    if "\x00" in value:
        raise invalid(need.code, "not_text", _("%(field)s must be text.") % {"field": label})
    return value


def _parties(need: Need, label: str, value: Any) -> str:
    import json

    if not isinstance(value, list) or len(value) < max(1, need.at_least) or len(value) > 50:
        raise invalid(need.code, "too_few", _("%(field)s: name at least %(n)s.") % {"field": label, "n": need.at_least})
    return json.dumps(value, ensure_ascii=False)


def _date(need: Need, label: str, value: Any) -> str:
    try:
        day = date.fromisoformat(value)
    except (TypeError, ValueError):
        raise invalid(need.code, "not_a_date", _("%(field)s must be a date.") % {"field": label}) from None
    if day < working.today(clock.now()):
        raise invalid(need.code, "in_the_past", _("%(field)s lies in the past.") % {"field": label})
    return day.isoformat()


def _moment(need: Need, label: str, value: Any) -> str:
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError
    except (TypeError, ValueError):
        words = _("%(field)s must be a moment with its zone.") % {"field": label}
        raise invalid(need.code, "not_a_moment", words) from None
    now = clock.now()
    furthest = now - timedelta(hours=float(Limit.parse(need.back).number)) if need.back else None
    if moment > now + timedelta(minutes=1) or (furthest and moment < furthest):
        words = _("%(field)s must lie within the time that the procedure allows.") % {"field": label}
        raise invalid(need.code, "out_of_range", words)
    return moment.isoformat()


def _choice(need: Need, label: str, value: Any) -> str:
    if value not in need.values:
        words = _("%(field)s must be one of: %(values)s")
        raise invalid(need.code, "not_offered", words % {"field": label, "values": ", ".join(need.values)})
    return str(value)


def unit_of(field_name: str, label: str, value: Any) -> int:
    """The id of a unit in force, given by id or code."""
    found = Unit.objects.filter(valid(), **({"id": value} if isinstance(value, int) else {"code": str(value)}))
    identifier = found.values_list("id", flat=True).first()
    if identifier is None:
        raise invalid(field_name, "unknown_unit", _("%(field)s: there is no such unit.") % {"field": label})
    return identifier


def person_of(field_name: str, label: str, value: Any) -> int:
    """The id of an active account, given by id or sign-in name."""
    found = Account.objects.filter(
        is_active=True, **({"id": value} if isinstance(value, int) else {"username": str(value)})
    )
    identifier = found.values_list("id", flat=True).first()
    if identifier is None:
        raise invalid(field_name, "unknown_person", _("%(field)s: there is no such person.") % {"field": label})
    return identifier


def _units(need: Need, label: str, value: Any) -> list[int]:
    if not isinstance(value, list) or not 1 <= len(value) <= 20:
        raise invalid(need.code, "too_few", _("%(field)s: name one to twenty.") % {"field": label})
    return sorted({unit_of(need.code, label, each) for each in value})


def _areas(need: Need, label: str, value: Any) -> list[str]:
    if not isinstance(value, list) or not 1 <= len(value) <= 200:
        raise invalid(need.code, "too_few", _("%(field)s: name at least one.") % {"field": label})
    return [str(each) for each in value]


def _rating(need: Need, label: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 5:
        raise invalid(need.code, "out_of_range", _("%(field)s must be 1 to 5.") % {"field": label})
    return value


def _condition(need: Need, label: str, value: Any) -> int:
    try:
        return catalogue.condition(int(value)).id
    except (LookupError, TypeError, ValueError, OverflowError):
        words = _("%(field)s: there is no such filing condition.") % {"field": label}
        raise invalid(need.code, "unknown_condition", words) from None


_READERS: dict[str, Any] = {
    "date": _date,
    "moment": _moment,
    "choice": _choice,
    "unit": lambda need, label, value: unit_of(need.code, label, value),
    "person": lambda need, label, value: person_of(need.code, label, value),
    "units": _units,
    "areas": _areas,
    "rating": _rating,
    "filing_condition": _condition,
    "catalogue_entry": lambda need, label, value: _text(need, label, str(value)),
}
