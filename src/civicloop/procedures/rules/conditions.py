"""Conditions of a declaration (`when`): facts, overdue clocks, present needs, guards, and/or/not; nothing else.

They are read by Python's own parser against a whitelist and never executed: the tree is kept as nested tuples.
"""

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

Value = str | bool
Tree = tuple[object, ...]
GUARD = re.compile(r"guard:([a-z_]+(?:\.[a-z_]+)+)")


class ConditionRefused(ValueError):
    """The text is no condition of this language; the words are in `args[0]` as a machine code."""


def unknown_guard(name: str) -> bool:
    """The answer of a reader that has no guards: there must be none."""
    raise LookupError(name)


@dataclass(frozen=True, slots=True)
class Given:
    """What a condition may look at besides the facts: overdue clocks, needs present in the matter, guards' answers."""

    overdue: frozenset[str] = frozenset()
    has: frozenset[str] = frozenset()
    guard: Callable[[str], bool] = unknown_guard


@dataclass(frozen=True, slots=True)
class Condition:
    """A parsed condition: `text` as written, `tree` of ("and"|"or"|"not"|"fact"|"overdue"|"has"|"guard", …)."""

    text: str
    tree: Tree

    def holds(self, facts: Mapping[str, Value], given: Given) -> bool:
        """Whether the condition is true."""
        return _holds(self.tree, facts, given)

    def atoms(self) -> Iterator[tuple[str, str]]:
        """Every ("fact"|"overdue"|"has"|"guard", name) that the condition looks at."""
        yield from _atoms(self.tree)

    def equals(self) -> Iterator[tuple[str, Value]]:
        """Every (fact, value) that the condition compares."""
        yield from _equals(self.tree)


def parse(text: str) -> Condition:
    """The condition written in `text`.

    Raises ConditionRefused("syntax") for what the parser does not read and ConditionRefused("not_allowed") for what
    the language does not have (numbers, calls, comparisons other than ==).
    """
    try:
        parsed = ast.parse(GUARD.sub(r'guard("\1")', text), mode="eval")
    except (SyntaxError, ValueError) as reason:
        raise ConditionRefused("syntax") from reason
    return Condition(text, _tree(parsed.body))


def _tree(node: ast.expr) -> Tree:
    match node:
        case ast.BoolOp(op=ast.And() | ast.Or() as op, values=values):
            return ("and" if isinstance(op, ast.And) else "or", *(_tree(value) for value in values))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return ("not", _tree(operand))
        case ast.Compare(left=ast.Name(id=name), ops=[ast.Eq()], comparators=[ast.Constant(value=str() | bool() as v)]):
            return ("fact", name, v)
        case ast.Name(id=name):
            return ("fact", name, True)
        case ast.Call(func=ast.Name(id="overdue" | "has" as what), args=[ast.Name(id=name)], keywords=[]):
            return (what, name)
        case ast.Call(func=ast.Name(id="guard"), args=[ast.Constant(value=str() as name)], keywords=[]):
            return ("guard", name)
    raise ConditionRefused("not_allowed")


def _holds(tree: Tree, facts: Mapping[str, Value], given: Given) -> bool:
    match tree:
        case ("and", *parts):
            return all(_holds(part, facts, given) for part in parts)  # type: ignore[arg-type]
        case ("or", *parts):
            return any(_holds(part, facts, given) for part in parts)  # type: ignore[arg-type]
        case ("not", tuple() as part):
            return not _holds(part, facts, given)
        case ("fact", str() as name, value):
            return facts.get(name) == value
        case ("overdue", name):
            return name in given.overdue
        case ("has", name):
            return name in given.has
        case (_, str() as name):
            return given.guard(name)
    raise AssertionError(tree)


def _atoms(tree: Tree) -> Iterator[tuple[str, str]]:
    if tree[0] in {"and", "or", "not"}:
        for part in tree[1:]:
            yield from _atoms(part)  # type: ignore[arg-type]
    else:
        yield str(tree[0]), str(tree[1])


def _equals(tree: Tree) -> Iterator[tuple[str, Value]]:
    if tree[0] in {"and", "or", "not"}:
        for part in tree[1:]:
            yield from _equals(part)  # type: ignore[arg-type]
    elif tree[0] == "fact":
        yield str(tree[1]), tree[2]  # type: ignore[misc]
