"""What a set of lines leaves open and where it contradicts itself. Pure.

A gap is a kind in an area that no unconditional line covers (a line for the owner of a component is conditional: most
reports point to none); an overlap is two lines of equal rank that may hold at
once and name different units, so that only their age decides.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

from civicloop.calendars.rules.calendar import MINUTES_OF_DAY, Shift
from civicloop.catalogue.rules.answering import Case, Rule, Rules, rank
from civicloop.catalogue.rules.deciding import Picture


@dataclass(frozen=True, slots=True)
class Gap:
    """Nobody but the duty desk; `conditional`: unless some line's conditions are met."""

    kind_id: int
    area_id: int
    conditional: bool


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two lines of equal rank for different units: the first one decides, for no better reason than its age."""

    first: Rule
    second: Rule


def gaps(
    picture: Picture, kinds: Iterable[tuple[int, int]], places: Iterable[Mapping[str, int]], moment: datetime
) -> Iterator[Gap]:
    """The gaps among (kind id, class id) × paths, in their order; a path's last area is the one it is about."""
    plain = Picture(
        Rules(rule for rule in picture.rules.lines if not rule.bounded), picture.lists, picture.of_subdistrict
    )
    paths = [(list(path.values())[-1], path) for path in places]
    for kind_id, class_id in kinds:
        for area_id, path in paths:
            asked = Case(kind_id, class_id, path, moment)
            if plain.decide(asked).unit_id is None:
                conditional = any(look.verdict not in {"barred", "later"} for look in picture.look(asked))
                yield Gap(kind_id, area_id, conditional)


def overlaps(rules: Rules, moment: datetime) -> list[Overlap]:
    """The overlaps among lines that are in force at `moment` or will be, in the order in which they count."""
    alike: dict[tuple[object, ...], list[Rule]] = {}
    for rule in rules.lines:
        if rule.valid_to is None or (rule.valid_to > moment and rule.valid_to > rule.valid_from):
            about = (rule.scope, rule.target, rule.condition_no, rule.area_id, rule.overlay_id)
            alike.setdefault((*rank(rule)[:-2], *about), []).append(rule)
    return [
        Overlap(first, second)
        for group in alike.values()
        for first, second in combinations(group, 2)
        if (first.unit_id, first.party) != (second.unit_id, second.party) and may_meet(first, second)
    ]


def may_meet(first: Rule, second: Rule) -> bool:
    """Whether two lines of equal rank can hold for the same matter."""
    answers = dict(first.answers)
    if any(answers.get(question, answer) != answer for question, answer in second.answers):
        return False
    if first.days and second.days and first.days != second.days:
        return False
    if first.hours and second.hours and not _minutes(first.hours) & _minutes(second.hours):
        return False
    begins = max(first.valid_from, second.valid_from)
    return all(rule.valid_to is None or begins < rule.valid_to for rule in (first, second))


def _minutes(hours: Iterable[Shift]) -> frozenset[int]:
    return frozenset(minute % MINUTES_OF_DAY for each in hours for minute in range(each.start, each.end))
