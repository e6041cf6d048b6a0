"""Which line of the responsibilities applies to a case. Pure: no database, no clock.

A line says what it is about (a filing condition, a kind, a class, anything), where (an area and all below it, perhaps
only inside an overlay), under which answers to questions, at which hours and on which days, from when to when. Of all
lines that fit, the first in one total order decides (`rank`): higher priority, then what is more precisely about the
matter, then what names a party of the component, then the narrower place, then more answers asked for, then bounded
times, then the older line.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from civicloop.calendars.rules.calendar import MINUTES_OF_DAY, Shift

DEEPEST_FIRST = ("grid", "community", "subdistrict", "district", "city")
DEPTH = {level: number for number, level in enumerate(reversed(DEEPEST_FIRST))}
Scope = Literal["condition", "kind", "class", "any"]
SCOPES: Mapping[Scope, int] = {"condition": 3, "kind": 2, "class": 1, "any": 0}
Verdict = Literal[
    "decides", "lower", "barred", "overlay", "answer_missing", "answer_other", "hours", "days", "later", "ended",
    "no_component", "no_party",
]  # fmt: skip
Rank = tuple[int, int, int, int, int, int, int, datetime, int]
Bars = Callable[[int], bool]


@dataclass(frozen=True, slots=True)
class Rule:
    """One line. `target` is the id of the kind or class, 0 for any; `condition_no` counts with the scope `condition`.

    `overlay_id` names one overlay, `layer` alone any overlay of that layer. `hours` are minutes of the local day,
    `days` is "working", "rest" or "" for every day. `level` is the level of the area. With `party` (owner, maintainer)
    there is no unit: it is the one that the component pointed to has.
    """

    id: int
    scope: Scope
    target: int
    area_id: int
    level: str
    unit_id: int | None
    priority: int
    valid_from: datetime
    valid_to: datetime | None = None
    condition_no: int = 0
    layer: str = ""
    overlay_id: int | None = None
    answers: tuple[tuple[str, str], ...] = ()
    hours: tuple[Shift, ...] = ()
    days: str = ""
    party: str = ""

    def unit_for(self, case: "Case") -> int | None:
        """The unit that answers by this line; None where it is a component's and the component pointed to has none."""
        return case.parties.get(self.party) if self.party else self.unit_id

    def holds(self, moment: datetime) -> bool:
        """Whether the line is in force."""
        return self.valid_from <= moment and (self.valid_to is None or moment < self.valid_to)

    @property
    def bounded(self) -> bool:
        """Whether it applies only under conditions: an overlay, an answer, some hours or days, a component."""
        return bool(self.layer or self.answers or self.hours or self.days or self.condition_no or self.party)


@dataclass(frozen=True, slots=True)
class Case:
    """What is asked: a matter as far as it is known. `path` is level → area id; `overlays` are (layer, area id).

    `minute` is the minute of the local day, `working` whether work is done on that day; `moment` decides which lines
    are in force. `component_id` is the component pointed to, `parties` its units (owner, maintainer) that there are.
    """

    kind_id: int | None
    class_id: int | None
    path: Mapping[str, int]
    moment: datetime
    condition_no: int = 0
    overlays: tuple[tuple[str, int], ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)
    minute: int = 0
    working: bool = True
    component_id: int | None = None
    parties: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Look:
    """A line that was looked at, and what came of it."""

    rule: Rule
    verdict: Verdict


def rank(rule: Rule) -> Rank:
    """The place of a line in the total order, the smallest first."""
    place = 2 if rule.overlay_id is not None else 1 if rule.layer else 0
    times = bool(rule.hours) + bool(rule.days)
    return (
        -rule.priority, -SCOPES[rule.scope], -bool(rule.party), -place, -DEPTH[rule.level], -len(rule.answers), -times,
        rule.valid_from, rule.id,
    )  # fmt: skip


def within(hours: Iterable[Shift], minute: int) -> bool:
    """Whether a minute of the day lies in one of the spans; a span may go past midnight."""
    return any(
        each.start <= minute < each.end or each.start <= minute + MINUTES_OF_DAY < each.end for each in hours
    )  # fmt: skip


def _place_fits(rule: Rule, case: Case) -> bool:
    if rule.overlay_id is not None:
        return (rule.layer, rule.overlay_id) in case.overlays
    return not rule.layer or any(layer == rule.layer for layer, _id in case.overlays)


def misfit(rule: Rule, case: Case) -> Verdict | None:
    """Why a line about the right thing and area does not apply; None when it does."""
    if not rule.holds(case.moment):
        return "later" if case.moment < rule.valid_from else "ended"
    if rule.party and rule.unit_for(case) is None:
        return "no_component" if case.component_id is None else "no_party"
    if rule.layer and not _place_fits(rule, case):
        return "overlay"
    if rule.hours and not within(rule.hours, case.minute):
        return "hours"
    if rule.days and rule.days != ("working" if case.working else "rest"):
        return "days"
    if rule.answers:
        given = [case.answers.get(question) for question, _answer in rule.answers]
        if any(value not in (None, answer) for value, (_question, answer) in zip(given, rule.answers, strict=True)):
            return "answer_other"
        if None in given:
            return "answer_missing"
    return None


def _barred(rule: Rule, case: Case, bars: Bars | None) -> bool:
    """Whether the unit that would answer by a line may not be given the matter."""
    unit_id = rule.unit_for(case)
    return bars is not None and unit_id is not None and bars(unit_id)


def _targets(case: Case) -> list[tuple[Scope, int, int]]:
    found: list[tuple[Scope, int, int]] = [("any", 0, 0)]
    if case.class_id is not None:
        found.append(("class", case.class_id, 0))
    if case.kind_id is not None:
        found.append(("kind", case.kind_id, 0))
        if case.condition_no:
            found.append(("condition", case.kind_id, case.condition_no))
    return found


class Rules:
    """All lines, arranged for look-ups: a case asks for a few dozen keys, whatever the number of lines.

    `by_days`, `by_answers`, `by_layer` and `by_party` say whether any line asks for the kind of day, an answer, an
    overlay, a component.
    """

    def __init__(self, lines: Iterable[Rule]) -> None:
        self.lines = sorted(lines, key=rank)
        self.ranks = {rule.id: number for number, rule in enumerate(self.lines)}
        self.by_days = any(rule.days for rule in self.lines)
        self.by_answers = any(rule.answers for rule in self.lines)
        self.by_layer = any(rule.layer for rule in self.lines)
        self.by_party = any(rule.party for rule in self.lines)
        self.by_overlay: dict[tuple[object, ...], list[Rule]] = {}
        self.by_area: dict[tuple[object, ...], list[Rule]] = {}
        for rule in self.lines:
            what = (rule.scope, rule.target, rule.condition_no)
            if rule.overlay_id is not None:
                self.by_overlay.setdefault((*what, rule.overlay_id), []).append(rule)
            else:
                self.by_area.setdefault((*what, rule.area_id), []).append(rule)

    def _piles(self, case: Case) -> Iterator[list[Rule]]:
        """The lines about the right thing at the right place, in piles that are each in order."""
        areas = [case.path[level] for level in DEEPEST_FIRST if level in case.path]
        for what in _targets(case):
            for area in areas:
                pile = self.by_area.get((*what, area))
                if pile:
                    yield pile
            if self.by_overlay:
                for overlay in dict.fromkeys(overlay for _layer, overlay in case.overlays):
                    pile = self.by_overlay.get((*what, overlay))
                    if pile:
                        yield [rule for rule in pile if rule.area_id in areas]

    def find(self, case: Case, bars: Bars | None = None) -> Rule | None:
        """The one line that decides, or None. `bars` says of a unit that it may not be given the matter."""
        best: Rule | None = None
        for pile in self._piles(case):
            for rule in pile:
                if best is not None and self.ranks[rule.id] > self.ranks[best.id]:
                    break
                if misfit(rule, case) is None and not _barred(rule, case, bars):
                    best = rule
                    break
        return best

    def look(self, case: Case, bars: Bars | None = None) -> list[Look]:
        """Every line about the right thing and area in the order in which they count, and what came of each."""
        found: list[Look] = []
        decided = False
        for rule in sorted((rule for pile in self._piles(case) for rule in pile), key=rank):
            verdict = misfit(rule, case)
            if verdict is None and _barred(rule, case, bars):
                verdict = "barred"
            if verdict is None:
                verdict, decided = ("lower" if decided else "decides"), True
            if verdict != "ended":
                found.append(Look(rule, verdict))
        return found

    def asked_about(self, kind_id: int | None, class_id: int | None, moment: datetime) -> list[str]:
        """The questions of lines about a kind wherever they hold: what to ask while the place is not known."""
        about = {("any", 0), ("class", class_id), ("kind", kind_id), ("condition", kind_id)}
        asking = [rule for rule in self.lines if rule.answers and rule.holds(moment)]
        found = [rule.answers for rule in asking if (rule.scope, rule.target) in about]
        return sorted({question for answers in found for question, _answer in answers})

    def questions(self, case: Case, bars: Bars | None = None) -> list[str]:
        """The questions whose answers could change who answers: nothing else needs to be asked."""
        found: set[str] = set()
        for look in self.look(case, bars):
            if look.verdict == "decides":
                break
            if look.verdict == "answer_missing" and not _barred(look.rule, case, bars):
                found |= {question for question, _answer in look.rule.answers if question not in case.answers}
        return sorted(found)
