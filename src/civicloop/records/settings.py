"""Typed settings of an installation: defined once in code, set by people, versioned and audited.

A value set for a unit wins over one for its district, that over the installation's, that over the default. Codes of
scopes are "installation", "district:<area code>" and "unit:<unit code>".
"""

import math
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Literal
from zoneinfo import available_timezones

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from civicloop.foundation import caches, locality
from civicloop.records.models import Setting

Value = int | float | str | bool
Kind = Literal["int", "float", "str", "bool", "choice"]
INSTALLATION = "installation"
LEVELS = (INSTALLATION, "district", "unit")
MOST_CHARACTERS = 500
FRESH_FOR = 10.0  # seconds until another process's change is seen

_TYPES: dict[str, tuple[type, ...]] = {
    "int": (int,), "float": (int, float), "str": (str,), "bool": (bool,), "choice": (str,),
}  # fmt: skip


class UnknownSetting(LookupError):
    """No setting has this code."""


class SettingRefused(ValueError):
    """A value or scope that the setting does not take; `str()` says why in the person's language."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code


@dataclass(frozen=True)
class Definition:
    """One setting: its type, default, words, and at which levels it may differ."""

    code: str
    kind: Kind
    default: Value
    label: str | Promise
    scopes: tuple[str, ...] = (INSTALLATION,)
    choices: tuple[tuple[str, str | Promise], ...] = ()
    low: float | None = None
    high: float | None = None
    pattern: str = ""
    help: str | Promise = ""
    known: Callable[[Value], bool] | None = None  # whether a value names something that exists

    def checked(self, value: object) -> Value:
        """`value` in this setting's type. Raises SettingRefused."""
        if not isinstance(value, _TYPES[self.kind]) or (isinstance(value, bool) and self.kind != "bool"):
            raise SettingRefused("wrong_type", _("This is not a value of the right type."))
        if isinstance(value, str):
            self._check_text(value)
            if self.known is not None and not self.known(value):
                raise SettingRefused("unknown", _("There is no such thing: %(value)s") % {"value": value})
            return value
        assert isinstance(value, int | float)
        if not math.isfinite(value):
            raise SettingRefused("wrong_type", _("This is not a value of the right type."))
        if (self.low is not None and value < self.low) or (self.high is not None and value > self.high):
            words = _("Between %(low)s and %(high)s.") % {"low": self.low, "high": self.high}
            raise SettingRefused("out_of_range", words)
        return float(value) if self.kind == "float" else value

    def _check_text(self, value: str) -> None:
        if self.kind == "choice" and value not in dict(self.choices):
            raise SettingRefused("no_choice", _("This is not one of the choices."))
        if len(value) > MOST_CHARACTERS or not value.isprintable():
            raise SettingRefused("too_long", _("One line of at most %(most)s characters.") % {"most": MOST_CHARACTERS})
        if self.pattern and not re.fullmatch(self.pattern, value):
            raise SettingRefused(
                "wrong_form", _("This does not have the form that is needed: %(help)s") % {"help": self.help}
            )

    def checked_scope(self, scope: str) -> str:
        """`scope` when this setting may be set there. Raises SettingRefused."""
        level, _colon, code = scope.partition(":")
        if level not in self.scopes or (level == INSTALLATION) != (not code) or len(scope) > 64:
            raise SettingRefused("wrong_scope", _("This setting cannot be set there."))
        return scope


_definitions: dict[str, Definition] = {}
_families: dict[str, Callable[[str], Definition | None]] = {}


def define(
    code: str, kind: Kind, default: Value, label: str | Promise, scopes: Iterable[str] = (INSTALLATION,), *,
    choices: Iterable[tuple[str, str | Promise]] = (), low: float | None = None, high: float | None = None,
    pattern: str = "", help: str | Promise = "", known: Callable[[Value], bool] | None = None,
) -> Definition:  # fmt: skip
    """Define a setting at start-up; the room that reads it defines it. Raises ValueError when the code is taken."""
    made = Definition(code, kind, default, label, tuple(scopes), tuple(choices), low, high, pattern, help, known)
    if code in _definitions or not set(made.scopes) <= set(LEVELS):
        raise ValueError(f"setting {code!r} is defined already, or for a level that does not exist")
    if known is None:  # what exists is in the database, which is not there at start-up
        made.checked(default)
    _definitions[code] = made
    return made


def define_family(prefix: str, find: Callable[[str], Definition | None]) -> None:
    """Settings of things that are data: `find` gives the definition of a code that begins with `prefix`, or None.

    They are listed by the room that reads them, not by `definitions`.
    """
    _families[prefix] = find


def definition(code: str) -> Definition:
    """The definition of a code. Raises UnknownSetting."""
    found = _definitions.get(code)
    family = next((find for prefix, find in _families.items() if code.startswith(prefix)), None)
    found = found or (family(code) if family else None)
    if found is None:
        raise UnknownSetting(code)
    return found


def definitions() -> list[Definition]:
    """Every setting, by code."""
    return [_definitions[code] for code in sorted(_definitions)]


class _Cache:
    """The values in force, in one read, kept for FRESH_FOR seconds of real time."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._values: Mapping[tuple[str, str], Value | None] = {}
        self._until = 0.0

    def values(self) -> Mapping[tuple[str, str], Value | None]:
        with self._lock:
            if time.monotonic() >= self._until:
                newest = Setting.objects.order_by("code", "scope", "-version").distinct("code", "scope")
                self._values = {(row.code, row.scope): row.value for row in newest}
                self._until = time.monotonic() + FRESH_FOR
            return self._values

    def forget(self) -> None:
        with self._lock:
            self._until = 0.0


_cache = _Cache()
forget: Callable[[], None] = caches.register(_cache.forget)


def get(code: str, scope_chain: Sequence[str] = ()) -> Value:
    """The value in force; `scope_chain` names the nearest scope first: ("unit:…", "district:…").

    The installation's value and the default follow by themselves. Raises UnknownSetting.
    """
    known, values = definition(code), _cache.values()
    for scope in (*scope_chain, INSTALLATION):
        value = values.get((code, scope))
        if value is not None:
            return value
    return known.default


def held(code: str, scope: str) -> Value | None:
    """The value of a code in one scope and no other; None where none is set."""
    return _cache.values().get((code, scope))


def scopes_set(code: str) -> frozenset[str]:
    """The scopes at which a setting has a value."""
    return frozenset(scope for (each, scope), value in _cache.values().items() if each == code and value is not None)


def read(kind: Kind, text: str) -> Value:
    """A value as people write it on a command line. Raises ValueError."""
    if kind == "bool":
        if text.lower() not in {"yes", "true", "no", "false"}:
            raise ValueError("write yes or no")
        return text.lower() in {"yes", "true"}
    return int(text) if kind == "int" else float(text) if kind == "float" else text


def get_int(code: str, scope_chain: Sequence[str] = ()) -> int:
    """As `get`, for a setting of kind int."""
    value = get(code, scope_chain)
    assert isinstance(value, int)
    return value


def get_str(code: str, scope_chain: Sequence[str] = ()) -> str:
    """As `get`, for a setting of kind str or choice."""
    return str(get(code, scope_chain))


define("site.name", "str", "", gettext_lazy("Name of this site"), help=gettext_lazy("Empty: the product's name"))
define(
    "footer.filing_number", "str", "", gettext_lazy("Filing number (ICP)"),
    help=gettext_lazy("Shown at the foot of every public page"),
)  # fmt: skip
define(
    "figures.day_start", "str", "00:00", gettext_lazy("Start of the statistic day"), pattern=r"([01]\d|2[0-3]):[0-5]\d",
    help=gettext_lazy("Hours and minutes, such as 00:00 or 17:30"),
)  # fmt: skip
define(
    "partitions.quarters_ahead", "int", 4, gettext_lazy("Quarters for which storage is prepared ahead"), low=3, high=40
)


def _is_zone(value: object) -> bool:
    return value in available_timezones()


# where the installation stands (foundation.locality); a city's folder sets them
define(
    "city.zone", "str", locality.ZONE, gettext_lazy("Time zone of the city"), known=_is_zone,
    help=gettext_lazy("Such as Asia/Shanghai: by it days begin and hours are shown"),
)  # fmt: skip
define(
    "city.language", "str", locality.LANGUAGE, gettext_lazy("Language of the city's own names"),
    pattern=r"[a-z]{2,3}(-[a-z]{2,8})?", help=gettext_lazy("In which files name things: zh-hans, en"),
)  # fmt: skip
for _level, _words in (
    ("city", gettext_lazy("What a city is called here")),
    ("district", gettext_lazy("What a district is called here")),
    ("subdistrict", gettext_lazy("What a subdistrict is called here")),
    ("community", gettext_lazy("What a community is called here")),
    ("grid", gettext_lazy("What a grid is called here")),
):
    define(f"city.level.{_level}", "str", "", _words, help=gettext_lazy("Empty: the product's word"))
locality.ask(lambda name: get_str(f"city.{name}"))
