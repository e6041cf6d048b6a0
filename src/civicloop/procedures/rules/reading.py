"""TOML → expanded declaration → Procedure, and the digest.

    load(path)                 a file with its fragments (next to it in `fragments/`, then the shipped ones)
    read(text, fragment)       the same from text; `fragment(name)` gives a fragment's text
    from_expanded(plain)       from the stored expanded JSON

A file that `adapts` another begins with that one, whole; so a city writes only its own numbers, as `change`. Included
fragments come next, then the file's own tables, then `change`, which may only alter what exists. The digest is over the
canonical JSON (RFC 8785) of the expanded form without words (`zh`, `en`, `why`): labels, wording of documents and
contents of ladders may change freely.
"""

import hashlib
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import rfc8785

from civicloop.procedures.rules.build import TABLES, DeclarationRefused, Fault, procedure
from civicloop.procedures.rules.language import Procedure

SHIPPED = Path(__file__).resolve().parent.parent / "shipped"
WORDS = frozenset({"zh", "en", "why"})
Plain = dict[str, Any]
FragmentText = Callable[[str], str]


def load(path: Path | str, algorithm: str = "sm3") -> Procedure:
    """The procedure declared in the file at `path`. Raises DeclarationRefused; OSError when it cannot be read."""
    path = Path(path)

    def fragment(name: str) -> str:
        for folder in (path.parent / "fragments", SHIPPED / "fragments"):
            if (folder / f"{name}.toml").is_file():
                return (folder / f"{name}.toml").read_text(encoding="utf-8")
        raise FileNotFoundError(name)

    def adapted(name: str) -> str:
        for file in (path.parent / f"{name}.toml", SHIPPED / f"{name}.toml"):
            if file.is_file() and file.resolve() != path.resolve():
                return file.read_text(encoding="utf-8")
        raise FileNotFoundError(name)

    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as reason:
        raise DeclarationRefused([Fault("not_toml", "", "UTF-8")]) from reason
    return read(text, fragment, algorithm, adapted)


def _none(name: str) -> str:
    raise FileNotFoundError(name)


def read(text: str, fragment: FragmentText, algorithm: str = "sm3", adapted: FragmentText = _none) -> Procedure:
    """The procedure declared in `text`. Raises DeclarationRefused with the line of each fault where it can be found."""
    try:
        return from_expanded(expand(text, fragment, adapted), algorithm)
    except DeclarationRefused as reason:
        raise DeclarationRefused([_with_line(fault, text) for fault in reason.faults]) from reason


def from_expanded(plain: Mapping[str, Any], algorithm: str = "sm3") -> Procedure:
    """The procedure of a stored expanded declaration. Raises DeclarationRefused."""
    return procedure(plain, digest(plain, algorithm))


def digest(plain: Mapping[str, Any], algorithm: str = "sm3") -> str:
    """`<algorithm>:<hex>` over what a procedure does, its words left out."""
    return f"{algorithm}:{hashlib.new(algorithm, rfc8785.dumps(without_words(plain))).hexdigest()}"


def without_words(value: Any) -> Any:
    """`value` without the keys that only carry words, at any depth."""
    if isinstance(value, Mapping):
        return {key: without_words(inner) for key, inner in value.items() if key not in WORDS}
    return [without_words(inner) for inner in value] if isinstance(value, list | tuple) else value


def expand(text: str, fragment: FragmentText, adapted: FragmentText = _none) -> Plain:
    """The declaration with its fragments put in and its changes applied, as plain JSON values."""
    plain = _toml(text, "")
    included, changes = plain.pop("include", []), plain.pop("change", {})
    faults: list[Fault] = []
    expanded: Plain = _base(plain.pop("adapts"), fragment, adapted) if "adapts" in plain else {}
    expanded |= {key: value for key, value in plain.items() if key not in TABLES}
    for entry in included:
        name, params = (entry, {}) if isinstance(entry, str) else (entry.get("fragment", ""), dict(entry))
        params.pop("fragment", None)
        _merge(expanded, _fragment(name, params, fragment, faults), f"fragment {name}", faults)
    _merge(expanded, {key: value for key, value in plain.items() if key in TABLES}, "file", faults)
    _change(expanded, changes, "change", faults)
    if faults:
        raise DeclarationRefused(faults)
    return expanded


def _base(name: Any, fragment: FragmentText, adapted: FragmentText) -> Plain:
    """The procedure that a city adapts, whole. It must stand on its own."""
    try:
        return expand(adapted(str(name)), fragment)
    except FileNotFoundError:
        raise DeclarationRefused([Fault("unknown_base", "adapts", str(name))]) from None


def _toml(text: str, name: str) -> Plain:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as reason:
        line = re.search(r"line (\d+)", str(reason))
        where = f"fragment {name}" if name else ""
        raise DeclarationRefused([Fault("not_toml", where, str(reason), int(line[1]) if line else 0)]) from reason


def _fragment(name: str, given: Plain, text: FragmentText, faults: list[Fault]) -> Plain:
    try:
        plain = _toml(text(name), name)
    except FileNotFoundError:
        faults.append(Fault("unknown_fragment", "include", name))
        return {}
    defaults = plain.pop("params", {})
    for key in given:
        if key not in defaults:
            faults.append(Fault("unknown_parameter", f"include.{name}", key))
    for key in plain:
        if key not in TABLES:
            faults.append(Fault("unknown_key", f"fragment {name}", key))
    filled: Plain = _fill({key: value for key, value in plain.items() if key in TABLES}, {**defaults, **given})
    return filled


def _fill(value: Any, params: Plain) -> Any:
    """Put parameters in place of values and keys that are wholly `$name`; a list inside a list is spliced."""
    if isinstance(value, str):
        return params[value[1:]] if value.startswith("$") and value[1:] in params else value
    if isinstance(value, list):
        filled: list[Any] = []
        for inner in value:
            found = _fill(inner, params)
            if isinstance(inner, str) and inner.startswith("$") and isinstance(found, list):
                filled += found
            else:
                filled.append(found)
        return filled
    if isinstance(value, dict):
        return {_fill(key, params): _fill(inner, params) for key, inner in value.items()}
    return value


def _merge(into: Plain, tables: Plain, source: str, faults: list[Fault]) -> None:
    for table, content in tables.items():
        if not isinstance(content, dict):
            faults.append(Fault("not_a_table", table))
            continue
        found = into.setdefault(table, {})
        for code, declared in content.items():
            if code in found and found[code] != declared:
                faults.append(Fault("declared_twice", f"{table}.{code}", source))
            found[code] = declared


def _change(into: Plain, changes: Plain, where: str, faults: list[Fault]) -> None:
    for key, value in changes.items():
        if key not in into:
            faults.append(Fault("changes_nothing", where, key))
        elif isinstance(value, dict) and isinstance(into[key], dict):
            into[key] = dict(into[key])
            _change(into[key], value, f"{where}.{key}", faults)
        else:
            into[key] = value


def _with_line(fault: Fault, text: str) -> Fault:
    """The fault with the line where its name is declared; 0 when it lies in a fragment. TOML readers keep no lines."""
    if fault.line or not fault.where:
        return fault
    table, _dot, rest = fault.where.partition(".")
    code = re.escape(re.split(r"[.\[]", rest)[0])
    lines = text.splitlines()
    if not rest:
        return _at(fault, lines, 0, rf"^\s*{re.escape(table)}\s*=")
    found = _at(fault, lines, 0, rf"^\s*\[{re.escape(table)}\.{code}[.\]]")
    for number, line in enumerate(lines):
        if not found.line and line.strip() == f"[{table}]":
            found = _at(fault, lines, number, rf"^\s*{code}\s*=")
    return found


def _at(fault: Fault, lines: list[str], start: int, pattern: str) -> Fault:
    number = next((n for n, line in enumerate(lines[start:], start + 1) if re.search(pattern, line)), 0)
    return Fault(fault.code, fault.where, fault.about, number)
