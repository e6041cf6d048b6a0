"""Calendars that come with the product, readable without a database."""

import tomllib
from importlib import resources
from typing import Any

from civicloop.calendars.rules.body import calendar_of
from civicloop.calendars.rules.calendar import WorkingCalendar


def codes() -> list[str]:
    """The codes of the shipped calendars."""
    files = resources.files(__package__).iterdir()
    return sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml"))


def content(code: str) -> dict[str, Any]:
    """The plain data of a shipped calendar. Raises KeyError when there is none."""
    if code not in codes():
        raise KeyError(code)
    return tomllib.loads(resources.files(__package__).joinpath(f"{code}.toml").read_text(encoding="utf-8"))


def calendar(code: str) -> WorkingCalendar:
    """A shipped calendar as a value, version 0. Raises KeyError when there is none."""
    return calendar_of(code, 0, content(code))
