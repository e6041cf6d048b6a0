"""Own numbers of the city and its districts for the clocks of a procedure, and where a clock's number came from.

A clock may have an own number where that is lawful: the procedure itself names it and does not call it fixed, and it
is counted time. What the law sets in days, what the catalogue gives and what is a chosen day stay as they are. An own
number keeps the procedure's unit; a district may be stricter than the city, never laxer. The procedure stays: its proof
asks for no number.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import get_language, gettext_lazy, pgettext
from django.utils.translation import gettext as _

from civicloop.calendars.rules.limits import Limit, LimitRefused
from civicloop.catalogue import selectors as catalogue
from civicloop.catalogue.choices import Source
from civicloop.foundation import clock
from civicloop.foundation.names import shown
from civicloop.matters import working
from civicloop.matters.errors import Refused, invalid
from civicloop.people import access
from civicloop.people.access import Actor
from civicloop.places import selectors as places
from civicloop.procedures import selectors as procedures
from civicloop.procedures.rules.language import Procedure
from civicloop.records import actions as records
from civicloop.records import settings
from civicloop.records.models import Setting

PREFIX = "limits."
DISTRICT = "district"
CITY, CITY_LEVEL = settings.INSTALLATION, access.LEVELS[0]


def code_of(procedure: str, name: str) -> str:
    """The setting of a procedure's clock."""
    return f"{PREFIX}{procedure}.{name}"


def declared(procedure: Procedure, name: str) -> Limit | None:
    """The number that may be an own one: what holds where no condition gives another; None where none may."""
    last = procedure.clocks[name].limits[-1]
    if (
        procedure.clocks[name].fixed
        or last.when is not None
        or last.until is not None
        or not last.limit
        or last.limit.startswith("@")
    ):
        return None
    found = Limit.parse(last.limit)
    return None if found.is_civil else found


def own(procedure: Procedure, name: str, text: str, areas: Mapping[str, int]) -> str:
    """The number that counts at a place for a clock whose procedure says `text` when no condition holds."""
    code = code_of(procedure.code, name)
    scopes = settings.scopes_set(code)
    if not scopes:
        return text
    city = _of_unit(settings.held(code, CITY), Limit.parse(text)) or Limit.parse(text)
    here = f"{DISTRICT}:{places.area(areas[DISTRICT]).code}" if DISTRICT in areas else ""
    stricter = _of_unit(settings.held(code, here), city) if here in scopes else None
    return str(stricter if stricter is not None and stricter.number <= city.number else city)


def _of_unit(value: object, like: Limit) -> Limit | None:
    """A number that was set, where it is still one in the same unit."""
    try:
        found = Limit.parse(str(value)) if value else None
    except LimitRefused:
        return None
    return found if found is not None and found.unit is like.unit else None


def _find(code: str) -> settings.Definition | None:
    procedure, _dot, name = code.removeprefix(PREFIX).partition(".")
    try:
        found = procedures.in_force(procedure, clock.now()).procedure
    except procedures.NoProcedure:
        return None
    usual = declared(found, name) if name in found.clocks else None
    if usual is None:
        return None
    return settings.Definition(
        code, "str", "", code, (CITY, DISTRICT), known=lambda value: _of_unit(value, usual) is not None,
        help=gettext_lazy("A number in the unit of the procedure"),
    )  # fmt: skip


settings.define_family(PREFIX, _find)


@dataclass(frozen=True)
class Line:
    """A clock with its number in the procedure, in the city, and in one district ("" where it has none of its own)."""

    procedure: Procedure
    name: str
    usual: Limit
    city: str
    district: str

    @property
    def code(self) -> str:
        """Its setting."""
        return code_of(self.procedure.code, self.name)


def lines(area_code: str = "") -> list[Line]:
    """Every clock that may have an own number, in the procedures in force, as a district (or the city) has it."""
    found = []
    for row in procedures.all_in_force(clock.now()):
        procedure = procedures.by_id(row.pk)
        for name in procedure.clocks:
            usual = declared(procedure, name)
            if usual is None:
                continue
            code = code_of(procedure.code, name)
            city = settings.held(code, CITY)
            here = settings.held(code, f"{DISTRICT}:{area_code}") if area_code else None
            found.append(Line(procedure, name, usual, str(city or ""), str(here or "")))
    return found


def set_own(actor: Actor, *, code: str, area_code: str, text: str) -> None:
    """Set the city's number (`area_code` empty) or a district's; an empty text takes it back.

    It counts for clocks that begin from now on. Raises Refused: forbidden, not_found, 422 for the number.
    """
    if not access.may(actor, "settings.change").allowed or not _looks_after(actor, area_code):
        raise Refused("forbidden", 403, _("Your post may not change settings."))
    line = next((each for each in lines(area_code) if each.code == code), None)
    known = not area_code or any(each.code == area_code for each in places.areas(DISTRICT))
    if line is None or not known:
        raise Refused("not_found", 404, _("This clock has no number that can be set."))
    value = _checked(line, text.strip(), in_district=bool(area_code))
    scope = f"{DISTRICT}:{area_code}" if area_code else CITY
    records.set_setting(
        actor_id=actor.account_id, post_id=actor.post_id, actor_words=actor.words, code=code, scope=scope, value=value
    )


def _looks_after(actor: Actor, area_code: str) -> bool:
    """Whether an area's numbers are this post's to set: the city's posts set all, a district's its own."""
    if actor.level in ("", CITY_LEVEL):
        return True
    own_area = places.area(actor.area_id) if actor.area_id is not None else None
    return own_area is not None and own_area.level == DISTRICT and own_area.code == area_code


def _checked(line: Line, text: str, *, in_district: bool) -> str | None:
    if not text:
        return None
    try:
        found = Limit.parse(text)
    except LimitRefused:
        raise invalid("limit", "no_limit", _("Write a number and a unit, such as 0.5 urgent_hour.")) from None
    if found.unit is not line.usual.unit:
        raise invalid("limit", "other_unit", _("Keep the unit of the procedure: %(unit)s.") % {"unit": line.usual.unit})
    city = _of_unit(line.city, line.usual) or line.usual
    if in_district and found.number > city.number:
        raise invalid("limit", "laxer", _("A district may be stricter than the city, not laxer."))
    return str(found)


# -- where a number came from -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Origin:
    """Where the number of a clock came from: procedure, condition, kind, day, lead, city, district."""

    kind: str
    words: str
    area: str = ""
    since: datetime | None = None


def origin(procedure: Procedure, row: Mapping[str, Any], kind_id: int | None, condition_id: int | None) -> Origin:
    """Where a clock's number came from, in the active language."""
    text, alternatives = row["limit"], procedure.clocks[row["name"]].limits
    if text.startswith("until"):
        return Origin("day", _("the day that was chosen"))
    if text.startswith("@"):
        return Origin("lead", _("what is left of the lead unit's limit"))
    if any((each.limit or "").startswith("@") for each in alternatives):
        return _of_catalogue(kind_id, condition_id)
    set_ = _set_by(procedure, row) if declared(procedure, row["name"]) is not None else None
    return set_ or Origin("procedure", _of_procedure(procedure))


def _of_procedure(procedure: Procedure) -> str:
    values = {"name": shown(procedure.names, _language()), "version": procedure.version}
    return _("the procedure %(name)s, version %(version)s") % values


def _language() -> str:
    return get_language() or "zh-hans"


def _of_catalogue(kind_id: int | None, condition_id: int | None) -> Origin:
    if condition_id is None or kind_id is None:
        return Origin("kind", _("the kind, as long as it is not filed"))
    found = catalogue.condition(condition_id)
    words = _("filing condition %(no)s of %(kind)s") % {
        "no": found.no, "kind": shown(catalogue.kind(found.kind_id).names, _language())
    }  # fmt: skip
    if found.source == Source.DEFAULT:
        words = pgettext("where a limit comes from", "%(condition)s: default, not from the standard") % {
            "condition": words
        }
    return Origin("condition", words)


def _set_by(procedure: Procedure, row: Mapping[str, Any]) -> Origin | None:
    """The setting that gave a number which is not the procedure's own: the newest before the clock began."""
    usual = [str(Limit.parse(each.limit)) for each in procedure.clocks[row["name"]].limits if each.limit]
    if row["limit"] in usual:
        return None
    began = row["started_at"] if isinstance(row["started_at"], datetime) else datetime.fromisoformat(row["started_at"])
    versions = Setting.objects.filter(code=code_of(procedure.code, row["name"]), value=row["limit"])
    found = versions.filter(set_at__lte=began).order_by("-set_at").first() or versions.order_by("set_at").first()
    if found is None:
        return None
    day: date = working.today(found.set_at)
    area = found.scope.partition(":")[2]
    if not area:
        return Origin("city", _("set by the city on %(day)s") % {"day": day}, since=found.set_at)
    name = shown(places.by_code(area).names, _language())
    return Origin("district", _("set by %(area)s on %(day)s") % {"area": name, "day": day}, area, found.set_at)
