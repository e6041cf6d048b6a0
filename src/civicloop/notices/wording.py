"""The templates and rules in force, and a notice in the words of a language.

A room above registers its own file of templates at start-up (`register`); the rules of the outbox are this room's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override

from civicloop.foundation import clock, locality
from civicloop.foundation.names import shown
from civicloop.notices.rules import language
from civicloop.notices.rules.language import Rule, Template, WrongFile
from civicloop.ui import words

FOLDER = Path(__file__).with_name("words")
_templates: dict[str, Template] = {}


@dataclass(frozen=True)
class Words:
    """What a person reads."""

    title: str
    text: str


def register(path: Path) -> None:
    """Take in a file of templates; the same again is harmless. Raises WrongFile for one that cannot hold."""
    for made in language.templates(path):
        if _templates.setdefault(made.code, made) != made:
            raise WrongFile(f"{made.code}: another template has this code")


def template(code: str) -> Template:
    """A template by its code. Raises LookupError."""
    try:
        return _templates[code]
    except KeyError:
        raise LookupError(f"there is no template {code!r}") from None


def templates() -> list[Template]:
    """Every template, by code."""
    return [_templates[code] for code in sorted(_templates)]


@cache
def rules() -> tuple[Rule, ...]:
    """The rules of the outbox. Raises WrongFile when one names a template that does not exist."""
    found = tuple(language.rules(FOLDER / "rules.toml"))
    for rule in found:
        audience = "reporter" if rule.to == "reporter" else "staff"
        if rule.template not in _templates or _templates[rule.template].audience != audience:
            raise WrongFile(f"{rule.topic}: no template {rule.template!r} for the {audience}")
    return found


def said(code: str, data: Mapping[str, Any], lang: str, now: datetime | None = None) -> Words:
    """A notice in words. What a template of another version has no value for is left out, never shown as a gap."""
    with override(lang):
        known = _templates.get(code)
        if known is None:
            return Words(_("A notice"), _("Its wording is no longer kept."))
        text = known.texts.get(lang) or known.texts["zh-hans"]
        values = {name: _value(name, data.get(name), lang, now or clock.now()) for name in known.placeholders}
        return Words(language.filled(text.title, values), language.filled(text.text, values))


def _value(name: str, value: Any, lang: str, now: datetime) -> str:
    kind = language.PLACEHOLDERS[name]
    if value in (None, "", {}):
        return ""
    if kind == "names":
        return shown(value, lang)
    if kind in {"due", "moment"}:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        tell = words.due_words if kind == "due" else words.clock_words
        return tell(moment, now, locality.zone())
    if kind == "topics":
        return _("; ").join(f"{title(code, lang)} {number}" for code, number in value.items())
    return str(value)


def title(code: str, lang: str) -> str:
    """What a template is called, without the values of one notice."""
    known = _templates.get(code)
    return language.filled((known.texts.get(lang) or known.texts["zh-hans"]).title, {}) if known else _("A notice")
