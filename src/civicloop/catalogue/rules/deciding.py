"""Lines of responsibility and lists of duties together: who answers for a case. Pure.

A line whose unit a list keeps from leading is passed over. Where no line is left, the department that the list names
leads. Where there is none either, `unit_id` is None and the caller's duty desk answers.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from civicloop.catalogue.rules.answering import Case, Look, Rule, Rules
from civicloop.catalogue.rules.duties import Item, Lists, keeps_from_leading


@dataclass(frozen=True, slots=True)
class Decision:
    """Who answers: by a line, else by an item of a list; None and None: nobody is named."""

    unit_id: int | None
    rule: Rule | None
    item: Item | None


@dataclass(frozen=True)
class Picture:
    """All lines and lists, and which units belong to a subdistrict."""

    rules: Rules = field(default_factory=lambda: Rules(()))
    lists: Lists = field(default_factory=lambda: Lists(()))
    of_subdistrict: frozenset[int] = frozenset()

    def item(self, case: Case) -> Item | None:
        """What the list of duties says of the case."""
        return self.lists.find(case.kind_id, case.class_id, case.path, case.moment)

    def bars(self, case: Case, unit_id: int) -> Item | None:
        """The item that keeps a unit from leading; None when it may lead."""
        item = self.item(case)
        return item if keeps_from_leading(item, of_subdistrict=unit_id in self.of_subdistrict) else None

    def decide(self, case: Case) -> Decision:
        """Who answers."""
        item = self.item(case)
        kept = keeps_from_leading(item, of_subdistrict=True)
        rule = self.rules.find(case, self.of_subdistrict.__contains__ if kept else None)
        if rule is not None:
            return Decision(rule.unit_for(case), rule, item)
        if item is not None and kept and item.unit_id is not None:
            return Decision(item.unit_id, None, item)
        return Decision(None, None, item)

    def decide_all(self, cases: Iterable[Case]) -> list[Decision]:
        """Who answers for each of many: the same as one by one."""
        return [self.decide(case) for case in cases]

    def look(self, case: Case) -> list[Look]:
        """Every line about the right thing and area, in order, with what came of it."""
        kept = keeps_from_leading(self.item(case), of_subdistrict=True)
        return self.rules.look(case, self.of_subdistrict.__contains__ if kept else None)

    def questions(self, case: Case) -> list[str]:
        """The questions whose answers could change who answers."""
        kept = keeps_from_leading(self.item(case), of_subdistrict=True)
        return self.rules.questions(case, self.of_subdistrict.__contains__ if kept else None)
