"""Every action code that the sources write into the audit log, found by following the argument through the sources.

A function that hands its own parameter on as the action of a line is a writer itself, so its callers are looked at too.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SOURCES = Path(__file__).resolve().parents[2] / "src"
# writer: (its parameter, the place of that among the positional ones)
FIRST = {
    "civicloop.records.audit.write": ("action", None),
    "civicloop.records.audit.keep": ("action", 3),
    "civicloop.foundation.trace.tell": ("action", None),
}


@dataclass(frozen=True)
class Written:
    """A code, or a pattern with `*` for what is put together, and where it stands."""

    code: str
    where: str


def _modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted((SOURCES / "civicloop").rglob("*.py")):
        if "migrations" not in path.parts:
            parts = path.relative_to(SOURCES).with_suffix("").parts
            yield ".".join(parts).removesuffix(".__init__"), ast.parse(path.read_text())


def _names(name: str, tree: ast.Module) -> dict[str, str]:
    """What the names of a module stand for, by its imports and its own functions."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {(each.asname or each.name): f"{node.module}.{each.name}" for each in node.names}
        elif isinstance(node, ast.FunctionDef):
            found.setdefault(node.name, f"{name}.{node.name}")
    return found


def _called(node: ast.Call, names: dict[str, str]) -> str:
    if isinstance(node.func, ast.Name):
        return names.get(node.func.id, "")
    if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
        return f"{names.get(node.func.value.id, '')}.{node.func.attr}"
    return ""


def _values(node: ast.expr) -> Iterator[str]:
    """The strings that an expression can be."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(each.value) if isinstance(each, ast.Constant) else "*" for each in node.values)
    elif isinstance(node, ast.IfExp):
        yield from _values(node.body)
        yield from _values(node.orelse)
    else:
        yield "*"


def written() -> set[Written]:
    """All codes and patterns of the sources."""
    modules, writers, found, known = list(_modules()), dict(FIRST), set(), 0
    while known < len(writers):
        known, found = len(writers), set()
        for name, tree in modules:
            names = _names(name, tree)
            for function in [each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)]:
                own = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
                every = {*own, *(each.arg for each in function.args.kwonlyargs)}
                for call in [each for each in ast.walk(function) if isinstance(each, ast.Call)]:
                    writer = writers.get(_called(call, names))
                    if writer is None:
                        continue
                    keyword, place = writer
                    given = {each.arg: each.value for each in call.keywords}.get(keyword)
                    if given is None and place is not None and len(call.args) > place:
                        given = call.args[place]
                    if given is None:
                        found.add(Written("*", f"{name}:{call.lineno}"))
                    elif isinstance(given, ast.Name) and given.id in every:
                        at = own.index(given.id) if given.id in own else None
                        writers.setdefault(f"{name}.{function.name}", (given.id, at))
                    else:
                        found |= {Written(code, f"{name}:{call.lineno}") for code in _values(given)}
    return found
