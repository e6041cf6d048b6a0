"""Calendars as TOML files: read and written in one form, so that an exported file can be imported again."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from civicloop.calendars.rules.body import CalendarRefused
from civicloop.foundation import toml


def read(path: Path) -> tuple[str, dict[str, Any]]:
    """(code, content) of a calendar file; the code is the file's name when the content has none.

    Raises CalendarRefused when the file is no TOML, OSError when it cannot be read.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        raise CalendarRefused([f"not a TOML file in UTF-8: {wrong}"]) from wrong
    return str(content.get("code", path.stem)), content


def written(content: Mapping[str, Any]) -> str:
    """The TOML text of a calendar's plain data."""
    lines = [f"{key} = {toml.value(value)}" for key, value in content.items() if key not in {"week", "day"}]
    days = content.get("day", [])
    if days:
        lines += ["day = [", *(f"  {toml.value(line)}," for line in days), "]"]
    lines += ["", "[week]", *(f"{name} = {toml.value(shifts)}" for name, shifts in content["week"].items())]
    return "\n".join(lines) + "\n"
