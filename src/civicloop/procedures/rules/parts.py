"""Small arithmetic beside the transitions: results of tasks, levels of approvals, the limit of a clock."""

from collections.abc import Iterable, Sequence

from civicloop.procedures.rules.conditions import Given
from civicloop.procedures.rules.language import Level, Limit, Procedure, Tasks
from civicloop.procedures.rules.state import RunState

NOTHING = Given()


def group_result(tasks: Tasks, answers: Iterable[str | None]) -> str:
    """open while an answer is missing (None), else pass or fail by the group's rule.

    An answer is one of the group's own codes (`done`, `cannot`), for a sub-matter the step at which it ended.
    """
    found = list(answers)
    if any(answer is None for answer in found):
        return "open"
    passes = sum(tasks.answers[answer] == "pass" for answer in found if answer is not None)
    wanted = {"all": len(found), "any": 1, "majority": len(found) // 2 + 1}[tasks.rule]
    return "pass" if passes >= wanted else "fail"


def approval_levels(procedure: Procedure, approval: str, held_by_asker: Sequence[str]) -> tuple[Level, ...]:
    """The levels that must agree: those that the asker holds are skipped, the last never."""
    *first, last = procedure.approvals[approval].levels
    return (*(level for level in first if not set(level.by) & set(held_by_asker)), last)


def level_answer(level: Level, answers: Sequence[bool | None]) -> bool | None:
    """What one level says: None while open. `answers` has one entry for each person asked."""
    yes, no, asked = answers.count(True), answers.count(False), len(answers)
    if level.rule == "any":
        return True if yes else (False if no else None)
    if level.rule == "all":
        return False if no else (True if asked and yes == asked else None)
    if yes * 2 > asked:
        return True
    return False if no * 2 >= asked and asked else None


def clock_limit(procedure: Procedure, state: RunState, clock: str, given: Given = NOTHING) -> Limit:
    """The alternative of `clock` that applies: the first whose condition holds; the last has none."""
    limits = procedure.clocks[clock].limits
    facts = dict(state.facts)
    return next(limit for limit in limits if limit.when is None or limit.when.holds(facts, given))
