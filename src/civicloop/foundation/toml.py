"""Plain data as TOML text: what tomllib reads from it is equal again, and in the same order. Pure."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

WIDTH = 120  # a table with an entry longer than that gets a heading for each entry
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def value(plain: Any) -> str:
    """A value on one line. Raises TypeError for what TOML has no form for (null)."""
    if plain is None:
        raise TypeError("TOML knows no null")
    if isinstance(plain, Mapping):
        return "{ " + ", ".join(f"{key(k)} = {value(v)}" for k, v in plain.items()) + " }" if plain else "{}"
    if isinstance(plain, list | tuple):
        return "[" + ", ".join(value(inner) for inner in plain) + "]"
    # JSON's texts, numbers and truth values are TOML's too, but for one sign that JSON leaves as it is
    return json.dumps(plain, ensure_ascii=False).replace("\x7f", "\\u007f")


def key(name: str) -> str:
    """A key, in quotes where it needs them."""
    return name if _BARE.fullmatch(name) else value(name)


def document(plain: Mapping[str, Any]) -> str:
    """A whole file: single values first, then each table under its heading, lists of tables as [[…]]."""
    tables = {name: inner for name, inner in plain.items() if isinstance(inner, Mapping) or _of_tables(inner)}
    lines = [f"{key(name)} = {value(inner)}" for name, inner in plain.items() if name not in tables]
    for name, inner in tables.items():
        lines += _table(key(name), inner) if isinstance(inner, Mapping) else _list(key(name), inner)
    return "\n".join(lines).lstrip("\n") + "\n"


def _of_tables(plain: Any) -> bool:
    return isinstance(plain, list | tuple) and bool(plain) and all(isinstance(each, Mapping) for each in plain)


def _table(heading: str, table: Mapping[str, Any]) -> Iterator[str]:
    entries = [f"{key(name)} = {value(inner)}" for name, inner in table.items()]
    # one form for all entries of a table: headings and lines in turn could not keep their order
    if all(isinstance(inner, Mapping) for inner in table.values()) and any(len(line) > WIDTH for line in entries):
        for name, inner in table.items():
            yield from ("", f"[{heading}.{key(name)}]")
            yield from (f"{key(k)} = {value(v)}" for k, v in inner.items())
    else:
        yield from ("", f"[{heading}]", *entries)


def _list(heading: str, tables: list[Mapping[str, Any]]) -> Iterator[str]:
    for table in tables:
        yield from ("", f"[[{heading}]]")
        yield from (f"{key(name)} = {value(inner)}" for name, inner in table.items())
