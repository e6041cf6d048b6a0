"""Templates and rules of notices as they stand in files, read and checked. Pure; docs/notices.md explains the keys.

A text holds `{placeholders}` of the closed list below; a part in `[…]` is left out when one of its placeholders has no
value: 由{unit}办理[，{due}办好]。
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

LANGUAGES = {"zh": "zh-hans", "en": "en"}
URGENCIES = {"low": 0, "normal": 1, "urgent": 2}
CHANNELS = ("email", "sms", "chat")
AUDIENCES = ("staff", "reporter")
# whom a rule may name (recipients.of_matter)
WHOM = ("holder", "unit", "superior", "leader", "asked", "asker", "reporter")
Kind = Literal["text", "names", "due", "moment", "number", "topics"]
# text: as it is; names: {language: text}; due, moment: ISO moments in clock words; topics: {template: how often}
PLACEHOLDERS: Mapping[str, Kind] = {
    "number": "text", "order": "text", "text": "text", "link": "text", "code_page": "text",
    "unit": "names", "kind": "names", "step": "names", "mark": "names", "action": "names", "end": "names",
    "level": "names", "place": "names", "what": "names",
    "due": "due", "at": "moment",
    "count": "number", "times": "number", "today": "number", "late": "number",
    "topics": "topics",
}  # fmt: skip
_NAMED = re.compile(r"\{(\w*)\}")
_OPTIONAL = re.compile(r"\[([^\[\]]*)\]")
_CODE = re.compile(r"[a-z][a-z0-9_.]{0,59}")


class WrongFile(ValueError):
    """A file of templates or rules that cannot hold, said in an operator's words."""


@dataclass(frozen=True)
class Text:
    """A title and a text in one language, with their placeholders."""

    title: str
    text: str

    @property
    def placeholders(self) -> frozenset[str]:
        return frozenset(_NAMED.findall(self.title + self.text))


@dataclass(frozen=True)
class Template:
    """How one kind of notice reads, how urgent it is, and by which channels it may leave, the preferred one first."""

    code: str
    audience: str
    urgency: int
    channels: tuple[str, ...]
    texts: Mapping[str, Text]
    sample: Mapping[str, Any]
    last: bool = False  # of a reporter's notices the one for which the last place is kept

    @property
    def placeholders(self) -> frozenset[str]:
        return frozenset[str]().union(*(text.placeholders for text in self.texts.values()))


@dataclass(frozen=True)
class Rule:
    """Who is told what when a message of the outbox says `topic` and its facts are as `when` says."""

    topic: str
    template: str
    to: str
    when: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    roles: frozenset[str] = frozenset()  # only posts with one of these; empty: all
    without: frozenset[str] = frozenset()  # posts with one of these are not told
    urgency: int | None = None

    def fits(self, topic: str, facts: Mapping[str, Any]) -> bool:
        """Whether the rule speaks of these facts; of a list one of its values suffices."""
        if topic != self.topic:
            return False
        for name, wanted in self.when.items():
            value = facts.get(name)
            held = set(value) if isinstance(value, list | tuple) else {value}
            if not held & set(wanted):
                return False
        return True


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as reason:
        raise WrongFile(f"{path.name}: {reason}") from reason


def templates(path: Path) -> list[Template]:
    """The templates of a file. Raises WrongFile with the template that cannot hold."""
    return [_template(code, given) for code, given in _read(path).get("template", {}).items()]


def _template(code: str, given: Mapping[str, Any]) -> Template:
    allowed = {"for", "urgency", "channels", "last", "sample", *LANGUAGES}
    _check(not set(given) - allowed, code, f"unknown keys {sorted(set(given) - allowed)}")
    _check(bool(_CODE.fullmatch(code)), code, "a code has small letters, digits, points and lines")
    _check(set(LANGUAGES) <= set(given), code, "a title and a text are needed in zh and in en")
    made = Template(
        code=code, audience=given.get("for", "staff"), urgency=URGENCIES.get(given.get("urgency", "normal"), -1),
        channels=tuple(given.get("channels", ())), last=given.get("last", False), sample=given.get("sample", {}),
        texts={LANGUAGES[each]: Text(given[each].get("title", ""), given[each].get("text", "")) for each in LANGUAGES},
    )  # fmt: skip
    _check(made.audience in AUDIENCES, code, f"for is one of {AUDIENCES}")
    _check(made.urgency >= 0, code, f"urgency is one of {tuple(URGENCIES)}")
    _check(set(made.channels) <= set(CHANNELS), code, f"channels are of {CHANNELS}")
    for text in made.texts.values():
        _check(bool(text.title.strip() and text.text.strip()), code, "a title and a text are needed in zh and in en")
        _check(text.placeholders <= set(PLACEHOLDERS), code,
               f"unknown placeholders {sorted(text.placeholders - set(PLACEHOLDERS))}")  # fmt: skip
        _check(not _NAMED.sub("", text.title + text.text).strip("[]").count("{"), code, "a brace stands alone")
    both = {text.placeholders for text in made.texts.values()}
    _check(len(both) == 1, code, "both languages use the same placeholders")
    missing = made.placeholders - set(made.sample)
    _check(not missing, code, f"the sample has no {sorted(missing)}")
    return made


def _check(holds: bool, code: str, words: str) -> None:
    if not holds:
        raise WrongFile(f"{code}: {words}")


def rules(path: Path) -> list[Rule]:
    """The rules of a file, in their order: of several that fit, a recipient is told by the first. Raises WrongFile."""
    return [_rule(number, given) for number, given in enumerate(_read(path).get("rule", []), 1)]


def _rule(number: int, given: Mapping[str, Any]) -> Rule:
    about = f"rule {number}"
    allowed = {"topic", "template", "to", "when", "roles", "without", "urgency"}
    _check(not set(given) - allowed, about, f"unknown keys {sorted(set(given) - allowed)}")
    _check({"topic", "template", "to"} <= set(given), about, "topic, template and to are needed")
    _check(given["to"] in WHOM, about, f"to is one of {WHOM}")
    urgency = given.get("urgency")
    _check(urgency is None or urgency in URGENCIES, about, f"urgency is one of {tuple(URGENCIES)}")
    when = {
        name: tuple(value) if isinstance(value, list) else (value,) for name, value in given.get("when", {}).items()
    }
    return Rule(
        given["topic"], given["template"], given["to"], when, frozenset(given.get("roles", ())),
        frozenset(given.get("without", ())), None if urgency is None else URGENCIES[urgency],
    )  # fmt: skip


def filled(text: str, values: Mapping[str, str]) -> str:
    """`text` with its placeholders replaced; optional parts without all their values are left out."""

    def part(found: re.Match[str]) -> str:
        return found[1] if all(values.get(name) for name in _NAMED.findall(found[1])) else ""

    return _NAMED.sub(lambda found: values.get(found[1], ""), _OPTIONAL.sub(part, text))
